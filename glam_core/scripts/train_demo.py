"""`glam train-demo`: the demonstration model, from CBIS-DDSM and synthetic breasts.

The stages of `glam_core.training.demo_recipe` one after the other, each a run of its own below the
given folder; then the limits are set, and `RUN/model` is whole. The same command goes on after a
stop.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from glam_core.model.checkpoint import load_model, save_model
from glam_core.scripts import (
    calibrate,
    finetune_correspondence,
    finetune_words,
    fit_geometry,
    pretrain,
)
from glam_core.training.checkpoint import MODEL_FOLDER, has_run
from glam_core.training.config import add_config_arguments, given_keys
from glam_core.training.demo_recipe import (
    BREASTS,
    NAME,
    PRESET,
    SEED,
    SETS_LIMITS,
    SHIPS,
    STAGES,
    TRAINED_ON,
    VERSION,
    Stage,
)
from glam_core.training.starts import START_NAMES

GEOMETRY_FILE = "geometry.json"
_SYNTHETIC_FOLDER = "breasts"
_SCRIPTS = {
    "pretrain": pretrain,
    "correspondence": finetune_correspondence,
    "words": finetune_words,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("manifest", type=Path, metavar="FINDINGS.csv", help="of CBIS-DDSM")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run's folder")
    parser.add_argument(
        "--preset", choices=START_NAMES, default=PRESET, help=f'"tiny" tries the chain ({PRESET})'
    )
    parser.add_argument(
        "--breasts", type=int, default=BREASTS, metavar="N", help=f"synthetic ones ({BREASTS})"
    )
    parser.add_argument("--json-lines", action="store_true", help="progress for another program")
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Every stage that is not finished; 0, or 130 when stopped with a checkpoint."""
    fit_geometry.FitPatients.of(args.manifest)  # the last step could not be taken without them
    for at, stage in enumerate(STAGES):
        if any(has_run(args.out / later.name) for later in STAGES[at + 1 :]):
            continue
        print(f"Stage {at + 1} of {len(STAGES)}: {stage.name}", file=sys.stderr)
        code: int = _SCRIPTS[stage.script].run(_stage_arguments(stage, args))
        if code:
            return code
    target = args.out / MODEL_FOLDER
    model = load_model(args.out / SHIPS / MODEL_FOLDER)
    model.config = replace(model.config, name=NAME, version=VERSION, trained_on=TRAINED_ON)
    save_model(model, target)
    geometry = args.out / GEOMETRY_FILE
    if not geometry.exists():
        print("Geometry weights without the patients who set the limits", file=sys.stderr)
        fit_geometry.write_first_fit(args.manifest, geometry)
    calibrate.run(_calibrate_arguments(args, target, geometry))
    print(f"The model is in {target}. Research use only.", file=sys.stderr)
    return 0


def _stage_arguments(stage: Stage, args: argparse.Namespace) -> argparse.Namespace:
    """Those of the stage's own command; keys that the user gave count before the recipe's.

    A stage that has begun is gone on with, as its own config says.
    """
    folder = args.out / stage.name
    parser = argparse.ArgumentParser()
    _SCRIPTS[stage.script].add_arguments(parser)
    words = ["--manifest", str(args.manifest), "--out", str(folder), "--preset", args.preset]
    words += ["--name", NAME]
    if stage.script != "pretrain":
        breasts = min(args.breasts, stage.breasts or args.breasts)
        words += ["--synthetic", f"phantom:{SEED}:{breasts}"]
        words += ["--synthetic-folder", str(args.out / _SYNTHETIC_FOLDER)]
    words += ["--json-lines"] if args.json_lines else []
    if has_run(folder):
        return parser.parse_args([*words, "--resume"])
    if stage.after:
        words += ["--init", str(args.out / stage.after / MODEL_FOLDER)]
    keys = {**stage.keys, **given_keys(args)}
    return parser.parse_args(
        [*words, *(f"--{name}={_word(value)}" for name, value in keys.items())]
    )


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _calibrate_arguments(
    args: argparse.Namespace, target: Path, geometry: Path
) -> argparse.Namespace:
    """Limits found with the model that has not seen their patients, kept by the one that ships."""
    parser = argparse.ArgumentParser()
    calibrate.add_arguments(parser)
    seen_less = args.out / SETS_LIMITS / MODEL_FOLDER
    words = ["--manifest", args.manifest, "--into", target, "--geometry", geometry]
    return parser.parse_args([str(seen_less), *map(str, words)])
