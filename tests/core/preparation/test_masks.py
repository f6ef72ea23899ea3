"""The mask among the files of a finding, told by the pictures alone."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from glam_core.preparation.masks import NoMaskError, region_mask
from tests.dicom_files import drawn_breast

FILM = (200, 160)


def _spot(shape: tuple[int, int] = FILM) -> np.ndarray:
    spot = np.zeros(shape, np.uint8)
    cv2.circle(spot, (60, 90), 9, 255, -1)
    return spot


def _save(folder: Path, **pictures: np.ndarray) -> list[Path]:
    for name, values in pictures.items():
        cv2.imwrite(str(folder / f"{name.replace('_', '.')}"), values)
    return [folder / name.replace("_", ".") for name in pictures]


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_the_mask_is_found_also_as_jpeg(kind: str, tmp_path: Path):
    crop = drawn_breast(60, 50, bits=8)
    files = _save(tmp_path, **{f"a_{kind}": crop, f"b_{kind}": _spot()})
    mask = region_mask(files, FILM, FILM)
    assert np.allclose(np.argwhere(mask).mean(axis=0), (90, 60), atol=0.5)
    assert mask.sum() == pytest.approx((_spot() > 0).sum(), rel=0.05)


def test_a_mask_a_few_pixels_larger_than_its_film_still_fits(tmp_path: Path):
    files = _save(tmp_path, a_png=_spot((203, 162)))
    mask = region_mask(files, FILM, FILM)
    assert np.allclose(np.argwhere(mask).mean(axis=0), (90 * 200 / 203, 60 * 160 / 162), atol=1)


@pytest.mark.parametrize(
    "picture", [drawn_breast(*FILM, bits=8), np.zeros(FILM, np.uint8), _spot((100, 80))]
)
def test_a_film_an_empty_picture_and_one_of_another_size_are_no_masks(
    picture: np.ndarray, tmp_path: Path
):
    with pytest.raises(NoMaskError, match="is a mask of the film"):
        region_mask(_save(tmp_path, a_png=picture), FILM, FILM)
