"""`glam finetune words`: teach a trained image model to read words, its image encoder frozen."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from glam_core.data.manifest import Manifest, read_manifest
from glam_core.errors import CheckpointError, GlamError, ManifestError
from glam_core.inference.matcher_names import model_folder
from glam_core.model.checkpoint import load_model
from glam_core.model.glam import GlamModel
from glam_core.scripts.bar import reporting_bar
from glam_core.scripts.run_record import record_of
from glam_core.scripts.synthetic_run import add_synthetic_arguments, kept_breasts
from glam_core.scripts.training_run import add_run_arguments, prepared_data, run_config
from glam_core.training.checkpoint import MODEL_FOLDER
from glam_core.training.config import TrainingConfig
from glam_core.training.loop import measures_of, train
from glam_core.training.ranks import check_single
from glam_core.training.starts import START_NAMES, WORDS_KEYS
from glam_core.training.synthetic import series_of
from glam_core.training.word_measures import word_measures
from glam_core.training.word_places import (
    SeenPicture,
    WordPicture,
    seen_pictures,
    take_standard,
    told_pictures,
    told_synthetic,
    whole_pictures,
)
from glam_core.training.words import ANSWERED, TAUGHT, WordsTask, with_words

GEOMETRY_SHARE = 0.5  # both count alike; not fitted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_arguments(parser, start="lite", name="words", keys={"": WORDS_KEYS})
    add_synthetic_arguments(parser)
    parser.add_argument(
        "--geometry-share",
        type=float,
        metavar="X",
        help=f"of geometry's measures in the search for words, 0 to 1 ({GEOMETRY_SHARE})",
    )
    parser.add_argument(
        "--kinds",
        metavar="A,B",
        help=f"which of {','.join(TAUGHT)} the model searches for itself; words of other types are "
        f"left to geometry ({','.join(ANSWERED)})",
    )


def run(args: argparse.Namespace) -> int:
    """Train; 0 when finished, 130 when stopped with a checkpoint."""
    check_single("finetune words")
    config = run_config(args.out, args, WORDS_KEYS)
    manifest = read_manifest(args.manifest)
    record = record_of(args, "finetune words")
    series = series_of(args.synthetic) if args.synthetic else None
    if series is not None and series.fresh:
        raise GlamError("Words are learnt from breasts that are kept: leave out the word fresh.")
    model = with_words(_image_model(args, manifest), config.seed)
    _share_with_geometry(model, args)
    _answer_kinds(model, args)
    data = prepared_data(
        manifest, args.out, model, config, pairs_needed=False, json_lines=args.json_lines
    )
    record.keep(args.out)
    told = told_pictures(data.all_training)
    if not told and series is None:
        raise ManifestError(
            f"{manifest.file.name}: its training pictures say nothing in words: fill the column "
            "report, or columns such as abnormality, mass_shape and breast_density."
        )
    drawn = []
    if series is not None:
        made = kept_breasts(series, args, config, model.config.image.side_px)
        drawn = [told for n in range(len(made)) for told in told_synthetic(made, n)]
    real = _seen(model, told, config, config.versions, args)
    synthetic = _seen(model, drawn, config, 1, args)
    if not args.resume:
        take_standard(model, [*real, *synthetic])
    held_out = whole_pictures(model, told_pictures(data.all_validation), config)
    print(
        f"{len(told)} pictures with words and {len(drawn)} synthetic ones to learn from, "
        f"{len(held_out)} to measure on.",
        file=sys.stderr,
    )
    outcome = train(
        model,
        WordsTask(real, config, synthetic),
        config,
        args.out,
        resume=args.resume,
        json_lines=args.json_lines,
        measure=lambda averaged: measures_of(word_measures(averaged, held_out)),
    )
    print(f"The model is in {args.out / MODEL_FOLDER}. Research use only.", file=sys.stderr)
    return 0 if outcome.finished else 130


def _image_model(args: argparse.Namespace, manifest: Manifest) -> GlamModel:
    """The model that is taught: that of the run to resume, or the trained one that was given.

    Raises:
        CheckpointError: No trained model was given, or its folder holds none.
    """
    if args.resume:
        return load_model(args.out / MODEL_FOLDER)
    if args.init is None or args.init in START_NAMES:
        raise CheckpointError(
            "Words are taught to a trained image model: give its folder with --init."
        )
    model = load_model(model_folder(args.init))
    said = args.trained_on or f"words on the manifest {manifest.file.name}"
    known = f"{model.config.trained_on}; then {said}"
    model.config = replace(model.config, name=args.name, trained_on=known)
    return model


def _share_with_geometry(model: GlamModel, args: argparse.Namespace) -> None:
    """Keep in the config how much geometry counts; a resumed run keeps its own.

    Raises:
        GlamError: The share is none.
    """
    share = args.geometry_share
    if share is None:
        share = model.config.words.geometry_share if args.resume else GEOMETRY_SHARE
    if not 0 <= share <= 1:
        raise GlamError(f"--geometry-share {share:g} must lie between 0 and 1.")
    words = replace(model.config.words, geometry_share=share)
    model.config = replace(model.config, words=words)


def _answer_kinds(model: GlamModel, args: argparse.Namespace) -> None:
    """Keep in the config which types of finding the model searches for itself.

    Raises:
        GlamError: A type is none that is taught.
    """
    if args.kinds is None:
        return
    kinds = tuple(part.strip() for part in args.kinds.split(","))
    unknown = [kind for kind in kinds if kind not in TAUGHT]
    if unknown:
        raise GlamError(f"--kinds: {unknown[0]!r} is none of {', '.join(TAUGHT)}.")
    model.config = replace(model.config, words=replace(model.config.words, kinds=kinds))


def _seen(
    model: GlamModel,
    told: Sequence[WordPicture],
    config: TrainingConfig,
    versions: int,
    args: argparse.Namespace,
) -> list[SeenPicture]:
    """What the encoder sees of these pictures, with a bar.

    Raises:
        CancelledError: Ctrl-C meanwhile.
    """
    lost = "Stopped before the first step: what the encoder sees is not kept."
    with reporting_bar("picture", silent=args.json_lines, stopped=lost) as report:
        return seen_pictures(model, told, config, versions=versions, report=report)
