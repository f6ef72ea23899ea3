"""What is said of one finding, and phrases that say it: from textbook words to a patient's.

The ids are those of the lexicon ("mass", "margin.spiculated"). A phrase may say a part of what is
known: a "lump" is right for every mass, "lump with spikes" for the spiculated ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from glam_core.data.lexicon import lexicon
from glam_core.data.manifest import ManifestRow
from glam_core.data.report import parse_report
from glam_core.data.report_findings import findings_of
from glam_core.data.structured_report import finding_words

TYPES = ("mass", "calcification", "distortion", "asymmetry", "lymph_node")
_DESCRIBED = ("mass", "calcification", "asymmetry")  # of which kind a descriptor's group is
_SAID_SHARE = 0.65  # chance that a known descriptor is said
_LABEL_SHARE = 0.4  # chance of the preferred word
_SLIP_SHARE = 0.05
_OPENINGS = (
    *("{}", "{}", "{}", "a {}", "the {}", "there is a {}", "there is a {} in the breast"),
    *("{} is seen", "{} is noted", "{} measuring 12 mm", "a 2 cm {}", "breast: {}"),
    *("suspicious {}", "where is the {}", "show the {}", "something like a {}"),
)
# What describes by standing behind the noun: "lump with spikes", "specks in a row".
_BEHIND = re.compile(r"(?:with|like|in|all|everywhere|spread|close|not|arranged|fat inside)\b")
_NEEDS_WITH = re.compile(
    r"\b(?:margins?|edges?|contours|shape|form|spikes|spicules|spiculations?|lines|waves|"
    r"lobulations|chunks|branches|density|hyperdensity|isodensity|hypodensity|radiolucency)$"
)
_IS_THE_NOUN = re.compile(r"(?:calcifications?|specks|dots|points|vessels|arteries|calcium)$")
_GROUP_OF = re.compile(r"(?:cluster|group|clump) of$")


@dataclass(frozen=True, slots=True)
class NamedFinding:
    """One finding in ids of the lexicon.

    Attributes:
        types: What it may be called; a stellate lesion is a mass and a distortion to some readers.
        descriptors: Of its shape, margin, morphology and distribution.
        written: Sentences that a report says of it.
    """

    types: tuple[str, ...]
    descriptors: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """Types and descriptors."""
        return frozenset((*self.types, *self.descriptors))


@dataclass(frozen=True, slots=True)
class SpokenPhrase:
    """A phrase and what it says; it is right for every finding that has all these ids."""

    text: str
    ids: frozenset[str]


def named_findings(row: ManifestRow) -> tuple[NamedFinding, ...]:
    """The findings that a row speaks of, those of its own breast and view only.

    A report counts before the columns. Several descriptions of one type in a report are several
    findings; several cells of the columns are too.
    """
    if row.report:
        return _from_report(row, row.report)
    found = [finding_in(words) for words in finding_words(row)]
    return tuple(finding for finding in found if finding is not None)


def finding_in(words: str) -> NamedFinding | None:
    """Words that speak of one finding, by whatever types they call it; None where of none."""
    parts = [part for part in findings_of(words) if part.type in TYPES]
    if not parts:
        return None
    descriptors = dict.fromkeys(d for part in parts for d in part.descriptors)
    return NamedFinding(tuple(dict.fromkeys(part.type for part in parts)), tuple(descriptors))


def _from_report(row: ManifestRow, report: str) -> tuple[NamedFinding, ...]:
    fitting = [
        finding
        for finding in parse_report(report).findings
        if finding.type in TYPES
        and not finding.negated
        and finding.laterality in (None, row.laterality.value)
        and (not finding.views or row.view_position in finding.views)
    ]
    return tuple(
        NamedFinding((finding.type,), finding.descriptors, (finding.text,)) for finding in fitting
    )


def spoken_phrase(finding: NamedFinding, rng: np.random.Generator) -> SpokenPhrase:
    """A part of what is known of a finding, in words drawn from the whole lexicon."""
    kind = finding.types[int(rng.integers(len(finding.types)))]
    said = [d for d in finding.descriptors if _fits(d, kind) and rng.random() < _SAID_SHARE]
    order = rng.permutation(len(said))
    said = [said[int(place)] for place in order]
    text = _opened(_composed(kind, said, rng), rng)
    return SpokenPhrase(text, frozenset((kind, *said)))


def plain_phrase(kind: str, descriptors: Sequence[str] = ()) -> str:
    """The preferred words alone, always the same: "spiculated irregular mass"."""
    words = lexicon().by_id
    front = [words[d].label for d in descriptors if d in words and _fits(d, kind)]
    noun = words[kind].label if kind in words else kind.replace("_", " ")
    if any(_IS_THE_NOUN.search(part) or part.endswith(noun) for part in front):
        noun = ""
    return " ".join(part for part in (*front, noun) if part)


def _composed(kind: str, descriptors: Sequence[str], rng: np.random.Generator) -> str:
    noun = _form(kind, rng)
    front: list[str] = []
    behind: list[str] = []
    for descriptor in descriptors:
        form = _form(descriptor, rng)
        if _GROUP_OF.search(form):
            noun = f"{form} {noun}"
        elif descriptor.startswith("asymmetry."):
            noun = form
        elif _BEHIND.match(form):
            behind.append(form)
        elif _NEEDS_WITH.search(form):
            behind.append(f"with {form}")
        elif _IS_THE_NOUN.search(form):
            noun = form
        elif descriptor.startswith("margin.") and rng.random() < 0.4:
            behind.append(f"with {form} margins")
        else:
            front.append(form)
    joint = ", " if len(front) > 1 and rng.random() < 0.3 else " "
    return " ".join(part for part in (joint.join(front), noun, " and ".join(behind)) if part)


def _opened(words: str, rng: np.random.Generator) -> str:
    opening = _OPENINGS[int(rng.integers(len(_OPENINGS)))]
    text = opening.format(words)
    return text[:1].upper() + text[1:] if rng.random() < 0.3 else text


def _form(term_id: str, rng: np.random.Generator) -> str:
    """One way to write a term; slips are rare."""
    term = lexicon().by_id[term_id]
    if rng.random() < _LABEL_SHARE:
        return term.label
    if term.misspelt and rng.random() < _SLIP_SHARE:
        slips = sorted(term.misspelt)
        return slips[int(rng.integers(len(slips)))]
    choices = _forms(term_id)
    return choices[int(rng.integers(len(choices)))]


@cache
def _forms(term_id: str) -> tuple[str, ...]:
    """The forms that are no slips; of a type those that describe nothing beside it.

    Calcifications keep theirs: "tiny bright dots" is a name, although "dots" also describes.
    """
    words = lexicon()
    term = words.by_id[term_id]
    forms = [form for form in term.forms if form not in term.misspelt]
    if term.id in TYPES and term.id != "calcification":
        forms = [form for form in forms if not words.descriptors_pattern.search(form)] or forms[:1]
    return tuple(forms)


def _fits(descriptor: str, kind: str) -> bool:
    """Whether a descriptor belongs to findings of this type."""
    term = lexicon().by_id.get(descriptor)
    if term is None:
        return False
    return kind not in _DESCRIBED or term.group.startswith(kind)
