"""A prepared picture is read with the grey that its mammogram has, by every reader."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from glam_core.data.source_picture import SourcePicture
from glam_core.dicom.density_png import density_png
from glam_core.dicom.picture import analysis_picture
from glam_core.dicom.scan import scan
from glam_core.preparation.picture import PictureTask, PreparedPicture, prepare_picture
from glam_core.terms import Laterality, ViewPosition
from tests.dicom_files import write_mammogram


def _read(file: Path, longest_px: int = 512) -> np.ndarray:
    return analysis_picture(
        scan([file]).studies[0].images[0], longest_px=longest_px
    ).values  # fmt: skip


@pytest.mark.parametrize("centre", [1200, 2600])
def test_the_files_own_window_survives(centre: int, tmp_path: Path):
    file = write_mammogram(
        tmp_path / "a.dcm", changes={"WindowCenter": centre, "WindowWidth": 2600}
    )
    picture = SourcePicture("a", file, "a.dcm", "p", Laterality.LEFT, ViewPosition.CC)
    made = prepare_picture(PictureTask(picture, tmp_path / "out", 1024))
    assert isinstance(made, PreparedPicture)
    prepared = tmp_path / "out" / made.facts["picture"]
    assert np.abs(_read(file) - _read(prepared)).max() <= 0.5 / 255 + 1e-6
    assert np.abs(_read(file, 100) - _read(prepared, 100)).mean() < 1 / 255


def test_an_unmarked_png_is_still_shown_between_its_own_extremes(tmp_path: Path):
    values = np.zeros((64, 64), np.float32)
    values[10:50, :40] = np.linspace(0.3, 0.5, 40)
    (tmp_path / "ours.png").write_bytes(density_png(values))
    cv2.imwrite(str(tmp_path / "plain.png"), np.rint(values * 255).astype(np.uint8))
    pixels = [
        cv2.imread(str(tmp_path / f"{n}.png"), cv2.IMREAD_UNCHANGED) for n in ("ours", "plain")
    ]
    assert np.array_equal(*pixels)  # other programs see an ordinary picture
    assert _read(tmp_path / "ours.png").max() == pytest.approx(0.5, abs=0.01)
    assert _read(tmp_path / "plain.png").max() > 0.9
