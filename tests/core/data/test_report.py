"""The report reader: slots on a hand-written set, whole reports, bad input."""

import json
from collections import Counter
from pathlib import Path

import pytest

from glam_core.data.report import parse_report
from glam_core.data.report_findings import Finding, findings_of
from glam_core.errors import GlamError
from glam_core.scripts import glam

DATA = Path(__file__).parents[2] / "data"
SETS = ("report_sentences", *(f"report_sentences_{n}" for n in ("second", "third", "fourth")))
SLOTS = ("type", "lat", "quad", "clock", "dist", "size", "depth", "neg", "unc", "views")
SHORT = {"quadrant": "quad", "laterality": "lat", "distance_mm": "dist", "size_mm": "size"}


def told(finding: Finding) -> dict[str, str]:
    """A finding in the words of the sentence file."""
    slots = {"type": finding.type}
    for name in ("laterality", "quadrant", "clock", "depth"):
        if getattr(finding, name):
            slots[SHORT.get(name, name)] = str(getattr(finding, name))
    if finding.distance_mm:
        slots["dist"] = f"{finding.distance_mm:g}"
    if finding.size_mm:
        slots["size"] = ",".join(f"{length:g}" for length in finding.size_mm)
    if finding.views:
        slots["views"] = ",".join(finding.views)
    slots |= {"neg": "yes"} if finding.negated else {}
    return slots | ({"unc": "yes"} if finding.uncertain else {})


def expected(name: str) -> list[tuple[str, list[dict[str, str]]]]:
    """(sentence, findings) of a sentence file."""
    rows = []
    for line in (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        sentence, _, findings = line.partition("=>")
        slots = [
            {word.partition("=")[0]: word.partition("=")[2] or "yes" for word in part.split()}
            for part in findings.split(";")
            if part.strip()
        ]
        rows.append((sentence.strip(), slots))
    return rows


def f1_by_slot(name: str) -> dict[str, float]:
    """F1 of every slot over a sentence file; a slot counts with the type of its finding."""
    right, missed, invented = Counter(), Counter(), Counter()
    for sentence, wanted in expected(name):
        got = [told(finding) for finding in findings_of(sentence)]
        want_items = Counter((k, d["type"], v) for d in wanted for k, v in d.items())
        got_items = Counter((k, d["type"], v) for d in got for k, v in d.items())
        for counter, items in (
            (right, want_items & got_items),
            (missed, want_items - got_items),
            (invented, got_items - want_items),
        ):
            for (slot, _, _), count in items.items():
                counter[slot] += count
    return {
        slot: 2 * right[slot] / (2 * right[slot] + missed[slot] + invented[slot])
        for slot in {*right, *missed, *invented}
    }


def test_the_sentence_sets_are_large_enough():
    assert min(len(expected(name)) for name in SETS[:2]) >= 150


@pytest.mark.parametrize("name", SETS)
def test_each_slot_is_read_with_f1_of_at_least_95_percent(name):
    measured = f1_by_slot(name)
    assert {slot: f1 for slot, f1 in measured.items() if f1 < 0.95} == {}
    assert set(SLOTS) <= set(measured)


def test_a_report_that_contradicts_itself_about_the_side_says_so():
    heading = parse_report("Right breast: There is a mass in the left breast at 2 o'clock.")
    assert "heading of the right breast, the left" in heading.doubts[0]
    sentence = parse_report("Mass in the left breast right upper outer quadrant.")
    assert "two sides" in sentence.doubts[0]
    concluded = parse_report(
        "FINDINGS: Mass in the left breast at 2 o'clock.\n\nIMPRESSION: Right breast mass at 2:00."
    )
    assert "Described on the left, concluded on the right" in concluded.doubts[0]


def test_sides_that_belong_together_are_no_contradiction():
    report = parse_report(
        """FINDINGS: Compared with the right breast, a mass in the left breast at 2 o'clock.
        Masses in the left and right breast.

        IMPRESSION: Left breast mass at 2 o'clock."""
    )
    assert report.doubts == ()


def test_cells_of_a_table_make_one_finding():
    text = "Breast: Right. Quadrant: Lower outer. Finding: Calcification. Distribution: Grouped."
    (found,) = parse_report(text).findings
    assert (found.type, found.laterality, found.quadrant) == ("calcification", "R", "LO")


def test_the_finding_keeps_the_words_as_written():
    (found,) = findings_of("Spicualted mas in RUOQ, 12N4")
    assert found.text == "Spicualted mas in RUOQ, 12N4"
    assert (found.laterality, found.quadrant, found.clock, found.distance_mm) == ("R", "UO", 12, 40)
    assert found.descriptors == ("margin.spiculated",)


def test_a_whole_report_with_sections():
    report = parse_report(
        """CLINICAL HISTORY: Lump in the left breast.
TECHNIQUE: CC and MLO views of both breasts.
FINDINGS: The breasts are heterogeneously dense, which may obscure small masses.

Right breast: No suspicious mass.
Left breast: There is a spiculated mass at 2 o'clock,
4 cm from the nipple, measuring 12 mm.

IMPRESSION: Spiculated mass in the left breast at 2 o'clock. BI-RADS 4B: suspicious."""
    )
    assert (report.density, report.birads) == ("C", "4")
    negated, mass = report.findings
    assert (negated.type, negated.laterality, negated.negated) == ("mass", "R", True)
    assert (mass.laterality, mass.clock, mass.distance_mm, mass.size_mm) == ("L", 2, 40.0, (12.0,))
    assert "margin.spiculated" in mass.descriptors
    assert "Lump in the left breast." in report.unparsed


def test_descriptors_go_to_the_finding_they_describe():
    mass, calcifications = findings_of(
        "Oval circumscribed mass and grouped pleomorphic calcifications in the left breast."
    )
    assert mass.descriptors == ("shape.oval", "margin.circumscribed")
    assert calcifications.descriptors == ("distribution.grouped", "morphology.pleomorphic")


def test_the_highest_concern_is_the_assessment():
    assert parse_report("BI-RADS 2 right. BI-RADS category 5 left.").birads == "5"


@pytest.mark.parametrize("text", ["", " \n", "x\x00y", "mass " * 50_000])
def test_what_is_no_report_is_refused_in_one_sentence(text):
    with pytest.raises(GlamError) as error:
        parse_report(text)
    assert "\n" not in str(error.value)


def test_the_command_writes_the_agreed_shape(tmp_path, capsys):
    report = tmp_path / "report.txt"
    report.write_text("Mass in the right breast at 9:00. BI-RADS 4.", encoding="utf-8")
    assert glam.main(["report", "parse", str(report), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["birads"] == "4"
    assert shown["findings"][0]["clock"] == 9
    assert set(shown) == {"findings", "density", "birads", "unparsed", "doubts"}
