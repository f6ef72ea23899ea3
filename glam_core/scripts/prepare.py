"""`glam prepare DATASET SOURCE OUT`: pictures, masks, landmarks and manifest for training."""

import argparse
import os
import signal
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from glam_core.data.adapters.registry import ADAPTERS
from glam_core.preparation.plan import LONG_SIDE_PX, PreparationPlan
from glam_core.preparation.run import SKIPPED_NAME, Preparation, prepare
from glam_core.scripts.bar import reporting_bar
from glam_core.scripts.output import add_json_argument, write_json
from glam_core.training.interrupt import first_interrupt

_REASONS_SHOWN = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("dataset", choices=list(ADAPTERS), help="whose layout SOURCE has")
    parser.add_argument("source", type=Path, metavar="SOURCE", help="folder of the data set")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for what training reads")
    parser.add_argument(
        "--long-side",
        type=int,
        default=LONG_SIDE_PX,
        metavar="PX",
        help=f"long side of the pictures at most ({LONG_SIDE_PX})",
    )
    parser.add_argument("--workers", type=int, metavar="K", help="processes (one a core)")
    parser.add_argument(
        "--reports", type=Path, metavar="FILE.csv", help="folder: the table of reports"
    )
    parser.add_argument(
        "--keep-ids",
        action="store_true",
        help="folder: write patient ids and study UIDs instead of numbers",
    )
    parser.add_argument(
        "--without-implants", action="store_true", help="leave patients with implants out"
    )
    parser.add_argument(
        "--only-calibrated", action="store_true", help="leave pictures without mm out"
    )
    parser.add_argument(
        "--patients", type=int, metavar="N", help="the first N patients only, for a trial"
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Prepare and tell what was made, what was left out and why."""
    plan = PreparationPlan(
        dataset=args.dataset,
        source=args.source,
        out=args.out,
        long_side_px=args.long_side,
        workers=os.cpu_count() or 1 if args.workers is None else args.workers,
        reports=args.reports,
        keep_ids=args.keep_ids,
        without_implants=args.without_implants,
        only_calibrated=args.only_calibrated,
        patients=args.patients,
    )
    with ExitStack() as stack:
        stop = stack.enter_context(first_interrupt("pictures", [signal.SIGINT]))
        report = stack.enter_context(reporting_bar("picture"))
        said: list[str] = []

        def say(notice: str) -> None:
            said.append(notice)
            print(notice, file=sys.stderr)

        made = prepare(plan, report=report, say=say, cancelled=lambda: bool(stop))
    for notice in made.notices:
        if notice not in said:
            print(notice, file=sys.stderr)
    if args.json is not None:
        write_json(_content(made), args.json)
    else:
        print("\n".join([*made.summary, *_left_out(made), str(made.manifest)]))
    return 0


def _left_out(made: Preparation) -> list[str]:
    """The commonest reasons with their counts."""
    if not made.skipped:
        return []
    counted = Counter(skipped.reason for skipped in made.skipped)
    lines = [f"{len(made.skipped)} remarks on what was left out, all in {SKIPPED_NAME}:"]
    for reason, count in counted.most_common(_REASONS_SHOWN):
        lines.append(f"  {count}: {reason}")
    return lines


def _content(made: Preparation) -> dict[str, object]:
    return {
        "manifest": str(made.manifest),
        "pictures": made.pictures,
        "skipped": [{"file": s.file, "reason": s.reason} for s in made.skipped],
        "notices": list(made.notices),
        "summary": list(made.summary),
    }
