"""The report of a synthetic exam: varied, deterministic, and in agreement with the truth."""

import datetime
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from glam_core.phantom.finding_words import (
    SIDE_WORDS,
    assessment_of,
    describe,
    is_plural,
    locate,
    seen_in,
    summarise,
    worst,
)
from glam_core.phantom.truth import BenignKind, Lesion, LesionKind, PhantomExam
from glam_core.terms import Laterality

_COMPOSITION = {
    "A": (
        "The breasts are almost entirely fatty.",
        "The breast tissue is almost entirely fatty (ACR A).",
    ),
    "B": (
        "There are scattered areas of fibroglandular density.",
        "Scattered fibroglandular densities are present in both breasts (ACR B).",
    ),
    "C": (
        "The breasts are heterogeneously dense, which may obscure small masses.",
        "Heterogeneously dense breast tissue lowers the sensitivity of mammography (ACR C).",
    ),
    "D": (
        "The breasts are extremely dense, which lowers the sensitivity of mammography.",
        "Extremely dense breast tissue (ACR D), which may hide lesions.",
    ),
}
_NEGATIVE = (
    "There is no suspicious mass, calcification or architectural distortion in the {side} breast.",
    "No suspicious mass, suspicious calcifications or architectural distortion in the {side} "
    "breast.",
    "{Side} breast: no dominant mass, no suspicious calcifications, no architectural distortion.",
)
_NEGATIVE_BOTH = (
    "There is no suspicious mass, calcification or architectural distortion in either breast.",
    "No suspicious mass, no suspicious calcifications and no architectural distortion are seen "
    "on either side.",
    "Both breasts are free of dominant masses, suspicious calcifications and architectural "
    "distortion.",
)
_SKIN = (
    "There is no skin thickening or nipple retraction.",
    "No skin thickening. No enlarged axillary lymph nodes.",
    "Skin and nipples are unremarkable.",
)
_IMPLANTS = "Bilateral implants are in place."
_ABSENT_MASS = ("No suspicious mass.", "There is no mass.", "No dominant mass is seen.")
_ABSENT_CALCIFICATIONS = (
    "No suspicious calcifications.",
    "There are no associated calcifications.",
    "No suspicious microcalcifications are seen.",
)
_NO_MASS = (
    "There is no suspicious mass or architectural distortion in the {side} breast.",
    "{Side} breast: no dominant mass, no architectural distortion.",
)
# Worded so that the calcifications are denied as a finding: nobody is to look for them.
_BENIGN = (
    "No suspicious calcifications in the {side} breast; the {kinds} ones are typically benign.",
    "No calcifications in the {side} breast other than typically benign {kinds} ones.",
    "There are no suspicious calcifications in the {side} breast; those present, {kinds}, are "
    "typically benign.",
)
_BENIGN_BESIDE = (
    "No further suspicious calcifications in the {side} breast; the {kinds} ones are typically "
    "benign.",
    "No other calcifications in the {side} breast than typically benign {kinds} ones.",
)
_PLAIN_CONTRAST = 0.45  # from which a benign calcification is plainly seen
_INDICATION = (
    "Screening.",
    "Routine screening mammography.",
    "Asymptomatic woman, screening examination.",
)
_IMPRESSIONS = {
    "1": (
        "Negative mammogram.",
        "No mammographic evidence of malignancy.",
        "Normal examination.",
    ),
    "2": ("Benign mammogram.", "No mammographic evidence of malignancy."),
}
_ASSESSMENT = {
    "0": ("BI-RADS 0: Incomplete", "Additional imaging evaluation is needed."),
    "1": ("BI-RADS 1: Negative", "Routine screening is recommended."),
    "2": ("BI-RADS 2: Benign", "Routine screening is recommended."),
    "3": ("BI-RADS 3: Probably benign", "Follow-up in six months is suggested."),
    "4": ("BI-RADS 4: Suspicious", "Tissue diagnosis should be considered."),
    "5": ("BI-RADS 5: Highly suggestive of malignancy", "Tissue diagnosis is recommended."),
}


@dataclass(frozen=True, slots=True)
class PriorExam:
    """An earlier study of the same patient.

    Attributes:
        size_mm: The sizes then, by lesion id; a lesion that is not listed is new.
    """

    date: datetime.date
    size_mm: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExamReport:
    """A report and what it says of each breast.

    Attributes:
        text: The whole report.
        birads: The exam's category, "0" to "5".
        breast_text: Composition, findings and assessment of one breast.
        breast_birads: The category of one breast.
    """

    text: str
    birads: str
    breast_text: Mapping[Laterality, str]
    breast_birads: Mapping[Laterality, str]


def write_report(
    exam: PhantomExam, *, study_date: datetime.date, prior: PriorExam | None = None
) -> ExamReport:
    """Put the exam's truth into a radiologist's words; the same exam gives the same words."""
    draw = random.Random(f"report/{exam.seed}/{exam.index}/{study_date}")
    composition = draw.choice(_COMPOSITION[exam.density_class])
    findings: dict[Laterality, str] = {}
    birads: dict[Laterality, str] = {}
    reported = [lesion for lesion in exam.lesions if lesion.views]
    benign = {side: _plain_benign(exam, side) for side in SIDE_WORDS}
    for side in SIDE_WORDS:
        lesions = [lesion for lesion in reported if lesion.laterality is side]
        findings[side] = _findings_of(lesions, benign[side], side, prior, draw)
        calcified = ["2"] if benign[side] else []
        birads[side] = worst([assessment_of(lesion) for lesion in lesions] + calcified)
    overall = worst(list(birads.values()))
    told = reported or any(benign.values())
    body = " ".join(findings.values()) if told else draw.choice(_NEGATIVE_BOTH)
    rest = " ".join(((_IMPLANTS,) if exam.implants else ()) + (draw.choice(_SKIN),))
    text = "\n\n".join(
        (
            f"EXAMINATION: Bilateral digital mammography, CC and MLO views, {study_date}.\n"
            "Synthetic pictures made by a program; no patient is described.",
            f"INDICATION: {draw.choice(_INDICATION)}",
            f"COMPARISON: {_comparison(prior, draw)}",
            f"BREAST COMPOSITION: {composition}",
            f"FINDINGS: {body} {rest}",
            f"IMPRESSION: {_impression(reported, overall, draw)}",
            "ASSESSMENT: " + ". ".join(_ASSESSMENT[overall]),
        )
    )
    return ExamReport(
        text=text + "\n",
        birads=overall,
        breast_text={
            side: f"{composition} {findings[side]} {_ASSESSMENT[birads[side]][0]}."
            for side in findings
        },
        breast_birads=birads,
    )


def _plain_benign(exam: PhantomExam, side: Laterality) -> list[str]:
    """The kinds of benign calcifications of a breast that are plainly seen, each once."""
    plain = {
        truth.benign_id
        for view in exam.views.values()
        for truth in view.benign
        if truth.contrast >= _PLAIN_CONTRAST
    }
    kinds = {
        benign.kind for benign in exam.benign if benign.id in plain and benign.laterality is side
    }
    return [kind.value for kind in BenignKind if kind in kinds - {BenignKind.LYMPH_NODE}]


def _benign_sentence(
    templates: tuple[str, ...], kinds: list[str], side: str, draw: random.Random
) -> str:
    words = " and ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))
    return draw.choice(templates).format(side=side, kinds=words)


def _findings_of(
    lesions: list[Lesion],
    benign: list[str],
    side: Laterality,
    prior: PriorExam | None,
    draw: random.Random,
) -> str:
    word = SIDE_WORDS[side]
    if not lesions:
        negative = draw.choice(_NO_MASS if benign else _NEGATIVE)
        sentences = [negative.format(side=word, Side=word.capitalize())]
        if benign:
            sentences.append(_benign_sentence(_BENIGN, benign, word, draw))
        return " ".join(sentences)
    sentences = []
    for lesion in lesions:
        sentences.append(_finding_sentence(lesion, draw))
        if prior is not None:
            sentences.append(_change(lesion, prior))
    kinds = {lesion.kind for lesion in lesions}
    if LesionKind.MASS not in kinds and draw.random() < 0.5:
        sentences.append(draw.choice(_ABSENT_MASS))
    if benign:
        beside = LesionKind.CALCIFICATION in kinds
        sentences.append(
            _benign_sentence(_BENIGN_BESIDE if beside else _BENIGN, benign, word, draw)
        )
    elif LesionKind.CALCIFICATION not in kinds and draw.random() < 0.6:
        sentences.append(draw.choice(_ABSENT_CALCIFICATIONS))
    return " ".join(sentences)


def _finding_sentence(lesion: Lesion, draw: random.Random) -> str:
    what, views = describe(lesion, draw), seen_in(lesion, draw)
    tail = f", {views}" if views else ""
    verb = "are" if is_plural(lesion, what) else "is"
    side_first = draw.random() < 0.25
    where = locate(lesion, draw, side_is_told=side_first)
    if side_first:
        return f"{SIDE_WORDS[lesion.laterality].capitalize()} breast: {what} {where}{tail}."
    return draw.choice(
        (
            f"There {verb} {what} {where}{tail}.",
            f"{_capitalised(where)}, there {verb} {what}{tail}.",
            f"{_capitalised(what)} {verb} noted {where}{tail}.",
        )
    )


def _capitalised(words: str) -> str:
    return words[0].upper() + words[1:]


def _change(lesion: Lesion, prior: PriorExam) -> str:
    before = prior.size_mm.get(lesion.id)
    when = f"the examination of {prior.date}"
    if before is None:
        return f"This is new since {when}."
    if lesion.size_mm - before >= 2.0:
        return f"It has increased in size from {before:.0f} mm since {when}."
    if before - lesion.size_mm >= 2.0:
        return f"It has decreased in size from {before:.0f} mm since {when}."
    return f"It is unchanged since {when}."


def _comparison(prior: PriorExam | None, draw: random.Random) -> str:
    if prior is not None:
        return f"Mammography of {prior.date}."
    return draw.choice(("None available.", "No prior examinations.", "None."))


def _impression(lesions: list[Lesion], overall: str, draw: random.Random) -> str:
    if not lesions:
        return draw.choice(_IMPRESSIONS[overall])
    named = [summarise(lesion) for lesion in lesions]
    return f"{_capitalised('; '.join(named))}. {_ASSESSMENT[overall][1]}"
