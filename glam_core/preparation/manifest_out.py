"""The manifest of prepared pictures: one row each, all places in pixels of the prepared picture."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glam_core.data.manifest import Box
from glam_core.data.source_picture import SourcePicture

MANIFEST_NAME = "manifest.csv"
COLUMNS = (
    "image", "mask", "patient_id", "laterality", "view", "split", "study_id", "study_date",
    "report", "breast_density", "birads", "cancer", "pathology", "pixel_spacing_mm",
    "nipple_x", "nipple_y", "nipple_confidence",
    "pectoral_x0", "pectoral_y0", "pectoral_x1", "pectoral_y1", "pectoral_confidence",
    "chest_wall", "boxes", "n_blobs", "view_source", "official_split",
    "source_file", "source_rows", "source_cols", "source_px_per_px",
)  # fmt: skip


def manifest_row(picture: SourcePicture, facts: Mapping[str, Any], split: str) -> dict[str, str]:
    """One row; what is not known is "".

    Args:
        picture: What the tables say.
        facts: What the picture says (`PreparedPicture.facts`).
        split: Of the patient.
    """
    scale, shape = float(facts["scale"]), (int(facts["rows"]), int(facts["cols"]))
    nipple, line = facts["nipple"], facts["pectoral_line"]
    boxes = [box for b in picture.boxes if (box := scaled_box(b, scale, shape)) is not None]
    regions = len(boxes) or len(picture.masks) or len(picture.outlines)
    row = {
        "image": facts["picture"],
        "mask": facts["mask"] or "",
        "patient_id": picture.patient_id,
        "laterality": facts["laterality"],
        "view": facts["view"],
        "split": split,
        "study_id": picture.study_id,
        "study_date": picture.study_date,
        "report": picture.report,
        "pixel_spacing_mm": _spacing(facts["spacing_mm"], scale),
        "nipple_x": _px(nipple and nipple[1]),
        "nipple_y": _px(nipple and nipple[0]),
        "nipple_confidence": _share(nipple and nipple[2]),
        "pectoral_x0": _px(line and line[1]),
        "pectoral_y0": _px(line and line[0]),
        "pectoral_x1": _px(line and line[3]),
        "pectoral_y1": _px(line and line[2]),
        "pectoral_confidence": _share(line and line[4]),
        "chest_wall": facts["chest_wall"],
        "boxes": json.dumps(boxes) if boxes else "",
        "n_blobs": str(regions) if boxes or facts["mask"] else "",
        "view_source": facts["view_source"],
        "official_split": picture.official_split or "",
        "source_file": picture.source_name,
        "source_rows": str(facts["source_rows"]),
        "source_cols": str(facts["source_cols"]),
        "source_px_per_px": f"{scale:.6g}",
    }
    return {**row, **picture.columns}


def write_manifest(file: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write all rows (method.md, "Interchange"); the file appears when it is whole."""
    further = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    unfinished = file.with_name(f".{file.name}.part")
    with unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, (*COLUMNS, *further), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    unfinished.replace(file)


def scaled_box(box: Box, scale: float, shape: tuple[int, int]) -> list[float] | None:
    """[x0, y0, x1, y1] in prepared pixels, cut to the picture; None where nothing is left."""
    limits = (shape[0] - 1, shape[1] - 1)

    def place(value: float, last: int) -> float:
        return min(max((value + 0.5) / scale - 0.5, 0.0), float(last))

    row0, row1 = place(box.row0, limits[0]), place(box.row1, limits[0])
    col0, col1 = place(box.col0, limits[1]), place(box.col1, limits[1])
    if row1 <= row0 or col1 <= col0:
        return None
    return [round(value, 2) for value in (col0, row0, col1, row1)]


def _spacing(spacing: Sequence[float] | None, scale: float) -> str:
    if spacing is None:
        return ""
    row, col = (length * scale for length in spacing)
    return f"{row:.6g}" if abs(row - col) <= 1e-4 * row else f"{row:.6g}\\{col:.6g}"


def _px(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
