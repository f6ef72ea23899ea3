"""The help page on the truth names every field of the files, and none that is not there."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from glam_core.phantom.manifest_rows import COLUMNS
from glam_core.phantom.study_folder import read_truth, write_exam
from glam_core.phantom.truth import BenignKind, Box, Marker
from glam_core.terms import PointPx
from tests.core.phantom.drawn_exam import drawn_exam, with_benign

PAGE = Path(__file__).parents[3] / "resources/help/phantom_truth.md"
_OF_FILE_NAMES = ("files", "exams", "truth")


def fields_of(truth: Any) -> set[str]:
    """The names at every depth, but for the names of files and sides."""
    if isinstance(truth, list):
        return set().union(*map(fields_of, truth))
    if not isinstance(truth, dict):
        return set()
    inner = (value for name, value in truth.items() if name not in _OF_FILE_NAMES)
    return set(truth).union(*map(fields_of, inner))


def first_columns(heading: str) -> set[str]:
    """The names in the first column of the tables of a part of the page."""
    part = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| ([^|]*`[^|]*) \|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_the_page_names_the_manifests_columns() -> None:
    assert first_columns("manifest.csv") == set(COLUMNS)


def test_the_page_names_every_field_of_the_truth(tmp_path: Path) -> None:
    exam = with_benign(drawn_exam(), BenignKind.RIM)
    marker = Marker("view label", PointPx(20, 32), Box(10, 20, 30, 44))
    views = {key: replace(view, markers=(marker,)) for key, view in exam.views.items()}
    folder = write_exam(replace(exam, views=views), tmp_path / "exams" / "one")
    fields = fields_of(read_truth(folder))
    part = PAGE.read_text(encoding="utf-8").split("\n## truth.json\n")[1]
    assert {name for name in fields if f"`{name}`" not in part} == set()
    assert first_columns("truth.json") <= fields
