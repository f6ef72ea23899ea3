"""`glam pretrain`: the GLAM objective (texts, both views, places across them) on a manifest."""

import argparse
import sys

from glam_core.data.manifest import read_manifest
from glam_core.scripts.training_run import add_run_arguments, first_model, prepared_data, run_config
from glam_core.training.checkpoint import MODEL_FOLDER
from glam_core.training.device import training_device
from glam_core.training.loop import train
from glam_core.training.pretraining import (
    PretrainingTask,
    breasts_of,
    check_two_views,
    control_of,
    held_out_terms,
)
from glam_core.training.ranks import joined
from glam_core.training.starts import PRETRAINING_KEYS
from glam_core.training.watch import Aim


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_arguments(parser, start="tiny", name="pretrained")


def run(args: argparse.Namespace) -> int:
    """Train; 0 when finished, 130 when stopped with a checkpoint."""
    config = run_config(args.out, args, PRETRAINING_KEYS[args.preset])
    manifest = read_manifest(args.manifest)
    check_two_views(manifest)
    with joined(training_device(config)) as ranks:
        model = first_model(args, config, manifest.file, texts=True)
        data = prepared_data(
            manifest,
            args.out,
            model,
            config,
            pairs_needed=False,
            json_lines=args.json_lines,
            ranks=ranks,
        )
        breasts = breasts_of(data.all_training)
        held_out = breasts_of(data.all_validation)
        if ranks.first:
            print(
                f"{len(breasts)} breasts to learn from, {len(held_out)} for the control, "
                f"{len(data.skipped)} pictures left out.",
                file=sys.stderr,
            )
        outcome = train(
            model,
            PretrainingTask(breasts, config, ranks=ranks),
            config,
            args.out,
            resume=args.resume,
            json_lines=args.json_lines,
            measure=lambda averaged: {
                **held_out_terms(averaged, held_out, config),
                **control_of(averaged, held_out),
            },
            aim=Aim("total", higher=False),
            ranks=ranks,
        )
    if outcome.last_measures and not outcome.last_measures.get("separated", 1.0):
        print(
            "True and wrong partners do not separate: the local terms have learnt positions, not "
            "correspondence. Train longer or on more breasts.",
            file=sys.stderr,
        )
    if ranks.first:
        print(f"The model is in {args.out / MODEL_FOLDER}. Research use only.", file=sys.stderr)
    return 0 if outcome.finished else 130
