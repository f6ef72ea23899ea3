"""Figures of correspondence against values worked out by hand."""

import pytest

from glam_core.evaluation.correspondence_results import QueryResult, summary


def result(patient="p", *, errors=(3.0,), outside=None, **more):
    values = {
        "patient_id": patient,
        "direction": "CC->MLO",
        "image_a": "a.png",
        "image_b": "b.png",
        "query": (1.0, 2.0),
        "peaks": tuple((5.0, 6.0, 0.5) for _ in errors),
        "matched": True,
        "errors": tuple(errors),
        "outside": tuple(errors if outside is None else outside),
        "rank_in_band": 0.9,
        "band_difference": 4.0,
        "band_half_width": 15.0,
        "random_in_band": (0.2, 0.3, 0.4),
        "cycle_error": 2.0,
        "in_region90": True,
    }
    return QueryResult(**{**values, **more})


def missed(patient="q"):
    return result(
        patient,
        errors=(),
        matched=False,
        rank_in_band=0.0,
        band_difference=None,
        band_half_width=None,
        random_in_band=(),
        cycle_error=None,
        in_region90=False,
        failure="no nipple",
    )


def test_figures_of_four_queries():
    found = summary(
        [
            result("a", errors=(3.0, 30.0), outside=(0.0, 20.0)),
            result("b", errors=(12.0, 4.0), outside=(6.0, 0.0), band_difference=12.0),
            result("c", errors=(18.0,), outside=(5.0,), band_difference=17.0, cycle_error=6.0),
            result("d", errors=(40.0, 41.0, 42.0, 2.0), outside=(30, 31, 32, 0), matched=False),
        ]
    )
    assert found["n_queries"] == 4
    assert found["hit"] == 0.5
    assert found["pck"] == {"10": 0.25, "15": 0.5, "20": 0.75}
    assert found["median_error"] == 15.0
    assert found["top_k"] == {"1": 0.5, "3": 0.75, "5": 1.0}
    assert found["band_coverage"] == {"10": 0.5, "15": 0.75, "20": 1.0}
    assert found["random_coverage"] == {"10": 0.2, "15": 0.3, "20": 0.4}
    assert found["cycle_error"] == 2.0
    assert found["no_match_rate"] == 0.25
    assert found["hit_where_matched"] == pytest.approx(2 / 3, abs=1e-4)


def test_a_query_without_an_answer_is_a_miss_everywhere():
    found = summary([result("a"), missed("b")])
    assert found["hit"] == 0.5
    assert found["pck"]["20"] == 0.5
    assert found["top_k"]["5"] == 0.5
    assert found["rank_in_band"] == 0.45
    assert found["band_coverage"]["20"] == 0.5
    assert found["region90_coverage"] == 0.5
    assert found["no_match_rate"] == 0.5
    assert found["median_error"] is None  # the middle lies between 3 and no answer
    assert found["cycle_error"] == 2.0


def test_intervals_resample_patients_not_queries():
    one_patient = summary([result("a", errors=(e,)) for e in (1.0, 100.0) * 10])
    assert one_patient["ci95"]["hit"] == [0.5, 0.5]
    many = summary([result(str(i), errors=(e,)) for i, e in enumerate((1.0, 100.0) * 10)])
    low, high = many["ci95"]["hit"]
    assert low < 0.4
    assert high > 0.6
    assert many["ci95"]["pck"]["10"] == [low, high]


def test_intervals_are_the_same_in_every_run():
    results = [result(str(i), errors=(float(i),)) for i in range(12)]
    assert summary(results) == summary(results)


def test_a_prediction_line_has_the_agreed_keys():
    line = result(band_difference=15.5).as_prediction()
    assert {"image_a", "image_b", "query", "peaks", "matched", "rank_in_band"} <= set(line)
    assert line["band_contains"] is False
    assert line["query"] == {"row": 1.0, "col": 2.0}
    assert line["peaks"] == [{"row": 5.0, "col": 6.0, "probability": 0.5}]
