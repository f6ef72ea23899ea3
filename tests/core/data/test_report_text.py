"""Sentences from structured fields, and how a text is varied without saying anything else."""

from pathlib import Path

import numpy as np
import pytest

from glam_core.data.lexicon import lexicon
from glam_core.data.manifest import ManifestRow
from glam_core.data.report import ParsedReport, parse_report
from glam_core.data.structured_report import SENSITIVE, facts_of, report_from_fields
from glam_core.data.text_variation import shuffled_sentences, swapped_words
from glam_core.terms import Laterality, ViewPosition
from glam_core.training.sentences import text_of


def _row(report: str | None = None, birads: str | None = "4", density: str | None = "C",
         **columns: str) -> ManifestRow:  # fmt: skip
    return ManifestRow(
        "a.png", Path("a.png"), "p1", Laterality.LEFT, ViewPosition.CC,
        report=report, birads=birads, breast_density=density, other=columns,
    )  # fmt: skip


MASS = {"abnormality": "mass", "mass_shape": "irregular", "mass_margins": "spiculated",
        "mass_density": "high density"}  # fmt: skip
PERSON = {"procedure": "MG Screening Bilateral", "reason": "screening", "age": "57",
          "race": "Martian", "ethnicity": "Olympian"}  # fmt: skip


def test_every_wording_says_what_the_columns_say():
    rng = np.random.default_rng(1)
    texts = {" ".join(report_from_fields(_row(**MASS), rng)) for _ in range(60)}
    assert len(texts) > 10
    for text in texts:
        read = parse_report(text)
        assert [f.type for f in read.findings] == ["mass"], text
        assert set(read.findings[0].descriptors) == {
            "shape.irregular", "margin.spiculated", "density.high",
        }  # fmt: skip
        assert read.findings[0].laterality in ("L", None)
        assert (read.density, read.birads in ("4", None)) == ("C", True)


def test_calcifications_and_several_findings_are_told():
    row = _row(
        abnormality="calcification;mass", calc_type="AMORPHOUS-PLEOMORPHIC;",
        calc_distribution="CLUSTERED;", mass_shape=";OVAL", mass_margins=";ILL_DEFINED",
    )  # fmt: skip
    text = " ".join(report_from_fields(row))
    assert "There are clustered amorphous and pleomorphic calcifications." in text
    assert "There is an oval mass with indistinct margin." in text


def test_a_negative_breast_is_said_to_be_so_and_an_unknown_one_is_not():
    assert "no suspicious mass" in " ".join(report_from_fields(_row(birads="1"))).lower()
    assert report_from_fields(_row(birads=None, density=None)) == ()
    assert facts_of(_row(birads=None, density=None)) == ()


def test_what_tells_the_patient_is_masked_field_by_field():
    rng = np.random.default_rng(2)
    row = _row(**MASS, **PERSON)
    texts = [" ".join(report_from_fields(row, rng)) for _ in range(2000)]
    marks = ("Procedure:", "creening", "57 years", "Martian", "Olympian")
    assert len(marks) == len(SENSITIVE)
    for mark in ("Procedure:", "57 years", "Martian", "Olympian"):
        assert sum(mark in text for text in texts) / len(texts) == pytest.approx(0.2, abs=0.03)
    both = sum("Martian" in t and "57 years" in t for t in texts) / len(texts)
    assert both == pytest.approx(0.04, abs=0.02)  # each by itself
    assert not any(mark in " ".join(report_from_fields(row)) for mark in marks)
    never = report_from_fields(row, rng, mask_probability=1.0)
    assert not any(mark in " ".join(never) for mark in marks)


def test_the_patient_is_no_fact():
    assert facts_of(_row(**MASS, **PERSON)) == facts_of(_row(**MASS))
    assert facts_of(_row(**MASS)) != facts_of(_row(**{**MASS, "mass_shape": "oval"}))


def test_a_free_report_is_given_as_it_is():
    report = "FINDINGS: There is a mass.\nIMPRESSION: BI-RADS 4."
    assert text_of(_row(report=report), np.random.default_rng(0)) == report


def _meaning(read: ParsedReport) -> object:
    found = {(f.type, frozenset(f.descriptors), f.laterality, f.clock, f.negated, f.size_mm)
             for f in read.findings}  # fmt: skip
    return found, read.density, read.birads


REPORT = (
    "BREAST COMPOSITION: The breasts are heterogeneously dense.\n\n"
    "FINDINGS: There is an irregular, spiculated, high density mass in the left breast at 2 "
    "o'clock. It has grown from 8 mm to 12 mm. No suspicious calcifications in the right breast. "
    "A round mass with circumscribed margins is seen in the right breast at 9 o'clock.\n\n"
    "IMPRESSION: BI-RADS 4."
)


def test_another_order_of_sentences_says_the_same():
    rng = np.random.default_rng(3)
    varied = {shuffled_sentences(REPORT, rng) for _ in range(30)}
    assert len(varied) > 3
    for text in varied:
        assert sorted(text.split()) == sorted(REPORT.split())
        assert "2 o'clock. It has grown" in text  # what leans on a sentence stays behind it
        assert text.index("FINDINGS:") < text.index("IMPRESSION: BI-RADS 4.")


def test_swapped_words_are_read_as_the_same_findings():
    rng = np.random.default_rng(4)
    expected = _meaning(parse_report(REPORT))
    varied = {swapped_words(REPORT, rng, probability=0.8) for _ in range(50)}
    assert len(varied) > 10
    for text in varied:
        assert _meaning(parse_report(text)) == expected, text
    assert swapped_words(REPORT, rng, probability=0.0) == REPORT


def test_articles_follow_the_swapped_word():
    rng = np.random.default_rng(5)
    texts = {swapped_words("An irregular mass. A round mass.", rng, probability=1.0) for _ in "ab"}
    for text in texts:
        assert text == "An irregularly shaped mass. A rounded mass."
    indistinct = {swapped_words("an indistinct mass", rng, probability=1.0) for _ in range(20)}
    assert indistinct == {"an ill-defined mass", "a poorly defined mass"}


def test_every_swap_is_a_form_of_its_term():
    for term in lexicon().terms:
        assert set(term.swaps) <= {form.lower() for form in term.forms}
        assert len(term.swaps) != 1
