"""Pairs: exactly one annotated region in each view of a breast."""

import csv

import cv2
import numpy as np
import pytest

from glam_core.data.manifest import read_manifest
from glam_core.data.pairs import pairs_of, single_region
from glam_core.errors import ManifestError
from glam_core.terms import PointPx


def manifest(tmp_path, rows):
    names = sorted({name for row in rows for name in row} | {"image"})
    for row in rows:
        row.setdefault("image", f"{row['patient_id']}{row['laterality']}{row['view']}.png")
        (tmp_path / row["image"]).write_bytes(b"")
    with (tmp_path / "m.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return read_manifest(tmp_path / "m.csv")


def mask(tmp_path, name, *boxes):
    values = np.zeros((40, 50), np.uint8)
    for row0, col0, row1, col1 in boxes:
        values[row0 : row1 + 1, col0 : col1 + 1] = 255
    cv2.imwrite(str(tmp_path / name), values)
    return name


def row(patient, view, **more):
    return {"patient_id": patient, "laterality": "L", "view": view, **more}


def test_only_breasts_with_one_region_in_each_view_are_pairs(tmp_path):
    one = mask(tmp_path, "one.png", (5, 6, 9, 12))
    two = mask(tmp_path, "two.png", (5, 6, 9, 12), (20, 20, 25, 25))
    none = mask(tmp_path, "none.png")
    rows = []
    for patient, masks in {"a": (one, one), "b": (one, two), "c": (none, one)}.items():
        rows += [row(patient, "CC", mask=masks[0]), row(patient, "MLO", mask=masks[1])]
    rows.append(row("d", "CC", mask=one))
    pairs = pairs_of(manifest(tmp_path, rows))
    assert [pair.patient_id for pair in pairs] == ["a"]


def test_a_single_box_will_do_where_there_is_no_mask(tmp_path):
    rows = [
        row("a", "CC", boxes="[[10, 20, 14, 30]]"),
        row("a", "MLO", boxes="[[1, 2, 3, 4]]"),
        row("b", "CC", boxes="[[1, 2, 3, 4]]"),
        row("b", "MLO", boxes="[[1, 2, 3, 4], [5, 5, 6, 6]]"),
    ]
    found = manifest(tmp_path, rows)
    assert [pair.patient_id for pair in pairs_of(found)] == ["a"]
    region = single_region(found.rows[0])
    assert region.centre == PointPx(25, 12)
    assert region.distance(PointPx(25, 12)) == 0
    assert region.distance(PointPx(25, 18.5)) == 4


def test_the_manifests_count_goes_before_the_pieces_of_a_mask(tmp_path):
    two = mask(tmp_path, "two.png", (5, 6, 9, 12), (20, 20, 25, 25))
    found = manifest(tmp_path, [row("a", "CC", mask=two, n_blobs="1")])
    assert single_region(found.rows[0]) is not None


def test_a_speck_is_no_second_region(tmp_path):
    specked = mask(tmp_path, "specked.png", (5, 6, 14, 15), (30, 30, 30, 31))
    found = manifest(tmp_path, [row("a", "CC", mask=specked)])
    assert single_region(found.rows[0]).centre == PointPx(9.5, 10.5)


def test_distance_to_a_region_counts_pixel_edges_and_spacing(tmp_path):
    one = mask(tmp_path, "one.png", (5, 6, 9, 12))
    region = single_region(manifest(tmp_path, [row("a", "CC", mask=one)]).rows[0])
    assert region.distance(PointPx(7, 9)) == 0
    assert region.distance(PointPx(7, 13)) == 0.5
    assert region.distance(PointPx(12.5, 15.5)) == pytest.approx(np.hypot(3, 3))
    assert region.distance(PointPx(7, 15.5), (0.1, 0.2)) == pytest.approx(0.6)


def test_a_manifest_without_any_pair_says_so(tmp_path):
    with pytest.raises(ManifestError, match="no breast has exactly one"):
        pairs_of(manifest(tmp_path, [row("a", "CC")]))


def test_an_unreadable_mask_is_named(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    found = manifest(tmp_path, [row("a", "CC", mask="broken.png")])
    with pytest.raises(ManifestError, match=r"Line 2 .*'mask': 'broken.png' cannot be read"):
        pairs_of(found)
