"""Synthetic breasts beside those of a manifest: the options, and how they are made or read."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from glam_core.scripts.bar import reporting_bar
from glam_core.training.config import TrainingConfig
from glam_core.training.device import training_device
from glam_core.training.pair_pictures import PicturePair
from glam_core.training.synthetic import SIDE_PX, SyntheticPairs, SyntheticSeries
from glam_core.training.synthetic_file import synthetic_pairs
from glam_core.training.synthetic_fresh import FreshPairs


def add_synthetic_arguments(parser: argparse.ArgumentParser) -> None:
    """--synthetic and --synthetic-folder."""
    parser.add_argument(
        "--synthetic",
        metavar="phantom:SEED:COUNT[:fresh]",
        help="learn from COUNT synthetic breasts beside those of the manifest; fresh ones are made "
        "when a step needs them, by --prepare processes, and kept nowhere",
    )
    parser.add_argument(
        "--synthetic-folder",
        type=Path,
        metavar="FOLDER",
        help="where they are kept for this and other runs (the run's folder); 0.3 MB a breast",
    )


@contextmanager
def synthetic_breasts(
    series: SyntheticSeries | None,
    args: argparse.Namespace,
    config: TrainingConfig,
    canvas_px: int,
    *,
    silent: bool = False,
) -> Iterator[Sequence[PicturePair]]:
    """The synthetic breasts that were asked for, fresh or kept; empty where none were.

    The processes that make fresh ones end with the context. The other arguments, and what is
    raised, as of `kept_breasts`.
    """
    if series is None:
        yield ()
        return
    if not series.fresh:
        yield kept_breasts(series, args, config, canvas_px, silent=silent)
        return
    if not silent:
        _tell_of_size(canvas_px)
    device = training_device(config)
    drawn_on = str(device) if device.type == "cuda" else "cpu"
    with closing(FreshPairs(series, workers=max(1, config.prepare), device=drawn_on)) as fresh:
        yield fresh


def kept_breasts(
    series: SyntheticSeries,
    args: argparse.Namespace,
    config: TrainingConfig,
    canvas_px: int,
    *,
    silent: bool = False,
) -> SyntheticPairs:
    """The breasts of a series from their file, which is made first where it lacks.

    Args:
        canvas_px: What the model sees; said where it is larger than what is drawn.
        silent: Show no bar, and say nothing.

    Raises:
        CancelledError: Ctrl-C while they were made.
    """
    if not silent:
        _tell_of_size(canvas_px)
    kept = "Stopped before the first step: the synthetic breasts made so far are kept."
    with reporting_bar("breast", silent=silent or args.json_lines, stopped=kept) as report:
        return synthetic_pairs(
            series,
            args.synthetic_folder or args.out,
            workers=config.threads or os.cpu_count() or 1,
            report=report,
        )


def _tell_of_size(canvas_px: int) -> None:
    if canvas_px > SIDE_PX:
        print(
            f"Synthetic breasts are drawn at {SIDE_PX} px and enlarged to the {canvas_px} px that "
            "this model sees: they teach it no finer texture; leave out --synthetic, or choose a "
            "smaller preset.",
            file=sys.stderr,
        )
