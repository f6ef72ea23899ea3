"""A report in sentences from the columns of a manifest, with variation and masked metadata.

Sections in the order of the paper's reports: procedure, reason, patient, composition, findings,
impression. What could tell the model who the patient is, instead of what the pictures show, is
mostly left out, each field by itself.

Source: method.md, "Preset paper" (report built from structured fields, p = 0.8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glam_core.data.manifest import ManifestRow

MASK_PROBABILITY = 0.8
SENSITIVE = ("procedure", "reason", "age", "race", "ethnicity")

_DENSITY = {
    "A": ("The breast is almost entirely fatty.", "Almost entirely fatty breast tissue."),
    "B": (
        "There are scattered areas of fibroglandular density.",
        "Scattered fibroglandular densities are present.",
    ),
    "C": (
        "The breast is heterogeneously dense.",
        "Heterogeneously dense tissue, which may obscure small masses.",
    ),
    "D": (
        "The breast is extremely dense.",
        "Extremely dense tissue, which lowers the sensitivity of mammography.",
    ),
}
_NUMBERED = {"1": "A", "2": "B", "3": "C", "4": "D"}
_OPENINGS = (
    "There {is_} {what}.",
    "{What} {is_} seen.",
    "The {side} breast shows {what}.",
    "{Side} breast: {what}.",
    "{What} {is_} noted in the {side} breast.",
)
_NEGATIVE = (
    "There is no suspicious mass, calcification or architectural distortion.",
    "No suspicious mass, suspicious calcifications or architectural distortion in the {side} "
    "breast.",
    "{Side} breast: no dominant mass, no suspicious calcifications.",
)
_ASSESSMENT = {
    "0": "incomplete, additional imaging is needed",
    "1": "negative",
    "2": "benign",
    "3": "probably benign",
    "4": "suspicious",
    "5": "highly suggestive of malignancy",
    "6": "known biopsy-proven malignancy",
}
_IMPRESSIONS = ("BI-RADS {number}: {words}.", "BI-RADS {number}.", "Assessment: {words}.")
_IMPLANT = ("An implant is in place.", "Status post breast augmentation with an implant.")
_REASONS = {
    "screening": ("Screening examination.", "Routine screening mammography."),
    "diagnostic": ("Diagnostic examination.", "Diagnostic mammography."),
}
_OLD_WORDS = {"ILL_DEFINED": "indistinct", "N/A": "", "NONE": ""}
_SIDES = {"L": "left", "R": "right"}


@dataclass(frozen=True, slots=True)
class _Finding:
    """One finding in words; "" where nothing is said."""

    name: str
    shape: str = ""
    margin: str = ""
    density: str = ""
    calc_type: str = ""
    distribution: str = ""

    @property
    def words(self) -> str:
        """Such as "high density irregular mass with spiculated margin"."""
        if "calcification" in self.name and not (self.shape or self.margin):
            parts = [self.distribution, self.calc_type, _plural(self.name)]
            return " ".join(part for part in parts if part)
        named = " ".join(part for part in (self.density, self.shape, self.name) if part)
        return f"{named} with {self.margin} margin" if self.margin else named

    @property
    def is_plural(self) -> bool:
        """Whether "there are" fits."""
        return self.words.endswith("calcifications") and " with " not in self.words


def facts_of(row: ManifestRow) -> tuple[str, ...]:
    """What a row says, in fixed words: rows with equal facts say the same.

    A report counts before the columns. Whose pictures these are is no fact. () where the row says
    nothing.
    """
    if row.report:
        return (row.report,)
    facts = [_first(_DENSITY.get(_density(row), ()))]
    facts += sorted(finding.words for finding in _findings(row.other))
    number = _number(row)
    facts.append(f"BI-RADS {number}." if number else "")
    facts.append(_IMPLANT[0] if row.other.get("implant") == "1" else "")
    return tuple(fact for fact in facts if fact)


def finding_words(row: ManifestRow) -> tuple[str, ...]:
    """The findings that the columns of a row name, each in fixed words, in their order."""
    return tuple(finding.words for finding in _findings(row.other))


def report_from_fields(
    row: ManifestRow,
    rng: np.random.Generator | None = None,
    *,
    mask_probability: float = MASK_PROBABILITY,
) -> tuple[str, ...]:
    """The sentences of a row without a report, in the order of a report.

    Args:
        row: Of a manifest.
        rng: Draws the wording, and what is masked; None: always the same, all of `SENSITIVE`
            masked.
        mask_probability: With which each field of `SENSITIVE` is left out.
    """
    side = _SIDES[row.laterality.value]
    words = {"side": side, "Side": side.capitalize()}
    said = [_sensitive(row.other, rng, mask_probability)]
    said.append(_drawn(_DENSITY.get(_density(row), ()), rng))
    findings = _findings(row.other)
    number = _number(row)
    if not findings and number == "1":
        said.append(_drawn(_NEGATIVE, rng).format(**words))
    for finding in findings:
        said.append(_spoken(finding, words, rng))
    if row.other.get("implant") == "1":
        said.append(_drawn(_IMPLANT, rng))
    if number:
        template = _drawn(_IMPRESSIONS, rng)
        said.append(_capital(template.format(number=number, words=_ASSESSMENT.get(number, ""))))
    return tuple(sentence for sentence in said if sentence)


def _sensitive(
    columns: Mapping[str, str], rng: np.random.Generator | None, mask_probability: float
) -> str:
    """The unmasked ones of procedure, reason and patient, in one piece."""
    kept = {}
    for name in SENSITIVE:
        masked = rng is None or rng.random() < mask_probability
        kept[name] = "" if masked else columns.get(name, "").strip()
    said = []
    if kept["procedure"]:
        said.append(f"Procedure: {kept['procedure']}.")
    if kept["reason"]:
        own = (f"Reason: {kept['reason']}.",)
        said.append(_drawn(_REASONS.get(kept["reason"].lower(), own), rng))
    person = [kept["race"], kept["ethnicity"]]
    if kept["age"]:
        person.append(f"{kept['age']} years old")
    told = ", ".join(part for part in person if part)
    if told:
        said.append(f"Patient: {told}.")
    return " ".join(said)


def _density(row: ManifestRow) -> str:
    said = (row.breast_density or "").strip().upper()
    return _NUMBERED.get(said, said)


def _number(row: ManifestRow) -> str:
    """The assessment; the older column `assessment` counts where `birads` is empty."""
    said = (row.birads or row.other.get("assessment", "")).strip()
    return said if ";" not in said else ""


def _findings(columns: Mapping[str, str]) -> list[_Finding]:
    """The findings; several in one cell are divided by semicolons, in all columns alike."""
    names = columns.get("abnormality", "").split(";")
    parts = [
        _divided(columns, column, len(names))
        for column in (
            "mass_shape",
            "mass_margins",
            "mass_density",
            "calc_type",
            "calc_distribution",
        )
    ]
    found = [
        _Finding(_words(name).replace(", ", " and "), *(column[place] for column in parts))
        for place, name in enumerate(names)
    ]
    return list(dict.fromkeys(finding for finding in found if finding.name))


def _divided(columns: Mapping[str, str], column: str, count: int) -> list[str]:
    """One description for each finding; none where the cell does not fit the findings."""
    parts = columns.get(column, "").split(";")
    return [_words(part) for part in parts] if len(parts) == count else [""] * count


def _words(value: str) -> str:
    """IRREGULAR-ARCHITECTURAL_DISTORTION as plain words; what is written small is kept."""
    text = value.strip()
    if text != text.upper():
        return text
    parts = [_OLD_WORDS.get(part, part) for part in text.split("-")]
    return " and ".join(part.replace("_", " ").lower() for part in parts if part)


def _spoken(finding: _Finding, words: Mapping[str, str], rng: np.random.Generator | None) -> str:
    what = finding.words
    if not finding.is_plural and not what.startswith(("skin ", "nipple ", "architectural ")):
        what = f"{'an' if what[0] in 'aeiou' else 'a'} {what}"
    verb = "are" if finding.is_plural else "is"
    template = _drawn(_OPENINGS, rng)
    return template.format(what=what, What=_capital(what), is_=verb, **words)


def _plural(name: str) -> str:
    return name if name.endswith("s") else f"{name}s"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _first(choices: Sequence[str]) -> str:
    return choices[0] if choices else ""


def _drawn(choices: Sequence[str], rng: np.random.Generator | None) -> str:
    """One of the choices; without `rng` the first."""
    if rng is None or not choices:
        return _first(choices)
    return choices[int(rng.integers(len(choices)))]
