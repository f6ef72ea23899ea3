"""The public test set stays what it is: who changes it must raise the number of the generator."""

import cv2
import numpy as np
import pytest

from glam_core.phantom.exam import make_exam
from glam_core.phantom.presets import GENERATOR, PRESETS
from glam_core.phantom.realism import shown_picture
from glam_core.terms import Laterality, ViewKey, ViewPosition

_INDEX = 0
_NIPPLE = (708.0, 304.46)
_POINT = (608.73, 233.94)
_GREYS = (
    (0.699, 0.705, 0.654, 0.352),
    (0.621, 0.547, 0.248, 0.123),
    (0.439, 0.345, 0.331, 0.182),
    (0.235, 0.335, 0.398, 0.272),
    (0.065, 0.016, 0.007, 0.0),
    (0.025, 0.0, 0.0, 0.0),
)


def test_the_first_exam_of_the_benchmark_is_that_of_this_generator() -> None:
    preset = PRESETS["benchmark-v1"]
    exam = make_exam(preset.seed, _INDEX, pixel_mm=preset.pixel_mm)
    view = exam.views[ViewKey(Laterality.LEFT, ViewPosition.MLO)]
    small = cv2.resize(shown_picture(view), (12, 6), interpolation=cv2.INTER_AREA)[:, :4]
    assert GENERATOR == 4
    assert (view.nipple.row, view.nipple.col) == pytest.approx(_NIPPLE, abs=0.05)
    assert view.points[0] == pytest.approx(_POINT, abs=0.05)
    assert small == pytest.approx(np.array(_GREYS), abs=0.01)
