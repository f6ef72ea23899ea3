"""The content tree of a DICOM structured report as plain sentences (PS3.3 C.17.3)."""

from collections.abc import Iterator
from dataclasses import dataclass

from glam_core.dicom.header import Header

SR_KEYWORDS = (
    *("SOPClassUID", "PatientID", "StudyInstanceUID", "ConceptNameCodeSequence"),
    *("ContentSequence", "ValueType", "EncapsulatedDocument", "MIMETypeOfEncapsulatedDocument"),
)
_DEEPEST = 20
# Who wrote it, about whom, when and about which picture: no part of what was found.
_NO_WORDS = ("PNAME", "UIDREF", "DATE", "TIME", "DATETIME", "IMAGE", "COMPOSITE", "WAVEFORM")
_NO_MODIFIERS = ("HAS CONCEPT MOD", "HAS OBS CONTEXT", "HAS ACQ CONTEXT")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the text; `heading` stands alone, other lines of one container are joined."""

    words: str
    heading: bool = False


def report_text(root: Header) -> str:
    """The words of a structured report: sections as headings, one container's facts a sentence.

    Persons, dates and references are left out. Content deeper than twenty levels is left out too:
    no template nests so far.
    """
    blocks: list[str] = []
    facts: list[str] = []
    for line in _container(root, 0):
        if line.heading:
            blocks += ["; ".join(facts), line.words]
            facts = []
        elif line.words:
            facts.append(line.words)
        else:
            blocks.append("; ".join(facts))
            facts = []
    blocks.append("; ".join(facts))
    return _headings_joined([block for block in blocks if block])


def _headings_joined(blocks: list[str]) -> str:
    """A heading stands before its first sentence, as in a written report."""
    text = ""
    for block in blocks:
        text += block + (" " if block.endswith(":") else "\n\n")
    return text.strip()


def _container(item: Header, depth: int) -> Iterator[_Line]:
    if depth > _DEEPEST:
        return
    name = _meaning(item, "ConceptNameCodeSequence")
    if name and depth > 0:
        yield _Line(f"{name}:", heading=True)
    for child in item.items("ContentSequence"):
        if child.text("RelationshipType") in _NO_MODIFIERS:
            continue
        if child.text("ValueType") == "CONTAINER":
            yield from _container(child, depth + 1)
            yield _Line("")
        else:
            yield from _fact(child, depth)


def _fact(item: Header, depth: int) -> Iterator[_Line]:
    """One item that is no container, then what modifies or explains it."""
    if depth > _DEEPEST:
        return
    kind = item.text("ValueType")
    if kind in _NO_WORDS:
        return
    name = _meaning(item, "ConceptNameCodeSequence")
    if kind == "TEXT":
        words = " ".join((item.text("TextValue") or "").split())
        yield _Line("")
        yield _Line(f"{name}: {words}" if name and words else words)
        yield _Line("")
    else:
        value = _number(item) if kind == "NUM" else _meaning(item, "ConceptCodeSequence")
        if value:
            yield _Line(f"{name}: {value}" if name else value)
    for child in item.items("ContentSequence"):
        yield from _fact(child, depth + 1)


def _number(item: Header) -> str:
    measured = item.item("MeasuredValueSequence")
    number = None if measured is None else measured.text("NumericValue")
    if measured is None or number is None:
        return ""
    unit = measured.item("MeasurementUnitsCodeSequence")
    code = None if unit is None else unit.text("CodeValue")
    return f"{number} {code}" if code and code.isalpha() else number


def _meaning(item: Header, keyword: str) -> str:
    code = item.item(keyword)
    return "" if code is None else (code.text("CodeMeaning") or "")
