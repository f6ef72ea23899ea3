"""`glam finetune classification`: train the whole model to tell classes apart."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from glam_core.errors import CheckpointError, GlamError
from glam_core.model.classifier import load_classifier
from glam_core.model.glam import GlamModel
from glam_core.scripts.classification_run import fine_tuned, read_model
from glam_core.scripts.classification_study import finish, prepared_study
from glam_core.scripts.run_record import record_of
from glam_core.scripts.training_run import add_continuing_arguments, run_config
from glam_core.training.checkpoint import MODEL_FOLDER
from glam_core.training.config import add_config_arguments
from glam_core.training.device import training_device
from glam_core.training.ranks import joined
from glam_core.training.starts import CLASSIFICATION_KEYS

# The paper's section 3.1 (SGD, 8,000 steps with a warm-up of 1,000) at a batch for one machine.
PAPER_KEYS: Mapping[str, Any] = {
    "steps": 8000,
    "batch": 32,
    "optimiser": "sgd",
    "learning_rate": 5e-4,
    "warm_up_share": 0.125,
    "weight_decay": 0.0,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--manifest", type=Path, required=True, metavar="M.csv")
    parser.add_argument(
        "--model", type=Path, metavar="FOLDER", help="a model folder; not needed with --resume"
    )
    parser.add_argument(
        "--label", required=True, metavar="NAME", help="density, birads, cancer, ..."
    )
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run's folder")
    parser.add_argument("--as-paper", action="store_true", help="SGD, 8,000 steps, as the paper")
    add_continuing_arguments(parser)
    add_config_arguments(parser, {**CLASSIFICATION_KEYS, "--as-paper": PAPER_KEYS})


def run(args: argparse.Namespace) -> int:
    """Train and measure; 0 when finished, 130 when stopped with a checkpoint."""
    model = _first_weights(args)
    own = CLASSIFICATION_KEYS[model.config.image.kind]
    config = run_config(args.out, args, PAPER_KEYS if args.as_paper else own)
    record = record_of(args, "finetune classification")
    with joined(training_device(config)) as ranks:
        study = prepared_study(
            model, args.manifest, [args.label], args.out, json_lines=args.json_lines, ranks=ranks
        )
        trained_on = f"{model.config.trained_on}; then {args.label} of {study.manifest.file.name}"
        if ranks.first:
            record.keep(args.out)
        if not args.resume:
            model.config = replace(model.config, trained_on=trained_on)
        outcome, row = fine_tuned(
            model, study.data(args.label), config, args.out,
            resume=args.resume, json_lines=args.json_lines, ranks=ranks,
        )  # fmt: skip
    if row is not None:
        if args.json_lines:
            print(f"AUC {row.result.macro_auc.value:.3f}", file=sys.stderr)
        finish(args.out, model, study, [row])
    return 0 if outcome.finished else 130


def _first_weights(args: argparse.Namespace) -> GlamModel:
    """The model that was named, or the one of the run to go on with."""
    if not args.resume:
        if args.model is None:
            raise GlamError("Name the model to start from: --model FOLDER.")
        return read_model(args.model)
    try:
        return load_classifier(args.out / MODEL_FOLDER).glam
    except CheckpointError as error:
        raise GlamError(f"{args.out} holds no classification run: {error}") from error
