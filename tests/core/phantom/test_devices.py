"""Every tensor says where it lies: what is made under another default device is the same.

A tensor made without a device would lie on "meta", hold no values, and make the exam fail. So each
tensor on the way is either on the device asked for or, as part of the truth, on the processor.
"""

import numpy as np
import torch

from glam_core.phantom.batch import pair_batch
from glam_core.phantom.exam import make_exam
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.truth import LesionKind
from glam_core.terms import Laterality


def test_an_exam_states_the_device_of_every_tensor() -> None:
    wishes = [LesionRequest(kind, Laterality.LEFT) for kind in LesionKind]
    wishes.append(LesionRequest(LesionKind.MASS, Laterality.RIGHT, margin="spiculated"))
    wishes.append(LesionRequest(LesionKind.MASS, Laterality.RIGHT, place_words="posterior"))
    for style, implants in (("digitised film", True), ("silicon", False)):
        request = ExamRequest(tuple(wishes), style=style, implants=implants, skin_markers=True)
        plain = make_exam(3, 1, pixel_mm=0.9, request=request)
        with torch.device("meta"):
            elsewhere = make_exam(3, 1, pixel_mm=0.9, request=request, device="cpu")
        for key, view in plain.views.items():
            assert np.array_equal(view.pixels, elsewhere.views[key].pixels)
            assert np.array_equal(view.points, elsewhere.views[key].points)


def test_a_batch_states_the_device_of_every_tensor() -> None:
    plain = pair_batch(7, [7, 8], side=96, pixel_mm=0.5, points=16)
    with torch.device("meta"):
        elsewhere = pair_batch(7, [7, 8], side=96, pixel_mm=0.5, points=16, device="cpu")
    for name in ("cc", "mlo", "points", "tissue", "lesion_map", "nipples", "pectoral", "pixel_mm"):
        assert torch.equal(getattr(plain, name), getattr(elsewhere, name))
