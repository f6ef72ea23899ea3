"""What the phantom's reports say is what the report reader reads: two parts that must agree."""

import datetime
import random

import pytest

from glam_core.data.report import parse_report
from glam_core.phantom.place import Place
from glam_core.phantom.report import write_report
from glam_core.phantom.truth import BenignKind, Lesion, LesionKind
from glam_core.terms import Laterality
from tests.core.phantom.drawn_exam import CC, MLO, drawn_exam, with_benign

CODES = {
    "upper outer": "UO",
    "upper inner": "UI",
    "lower outer": "LO",
    "lower inner": "LI",
    "central": "central",
}
HOURS = {"upper outer": 2, "upper inner": 10, "lower outer": 4, "lower inner": 8, "central": 12}
WORDS = {
    LesionKind.MASS: {
        "shape": ("round", "oval", "irregular"),
        "margin": ("circumscribed", "microlobulated", "obscured", "indistinct", "spiculated"),
        "density": ("low", "equal", "high"),
    },
    LesionKind.CALCIFICATION: {
        "morphology": ("round", "punctate", "amorphous", "fine pleomorphic"),
        "distribution": ("grouped", "linear", "segmental", "regional", "diffuse"),
    },
    LesionKind.DISTORTION: {},
    LesionKind.ASYMMETRY: {"morphology": ("asymmetry", "focal asymmetry", "global asymmetry")},
}


def drawn_lesion(draw: random.Random) -> Lesion:
    side, kind, quadrant = (draw.choice(list(x)) for x in (Laterality, LesionKind, CODES))
    hour = HOURS[quadrant] if side is Laterality.LEFT else (12 - HOURS[quadrant]) or 12
    return Lesion(
        id="L1",
        kind=kind,
        laterality=side,
        size_mm=round(draw.uniform(4, 30), 1),
        position_mm=(0.0, 0.0, 0.0),
        place=Place(
            hour,
            quadrant,
            draw.choice(("anterior", "middle", "posterior")),
            draw.uniform(12, 80),
        ),
        views=draw.choice(((CC, MLO), (MLO,), (CC,))),
        **{name: draw.choice(words) for name, words in WORDS[kind].items()},
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_reader_reads_the_truth(seed):
    draw = random.Random(seed)
    lesion, letter = drawn_lesion(draw), draw.choice("ABCD")
    exam = drawn_exam((lesion,), index=seed, density_class=letter)
    report = write_report(exam, study_date=datetime.date(2024, 1, 1))
    read = parse_report(report.text)
    assert (read.density, read.birads) == (letter, report.birads)
    [finding] = [found for found in read.findings if not found.negated]
    assert finding.type == lesion.kind.value
    assert finding.laterality == lesion.laterality.value
    assert finding.depth == lesion.place.depth_third
    assert finding.distance_mm == pytest.approx(lesion.place.nipple_distance_mm, abs=5.01)
    assert finding.size_mm == pytest.approx((lesion.size_mm,), abs=0.51)
    if len(lesion.views) == 2:
        assert finding.quadrant == CODES[lesion.place.quadrant]
        if lesion.place.quadrant != "central":
            assert finding.clock == lesion.place.clock


@pytest.mark.parametrize("seed", range(40))
def test_benign_calcifications_are_told_and_are_no_finding_to_be_searched(seed):
    draw = random.Random(seed)
    lesions = () if seed % 4 == 0 else (drawn_lesion(draw),)
    kinds = draw.sample(list(BenignKind), 3)
    exam = with_benign(drawn_exam(lesions, index=seed), *kinds)
    report = write_report(exam, study_date=datetime.date(2024, 1, 1))
    read = parse_report(report.text)
    assert [found.type for found in read.findings if not found.negated] == [
        lesion.kind.value for lesion in lesions
    ]
    assert read.birads == report.birads
    assert not read.doubts
    for text in report.breast_text.values():
        assert all(kind.value in text for kind in kinds if kind is not BenignKind.LYMPH_NODE)
