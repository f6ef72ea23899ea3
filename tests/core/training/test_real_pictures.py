"""A few real mammograms through the door of the training room."""

import csv
from pathlib import Path

import numpy as np
import pytest

from glam_core.data.manifest import read_manifest
from glam_core.data.split import split_of
from glam_core.training.pair_pictures import centre_of, training_data
from glam_core.training.samples import plain_sample
from glam_core.training.starts import start_config
from tests.real_data import REAL_DATA, needs_real_data


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """The first breasts with both views, two of them for validation by the hash."""
    assert REAL_DATA is not None
    source = REAL_DATA / "cbis-ddsm"
    with (source / "findings.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    chosen = [row for row in rows if row["n_blobs"] == "1"][:60]
    for row in chosen:
        row["image"], row["mask"] = str(source / row["image"]), str(source / row["mask"])
    file = tmp_path / "few.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(chosen[0]))
        writer.writeheader()
        writer.writerows(chosen)
    return file


@pytest.mark.real_data
@needs_real_data
def test_real_pairs_are_ready_to_learn_from(few, tmp_path):
    data = training_data(read_manifest(few), tmp_path / "run")
    assert len(data.training) >= 10
    assert len(data.validation) >= 2
    assert len(data.skipped) <= 3
    sides = [{pair.cc.row.patient_id for pair in part} for part in (data.training, data.validation)]
    assert not sides[0] & sides[1]
    assert all(split_of(pair.cc.row) == "training" for pair in data.training)
    model = start_config("small", texts=False)
    depths = []
    for pair in data.training:
        for picture in (pair.cc, pair.mlo):
            sample = plain_sample(picture, model)
            inside = sample.region & sample.batch.tissue[0]
            assert bool(inside.any())
        depths.append(
            [
                float(view.view.frame.depth_offset_from_image(centre_of(view))[0])
                for view in (pair.cc, pair.mlo)
            ]
        )
    # One lesion has nearly one depth in both views: that is what the whole method rests on.
    gaps = np.abs(np.diff(depths, axis=1))
    assert np.median(gaps) < 15
