"""Reports of synthetic exams: varied, deterministic, and never against the truth."""

import datetime
import random
import re
from dataclasses import replace

import pytest

from glam_core.phantom.finding_words import SIDE_WORDS, locate, worst
from glam_core.phantom.report import PriorExam, write_report
from glam_core.phantom.truth import BenignKind
from glam_core.terms import Laterality
from tests.core.phantom.drawn_exam import (
    ASYMMETRY,
    CALCIFICATIONS,
    CC,
    LEFT,
    MLO,
    RIGHT,
    SPICULATED_MASS,
    drawn_exam,
    with_benign,
)

DAY = datetime.date(2024, 5, 6)


def reports(lesions, count=60, **changes):
    return [
        write_report(drawn_exam(lesions, index=i, **changes), study_date=DAY) for i in range(count)
    ]


def test_the_same_exam_gives_the_same_words_and_others_vary():
    first, again = reports((SPICULATED_MASS,)), reports((SPICULATED_MASS,))
    assert [r.text for r in first] == [r.text for r in again]
    assert len({r.breast_text[RIGHT] for r in first}) > 40


def test_every_descriptor_and_place_word_of_the_truth_is_said():
    for report in reports((SPICULATED_MASS,)):
        said = report.breast_text[RIGHT].lower()
        for word in ("irregular", "spiculated", "mass", "upper outer", "10 o'clock", "middle"):
            assert word in said
        assert "high density" in said or "high-density" in said
        assert "14 mm" in said or "1.4 cm" in said
        assert "5 cm from the nipple" in said
        assert "right breast" in said
        assert "lower" not in said.replace("lowers", "")
        assert "inner" not in said


def test_calcifications_are_said_by_morphology_and_distribution():
    for report in reports((CALCIFICATIONS,)):
        said = report.breast_text[LEFT].lower()
        assert "fine pleomorphic calcifications" in said
        assert re.search("group|cluster", said)
        assert "no suspicious calc" not in said
        assert "lower inner" in said


def test_one_view_alone_claims_only_what_it_can_tell():
    for report in reports((ASYMMETRY,)):
        said = report.breast_text[LEFT].lower()
        assert "upper aspect" in said
        assert "outer" not in said
        assert "o'clock" not in said
        assert re.search("mlo view", said)
    in_cc = replace(ASYMMETRY, views=(CC,))
    assert all("outer aspect" in r.breast_text[LEFT] for r in reports((in_cc,)))


def test_the_healthy_breast_is_said_to_be_free_and_a_finding_is_never_denied():
    for report in reports((SPICULATED_MASS,)):
        assert re.search(r"\bno\b", report.breast_text[LEFT].lower())
        assert report.breast_birads == {RIGHT: "5", LEFT: "1"}
        assert not re.search("no (suspicious|dominant) mass", report.breast_text[RIGHT].lower())


def test_a_normal_exam_is_negative():
    for report in reports(()):
        assert report.birads == "1"
        assert "BI-RADS 1: Negative" in report.text
        assert re.search("either breast|either side|Both breasts are free", report.text)


def test_plainly_seen_benign_calcifications_are_told_as_benign():
    for index in range(20):
        exam = with_benign(drawn_exam((ASYMMETRY,), index=index), BenignKind.VASCULAR)
        report = write_report(exam, study_date=DAY)
        for text in report.breast_text.values():
            assert re.search(r"benign vascular|vascular ones|vascular, are typically benign", text)
            assert "associated calcifications" not in text
        assert report.breast_birads == {RIGHT: "2", LEFT: "0"}
        normal = write_report(with_benign(drawn_exam(()), BenignKind.RIM), study_date=DAY)
        assert "BI-RADS 2: Benign" in normal.text
        assert "Negative mammogram" not in normal.text


@pytest.mark.parametrize(
    ("kind", "contrast"), [(BenignKind.LYMPH_NODE, 0.6), (BenignKind.ROUND, 0.2)]
)
def test_nodes_and_faint_calcifications_are_not_reported(kind, contrast):
    exam = with_benign(drawn_exam(()), kind, contrast=contrast)
    report, plain = (write_report(each, study_date=DAY) for each in (exam, drawn_exam(())))
    assert report.text == plain.text


def test_a_lesion_that_no_picture_shows_is_not_reported():
    hidden = replace(SPICULATED_MASS, views=())
    assert all(report.birads == "1" for report in reports((hidden,), count=3))


@pytest.mark.parametrize(
    ("letter", "words"),
    [("A", "fatty"), ("B", "scattered"), ("C", "heterogeneously"), ("D", "extremely")],
)
def test_the_composition_agrees_with_the_density_class(letter, words):
    for report in reports((), count=10, density_class=letter):
        assert words in report.text.lower()


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"L1": 8.0}, "increased in size from 8 mm"),
        ({"L1": 14.0}, "unchanged"),
        ({"L1": 20.0}, "decreased in size"),
        ({}, "new since"),
    ],
)
def test_the_comparison_with_the_prior_follows_the_sizes(before, words):
    prior = PriorExam(datetime.date(2022, 3, 4), before)
    report = write_report(drawn_exam((SPICULATED_MASS,)), study_date=DAY, prior=prior)
    assert words in report.text
    assert "2022-03-04" in report.text


def test_the_side_is_said_once_where_the_sentence_begins_with_it():
    for report in reports((SPICULATED_MASS, CALCIFICATIONS)):
        for sentence in re.split(r"[.;\n] *", report.text):
            assert len(re.findall("(right|left) breast", sentence.lower())) <= 1, sentence


@pytest.mark.parametrize("side", list(Laterality))
def test_places_name_their_side(side):
    lesion = replace(SPICULATED_MASS, laterality=side, views=(CC, MLO))
    assert f"{SIDE_WORDS[side]} breast" in locate(lesion, random.Random(1))


def test_the_worst_category_decides():
    assert worst(["2", "0", "3"]) == "0"
    assert worst(["0", "4", "1"]) == "4"
    assert worst([]) == "1"
