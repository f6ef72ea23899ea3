"""Grounding measures against numbers worked out by hand."""

import numpy as np
import pytest

from glam_core.evaluation.grounding import (
    GroundingScore,
    bootstrap_interval,
    contrast_to_noise,
    mean_iou,
    score_map,
    summary,
)

TISSUE = np.ones((10, 10), dtype=bool)


def outline_of(rows: slice, cols: slice) -> np.ndarray:
    outline = np.zeros((10, 10), dtype=bool)
    outline[rows, cols] = True
    return outline


def test_pointing_is_strict_and_the_tolerance_is_a_distance():
    outline = outline_of(slice(2, 4), slice(2, 4))
    scores = np.zeros((10, 10))
    inside = score_map("a", scores, (2.4, 3.0), outline, TISSUE, 3.0)
    near = score_map("a", scores, (3.0, 6.0), outline, TISSUE, 3.0)
    far = score_map("a", scores, (3.0, 6.6), outline, TISSUE, 3.0)
    assert (inside.pointing, inside.pointing_10mm) == (True, True)
    assert (near.pointing, near.pointing_10mm) == (False, True)
    assert (far.pointing, far.pointing_10mm) == (False, False)
    assert inside.chance_area == pytest.approx(0.04)


def test_no_place_is_a_miss():
    outline = outline_of(slice(0, 10), slice(0, 10))
    assert not score_map("a", np.zeros((10, 10)), None, outline, TISSUE, 99.0).pointing_10mm


def test_contrast_to_noise_by_hand():
    outline = outline_of(slice(0, 1), slice(0, 2))
    scores = np.zeros((10, 10))
    scores[0, 0], scores[0, 1] = 3.0, 5.0  # inside: mean 4, variance 1; outside: 0, 0
    assert contrast_to_noise(scores, outline, TISSUE) == pytest.approx(4.0)


def test_mean_iou_by_hand():
    outline = outline_of(slice(0, 2), slice(0, 2))
    scores = np.zeros((10, 10))
    scores[0, :2] = 1.0  # 2 of 4 pixels at every threshold
    assert mean_iou(scores, outline) == pytest.approx(0.5)
    assert mean_iou(np.ones((10, 10)), outline) == 0.0


def test_summary_and_interval_draw_whole_patients():
    scores = [GroundingScore(p, hit, True, 1.0, 0.5, 0.1) for p, hit in [("a", True), ("b", False)]]
    assert summary(scores)["pointing"] == 0.5
    assert bootstrap_interval(scores, "pointing") == (0.0, 1.0)
    assert bootstrap_interval(scores, "pointing_10mm") == (1.0, 1.0)
