"""Temperature and limits, set on the answers of a matcher whose answers are known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from glam_core.data.pairs import AnnotatedRegion
from glam_core.errors import GlamError
from glam_core.evaluation.calibration import calibrated
from glam_core.evaluation.correspondence_queries import AnnotatedView
from glam_core.inference.certainty import Evidence
from glam_core.inference.correspondence import Correspondence, Peak, Provenance, Region
from glam_core.terms import PointPx, ViewPosition
from tests.core.inference.drawn_views import drawn_view

SPOT = PointPx(110.0, 70.0)
FAR = PointPx(180.0, 30.0)
TRUE_FROM = 1.3  # the temperature from which the stated region holds the truth


class Known:
    """Right about a breast's own views; wrong in one of ten, and less likely there."""

    provenance = Provenance("known", "1", "nothing")

    def __init__(self, temperature: float, unlike_elsewhere: float = 6.0) -> None:
        self.temperature, self.unlike_elsewhere = temperature, unlike_elsewhere

    def prepare(self, view):
        pass

    def locate(self, asked, query, answering):
        patient, other = asked.key.split()[0], answering.key.split()[0]
        number = int(patient)
        wrong = number % 10 == 9
        place = FAR if wrong else SPOT
        unlike = 0.2 + 0.02 * number if patient == other else self.unlike_elsewhere
        held = np.zeros(answering.mask.shape, dtype=bool)
        held[int(SPOT.row), int(SPOT.col)] = self.temperature >= TRUE_FROM
        return Correspondence(
            probability=np.full(held.shape, 1 / held.size, dtype=np.float32),
            image_px_per_map_px=1.0,
            peaks=(Peak(*place, 0.3 if wrong else 0.7),),
            region90=Region(0, 0, 1, 1),
            region90_mask=held,
            band=None,
            cycle_error=2.0,
            model_to_band=None,
            matched=True,
            reason="",
            unit="mm",
            provenance=self.provenance,
            evidence=Evidence(0.3 if wrong else 0.7, unlike, 2.0 + number / 100),
        )


def _annotated(patient: int, view: ViewPosition) -> AnnotatedView:
    drawn = replace(drawn_view(view), key=f"{patient} {view.value}")
    row = SimpleNamespace(
        patient_id=str(patient),
        laterality=drawn.laterality,
        view_position=view,
        image_name=drawn.key,
    )
    inside = np.ones((9, 9), dtype=bool)
    return AnnotatedView(row, AnnotatedRegion(inside, 106, 66, SPOT), drawn)


def _pairs(count: int):
    return [
        (_annotated(number, ViewPosition.CC), _annotated(number, ViewPosition.MLO))
        for number in range(count)
    ]


def test_the_lowest_temperature_whose_region_holds_the_truth_is_taken():
    found = calibrated(Known, _pairs(20))
    assert found.temperature == TRUE_FROM
    assert found.coverage == 1.0


def test_limits_turn_down_strangers_and_spare_most_right_answers():
    found = calibrated(Known, _pairs(20))
    assert found.limits.unlike_weight > 0
    assert found.no_match_shuffled == 1.0
    assert found.no_match_real < 0.4  # the wrong tenth and a seventh of the right ones


def test_where_unlikeness_tells_nothing_it_gets_no_weight():
    alike = calibrated(lambda t: Known(t, unlike_elsewhere=0.0), _pairs(20))
    assert alike.limits.unlike_weight == 0.0


def test_limits_need_right_answers():
    with pytest.raises(GlamError, match="right"):
        calibrated(Known, _pairs(3))
