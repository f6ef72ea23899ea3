"""Where a data set's files lie here, though its tables name them by a path of another machine."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath


class Relocation:
    """Finds files by the end of their written path.

    Args:
        source: The data set's folder.
        roots: Folders below it, beneath which the end of a path may lie.
    """

    def __init__(self, source: Path, roots: Sequence[str] = ("",)) -> None:
        self._roots = [source / root for root in roots]
        self._last: tuple[Path, int] | None = None

    def found(self, written: str) -> Path | None:
        """The file; None where it is nowhere. What held for the last one is tried first."""
        parts = _parts(written)
        if self._last is not None:
            root, dropped = self._last
            if (place := root.joinpath(*parts[dropped:])).is_file():
                return place
        for dropped in range(len(parts)):
            for root in self._roots:
                if (place := root.joinpath(*parts[dropped:])).is_file():
                    self._last = root, dropped
                    return place
        return None

    def short(self, written: str) -> str:
        """The written path without what belongs to the other machine, as far as that is known."""
        parts = _parts(written)
        dropped = self._last[1] if self._last is not None else max(len(parts) - 4, 0)
        return "/".join(parts[dropped:]) or written


def _parts(written: str) -> list[str]:
    path = PurePosixPath(written.replace("\\", "/"))
    return [part for part in path.parts if part not in ("/", "..", ".")]
