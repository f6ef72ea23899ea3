"""Places marked by a person become a manifest that reads back as pairs."""

from dataclasses import replace

import numpy as np
import pytest

from glam_core.data.annotated_manifest import AnnotatedPlace, write_annotated_manifest
from glam_core.data.manifest import Box, read_manifest
from glam_core.data.pairs import pairs_of, single_region
from glam_core.errors import ManifestError
from glam_core.terms import Laterality, PointPx, ViewPosition


@pytest.fixture
def places(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    made = []
    for view in (ViewPosition.CC, ViewPosition.MLO):
        image = folder / f"{view.value}.npy"
        np.save(image, np.zeros((40, 30), dtype=np.uint8))
        made.append(
            AnnotatedPlace(
                image, "aa01", "bb02", Laterality.RIGHT, view, Box(10.0, 5.0, 20.0, 15.0),
                spacing=(0.1, 0.2), nipple=PointPx(20.0, 2.5), report="Mass, upper outer.",
                verdict="accepted", marked_as="match", proposed_by="geometry 2",
            )
        )  # fmt: skip
    return made


def test_what_was_written_reads_back(places, tmp_path):
    file = tmp_path / "out" / "manifest.csv"
    file.parent.mkdir()
    line = (PointPx(0.0, 9.0), PointPx(30.0, 1.0))
    write_annotated_manifest(file, [places[0], replace(places[1], pectoral_line=line)])
    rows = read_manifest(file).rows
    assert [row.image.resolve() for row in rows] == [place.image for place in places]
    assert rows[0].image_name == "../pictures/CC.npy"
    assert rows[0].pixel_spacing_mm == (0.1, 0.2)
    assert rows[0].nipple == PointPx(20.0, 2.5)
    assert (rows[0].pectoral_line, rows[1].pectoral_line) == (None, line)
    assert (rows[0].report, rows[0].other["verdict"]) == ("Mass, upper outer.", "accepted")
    (pair,) = pairs_of(read_manifest(file))
    assert single_region(pair.cc).centre == PointPx(15.0, 10.0)
    assert sorted(path.name for path in file.parent.iterdir()) == ["manifest.csv"]


def test_two_places_of_a_breast_are_two_pairs(places, tmp_path):
    second = [replace(place, study_id="bb02.2") for place in places]
    write_annotated_manifest(tmp_path / "manifest.csv", [*places, *second])
    assert len(pairs_of(read_manifest(tmp_path / "manifest.csv"))) == 2


def test_a_file_that_is_there_is_replaced_only_if_said(places, tmp_path):
    file = tmp_path / "manifest.csv"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(ManifestError, match="exists already"):
        write_annotated_manifest(file, places)
    assert file.read_text("utf-8") == "mine"
    write_annotated_manifest(file, places, replace=True)
    assert len(read_manifest(file).rows) == 2


def test_a_picture_that_is_gone_leaves_no_file_behind(places, tmp_path):
    places[1].image.unlink()
    file = tmp_path / "manifest.csv"
    with pytest.raises(ManifestError, match=r"^manifest\.csv, line 3"):
        write_annotated_manifest(file, places)
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_a_folder_that_cannot_be_written_is_one_sentence(places, tmp_path, monkeypatch):
    def refuse(*_args, **_words):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(ManifestError, match="choose a folder of your own"):
        write_annotated_manifest(tmp_path / "manifest.csv", places)


def test_a_folder_that_is_missing_is_one_sentence(places, tmp_path):
    with pytest.raises(ManifestError, match="cannot be written"):
        write_annotated_manifest(tmp_path / "nowhere" / "manifest.csv", places)


def test_no_place_is_no_manifest(tmp_path):
    with pytest.raises(ManifestError, match="no place"):
        write_annotated_manifest(tmp_path / "manifest.csv", [])
