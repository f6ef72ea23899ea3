"""What the training commands share: their arguments, the checks before the first step, the data."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from glam_core.data.manifest import Manifest
from glam_core.errors import CheckpointError
from glam_core.inference.matcher_names import SHIPPED, model_folder
from glam_core.model.build import build_model
from glam_core.model.checkpoint import CONFIG_FILE, load_model
from glam_core.model.config import GlamConfig, NoTextConfig
from glam_core.model.config_file import read_config as read_model_config
from glam_core.model.glam import GlamModel
from glam_core.scripts.bar import reporting_bar
from glam_core.training.checkpoint import MODEL_FOLDER, has_run
from glam_core.training.config import (
    TrainingConfig,
    add_config_arguments,
    differing_keys,
    given_keys,
    read_config,
    save_config,
)
from glam_core.training.files import prepare_run_folder
from glam_core.training.pair_pictures import TrainingData, TrainingPicture, training_data
from glam_core.training.picture_file import bytes_of_picture, enlarged_words, longest_px_for
from glam_core.training.ranks import ALONE, Ranks
from glam_core.training.starts import START_NAMES, start_config

# Three checkpoints (last, best, and the one being written) of weights, running mean and two
# moments, and two models.
_SPACE_FOR_WEIGHTS = 14
# What a run may change when it goes on: where and how fast it computes.
_FREE_KEYS = ("threads", "prepare", "device", "compile", "gradient_checkpointing", "sharding")


def add_run_arguments(
    parser: argparse.ArgumentParser,
    *,
    start: str,
    name: str,
    keys: Mapping[str, Mapping[str, Any]],
) -> None:
    """Manifest, folder, first weights, provenance, and every key of the config.

    Args:
        start: The preset where none is given.
        name: Of the model where none is given.
        keys: Of each preset; "" where they do not depend on it.
    """
    parser.add_argument("--manifest", type=Path, required=True, metavar="M.csv")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run's folder")
    parser.add_argument(
        "--preset",
        choices=START_NAMES,
        help="model and keys to start from; keys that are given count before (what suits --init, "
        f"or {start})",
    )
    parser.set_defaults(own_preset=start)
    parser.add_argument(
        "--init",
        metavar="START",
        help=f"first weights: a model folder, {SHIPPED!r} (the model that ships), or one of "
        f"{', '.join(START_NAMES)} (the preset's)",
    )
    parser.add_argument("--name", default=name, help="of the model, shown with its answers")
    parser.add_argument("--trained-on", default="", help="what the model is said to know")
    add_continuing_arguments(parser)
    first = {preset: own for preset, own in keys.items() if preset in (start, "")}
    add_config_arguments(parser, {**first, **keys})


def add_continuing_arguments(parser: argparse.ArgumentParser) -> None:
    """--resume and --json-lines."""
    parser.add_argument(
        "--resume",
        nargs="?",
        const="last",
        default="",
        choices=("last", "best"),
        help="go on from the last checkpoint, or from that of the best measurement",
    )
    parser.add_argument("--json-lines", action="store_true", help="progress for another program")


def run_config(
    folder: Path, args: argparse.Namespace, defaults: Mapping[str, Any] | None = None
) -> TrainingConfig:
    """The config of a new run, or that of the run to go on with.

    Args:
        defaults: Keys of the preset.

    Raises:
        CheckpointError: There is a run in the folder and --resume was not given, or the reverse,
            or a key differs from the run's.
    """
    given = given_keys(args)
    if not args.resume:
        if has_run(folder):
            raise CheckpointError(
                f"{folder} holds a run already: give --resume to go on, or another --out."
            )
        taken = {**(defaults or {}), **given}
        if "epochs" in given and "steps" not in given:
            taken["steps"] = 0  # those of the preset would count before the epochs asked for
        return replace(TrainingConfig(), **taken)
    if not has_run(folder):
        raise CheckpointError(f"{folder} holds no checkpoint to resume; leave out --resume.")
    config = read_config(folder)
    new = replace(config, **given)
    changed = [name for name in differing_keys(config, new) if name not in _FREE_KEYS]
    if changed:
        raise CheckpointError(
            f"--{changed[0]} is {asdict(config)[changed[0]]!r} in the run to resume; leave it out, "
            "or start a new run."
        )
    return new


def chosen_preset(args: argparse.Namespace) -> str:
    """The preset that was given; without one what suits the first weights, or the command's own.

    Raises:
        CheckpointError: The first weights are in a folder that holds no usable model.
    """
    own: str = args.own_preset
    if args.preset or args.resume or not args.init:
        return args.preset or own
    if args.init in START_NAMES:
        return str(args.init)
    file = model_folder(args.init) / CONFIG_FILE
    if not file.is_file():
        return own  # the reading of the model says what is wrong with its folder
    kind = read_model_config(file).image.kind
    return own if start_config(own).image.kind == kind else _suiting(kind)


def first_model(
    args: argparse.Namespace, config: TrainingConfig, manifest: Path, *, texts: bool
) -> GlamModel:
    """A new model, one to go on from, or that of the run to resume.

    Args:
        texts: Whether a new model gets a text encoder.

    Raises:
        CheckpointError: The folder holds no usable model.
    """
    made = f" and synthetic breasts {args.synthetic}" if args.synthetic else ""
    trained_on = args.trained_on or f"the manifest {manifest.name}{made}"
    first = args.init or args.preset
    if first in START_NAMES and not args.resume:
        start = start_config(first, texts=texts)
        _check_preset(args.preset, start, first)
        named = replace(start, name=args.name, version="1", trained_on=trained_on)
        return build_model(named, seed=config.seed)
    model = load_model(args.out / MODEL_FOLDER if args.resume else model_folder(first))
    if not args.resume:
        _check_preset(args.preset, model.config, first)
    if texts and isinstance(model.config.text, NoTextConfig):
        print("This model reads no text: the image-text terms are left out.", file=sys.stderr)
    if not args.resume:
        before = model.config.trained_on
        known = f"{before}; then {trained_on}" if before else trained_on
        model.config = replace(model.config, name=args.name, trained_on=known)
    return model.train()


def _check_preset(preset: str, start: GlamConfig, first: str) -> None:
    """See that the keys suit the model: a rate for small convolutions ruins a transformer.

    Raises:
        CheckpointError: The preset's model has another kind of image encoder.
    """
    wanted, own = start_config(preset).image.kind, start.image.kind
    if wanted != own:
        raise CheckpointError(
            f"--init {first} has an image encoder of the kind {own}, but the keys are those of the "
            f"preset {preset} ({wanted}): give --preset {_suiting(own)}, or leave out --init."
        )


def _suiting(kind: str) -> str:
    """The preset for a model with such an image encoder."""
    return next(n for n in ("small", "lite", "glam") if start_config(n).image.kind == kind)


def prepared_data(
    manifest: Manifest,
    folder: Path,
    model: GlamModel,
    config: TrainingConfig,
    *,
    pairs_needed: bool,
    json_lines: bool,
    ranks: Ranks = ALONE,
) -> TrainingData:
    """See that the run can succeed, read its pictures, and keep its config.

    Of several processes the first reads and keeps the pictures; the others then find them kept.

    Raises:
        CancelledError: Ctrl-C while the pictures were read.
        GlamError: The folder, the disk or the manifest do not allow a run.
    """
    weights = sum(value.nbytes for value in model.state_dict().values())
    pictures = len(manifest.rows)
    longest_px = longest_px_for(model.config)
    room = _SPACE_FOR_WEIGHTS * weights + bytes_of_picture(longest_px) * pictures
    prepare_run_folder(folder, room)
    silent = json_lines or not ranks.first
    lost = "Stopped before the first step: nothing is kept."
    with (
        ranks.first_before_others(),
        reporting_bar("picture", silent=silent, stopped=lost) as report,
    ):
        data = training_data(
            manifest,
            folder,
            pairs_needed=pairs_needed,
            for_limits=config.for_limits,
            longest_px=longest_px,
            report=report,
        )
        if ranks.first:
            save_config(config, folder)
    if ranks.first:
        for sentence in data.skipped:
            print(f"Left out: {sentence}", file=sys.stderr)
        say_enlarged((*data.all_training, *data.all_validation), model)
    return data


def say_enlarged(pictures: Sequence[TrainingPicture], model: GlamModel) -> None:
    """Warn where files are smaller than what the model sees."""
    sentence = enlarged_words([picture.view.image_shape for picture in pictures], model.config)
    if sentence:
        print(sentence, file=sys.stderr)
