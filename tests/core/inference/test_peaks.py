"""Candidates and regions of drawn probability maps."""

import numpy as np
import pytest

from glam_core.inference.peaks import box_of, find_peaks, region_holding


def bumps(*places):
    """A (60, 80) map of Gaussian bumps (row, col, mass)."""
    rows, cols = np.mgrid[:60, :80]
    total = np.zeros((60, 80))
    for row, col, mass in places:
        bump = np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / 8)
        total += mass * bump / bump.sum()
    return (total / total.sum()).astype(np.float32)


def peaks(values, **more):
    settings = {"apart_px": 15, "around_px": 10, "count": 5, "least_probability": 0.01}
    return find_peaks(values, **{**settings, **more})


def test_peaks_come_best_first_with_the_mass_around_them():
    found = peaks(bumps((20, 20, 0.3), (40, 60, 0.7)))
    assert [peak[:2] for peak in found] == [(40, 60), (20, 20)]
    assert [peak[2] for peak in found] == pytest.approx([0.7, 0.3], abs=0.01)


def test_a_place_too_near_a_better_one_is_passed_over():
    found = peaks(bumps((20, 20, 0.6), (20, 32, 0.4)))
    assert [peak[:2] for peak in found] == [(20, 20)]


def test_no_pixel_counts_for_two_peaks():
    even = np.full((40, 40), 1 / 1600, np.float32)
    found = peaks(even, count=50, least_probability=0.0)
    assert sum(peak[2] for peak in found) <= 1 + 1e-5


def test_a_broad_blob_beats_one_bright_pixel():
    values = bumps((20, 20, 0.9))
    values[45, 60] = values.max() * 1.5
    assert peaks(values, count=1)[0][:2] == (45, 60)
    assert peaks(values, count=1, smooth_px=2.5)[0][:2] == (20, 20)


def test_stated_probabilities_never_rise_down_the_list():
    values = bumps((20, 20, 0.4), (40, 60, 0.35), (47, 55, 0.25))  # the last two are one place
    found = peaks(values)
    assert next(peak[:2] for peak in found) == (40, 60)
    shares = [peak[2] for peak in found]
    assert shares == sorted(shares, reverse=True)


def test_an_empty_map_has_no_peak():
    assert peaks(np.zeros((5, 5), np.float32)) == ()


def test_the_region_holds_the_share_asked_for_and_hardly_more():
    values = bumps((20, 20, 0.5), (40, 60, 0.5))
    region = region_holding(values, 0.9)
    assert 0.9 <= values[region].sum() < 0.92
    row0, col0, row1, col1 = box_of(region)
    assert row0 < 20 < 40 < row1
    assert col0 < 20 < 60 < col1
