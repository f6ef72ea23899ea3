"""The forms of a synthetic view: its skin line, and the muscle's edge against its straight line."""

import numpy as np
import pytest
import torch

from glam_core.phantom.anatomy import draw_anatomies
from glam_core.phantom.breast import VIEWS, set_up_breast
from glam_core.phantom.folds import fold_mm
from glam_core.phantom.muscle import muscle_mm
from glam_core.phantom.outline import Outline
from glam_core.terms import Laterality, ViewPosition

CPU = torch.device("cpu")


def breast(index: int):
    anatomy = draw_anatomies(2, index, "B", implants=False)[Laterality.LEFT]
    return set_up_breast(
        anatomy, [], seed=2, index=index, visit=0, pixel_mm=0.5, detector_mm=(240.0, 192.0)
    )


def test_length_to_the_skin_is_exact_and_signed() -> None:
    skin = np.array([[-300.0, -10.0], [0.0, 0.0], [300.0, 0.0]])
    outline = Outline(70.0, 0.0, 60.0, 60.0, skin)
    places = torch.tensor([[50.0, -7.0], [50.0, 4.0], [50.0, 0.0], [-150.0, 60.0]])
    found = outline.inside(*places.double().unbind(-1))
    across = 65.0 * np.cos(np.arctan2(10.0, 300.0))
    np.testing.assert_allclose(found, [7.0, -4.0, 0.0, -across], atol=1e-9)


@pytest.mark.parametrize("view", VIEWS)
def test_the_skin_runs_through_the_nipple(view: ViewPosition) -> None:
    for index in range(8):
        framing = breast(index).framings[view]
        off = framing.inside_mm(torch.zeros(1, 2, dtype=torch.float64))
        assert abs(float(off)) < 0.1


def test_heights_over_depths_spread_as_on_real_films() -> None:
    shares = []
    for index in range(40):
        framing = breast(index).framings[ViewPosition.CC]
        high, low = framing.outline.rows(framing.nipple_mm[1])
        assert high < 0 < low
        shares.append((low - high) / framing.nipple_mm[1])
    low, middle, high = np.percentile(shares, (10, 50, 90))  # of real films: 1.5, 1.9, 2.7
    assert 1.25 < low < 1.7 < middle < 2.15 < high < 3.0


def test_skin_lies_before_the_muscle_in_the_lower_axilla() -> None:
    for index in range(12):
        framing = breast(index).framings[ViewPosition.MLO]
        up = np.arange(0.3, 1.3, 0.1) * framing.nipple_mm[1]
        edge = torch.tensor([[framing.muscle_x, v] for v in up], dtype=torch.float64)
        shown = framing.picture_from_view(edge)[:, 1] > 0
        assert (framing.inside_mm(edge)[shown] > 0).all()


@pytest.mark.parametrize("view", VIEWS)
def test_the_breast_holds_the_tissue_that_is_tracked(view: ViewPosition) -> None:
    for index in range(8):
        held = breast(index)
        draw = np.random.default_rng(index)
        direction = draw.normal(size=(400, 3))
        direction[:, 0] = abs(direction[:, 0])
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        radii = (held.anatomy.depth_mm, held.anatomy.radius_mm, held.anatomy.radius_mm)
        places = torch.as_tensor(0.7 * direction * radii)[None]
        seen = held.maps[view].view_from_anatomy(places)[0]
        assert (held.framings[view].inside_mm(seen) > 0).double().mean() > 0.85


def test_the_pectoral_line_is_the_straight_line_nearest_to_the_curved_edge() -> None:
    angles, offsets = [], []
    for index in range(12):
        held = breast(index)
        framing = held.framings[ViewPosition.MLO]
        thickness = torch.full((1, 1, *framing.shape), 50.0)
        muscle = muscle_mm(held.anatomy, framing, thickness, seed=2, index=index, device=CPU)[0, 0]
        row0, col0, row1, col1 = framing.muscle_edge_px()
        rows = np.arange(int(row0) + 8, int(0.75 * row1))
        line = np.interp(rows, [row0, row1], [col0, col1])
        fall = -np.diff(muscle[rows].numpy(), axis=1)
        fall[np.abs(np.arange(fall.shape[1]) - line[:, None]) > 20] = 0
        slope, start = np.polyfit(rows, fall.argmax(1), 1)
        angles.append(np.degrees(np.arctan(-slope)) - framing.angle_deg)
        offsets.append((np.polyval((slope, start), rows) - line).mean() * framing.pixel_mm)
    assert np.abs(angles).mean() < 1.5
    assert np.abs(offsets).mean() < 1.5
    assert abs(np.mean(angles)) < 1.0


def test_folds_are_of_some_views_and_repeat() -> None:
    found = []
    for index in range(24):
        held = breast(index)
        framing = held.framings[ViewPosition.MLO]
        folds = [
            fold_mm(held.anatomy, framing, seed=2, index=index, visit=0, device=CPU)
            for _ in range(2)
        ]
        found.append(folds[0] is not None)
        if folds[0] is not None and folds[1] is not None:
            assert torch.equal(folds[0], folds[1])
            assert folds[0].max() > 0.2
    assert 2 <= sum(found) <= 16
