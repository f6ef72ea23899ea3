"""CDD-CESM, as The Cancer Imaging Archive gives it.

    SOURCE/Radiology-manual-annotations.csv            sheet "all" of the workbook, saved as CSV
    SOURCE/.../Low energy images of CDD-CESM/P1_L_DM_MLO.jpg
    SOURCE/.../Subtracted images of CDD-CESM/P1_L_CM_MLO.jpg      (left out: no mammograms)
    SOURCE/Radiology_hand_drawn_segmentations_v2.csv   optional: outlines (VIA export)

Source: Khaled et al., Sci Data 9:122 (2022); doi:10.7937/29kw-ae92.
"""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glam_core.data.source_picture import SourceListing, SourcePicture, SourceTools
from glam_core.data.source_table import (
    SourceRow,
    birads_of,
    check_folder,
    density_of,
    files_below,
    key_of,
    most_concerning,
    read_table,
    side_of,
    standard_view_of,
)
from glam_core.errors import ManifestError
from glam_core.study import SkippedFile
from glam_core.terms import PointPx

_NEEDED = (
    "Image_name", "Patient_ID", "Side", "Type", "View", "BIRADS", "Breast density (ACR)",
    "Findings", "Pathology Classification/ Follow up",
)  # fmt: skip
_WANTED = ("Tags", "Age", "Machine")
_OUTLINES_NEEDED = ("#filename", "region_shape_attributes")
_ENDINGS = (".jpg", ".jpeg", ".png")
_CANCER = {"malignant": "1", "benign": "0", "normal": "0"}
_ROUND_POINTS = 48
_LEAST_RADIUS_PX = 3.0


def read_cdd_cesm(source: Path, tools: SourceTools) -> SourceListing:
    """List the low-energy pictures; the subtracted ones are no mammograms and are left out.

    Raises:
        ManifestError: The table is missing, still a workbook, or lacks a column.
    """
    check_folder(source)
    everything = files_below(source)
    rows = read_table(_table(source, everything), _NEEDED, _WANTED)
    places = {
        file.stem.strip().upper(): file for file in everything if file.suffix.lower() in _ENDINGS
    }
    outlines, unread = _outlines(everything)
    by_image: dict[str, list[SourceRow]] = defaultdict(list)
    for row in rows:
        by_image[_stem(row["Image_name"])].append(row)
    pictures: list[SourcePicture] = []
    skipped: list[SkippedFile] = []
    for name, group in by_image.items():
        row = group[0]
        place = places.get(name.upper())
        reason = None
        if row["Type"].upper() != "DM":
            reason = "a subtracted contrast picture (CESM), not a mammogram"
        elif standard_view_of(row["View"]) is None or side_of(row["Side"]) is None:
            reason = f"side {row['Side']!r} or view {row['View']!r} is not known"
        elif place is None:
            reason = "named by the annotations but not there"
        if reason is not None or place is None:
            skipped.append(SkippedFile(name, reason or ""))
            continue
        pictures.append(_picture(source, place, name, group, outlines.get(name.upper(), ())))
    notices = []
    if not outlines:
        notices.append("No outlines were found (Radiology_hand_drawn_segmentations_v2.csv).")
    if unread:
        notices.append(f"{unread} outline(s) could not be read and were left out.")
    return SourceListing(tuple(pictures), tuple(skipped), tuple(notices))


def _stem(name: str) -> str:
    return Path(name.strip()).stem.strip() if name.lower().endswith(_ENDINGS) else name.strip()


def _table(source: Path, everything: Sequence[Path]) -> Path:
    """The annotations as CSV, whatever blanks or dashes its name has."""

    def is_it(file: Path, ending: str) -> bool:
        letters = "".join(filter(str.isalpha, file.stem.lower()))
        return file.suffix.lower() == ending and "radiologymanualannotations" in letters

    tables = [file for file in everything if is_it(file, ".csv")]
    if tables:
        return tables[0]
    workbook = next((file for file in everything if is_it(file, ".xlsx")), None)
    if workbook is not None:
        raise ManifestError(
            f"{workbook.name}: is a workbook; open it, save its sheet 'all' as "
            f"{workbook.stem}.csv (CSV UTF-8) into the same folder, and start again."
        )
    raise ManifestError(
        f"{source}: 'Radiology manual annotations.csv' is not there; save the sheet 'all' of the "
        "data set's workbook as CSV (UTF-8) into this folder."
    )


def _picture(
    source: Path,
    place: Path,
    name: str,
    group: Sequence[SourceRow],
    outlines: tuple[tuple[PointPx, ...], ...],
) -> SourcePicture:
    row = group[0]
    words = {r["Pathology Classification/ Follow up"].lower() for r in group}
    pathology = next((w for w in ("malignant", "benign", "normal") if w in words), "")
    birads = [birads_of(part) for r in group for part in r["BIRADS"].split("$")]
    return SourcePicture(
        key=key_of(name),
        file=place,
        source_name=place.relative_to(source).as_posix(),
        patient_id=f"P{row.whole('Patient_ID').lstrip('Pp')}",
        laterality=side_of(row["Side"]),
        view_position=standard_view_of(row["View"]),
        outlines=outlines,
        columns={
            "breast_density": density_of(row["Breast density (ACR)"]),
            "birads": most_concerning(birads),
            "cancer": _CANCER.get(pathology, ""),
            "pathology": pathology,
            "abnormality": _found_in(_texts(group, "Findings")),
            "findings_text": _texts(group, "Findings"),
            "tags": _texts(group, "Tags"),
            "age": row.whole("Age"),
            "machine": row.whole("Machine"),
        },
    )


def _texts(group: Sequence[SourceRow], column: str) -> str:
    """What is said in a column, once each; $ divides several findings of one picture."""
    parts = [part.strip() for row in group for part in row[column].split("$")]
    return ";".join(dict.fromkeys(part for part in parts if part and part != "_"))


def _found_in(findings: str) -> str:
    """The findings' names, without those that only contrast shows or that deny a finding."""
    names = [part.strip().lower() for part in findings.split(";")]
    denied = ("normal", "negative", "no finding", "free", "unremarkable")
    kept = [n for n in names if n and "enhancement" not in n and not n.startswith(denied)]
    return ";".join(kept)


def _outlines(
    everything: Sequence[Path],
) -> tuple[dict[str, tuple[tuple[PointPx, ...], ...]], int]:
    """Outlines by the picture's name, and how many could not be read."""
    table = next(
        (f for f in everything if f.suffix.lower() == ".csv" and "segmentation" in f.stem.lower()),
        None,
    )
    if table is None:
        return {}, 0
    found: dict[str, list[tuple[PointPx, ...]]] = defaultdict(list)
    unread = 0
    for row in read_table(table, _OUTLINES_NEEDED):
        if row["region_shape_attributes"] in ("", "{}"):
            continue
        outline = outline_of(row["region_shape_attributes"])
        if outline is None:
            unread += 1
        else:
            found[_stem(row["#filename"]).upper()].append(outline)
    return {name: tuple(outlines) for name, outlines in found.items()}, unread


def outline_of(written: str) -> tuple[PointPx, ...] | None:
    """A shape of the VGG Image Annotator as a polygon; None where it cannot be read.

    A point becomes a small circle; a polyline is closed.
    """
    try:
        shape: Mapping[str, Any] = json.loads(written)
        kind = shape["name"]
        if kind in ("polygon", "polyline"):
            points = [
                PointPx(float(row), float(col))
                for col, row in zip(shape["all_points_x"], shape["all_points_y"], strict=True)
            ]
            return tuple(points) if len(points) >= 3 else None
        if kind == "rect":
            top, left = float(shape["y"]), float(shape["x"])
            low, right = top + float(shape["height"]), left + float(shape["width"])
            return (
                PointPx(top, left), PointPx(top, right), PointPx(low, right), PointPx(low, left),
            )  # fmt: skip
        if kind in ("circle", "ellipse", "point"):
            return _round(shape)
    except (ValueError, KeyError, TypeError):
        return None
    return None


def _round(shape: Mapping[str, Any]) -> tuple[PointPx, ...]:
    across = float(shape.get("rx", shape.get("r", _LEAST_RADIUS_PX)))
    down = float(shape.get("ry", shape.get("r", _LEAST_RADIUS_PX)))
    turn = float(shape.get("theta", 0.0))
    points = []
    for step in range(_ROUND_POINTS):
        angle = 2 * math.pi * step / _ROUND_POINTS
        x, y = across * math.cos(angle), down * math.sin(angle)
        points.append(
            PointPx(
                float(shape["cy"]) + x * math.sin(turn) + y * math.cos(turn),
                float(shape["cx"]) + x * math.cos(turn) - y * math.sin(turn),
            )
        )
    return tuple(points)
