"""Pictures stay in their file: what memory holds does not grow with the data set."""

import csv
import resource
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest

from glam_core.data.manifest import read_manifest
from glam_core.errors import GlamError
from glam_core.training import pair_pictures
from glam_core.training.pair_pictures import read_pictures
from tests.core.training.drawn_manifest import drawn_breast, write_manifest

SIDE, PICTURES = 512, 40
LANDMARKS = ["nipple_x", "nipple_y", "chest_wall"]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty CC pictures of the largest size, which as float32 would take 42 MB."""
    folder = tmp_path_factory.mktemp("large")
    small, _ = drawn_breast("CC", 20, 0, 0)
    cv2.imwrite(str(folder / "one.png"), cv2.resize(small, (SIDE, SIDE)))
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image", "patient_id", "laterality", "view", *LANDMARKS])
        writer.writerows(
            ["one.png", f"p{number}", "R", "CC", 350, 256, "left"] for number in range(PICTURES)
        )
    return folder / "manifest.csv"


def test_what_memory_holds_does_not_grow_with_the_pictures(large, tmp_path):
    manifest = read_manifest(large)
    read_pictures(manifest, manifest.rows, tmp_path, None)
    tracemalloc.start()
    pictures, _ = read_pictures(manifest, manifest.rows, tmp_path, None)
    sums = [float(picture.view.picture.sum()) for picture in pictures]
    held, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(pictures) == PICTURES
    assert pictures[0].view.picture.shape == (SIDE, SIDE)
    one = SIDE * SIDE * 4
    assert held < one  # of forty pictures not even one
    assert highest < 3 * one  # one is made at a time
    assert len(set(sums)) == 1
    assert (tmp_path / "pictures" / "pictures.bin").stat().st_size == 2 * PICTURES * SIDE * SIDE


def test_the_first_start_and_the_next_see_the_same(tmp_path):
    manifest = read_manifest(write_manifest(tmp_path / "drawn"))
    told: list[int] = []
    first, _ = read_pictures(manifest, manifest.rows, tmp_path, lambda done, _: told.append(done))
    assert told
    again, _ = read_pictures(manifest, manifest.rows, tmp_path, lambda *_: pytest.fail("read anew"))
    for one, other in zip(first, again, strict=True):
        assert one.view.picture.dtype == np.float32
        assert np.array_equal(one.view.picture, other.view.picture)
        assert one.region is not None
        assert np.array_equal(one.region, other.region)
        assert one.view.landmarks == other.view.landmarks
    direct = pair_pictures._read(manifest.rows[0], 512)
    assert np.array_equal(direct[1].picture, first[0].view.picture)
    assert np.array_equal(direct[1].mask, first[0].view.mask)
    assert np.array_equal(direct[2], first[0].region)


def test_a_cut_file_is_read_anew(tmp_path):
    manifest = read_manifest(write_manifest(tmp_path / "drawn"))
    first, _ = read_pictures(manifest, manifest.rows, tmp_path, None)
    whole = first[0].view.picture.copy()
    del first
    file = tmp_path / "pictures" / "pictures.bin"
    file.write_bytes(file.read_bytes()[:-1])
    again, _ = read_pictures(manifest, manifest.rows, tmp_path, None)
    assert np.array_equal(again[0].view.picture, whole)


def test_a_full_disk_is_said_and_leaves_nothing(large, tmp_path):
    manifest = read_manifest(large)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5 * SIDE * SIDE, before[1]))
    try:
        with pytest.raises(GlamError, match=r"cannot be kept in .*pictures"):
            read_pictures(manifest, manifest.rows, tmp_path, None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "pictures").iterdir()) == []
