"""The lexicon: lookups and completion."""

import pytest

from glam_core.data.lexicon import lexicon
from glam_core.errors import GlamError


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("spic", "margin.spiculated"),
        ("star", "margin.spiculated"),
        ("pleom", "morphology.pleomorphic"),
        ("calcifcation", "calcification"),
        ("upper ou", "quadrant.UO"),
        ("Asymm", "asymmetry"),
        ("lump", "mass"),
    ],
)
def test_completion_finds_what_is_meant(typed, wanted):
    assert wanted in [suggestion.term.id for suggestion in lexicon().complete(typed)[:3]]


def test_completion_offers_each_term_once_and_nothing_for_nothing():
    ids = [suggestion.term.id for suggestion in lexicon().complete("calc")]
    assert len(ids) == len(set(ids))
    assert lexicon().complete("   ") == ()


def test_every_term_is_found_by_each_of_its_forms():
    for term in lexicon().terms:
        for form in term.forms:
            found = lexicon().term_of(form.upper())
            assert found is not None


def test_a_language_without_lexicon_is_named():
    with pytest.raises(GlamError, match="xx"):
        lexicon("xx")
