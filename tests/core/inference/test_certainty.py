"""When an answer counts as a match, and what is said where it does not."""

import math

import pytest

from glam_core.inference.certainty import Evidence, Limits

LIMITS = Limits(unlike_weight=0.5, least_certainty=math.log(0.2), most_cycle=20.0)


def test_a_likely_candidate_that_looks_alike_and_leads_back_is_a_match():
    assert LIMITS.doubt(Evidence(0.6, 0.1, 3.0), "2 mm") == ""


def test_a_flat_map_is_said_with_its_share():
    said = LIMITS.doubt(Evidence(0.12, 0.0, 3.0), "2 mm")
    assert "No place stands out" in said
    assert "12%" in said


def test_a_likely_candidate_that_looks_unlike_is_no_match():
    # Alone the probability would do: what turns the answer down is the look.
    assert "unlike the spot" in LIMITS.doubt(Evidence(0.6, 20.0, 3.0), "2 mm")


def test_a_failed_round_trip_is_said_with_its_length():
    assert "17 mm" in LIMITS.doubt(Evidence(0.9, 0.0, 25.0), "17 mm")


def test_certainty_falls_with_unlikeness_by_its_weight():
    alike, unlike = Evidence(0.5, 0.0, 0.0), Evidence(0.5, math.e - 1, 0.0)
    assert LIMITS.certainty(alike) - LIMITS.certainty(unlike) == pytest.approx(0.5)
    assert math.isfinite(LIMITS.certainty(Evidence(0.0, 0.0, 0.0)))
