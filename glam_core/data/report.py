"""A whole report: sections, sentences, findings, breast density, BI-RADS assessment."""

import re
from dataclasses import dataclass, replace

from glam_core.data.lexicon import lexicon
from glam_core.data.report_findings import Finding, contradicts_itself, findings_of
from glam_core.data.report_location import location_slots
from glam_core.errors import GlamError

LONGEST_REPORT = 200_000


@dataclass(frozen=True, slots=True)
class ParsedReport:
    """What was read in a report.

    Attributes:
        findings: In the order of the report, negated ones included.
        density: "A" to "D"; None where it is not said.
        birads: "0" to "6"; the highest where several are said; None where it is not said.
        unparsed: Sentences in which nothing was read, as written.
        doubts: Where the report contradicts itself about the side, one sentence each.
    """

    findings: tuple[Finding, ...]
    density: str | None
    birads: str | None
    unparsed: tuple[str, ...]
    doubts: tuple[str, ...] = ()


_SECTION = re.compile(
    r"^\s*(?P<name>clinical\s+(?:history|information|indication)|history|indication|reason[^:]{0,30}|"
    r"technique|procedure|comparison|breast\s+(?:composition|density|tissue)|composition|findings|"
    r"impression|conclusion|assessment|recommendations?|management|(?:left|right)(?:\s+breast)?|"
    r"bilateral|both\s+breasts)\s*:\s*",
    re.IGNORECASE,
)
_NO_FINDINGS_IN = (
    *("clinical", "history", "indication", "reason", "technique", "procedure"),
    *("comparison", "recommendation", "management"),
)
_CONCLUSIONS = ("impression", "conclusion", "assessment")
_SIDES = {"L": "left", "R": "right"}
_SENTENCE_END = re.compile(
    r"(?<!\bvs)(?<!\bDr)(?<!\bapprox)(?<=[.!?])\s+(?=[A-Z0-9])"
    # the cells of one finding written as sentences: "Breast: Right. Quadrant: Lower outer."
    r"(?!(?:Quadrant|Depth|Clock|Location|Distance|Finding|Type|Morphology|Distribution|Shape|"
    r"Margins?|Density|Size)\b[^.:]{0,20}:)|\n\s*\n|\n\s*(?=[-•*\d]+[.)]?\s)"
)
_DENSITY = [
    (r"\bextremely\s+dense\b", "D"),
    (r"\bheterogeneously\s+dense\b", "C"),
    (r"\bscattered\s+(?:areas\s+of\s+)?(?:fibro-?glandular|parenchymal)\b", "B"),
    (r"\b(?:almost\s+entirely|predominantly|mostly)\s+fat(?:ty)?\b|\bfatty\s+breasts?\b", "A"),
    (
        r"\b(?:ACR|density|composition|category|type)\s*(?:category|type|class|:)?\s*(?P<code>[ABCD])\b",
        "",
    ),
]
_BIRADS = re.compile(
    r"\bBI-?\s?RADS\b(?:\s*(?:category|assessment|code|score|final|overall|:|-|–|=|®))*"
    r"\s*(?P<code>[0-6])(?P<part>[ABCabc])?\b",
    re.IGNORECASE,
)


def parse_report(text: str) -> ParsedReport:
    """Read a report written in plain words.

    Args:
        text: Free text in English, with or without section headings.

    Raises:
        GlamError: The text is empty, no text at all, or longer than `LONGEST_REPORT` characters.
    """
    _check(text)
    findings: list[Finding] = []
    unparsed: list[str] = []
    doubts: list[str] = []
    concluded: list[Finding] = []
    section, side = "", None
    words = lexicon()
    for sentence, heading in _sentences(text):
        if heading is not None:
            section = heading.lower()
            side = _side_of(section) if _side_of(section) or "breast" in section else side
        if not sentence:
            continue
        found: tuple[Finding, ...] = ()
        if not section.startswith(_NO_FINDINGS_IN):
            found = findings_of(sentence, words)
            doubts += _doubts_of(sentence, found, side)
            found = tuple(
                f if f.laterality or not side else replace(f, laterality=side) for f in found
            )
        if found:
            findings += found
            concluded += found if section.startswith(_CONCLUSIONS) else ()
        elif not (_density_of(sentence) or _BIRADS.search(sentence)):
            unparsed.append(sentence)
    doubts += _sides_changed([f for f in findings if f not in concluded], concluded)
    return ParsedReport(
        tuple(_without_repeats(findings)),
        _density_of(text),
        _birads_of(text),
        tuple(unparsed),
        tuple(dict.fromkeys(doubts)),
    )


def _doubts_of(sentence: str, found: tuple[Finding, ...], side: str | None) -> list[str]:
    """What one sentence says of the side that cannot be: by itself, or under its heading."""
    if found and contradicts_itself(sentence):
        return [f"One finding, two sides: {_quoted(sentence)}."]
    other = {"L": "R", "R": "L"}.get(side or "")
    if side and any(finding.laterality == other for finding in found):
        heading, named = _SIDES[side], _SIDES[other or ""]
        return [f"Under the heading of the {heading} breast, the {named}: {_quoted(sentence)}."]
    return []


def _sides_changed(described: list[Finding], concluded: list[Finding]) -> list[str]:
    """Findings that the conclusion puts on the other side than the description did."""
    doubts = []
    for last in concluded:
        alike = [f for f in described if f.type == last.type and not f.negated]
        if last.negated or not last.laterality or last.laterality == "B":
            continue
        if any(f.laterality in (last.laterality, "B", None) for f in alike):
            continue
        if any(_same_place(f, last) for f in alike):
            other = "R" if last.laterality == "L" else "L"
            doubts.append(
                f"Described on the {_SIDES[other]}, concluded on the {_SIDES[last.laterality]}: "
                f"{_quoted(last.text)}."
            )
    return doubts


def _same_place(first: Finding, second: Finding) -> bool:
    """Whether at least one word of place or size is the same in both."""
    names = ("quadrant", "clock", "distance_mm", "size_mm")
    return any(getattr(first, n) and getattr(first, n) == getattr(second, n) for n in names)


def _quoted(sentence: str) -> str:
    return repr(sentence if len(sentence) <= 120 else f"{sentence[:117]}...")


def _check(text: str) -> None:
    if not text.strip():
        raise GlamError("The report is empty; paste or choose a text with the report's words.")
    if len(text) > LONGEST_REPORT:
        raise GlamError(
            f"The report has {len(text):,} characters, more than {LONGEST_REPORT:,}; "
            "choose the report of one study."
        )
    if (
        "\x00" in text
        or sum(not c.isprintable() and not c.isspace() for c in text) > len(text) / 20
    ):
        raise GlamError("This is not a text; choose a report as plain text.")


def _sentences(text: str) -> list[tuple[str, str | None]]:
    """(sentence, heading that begins there or None) in order; wrapped lines are joined."""
    pieces: list[tuple[str, str | None]] = []
    for block in re.split(r"\n\s*\n", text):
        lines: list[tuple[str, str | None]] = []
        for line in block.splitlines():
            found = _SECTION.match(line)
            if found or not lines:
                heading = found["name"] if found else None
                lines.append((line[found.end() :] if found else line, heading))
            elif re.match(r"\s*(?:[-•*]|\d+[.)])\s", line):
                lines.append((line, None))
            else:
                lines[-1] = (f"{lines[-1][0]} {line}", lines[-1][1])
        for joined, heading in lines:
            bare = re.sub(r"^\s*(?:[-•*]|\d+[.)])\s+", "", joined)
            parts = [" ".join(part.split()) for part in _SENTENCE_END.split(bare)]
            for position, part in enumerate(parts):
                pieces.append((part, heading if position == 0 else None))
    return pieces


def _side_of(heading: str) -> str | None:
    sides = {str(slot.value) for slot in location_slots(heading) if slot.name == "laterality"}
    return sides.pop() if len(sides) == 1 else None


def _density_of(text: str) -> str | None:
    for pattern, code in _DENSITY:
        found = re.search(pattern, text, re.IGNORECASE if code else 0)
        if found:
            return code or found["code"]
    return None


def _birads_of(text: str) -> str | None:
    codes = [hit["code"] for hit in _BIRADS.finditer(text)]
    order = "1236045"  # rising concern; 0 asks for more pictures
    return max(codes, key=order.index) if codes else None


def _without_repeats(findings: list[Finding]) -> list[Finding]:
    """The impression often says a finding again: the fuller telling is kept."""
    kept: list[Finding] = []
    for finding in findings:
        twin = next((place for place, other in enumerate(kept) if _says_less(finding, other)), None)
        if twin is None:
            kept.append(finding)
    return kept


def _says_less(finding: Finding, other: Finding) -> bool:
    same = finding.type == other.type and finding.negated == other.negated
    placed = finding.clock or finding.quadrant or finding.distance_mm
    sides = finding.laterality in (None, other.laterality)
    agree = all(
        getattr(finding, name) in (None, (), getattr(other, name))
        for name in ("quadrant", "clock", "depth", "distance_mm", "size_mm")
    )
    return same and sides and agree and (bool(placed) or finding.negated)
