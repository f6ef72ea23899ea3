"""`glam import-checkpoint FILE OUT`: an official GLAM or MaMA checkpoint as a model folder."""

import argparse
from pathlib import Path

from tokenizers import Tokenizer

from glam_core.errors import CheckpointError
from glam_core.model.checkpoint import WEIGHTS_FILE, save_model
from glam_core.model.importer import ImportReport, import_official, read_official, with_provenance
from glam_core.model.official_config import HeadCounts
from glam_core.model.vocabulary import source_tokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("file", type=Path, help="a .ckpt, .pt or .safetensors file")
    parser.add_argument("out", type=Path, help="folder of the new model")
    parser.add_argument("--name", help="name shown with every answer (default: the file's name)")
    parser.add_argument("--trained-on", default="", help="training data, shown with every answer")
    parser.add_argument(
        "--tokenizer",
        metavar="FOLDER",
        help="folder or hub id of the text encoder's tokenizer, such as Bio_ClinicalBERT's",
    )
    parser.add_argument("--image-heads", type=int, help="attention heads, if the width is unusual")
    parser.add_argument("--text-heads", type=int, help="attention heads, if the width is unusual")
    parser.add_argument(
        "--ordered-positions",
        action="store_true",
        help="number text tokens 0, 1, 2, ... (the authors' training had all of them at 0)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a model that is there")


def run(args: argparse.Namespace) -> int:
    """Convert, save, and say what became of every weight."""
    if (args.out / WEIGHTS_FILE).exists() and not args.overwrite:
        raise CheckpointError(f"{args.out} holds a model already: give --overwrite to replace it.")
    weights, hyper = read_official(args.file)
    tokenizer: Tokenizer | None = source_tokenizer(args.tokenizer) if args.tokenizer else None
    model, report = import_official(
        weights,
        hyper,
        heads=HeadCounts(args.image_heads, args.text_heads),
        ordered_positions=args.ordered_positions,
        tokenizer=tokenizer,
    )
    with_provenance(model, args.name or args.file.stem, args.trained_on or model.config.trained_on)
    save_model(model, args.out)
    _print_report(report, args.out, has_tokenizer=tokenizer is not None)
    return 0


def _print_report(report: ImportReport, out: Path, *, has_tokenizer: bool) -> None:
    print(f"Used ({len(report.used)}):")
    for official, names in report.used.items():
        print(f"  {official} -> {', '.join(names)}")
    print(f"Not used ({len(report.unused)}):")
    for official, reason in report.unused.items():
        print(f"  {official}: {reason}")
    print(f"Not in the checkpoint ({len(report.at_start)}):")
    for name, value in report.at_start.items():
        print(f"  {name}: {value}")
    for sentence in report.assumed:
        print(f"Assumed: {sentence}")
    if not has_tokenizer:
        print(
            "Without --tokenizer the model cannot read texts: put the tokenizer.json of its text "
            f"encoder into {out}."
        )
    print(f"Written to {out}. Research use only, never for diagnosis.")
