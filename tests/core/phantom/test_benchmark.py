"""The public test set stays what it is: who changes it must raise the number of the generator."""

import cv2
import numpy as np
import pytest

from glam_core.phantom.exam import make_exam
from glam_core.phantom.presets import GENERATOR, PRESETS
from glam_core.phantom.realism import shown_picture
from glam_core.terms import Laterality, ViewKey, ViewPosition

_INDEX = 0
_NIPPLE = (609.91, 298.04)
_POINT = (479.42, 156.59)
_GREYS = (
    (0.554, 0.522, 0.195, 0.0),
    (0.218, 0.205, 0.102, 0.0),
    (0.19, 0.247, 0.263, 0.078),
    (0.1, 0.097, 0.061, 0.034),
    (0.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, 0.0, 0.0),
)


def test_the_first_exam_of_the_benchmark_is_that_of_this_generator() -> None:
    preset = PRESETS["benchmark-v1"]
    exam = make_exam(preset.seed, _INDEX, pixel_mm=preset.pixel_mm)
    view = exam.views[ViewKey(Laterality.LEFT, ViewPosition.MLO)]
    small = cv2.resize(shown_picture(view), (12, 6), interpolation=cv2.INTER_AREA)[:, :4]
    assert GENERATOR == 5
    assert (view.nipple.row, view.nipple.col) == pytest.approx(_NIPPLE, abs=0.05)
    assert view.points[0] == pytest.approx(_POINT, abs=0.05)
    assert small == pytest.approx(np.array(_GREYS), abs=0.01)
