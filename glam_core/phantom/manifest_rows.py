"""The manifest of a series: one row a view, read back from the truth files of whole exams."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

COLUMNS = (
    "image",
    "mask",
    "patient_id",
    "laterality",
    "view",
    "report",
    "breast_density",
    "birads",
    "pixel_spacing_mm",
    "study_id",
    "study_date",
    "nipple_x",
    "nipple_y",
    "pectoral_x0",
    "pectoral_y0",
    "pectoral_x1",
    "pectoral_y1",
    "boxes",
    "n_blobs",
    "lesion_ids",
    "abnormality",
    "chest_wall",
    "truth",
    "report_file",
    "split",
)
TRUTH_NAME = "truth.json"
REPORT_NAME = "report.txt"
_TRAIN_SHARE, _VALIDATION_SHARE = 70, 15


def split_of(seed: int, index: int) -> str:
    """The split of a woman: 70 % train, 15 % validation, 15 % test.

    It is the same under every number of the generator, as the women of one seed and index are
    alike: none is learnt from in one series and tested on in another.
    """
    name = f"SYN-{seed}-{index:04d}"
    ticket = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % 100
    if ticket < _TRAIN_SHARE:
        return "train"
    return "validation" if ticket < _TRAIN_SHARE + _VALIDATION_SHARE else "test"


def rows_of_exam(
    truth: Mapping[str, Any], *, exam_place: str, truth_place: str
) -> list[dict[str, str]]:
    """The rows of one whole exam; numbers as text, unknown as "".

    Args:
        truth: The exam's truth file.
        exam_place, truth_place: Its two folders as the manifest's paths begin, without a slash
            at the end.
    """
    return [_row(truth, view, exam_place, truth_place) for view in truth["views"]]


def write_manifest(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write the rows (method.md, "Interchange"); the file appears when it is whole."""
    temporary = path.with_name(f".{path.name}.partial")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(path)


def _row(
    truth: Mapping[str, Any], view: Mapping[str, Any], exam_place: str, truth_place: str
) -> dict[str, str]:
    side = view["laterality"]
    breast = truth["breasts"][side]
    nipple, line = view["nipple"], view["pectoral_line"] or {}
    lesions = [lesion for lesion in view["lesions"] if lesion["visible"]]
    kinds = {entry["id"]: entry["kind"] for entry in truth["lesions"]}
    return {
        "image": f"{exam_place}/{view['file']}",
        "mask": f"{truth_place}/{view['mask']}" if view["mask"] else "",
        "patient_id": truth["patient_id"],
        "laterality": side,
        "view": view["view"],
        "report": breast["report"],
        "breast_density": truth["density_class"],
        "birads": breast["birads"],
        "pixel_spacing_mm": f"{view['pixel_mm']:g}",
        "study_id": truth["study_id"],
        "study_date": truth["study_date"],
        "nipple_x": _number(nipple["col"]),
        "nipple_y": _number(nipple["row"]),
        "pectoral_x0": _number(line.get("col0")),
        "pectoral_y0": _number(line.get("row0")),
        "pectoral_x1": _number(line.get("col1")),
        "pectoral_y1": _number(line.get("row1")),
        "boxes": json.dumps([_box(lesion["box"]) for lesion in lesions]) if lesions else "",
        "n_blobs": str(view["n_blobs"]),
        "lesion_ids": ";".join(lesion["id"] for lesion in lesions),
        "abnormality": ";".join(kinds[lesion["id"]] for lesion in lesions),
        "chest_wall": view["chest_wall"],
        "truth": f"{truth_place}/{TRUTH_NAME}",
        "report_file": f"{truth_place}/{REPORT_NAME}",
        "split": truth["split"],
    }


def _box(box: Mapping[str, float]) -> list[float]:
    """[x0, y0, x1, y1], as the manifest has it."""
    return [box["col0"], box["row0"], box["col1"], box["row1"]]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:z.1f}"
