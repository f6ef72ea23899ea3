"""A spot on the command line: "RCC:ROW,COL"."""

import re

from glam_core.terms import Laterality, PointPx, ViewKey, ViewPosition

_CLICK = re.compile(r"([RL])(CC|MLO):(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)")


def parse_click(words: str) -> tuple[ViewKey, PointPx]:
    """The view and the spot.

    Raises:
        ValueError: The words have another form.
    """
    found = _CLICK.fullmatch(words)
    if found is None:
        raise ValueError(f'{words!r} is not of the form RCC:ROW,COL, nor "demo"')
    side, view, row, col = found.groups()
    return ViewKey(Laterality(side), ViewPosition(view)), PointPx(float(row), float(col))
