"""What is prepared is what a training learns from: pictures, regions and landmarks."""

from pathlib import Path

import numpy as np
import pytest

from glam_core.data.manifest import read_manifest
from glam_core.data.pairs import pairs_of
from glam_core.training import pair_pictures
from glam_core.training.pair_pictures import training_data
from glam_core.training.sentences import facts_of
from tests.core.preparation.conftest import Prepare
from tests.core.preparation.miniatures import rows_of, write_cbis


def test_a_training_takes_pairs_regions_landmarks_and_texts(
    tmp_path: Path, prepare: Prepare, monkeypatch: pytest.MonkeyPatch
):
    prepare("cbis-ddsm", write_cbis(tmp_path / "source", patients=12), tmp_path / "out")
    manifest = read_manifest(tmp_path / "out" / "manifest.csv")
    real = pair_pictures.match_view_from
    found = []

    def watched(*args: object, **options: object) -> object:
        found.append(options["landmarks"])
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pair_pictures, "match_view_from", watched)
    data = training_data(manifest, tmp_path / "run")
    rows = {row["image"]: row for row in rows_of(manifest.file)}
    assert {pair.cc.row.split for pair in data.training} == {"train"}
    assert {pair.cc.row.split for pair in data.validation} == {"validation"}
    assert not {p.row.patient_id for p in data.all_training} & {
        p.row.patient_id for p in data.all_validation
    }
    assert len(pairs_of(manifest)) > len(data.training) + len(data.validation)  # the test patients
    for picture in data.all_training:
        told = rows[picture.row.image_name]
        nipple = picture.view.landmarks.nipple
        assert nipple is not None
        assert nipple.col == pytest.approx(float(told["nipple_x"]), abs=0.01)
        assert nipple.confidence == pytest.approx(float(told["nipple_confidence"]), abs=0.001)
        assert picture.view.landmarks.chest_wall.value == told["chest_wall"]
        assert picture.region is not None
        assert 90 < np.argwhere(picture.region)[:, 0].mean() < 120
        assert facts_of(picture.row)
    assert sum(given is not None for given in found) > 0.9 * len(found)  # nothing is found twice
