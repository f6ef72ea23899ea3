"""`glam finetune correspondence`: learn from lesions that are outlined in both views."""

import argparse
import sys

from glam_core.data.manifest import read_manifest
from glam_core.scripts.training_run import add_run_arguments, first_model, prepared_data, run_config
from glam_core.training.checkpoint import MODEL_FOLDER
from glam_core.training.correspondence import CorrespondenceTask
from glam_core.training.loop import measures_of, train
from glam_core.training.validation import measure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_arguments(parser, start="small", name="correspondence")


def run(args: argparse.Namespace) -> int:
    """Train; 0 when finished, 130 when stopped with a checkpoint."""
    config = run_config(args.out, args)
    manifest = read_manifest(args.manifest)
    model = first_model(args, config, manifest.file, texts=False)
    data = prepared_data(
        manifest, args.out, model, config, pairs_needed=True, json_lines=args.json_lines
    )
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
    print(f"The model is in {args.out / MODEL_FOLDER}. Research use only.", file=sys.stderr)
    return 0 if outcome.finished else 130
