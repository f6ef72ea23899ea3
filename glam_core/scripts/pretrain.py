"""`glam pretrain`: the GLAM objective (texts, both views, places across them) on a manifest."""

import argparse
import sys
from collections.abc import Mapping
from contextlib import ExitStack

from glam_core.data.manifest import read_manifest
from glam_core.model.config import TextConfig
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
from glam_core.training.device import training_device
from glam_core.training.loop import train
from glam_core.training.own_text import own_text_share
from glam_core.training.pretraining import (
    PretrainingTask,
    breasts_of,
    check_two_views,
    control_of,
    held_out_terms,
)
from glam_core.training.ranks import joined
from glam_core.training.sentences import facts_of
from glam_core.training.starts import PRETRAINING_KEYS
from glam_core.training.synthetic import series_of
from glam_core.training.watch import Aim


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_arguments(parser, start="tiny", name="pretrained", keys=PRETRAINING_KEYS)
    add_synthetic_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train; 0 when finished, 130 when stopped with a checkpoint."""
    args.preset = chosen_preset(args)
    config = run_config(args.out, args, PRETRAINING_KEYS[args.preset])
    manifest = read_manifest(args.manifest)
    record = record_of(args, "pretrain")
    series = series_of(args.synthetic) if args.synthetic else None
    check_two_views(manifest)
    with joined(training_device(config)) as ranks, ExitStack() as until_trained:
        model = first_model(args, config, manifest.file, texts=True)
        reads = isinstance(model.config.text, TextConfig)
        if reads and series is None and not any(map(facts_of, manifest.rows)) and ranks.first:
            print(
                f"{manifest.file.name} says nothing in words (no report, no density, findings or "
                "assessment): the image-text terms are left out, and zero-shot will not work.",
                file=sys.stderr,
            )
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
            record.keep(args.out)
            print(
                f"{len(breasts)} breasts to learn from, {len(held_out)} for the control, "
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
            PretrainingTask(breasts, config, ranks=ranks, synthetic=synthetic),
            config,
            args.out,
            resume=args.resume,
            json_lines=args.json_lines,
            measure=lambda averaged: {
                **held_out_terms(averaged, held_out, config),
                **control_of(averaged, held_out),
                **own_text_share(averaged, held_out),
            },
            aim=Aim("total", higher=False),
            ranks=ranks,
        )
    if ranks.first:
        for sentence in _control_sentences(outcome.last_measures or {}):
            print(sentence, file=sys.stderr)
        print(f"The model is in {args.out / MODEL_FOLDER}. Research use only.", file=sys.stderr)
    return 0 if outcome.finished else 130


def _control_sentences(measures: Mapping[str, float]) -> list[str]:
    """What the last measurement says of the two things that a run can fail to learn."""
    said = []
    if "separated" in measures:
        said.append(
            f"Held-out breasts: local loss {measures['local']:.2f} on true partners, "
            f"{measures['local_shuffled']:.2f} on wrong ones."
        )
        if not measures["separated"]:
            said.append(
                "True and wrong partners do not separate: the local terms have learnt positions, "
                "not correspondence. Train longer or on more breasts."
            )
    if "own_text" in measures:
        low, high = measures["own_text_low"], measures["own_text_high"]
        said.append(
            f"Held-out pictures like their own text better than {measures['own_text']:.0%} of "
            f"others (95 % {low:.0%} to {high:.0%}; chance 50 %)."
        )
        if low <= 0.5:
            said.append(
                "That is no better than chance: the texts are not learnt. Train longer or on more "
                "breasts, or look whether the texts speak of what the pictures show."
            )
    return said
