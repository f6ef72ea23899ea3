"""`glam finetune correspondence`: learn from lesions that are outlined in both views."""

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from glam_core.data.manifest import read_manifest
from glam_core.errors import CheckpointError
from glam_core.model.build import build_model
from glam_core.model.checkpoint import load_model
from glam_core.model.glam import GlamModel
from glam_core.training.checkpoint import MODEL_FOLDER, has_run
from glam_core.training.config import (
    TrainingConfig,
    add_config_arguments,
    differing_keys,
    given_keys,
    read_config,
    save_config,
)
from glam_core.training.correspondence import CorrespondenceTask
from glam_core.training.files import prepare_run_folder
from glam_core.training.loop import measures_of, train
from glam_core.training.pair_pictures import training_data
from glam_core.training.starts import START_NAMES, start_config
from glam_core.training.validation import measure

_SPACE_FOR_WEIGHTS = 8  # weights, running mean, two moments, and the checkpoint before them
_SPACE_FOR_A_PICTURE = 3 * 512 * 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--manifest", type=Path, required=True, metavar="M.csv")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run's folder")
    parser.add_argument(
        "--init",
        default="small",
        metavar="START",
        help=f"a model folder, or one of {', '.join(START_NAMES)} (small)",
    )
    parser.add_argument("--name", default="correspondence", help="of the model, shown in answers")
    parser.add_argument("--trained-on", default="", help="of the data, shown in answers")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--json-lines", action="store_true", help="progress for another program")
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train; 0 when finished, 130 when stopped with a checkpoint."""
    config = run_config(args)
    manifest = read_manifest(args.manifest)
    model = _first_model(args, manifest.file)
    weights = sum(value.nbytes for value in model.state_dict().values())
    prepare_run_folder(
        args.out, _SPACE_FOR_WEIGHTS * weights + _SPACE_FOR_A_PICTURE * len(manifest.rows)
    )
    with tqdm(total=len(manifest.rows), unit="picture", disable=args.json_lines) as bar:

        def report(done: int, total: int, bar: "tqdm[NoReturn]" = bar) -> None:
            bar.update(done - bar.n)

        data = training_data(manifest, args.out, report=report)
    save_config(config, args.out)
    print(
        f"{len(data.training)} pairs to learn from, {len(data.validation)} to measure on, "
        f"{len(data.skipped)} pictures left out.",
        file=sys.stderr,
    )
    outcome = train(
        model,
        CorrespondenceTask(data, config),
        config,
        args.out,
        resume=args.resume,
        json_lines=args.json_lines,
        measure=lambda averaged: measures_of(measure(averaged, data.validation)),
    )
    print(f"The model is in {args.out / MODEL_FOLDER}.", file=sys.stderr)
    return 0 if outcome.finished else 130


def run_config(args: argparse.Namespace) -> TrainingConfig:
    """The config of a new run, or that of the run to go on with.

    Raises:
        CheckpointError: There is a run in the folder and --resume was not given, or the reverse,
            or a key differs from the run's.
    """
    given = given_keys(args)
    if not args.resume:
        if has_run(args.out):
            raise CheckpointError(
                f"{args.out} holds a run already: give --resume to go on, or another --out."
            )
        return TrainingConfig(**given)
    if not has_run(args.out):
        raise CheckpointError(f"{args.out} holds no checkpoint to resume; leave out --resume.")
    config = read_config(args.out)
    differing = differing_keys(config, replace(config, **given))
    changed = [name for name in differing if name != "threads"]
    if changed:
        raise CheckpointError(
            f"--{changed[0]} is {asdict(config)[changed[0]]!r} in the run to resume; leave it out, "
            "or start a new run."
        )
    return replace(config, **given)


def _first_model(args: argparse.Namespace, manifest: Path) -> GlamModel:
    trained_on = args.trained_on or f"annotated pairs of {manifest.parent.name or manifest.name}"
    if args.init in START_NAMES:
        start = start_config(args.init, texts=False)
        named = replace(start, name=args.name, version="1", trained_on=trained_on)
        return build_model(named, seed=args.seed or 0)
    folder = args.out / MODEL_FOLDER if args.resume else Path(args.init)
    model = load_model(folder)
    model.config = replace(model.config, name=args.name, trained_on=trained_on)
    return model.train()
