"""Every tensor says where it lies, and the way runs on a GPU, or on what refuses the same.

A tensor made without a device would lie on "meta", hold no values, and make the exam fail. So each
tensor on the way is either on the device asked for or, as part of the truth, on the processor.
On the stand-in the two may not meet.
"""

import numpy as np
import torch

from glam_core.phantom.batch import pair_batch
from glam_core.phantom.exam import make_exam
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.threads import each_on_one_thread
from glam_core.phantom.truth import LesionKind
from glam_core.terms import Laterality
from tests.stand_in_gpu import fetched, stand_in_gpu

_BATCH = ("cc", "mlo", "points", "tissue", "lesion_map", "nipples", "pectoral", "pixel_mm")


def _requests() -> list[ExamRequest]:
    """Everything that can be in a breast."""
    wishes = [LesionRequest(kind, Laterality.LEFT) for kind in LesionKind]
    wishes.append(LesionRequest(LesionKind.MASS, Laterality.RIGHT, margin="spiculated"))
    wishes.append(LesionRequest(LesionKind.MASS, Laterality.RIGHT, place_words="posterior"))
    return [
        ExamRequest(tuple(wishes), style=style, implants=implants, skin_markers=True)
        for style, implants in (("digitised film", True), ("silicon", False))
    ]


def test_an_exam_states_the_device_of_every_tensor() -> None:
    for request in _requests():
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
    for name in _BATCH:
        assert torch.equal(getattr(plain, name), getattr(elsewhere, name))


def test_an_exam_runs_on_a_gpu_with_the_truth_of_the_processor() -> None:
    for request in _requests():
        plain = make_exam(3, 1, pixel_mm=0.9, request=request)
        with stand_in_gpu():
            there = make_exam(3, 1, pixel_mm=0.9, request=request, device="cuda")
        for key, view in plain.views.items():
            other = there.views[key]
            assert np.array_equal(other.points, view.points)
            assert np.array_equal(other.breast_mask, view.breast_mask)
            assert (other.nipple, other.pectoral_line) == (view.nipple, view.pectoral_line)
            for one, same in zip(other.lesions, view.lesions, strict=True):
                assert (one.centre, one.box, one.visible) == (same.centre, same.box, same.visible)
                assert np.array_equal(one.mask, same.mask)


def test_a_batch_runs_on_a_gpu_and_lies_there() -> None:
    numbers = (5, 8, 10)
    plain = pair_batch(7, numbers, side=96, pixel_mm=0.5, points=16)
    assert {lesion.kind for lesions in plain.lesions for lesion in lesions} == set(LesionKind)
    with stand_in_gpu():
        there = pair_batch(7, numbers, side=96, pixel_mm=0.5, points=16, device="cuda")
    for name in _BATCH:
        assert getattr(there, name).device.type == "cuda"
    for name in ("tissue", "lesion_map", "nipples", "pectoral", "pixel_mm"):
        assert torch.equal(fetched(getattr(there, name)), getattr(plain, name))
    half = plain.points.shape[1] // 2  # the others follow the gland, which a device draws its way
    assert torch.equal(fetched(there.points)[:, :half], plain.points[:, :half])
    for name in ("cc", "mlo"):
        assert (fetched(getattr(there, name)) - getattr(plain, name)).abs().mean() < 1e-3


def test_places_are_computed_in_full_precision_on_a_gpu_and_the_setting_is_put_back() -> None:
    torch.set_float32_matmul_precision("high")
    try:
        found = each_on_one_thread(
            lambda _: torch.get_float32_matmul_precision(), [0], device=torch.device("cuda")
        )
        assert found == ["highest"]
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")
