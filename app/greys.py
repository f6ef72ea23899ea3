"""Grey levels: choosing, dragging and naming windows; the tables come from the file's reader."""

from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.uint8]
SMALLEST_WIDTH = 1.0


class Window(Protocol):
    """A named pair of centre and width, as a file offers it (a frozen dataclass)."""

    @property
    def explanation(self) -> str:
        """What the file calls it."""
        ...

    @property
    def function(self) -> Any:
        """LINEAR, LINEAR_EXACT, SIGMOID or LUT."""
        ...

    @property
    def centre(self) -> float:
        """Middle of the values shown."""
        ...

    @property
    def width(self) -> float:
        """Extent of the values shown."""
        ...


class GreyTables(Protocol):
    """Windows and display tables of one picture."""

    @property
    def windows(self) -> tuple[Any, ...]:
        """All windows of the file, in its order."""
        ...

    @property
    def default_window(self) -> Any:
        """The one shown first."""
        ...

    def table(self, window: Any, *, invert: bool = False) -> Table:
        """(65536,) grey of each stored value."""
        ...


AnyWindow = TypeVar("AnyWindow", bound=Any)


def dragged(window: AnyWindow, d_centre: float, d_width: float) -> AnyWindow:
    """The window after a drag: centre += d_centre * width, width *= exp(d_width).

    A table of the file (LUT) has no centre of its own; dragging moves the window that reads it.
    """
    width = max(float(window.width) * float(np.exp(np.clip(d_width, -2.0, 2.0))), SMALLEST_WIDTH)
    centre = float(window.centre) + d_centre * float(window.width)
    moved: AnyWindow = replace(window, centre=centre, width=width)
    return moved


def is_dragged(window: Any, grey: GreyTables | None) -> bool:
    """Whether the window is none of those the file offers."""
    return grey is not None and window not in grey.windows and window != grey.default_window


class TableCache:
    """The latest display table of each picture, so that an unchanged one stays the same object."""

    def __init__(self) -> None:
        self._tables: dict[str, tuple[GreyTables, Any, bool, Table]] = {}

    def table(self, image_id: str, grey: GreyTables, window: Any, *, invert: bool) -> Table:
        """The table of one picture, computed anew only where something differs."""
        kept = self._tables.get(image_id)
        if kept is not None and kept[0] is grey and kept[1] == window and kept[2] == invert:
            return kept[3]
        table = grey.table(window, invert=invert)
        self._tables[image_id] = (grey, window, invert, table)
        return table

    def forget_others(self, image_ids: set[str]) -> None:
        """Let go of pictures that are no longer open."""
        for image_id in set(self._tables) - image_ids:
            del self._tables[image_id]
