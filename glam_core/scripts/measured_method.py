"""What an evaluation measures: a matcher of this program, or answers of a method of one's own."""

import argparse
from pathlib import Path

from glam_core.inference.matcher_names import MATCHER_CHOICES, default_matcher


def add_measured_method(parser: argparse.ArgumentParser, option: str) -> None:
    """`option` names a matcher; --answers or --questions may stand in its place.

    Args:
        option: For example "--matcher".
    """
    own = parser.add_mutually_exclusive_group()
    own.add_argument(option, default=default_matcher(), metavar="NAME", help=MATCHER_CHOICES)
    own.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help="measure these answers of a method of your own instead: one JSON line a question",
    )
    own.add_argument(
        "--questions",
        type=Path,
        metavar="FILE",
        help="write the questions without their answers, one JSON line each, and measure nothing",
    )
