"""Phrases for findings: they say a part of what is known, and nothing else."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glam_core.data.finding_phrases import (
    NamedFinding,
    finding_in,
    named_findings,
    plain_phrase,
    spoken_phrase,
)
from glam_core.data.manifest import ManifestRow
from glam_core.data.picture_sentences import picture_sentence
from glam_core.data.report_findings import findings_of
from glam_core.phantom.batch import planned_findings
from glam_core.phantom.lesions import MARGINS, MORPHOLOGIES, SHAPES
from glam_core.terms import Laterality, ViewPosition
from glam_core.training.word_places import words_of_plan

STELLATE = NamedFinding(("mass",), ("shape.irregular", "margin.spiculated"))
SPECKS = NamedFinding(("calcification",), ("morphology.pleomorphic", "distribution.grouped"))


def row(**columns: str) -> ManifestRow:
    return ManifestRow("a.png", Path("a.png"), "p", Laterality.LEFT, ViewPosition.CC, other=columns)


def test_columns_of_old_tables_are_named_by_the_lexicon():
    (finding,) = named_findings(
        row(
            abnormality="mass",
            mass_shape="IRREGULAR-ARCHITECTURAL_DISTORTION",
            mass_margins="ILL_DEFINED-SPICULATED",
        )
    )
    assert set(finding.types) == {"mass", "distortion"}
    assert finding.descriptors == ("shape.irregular", "margin.indistinct", "margin.spiculated")
    assert named_findings(row()) == ()


def test_a_report_speaks_for_its_own_breast_and_view_only():
    said = (
        "There is an oval mass in the left breast. There are grouped calcifications in the right "
        "breast. Architectural distortion in the left breast is seen on the MLO view only. "
        "No asymmetry."
    )
    (finding,) = named_findings(replace(row(), report=said))
    assert (finding.types, finding.descriptors) == (("mass",), ("shape.oval",))


@pytest.mark.parametrize("finding", [STELLATE, SPECKS])
def test_a_drawn_phrase_names_its_type_and_never_more_than_is_known(finding):
    rng = np.random.default_rng(1)
    texts = set()
    for _ in range(200):
        phrase = spoken_phrase(finding, rng)
        texts.add(phrase.text.lower())
        assert phrase.ids <= finding.ids
        read = findings_of(phrase.text)
        for one in read:
            assert one.type in finding.types
            assert not one.negated
    assert len(texts) > 100


def test_phrases_use_everyday_words_too():
    rng = np.random.default_rng(2)
    lump = " ".join(spoken_phrase(STELLATE, rng).text for _ in range(400)).lower()
    dots = " ".join(spoken_phrase(SPECKS, rng).text for _ in range(400)).lower()
    assert "lump" in lump
    assert "star" in lump
    assert "with spikes" in lump
    assert "specks" in dots
    assert "cluster of" in dots
    assert "tiny bright dots" in dots


def test_plain_phrases_are_the_preferred_words():
    assert plain_phrase("mass", STELLATE.descriptors) == "irregular spiculated mass"
    assert plain_phrase("calcification") == "calcifications"
    assert plain_phrase("asymmetry", ("asymmetry.focal",)) == "focal asymmetry"
    assert plain_phrase("mass", ("distribution.grouped",)) == "mass"


def test_every_word_of_a_synthetic_finding_is_in_the_lexicon():
    for seed in (1, 2):
        for number in range(30):
            for plan in planned_findings(seed, number):
                finding = finding_in(words_of_plan(plan))
                assert finding is not None
                assert plan.kind.value in finding.types
    for shape, margin in itertools.product(SHAPES, MARGINS):
        mass = finding_in(f"{shape} equal density mass with {margin} margins")
        assert mass is not None
        assert len(mass.descriptors) == 3
    for morphology in MORPHOLOGIES:
        group = finding_in(f"{morphology} calcifications, grouped")
        assert group is not None
        assert len(group.descriptors) == 2


def test_sentences_about_a_picture_vary_and_say_its_class():
    rng = np.random.default_rng(3)
    said = {picture_sentence("density", "D", rng) for _ in range(60)}
    assert len(said) > 8
    assert not any("fatty" in sentence for sentence in said)
    assert any("BI-RADS 5" in picture_sentence("birads", "5", rng) for _ in range(40))
