"""`glam finetune correspondence`: learn from lesions that are outlined in both views."""

import argparse
import sys
from contextlib import ExitStack

from glam_core.data.manifest import read_manifest
from glam_core.scripts.run_record import record_of
from glam_core.scripts.synthetic_run import add_synthetic_arguments, synthetic_breasts
from glam_core.scripts.training_run import (
    add_run_arguments,
    chosen_preset,
    first_model,
    prepared_data,
    run_config,
)
from glam_core.training.checkpoint import MODEL_FOLDER
from glam_core.training.correspondence import CorrespondenceTask
from glam_core.training.device import training_device
from glam_core.training.loop import measures_of, train
from glam_core.training.ranks import joined
from glam_core.training.starts import CORRESPONDENCE_KEYS
from glam_core.training.synthetic import series_of
from glam_core.training.validation import measure
from glam_core.training.watch import Aim


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_arguments(parser, start="lite", name="correspondence", keys=CORRESPONDENCE_KEYS)
    add_synthetic_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train; 0 when finished, 130 when stopped with a checkpoint."""
    args.preset = chosen_preset(args)
    config = run_config(args.out, args, CORRESPONDENCE_KEYS[args.preset])
    manifest = read_manifest(args.manifest)
    record = record_of(args, "finetune correspondence")
    series = series_of(args.synthetic) if args.synthetic else None
    with joined(training_device(config)) as ranks, ExitStack() as until_trained:
        model = first_model(args, config, manifest.file, texts=False)
        data = prepared_data(
            manifest,
            args.out,
            model,
            config,
            pairs_needed=True,
            json_lines=args.json_lines,
            ranks=ranks,
        )
        if ranks.first:
            record.keep(args.out)
            print(
                f"{len(data.training)} pairs to learn from, {len(data.validation)} to measure on, "
                f"{len(data.skipped)} pictures left out.",
                file=sys.stderr,
            )
        with ranks.first_before_others():
            synthetic = until_trained.enter_context(
                synthetic_breasts(
                    series, args, config, model.config.image.side_px, silent=not ranks.first
                )
            )
        outcome = train(
            model,
            CorrespondenceTask(data, config, synthetic, ranks),
            config,
            args.out,
            resume=args.resume,
            json_lines=args.json_lines,
            measure=lambda averaged: measures_of(measure(averaged, data.validation)),
            aim=Aim("hit"),
            ranks=ranks,
        )
    if ranks.first:
        print(f"The model is in {args.out / MODEL_FOLDER}. Research use only.", file=sys.stderr)
    return 0 if outcome.finished else 130
