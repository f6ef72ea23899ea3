"""Synthetic breasts beside those of a manifest: the options, and how they are made or read."""

import argparse
import os
import sys
from pathlib import Path

from glam_core.scripts.bar import reporting_bar
from glam_core.training.config import TrainingConfig
from glam_core.training.synthetic import SIDE_PX, SyntheticPairs, SyntheticSeries
from glam_core.training.synthetic_file import synthetic_pairs


def add_synthetic_arguments(parser: argparse.ArgumentParser) -> None:
    """--synthetic and --synthetic-folder."""
    parser.add_argument(
        "--synthetic",
        metavar="phantom:SEED:COUNT",
        help="learn from COUNT synthetic breasts beside those of the manifest",
    )
    parser.add_argument(
        "--synthetic-folder",
        type=Path,
        metavar="FOLDER",
        help="where they are kept for this and other runs (the run's folder); 0.3 MB a breast",
    )


def synthetic_breasts(
    series: SyntheticSeries | None,
    args: argparse.Namespace,
    config: TrainingConfig,
    canvas_px: int,
    *,
    silent: bool = False,
) -> SyntheticPairs | None:
    """The synthetic breasts that were asked for, made or read; None where none were.

    Args:
        canvas_px: What the model sees; said where it is larger than what is drawn.
        silent: Show no bar, and say nothing.

    Raises:
        CancelledError: Ctrl-C while they were made.
    """
    if series is None:
        return None
    if canvas_px > SIDE_PX and not silent:
        print(
            f"Synthetic breasts are drawn at {SIDE_PX} px and enlarged to the {canvas_px} px that "
            "this model sees: they teach it no finer texture; leave out --synthetic, or choose a "
            "smaller preset.",
            file=sys.stderr,
        )
    kept = "Stopped before the first step: the synthetic breasts made so far are kept."
    with reporting_bar("breast", silent=silent or args.json_lines, stopped=kept) as report:
        return synthetic_pairs(
            series,
            args.synthetic_folder or args.out,
            workers=config.threads or os.cpu_count() or 1,
            report=report,
        )
