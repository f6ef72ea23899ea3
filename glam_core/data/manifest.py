"""The manifest: a CSV table of pictures, the same for every data set and every command."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glam_core.errors import ManifestError
from glam_core.terms import Laterality, PointPx, ViewPosition

REQUIRED_COLUMNS = ("image", "patient_id", "laterality", "view")
_LINE_COLUMNS = ("pectoral_x0", "pectoral_y0", "pectoral_x1", "pectoral_y1")
_KNOWN_COLUMNS = (
    *REQUIRED_COLUMNS,
    *_LINE_COLUMNS,
    *["mask", "boxes", "report", "breast_density", "birads", "pixel_spacing_mm"],
    *["study_id", "study_date", "nipple_x", "nipple_y", "split", "n_blobs"],
)


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box in stored pixels, ends included."""

    row0: float
    col0: float
    row1: float
    col1: float

    @property
    def centre(self) -> PointPx:
        """The box's middle."""
        return PointPx((self.row0 + self.row1) / 2, (self.col0 + self.col1) / 2)


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One picture of a manifest; None or () where the manifest does not say.

    Attributes:
        image_name: The picture as the manifest writes it.
        image, mask: Whole paths.
        pixel_spacing_mm: (row, col) length of one stored pixel.
        nipple: In stored pixels.
        pectoral_line: Two places in stored pixels, the upper one first.
        n_blobs: Count of annotated regions as the manifest states it.
        other: Every further column, as text.
        line: Line number in the file, the header being 1.
    """

    image_name: str
    image: Path
    patient_id: str
    laterality: Laterality
    view_position: ViewPosition
    mask: Path | None = None
    boxes: tuple[Box, ...] = ()
    report: str | None = None
    breast_density: str | None = None
    birads: str | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    study_id: str | None = None
    study_date: str | None = None
    nipple: PointPx | None = None
    pectoral_line: tuple[PointPx, PointPx] | None = None
    split: str | None = None
    n_blobs: int | None = None
    other: Mapping[str, str] = field(default_factory=dict)
    line: int = 0

    @property
    def breast(self) -> tuple[str, str, str]:
        """(patient, study, side): equal for the pictures of one breast in one study."""
        return self.patient_id, self.study_id or "", self.laterality.value


@dataclass(frozen=True, slots=True)
class Manifest:
    """All rows of one file, in its order."""

    file: Path
    rows: tuple[ManifestRow, ...]


def read_manifest(file: Path | str, *, files_must_exist: bool = True) -> Manifest:
    """Read and check a manifest (method.md, "Interchange").

    Args:
        file: CSV in UTF-8 with a header; paths in it are relative to its folder.
        files_must_exist: Check that every picture and mask is there.

    Raises:
        ManifestError: One sentence that names the file, the line and the column.
    """
    path = Path(file)
    rows: list[ManifestRow] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            _check_header(path, reader.fieldnames)
            for record in reader:
                rows.append(_row(path, reader.line_num, record, files_must_exist))
    except FileNotFoundError:
        raise ManifestError(f"{path.name}: there is no such file; check the path.") from None
    except OSError as error:
        raise ManifestError(f"{path.name}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise ManifestError(f"{path.name}: is not UTF-8 text; save it as UTF-8.") from None
    except csv.Error as error:
        raise ManifestError(f"{path.name}: is not a CSV table ({error}).") from None
    if not rows:
        raise ManifestError(f"{path.name}: has a header but no rows.")
    return Manifest(path, tuple(rows))


def _check_header(path: Path, names: Any) -> None:
    if not names:
        raise ManifestError(f"{path.name}: is empty; a header and at least one row are needed.")
    missing = [name for name in REQUIRED_COLUMNS if name not in names]
    if missing:
        raise ManifestError(
            f"{path.name}: column {missing[0]!r} is missing; "
            f"needed are {', '.join(REQUIRED_COLUMNS)}."
        )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ManifestError(f"{path.name}: column {twice[0]!r} stands twice in the header.")


class _Cells:
    """The cells of one line, read with errors that name the place."""

    def __init__(self, path: Path, line: int, record: Mapping[str, Any]) -> None:
        self.path, self.line, self.record = path, line, record

    def error(self, column: str, what: str) -> ManifestError:
        return ManifestError(f"{self.path.name}, line {self.line}, column {column!r}: {what}.")

    def text(self, column: str) -> str | None:
        value = self.record.get(column)
        return value.strip() or None if isinstance(value, str) else None

    def needed(self, column: str) -> str:
        value = self.text(column)
        if value is None:
            raise self.error(column, "is empty")
        return value

    def number(self, column: str) -> float | None:
        value = self.text(column)
        return None if value is None else self.as_number(column, value)

    def as_number(self, column: str, value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            raise self.error(column, f"{value[:40]!r} is not a number") from None
        if not math.isfinite(number):
            raise self.error(column, f"{value[:40]!r} is not a finite number")
        return number

    def one_of(self, column: str, allowed: Mapping[str, Any]) -> Any:
        value = self.needed(column)
        if value.upper() not in allowed:
            choices = " or ".join(allowed)
            raise self.error(column, f"{value[:40]!r} is not {choices}")
        return allowed[value.upper()]

    def file(self, column: str, must_exist: bool) -> Path | None:
        value = self.text(column)
        if value is None:
            return None
        place = self.path.parent / value
        if must_exist and not place.is_file():
            raise self.error(column, f"there is no file {value[:200]!r}")
        return place


_SIDES = {side.value: side for side in Laterality}
_VIEWS = {"CC": ViewPosition.CC, "MLO": ViewPosition.MLO}


def _row(path: Path, line: int, record: Mapping[str | None, Any], must_exist: bool) -> ManifestRow:
    if None in record:
        raise ManifestError(f"{path.name}, line {line}: has more cells than the header.")
    if any(value is None for value in record.values()):
        raise ManifestError(f"{path.name}, line {line}: has fewer cells than the header.")
    cells = _Cells(path, line, {str(name): value for name, value in record.items()})
    image = cells.needed("image")
    place = cells.file("image", must_exist)
    return ManifestRow(
        image_name=image,
        image=place if place is not None else path.parent / image,
        patient_id=cells.needed("patient_id"),
        laterality=cells.one_of("laterality", _SIDES),
        view_position=cells.one_of("view", _VIEWS),
        mask=cells.file("mask", must_exist),
        boxes=_boxes(cells),
        report=cells.text("report"),
        breast_density=cells.text("breast_density"),
        birads=cells.text("birads"),
        pixel_spacing_mm=_spacing(cells),
        study_id=cells.text("study_id"),
        study_date=cells.text("study_date"),
        nipple=_nipple(cells),
        pectoral_line=_pectoral_line(cells),
        split=cells.text("split"),
        n_blobs=_count(cells),
        other={str(k): v for k, v in record.items() if k is not None and k not in _KNOWN_COLUMNS},
        line=line,
    )


def _boxes(cells: _Cells) -> tuple[Box, ...]:
    value = cells.text("boxes")
    if value is None:
        return ()
    shape = "is not a JSON list of [x0, y0, x1, y1]"
    try:
        boxes = json.loads(value)
    except json.JSONDecodeError:
        raise cells.error("boxes", shape) from None
    if not isinstance(boxes, list):
        raise cells.error("boxes", shape)
    return tuple(_box(cells, box, shape) for box in boxes)


def _box(cells: _Cells, box: Any, shape: str) -> Box:
    numbers = isinstance(box, list) and len(box) == 4
    numbers = numbers and all(type(v) in (int, float) and math.isfinite(v) for v in box)
    if not numbers:
        raise cells.error("boxes", shape)
    x0, y0, x1, y1 = (float(v) for v in box)
    if x1 < x0 or y1 < y0:
        raise cells.error("boxes", f"the box {box} ends before it begins")
    return Box(y0, x0, y1, x1)


def _spacing(cells: _Cells) -> tuple[float, float] | None:
    """One number for both axes, or row and column spacing divided by a backslash as in DICOM."""
    value = cells.text("pixel_spacing_mm")
    if value is None:
        return None
    numbers = [cells.as_number("pixel_spacing_mm", part) for part in value.split("\\")]
    if len(numbers) not in (1, 2) or min(numbers) <= 0:
        raise cells.error("pixel_spacing_mm", f"{value[:40]!r} is not a positive length")
    return numbers[0], numbers[-1]


def _nipple(cells: _Cells) -> PointPx | None:
    col, row = cells.number("nipple_x"), cells.number("nipple_y")
    if (row is None) != (col is None):
        raise cells.error("nipple_x", "nipple_x and nipple_y go together")
    return None if row is None or col is None else PointPx(row, col)


def _pectoral_line(cells: _Cells) -> tuple[PointPx, PointPx] | None:
    numbers = [cells.number(column) for column in _LINE_COLUMNS]
    known = [value for value in numbers if value is not None]
    if not known:
        return None
    if len(known) < len(numbers):
        raise cells.error(_LINE_COLUMNS[0], "the four pectoral columns go together")
    ends = sorted([PointPx(known[1], known[0]), PointPx(known[3], known[2])])
    return ends[0], ends[1]


def _count(cells: _Cells) -> int | None:
    number = cells.number("n_blobs")
    if number is None:
        return None
    if number < 0 or number != int(number):
        raise cells.error("n_blobs", f"{number:g} is not a count")
    return int(number)


def row_label(row: ManifestRow) -> str:
    """A short name for messages that tells no patient."""
    return f"line {row.line} ({row.laterality.value} {row.view_position.value})"
