"""`glam phantom OUT --exams N --seed S`: make synthetic exams with exact truth."""

import argparse
import os
import signal
import sys
from pathlib import Path

from glam_core.phantom.presets import PRESETS, SeriesPreset
from glam_core.phantom.series import SeriesPlan, write_series
from glam_core.scripts.bar import reporting_bar
from glam_core.training.interrupt import first_interrupt

_SIZES_MM = {"full": 0.1, "training": 0.2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the series")
    parser.add_argument(
        "--exams",
        type=int,
        metavar="N",
        help="number of four-view exams (no default: needed unless --preset fixes it)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="S",
        help="equal seeds give equal exams (no default: needed unless --preset fixes it)",
    )
    parser.add_argument(
        "--preset",
        choices=sorted(PRESETS),
        help="a fixed series, which fixes --exams, --seed and --pixel-mm: "
        + "; ".join(f"{name}: {_described(preset)}" for name, preset in PRESETS.items()),
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--pixel-mm", type=float, metavar="X", help="pixel size in mm (0.1)")
    size.add_argument("--size", choices=sorted(_SIZES_MM), help="full: 0.1 mm, training: 0.2 mm")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="(cpu)")
    parser.add_argument(
        "--workers", type=int, metavar="K", help="processes (one a core; 1 on a graphics card)"
    )


def _described(preset: SeriesPreset) -> str:
    fixed = f"{preset.exams} exams, seed {preset.seed}, {preset.pixel_mm:g} mm pixels"
    return f"{preset.summary} ({fixed})"


def run(args: argparse.Namespace) -> int:
    """Write the series; 2 where the parameters are impossible."""
    plan = _plan_of(args)
    fault = plan if isinstance(plan, str) else plan.fault()
    if fault is not None or isinstance(plan, str):
        print(fault, file=sys.stderr)
        return 2
    with first_interrupt("exams", [signal.SIGINT]) as stop, reporting_bar("exam") as report:
        manifest = write_series(args.out, plan, report=report, cancelled=lambda: bool(stop))
    print(manifest)
    return 0


def _plan_of(args: argparse.Namespace) -> SeriesPlan | str:
    """The series that is asked for, or one sentence on what does not fit together."""
    pixel_mm = _SIZES_MM[args.size] if args.size else args.pixel_mm
    workers = args.workers
    if workers is None:
        workers = 1 if args.device == "cuda" else os.cpu_count() or 1
    if args.preset is None:
        if args.exams is None or args.seed is None:
            return "Give --exams and --seed, or --preset."
        return SeriesPlan(
            args.exams, args.seed, 0.1 if pixel_mm is None else pixel_mm, args.device, workers
        )
    if args.exams is not None or args.seed is not None or pixel_mm is not None:
        return f"--preset {args.preset} fixes exams, seed and pixel size; leave them out."
    preset = PRESETS[args.preset]
    return SeriesPlan(
        preset.exams, preset.seed, preset.pixel_mm, args.device, workers, preset.split
    )
