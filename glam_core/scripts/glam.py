"""`glam`: the command line; each command is a module of its own, imported when it is chosen."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from glam_core import __version__
from glam_core.errors import CancelledError, GlamError

COMMANDS = {
    "info": ("info", "list the studies and pictures at a place"),
    "landmarks": ("landmarks", "find nipple, pectoral line and chest wall of a picture"),
    "match": ("match", "say where a spot of one view lies in the other"),
    "ground": ("ground", "find on the pictures what words say"),
    "report parse": ("report_parse", "read the findings of a report"),
    "evaluate correspondence": ("evaluate_correspondence", "measure a matcher on a manifest"),
    "evaluate grounding": ("evaluate_grounding", "measure grounding on a manifest"),
    "compare": ("compare", "set a trained model beside the one that its run started from"),
    "phantom": ("phantom", "make synthetic exams with exact truth"),
    "prepare": ("prepare", "make a data set ready for training"),
    "import-checkpoint": ("import_checkpoint", "convert an official GLAM or MaMA checkpoint"),
    "pretrain": ("pretrain", "train the GLAM objective on a manifest"),
    "finetune correspondence": (
        "finetune_correspondence",
        "learn from lesions outlined in both views",
    ),
    "finetune classification": ("finetune_classification", "train a model to tell classes apart"),
    "finetune words": ("finetune_words", "teach a trained image model to read words"),
    "probe": ("probe", "read density, BI-RADS or cancer from frozen features"),
    "linear-probe": ("probe", "the same as probe"),
    "zero-shot": ("zero_shot", "tell classes apart by sentences alone"),
    "evaluate table": ("evaluate_table", "zero-shot, probe and fine-tune as one table"),
    "calibrate": ("calibrate", "set temperature and limits of a model on unseen patients"),
    "train-demo": ("train_demo", "train the demonstration model on CBIS-DDSM"),
    "models": ("models", "list the models at hand"),
}

EXIT_ARGUMENTS = 2
EXIT_UNREADABLE = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 on success, 2 on bad arguments, 3 on unreadable input."""
    words = list(sys.argv[1:] if argv is None else argv)
    command = _command_of(words)
    if command is None:
        return _explain(words)
    module_name, summary = COMMANDS[command]
    module = importlib.import_module(f"glam_core.scripts.{module_name}")
    parser = argparse.ArgumentParser(prog=f"glam {command}", description=summary.capitalize() + ".")
    module.add_arguments(parser)
    args = parser.parse_args(words[len(command.split()) :])
    try:
        return int(module.run(args))
    except CancelledError as stopped:
        print(stopped, file=sys.stderr)
        return 130
    except GlamError as error:
        print(error, file=sys.stderr)
        return EXIT_UNREADABLE


def _command_of(words: Sequence[str]) -> str | None:
    """The longest command that `words` begin with."""
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in COMMANDS and len(words) >= length:
            return name
    return None


def _explain(words: Sequence[str]) -> int:
    if words and words[0] == "--version":
        print(f"glam {__version__}")
        return 0
    # "glam finetune" is the beginning of several commands: those alone are then told.
    family = {name: about for name, about in COMMANDS.items() if name.split()[0] in words[:1]}
    asked = bool(words) and words[-1] in ("-h", "--help") and len(words) == 1 + bool(family)
    stream = sys.stdout if asked else sys.stderr
    if words and not asked and len(words) > bool(family):
        print(f"glam: there is no command {' '.join(words[:2])!r}.", file=stream)
    print("Usage: glam COMMAND ...   (glam COMMAND --help says more)\n", file=stream)
    shown = family or COMMANDS
    width = max(map(len, shown))
    for name, (_, summary) in shown.items():
        print(f"  {name:<{width}}  {summary}", file=stream)
    print("\nResearch use only, never for diagnosis.", file=stream)
    return 0 if asked else EXIT_ARGUMENTS


if __name__ == "__main__":
    sys.exit(main())
