"""What the user corrected, kept from one run to the next, with no name in it."""

import json
import logging
import math
from pathlib import Path
from typing import Any

from app.arrivals import Correction
from app.judged_boxes import picture_key
from glam_core.study import MammogramImage
from glam_core.terms import Laterality, PointPx, ViewPosition

_log = logging.getLogger(__name__)
_FORMAT = 1
_MOST_ENTRIES = 20_000


class CorrectionMemory:
    """Corrections in one JSON file, keyed by a hash of the SOP Instance UID.

    Args:
        file: Where they are kept; None keeps them for this run only.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._entries: dict[str, Correction] | None = None

    def of(self, image: MammogramImage) -> Correction:
        """What is remembered about a picture; an empty correction where there is nothing."""
        return self._loaded().get(picture_key(image), Correction())

    def remember(self, image: MammogramImage, correction: Correction) -> None:
        """Keep a picture's correction and write the file; a full disk is logged, not raised."""
        entries = self._loaded()
        entries.pop(picture_key(image), None)
        if correction != Correction():
            entries[picture_key(image)] = correction
        while len(entries) > _MOST_ENTRIES:
            del entries[next(iter(entries))]
        if self._file is not None:
            try:
                _write(self._file, entries)
            except OSError as error:
                _log.warning("Corrections are not kept: %s", error.strerror)

    def _loaded(self) -> dict[str, Correction]:
        if self._entries is None:
            self._entries = _read(self._file) if self._file is not None else {}
        return self._entries


def _write(file: Path, entries: dict[str, Correction]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    words = {key: _words_of(correction) for key, correction in entries.items()}
    temporary = file.with_suffix(".partial")
    temporary.write_text(json.dumps({"format": _FORMAT, "pictures": words}), encoding="utf-8")
    temporary.replace(file)


def _words_of(correction: Correction) -> dict[str, Any]:
    words: dict[str, Any] = {}
    if correction.laterality is not None:
        words["laterality"] = correction.laterality.value
    if correction.view_position is not None:
        words["view"] = correction.view_position.value
    if correction.nipple is not None:
        words["nipple"] = list(correction.nipple)
    if correction.pectoral_line is not None:
        words["pectoral_line"] = [list(end) for end in correction.pectoral_line]
    if correction.spacing_mm is not None:
        words["spacing_mm"] = correction.spacing_mm
    return words


def _read(file: Path) -> dict[str, Correction]:
    """A file that is missing, damaged or of another version counts as empty."""
    try:
        words = json.loads(file.read_text(encoding="utf-8"))
        if words["format"] != _FORMAT:
            return {}
        return {str(key): _correction_of(entry) for key, entry in words["pictures"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        _log.warning("The file of corrections cannot be read and is begun anew.")
        return {}


def _correction_of(words: dict[str, Any]) -> Correction:
    laterality, view = words.get("laterality"), words.get("view")
    nipple, line = words.get("nipple"), words.get("pectoral_line")
    spacing = words.get("spacing_mm")
    return Correction(
        laterality=Laterality(laterality) if laterality is not None else None,
        view_position=ViewPosition(view) if view is not None else None,
        nipple=_point(nipple) if nipple is not None else None,
        pectoral_line=(_point(line[0]), _point(line[1])) if line is not None else None,
        spacing_mm=_positive(spacing) if spacing is not None else None,
    )


def _positive(words: Any) -> float:
    value = float(words)
    if not 0 < value < math.inf:
        raise ValueError("A spacing is positive")
    return value


def _point(words: Any) -> PointPx:
    row, col = (float(place) for place in words)
    if not (math.isfinite(row) and math.isfinite(col)):
        raise ValueError("A place is finite")
    return PointPx(row, col)
