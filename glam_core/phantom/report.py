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
from glam_core.phantom.truth import Lesion, LesionKind, PhantomExam
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
_INDICATION = (
    "Screening.",
    "Routine screening mammography.",
    "Asymptomatic woman, screening examination.",
)
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
    for side in SIDE_WORDS:
        lesions = [lesion for lesion in reported if lesion.laterality is side]
        findings[side] = _findings_of(lesions, side, prior, draw)
        birads[side] = worst([assessment_of(lesion) for lesion in lesions])
    overall = worst(list(birads.values()))
    body = " ".join(findings.values()) if reported else draw.choice(_NEGATIVE_BOTH)
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


def _findings_of(
    lesions: list[Lesion], side: Laterality, prior: PriorExam | None, draw: random.Random
) -> str:
    word = SIDE_WORDS[side]
    if not lesions:
        return draw.choice(_NEGATIVE).format(side=word, Side=word.capitalize())
    sentences = []
    for lesion in lesions:
        sentences.append(_finding_sentence(lesion, draw))
        if prior is not None:
            sentences.append(_change(lesion, prior))
    kinds = {lesion.kind for lesion in lesions}
    if LesionKind.MASS not in kinds and draw.random() < 0.5:
        sentences.append(draw.choice(_ABSENT_MASS))
    if LesionKind.CALCIFICATION not in kinds and draw.random() < 0.6:
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
        return draw.choice(
            (
                "Negative mammogram.",
                "No mammographic evidence of malignancy.",
                "Normal examination.",
            )
        )
    named = [summarise(lesion) for lesion in lesions]
    return f"{_capitalised('; '.join(named))}. {_ASSESSMENT[overall][1]}"
