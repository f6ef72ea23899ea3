"""Sentences and labels of findings, in one place."""

from collections.abc import Sequence

from app.findings import FindingRow, Findings, FindingWords, FoundPlace, Reading, Verdict

NO_STUDY = "Open a study first; then its report can be found on the pictures."
OTHER_PATIENT = "The report names another patient than the open study."
ASK_FOREIGN = "Its findings are listed only if you say so."
OTHER_STUDY = "The report belongs to another study than the open one."
NOTHING_TO_PASTE = "There is no text in the clipboard; copy the report first."
NOTHING_YET = (
    "Type what to look for (Ctrl+K), or paste the report of this study (Ctrl+V), or drop it as a "
    "text, PDF or DICOM SR file."
)
SCORE_TIP = (
    "Share of the searched probability around the place: how clearly it stands out among all "
    "places of this view. It says nothing about disease. FN: from the nipple."
)
ANYWHERE = "could be anywhere in this area"
HIDDEN_TEXT = "Hidden in privacy mode."
PLACE_HINT = "Click where finding {number} lies · Esc cancels"
SUGGESTIONS_ONLY = (
    "Suggestions only: look at every place yourself. Per cent says how clearly a place stands out, "
    "nothing about disease."
)
EXAMPLES = (
    "spiculated mass",
    "grouped calcifications",
    "right upper outer, 11 o'clock, middle depth",
)
BAR_PLACEHOLDER = "Find in words, for example spiculated mass, left upper outer"
BAR_KEYS = "Enter finds · Tab completes · ↑ ↓ choose · Esc closes"

_SIDES = {"L": "left", "R": "right", "B": "both breasts"}
_QUADRANTS = {
    "UO": "upper outer",
    "UI": "upper inner",
    "LO": "lower outer",
    "LI": "lower inner",
    "central": "central",
    "axillary": "axillary",
}
VERDICT_WORDS = {
    Verdict.SUGGESTED: "suggested",
    Verdict.ACCEPTED: "accepted",
    Verdict.CORRECTED: "corrected",
    Verdict.REJECTED: "rejected",
}


def title(words: FindingWords) -> str:
    """A few words that name the finding."""
    label = words.label or words.text
    return label[:1].upper() + label[1:]


def plate(row: FindingRow) -> str:
    """What stands beside the finding on a picture."""
    done = {Verdict.ACCEPTED: " ✓", Verdict.CORRECTED: " ✓"}.get(row.verdict, "")
    return f"{row.number}  {row.words.label or row.words.text}{done}"


def place_words(words: FindingWords) -> str:
    """Where the words put it, for example "right · upper outer · 11 o'clock · 4 cm FN"."""
    said = [_SIDES.get(words.laterality or "", "side not said")]
    if words.quadrant:
        said.append(_QUADRANTS.get(words.quadrant, words.quadrant))
    if words.clock:
        said.append(f"{words.clock} o'clock")
    if words.depth:
        said.append(words.depth)
    if words.distance_mm is not None:
        said.append(f"{_length(words.distance_mm)} FN")
    if len(words.views) == 1:
        said.append(f"only on {words.views[0]}")
    return " · ".join(said)


def size_words(words: FindingWords) -> str:
    """The size said, for example "17 mm"; empty where none is said."""
    if not words.size_mm:
        return ""
    return "\N{NO-BREAK SPACE}".join((*" × ".join(f"{s:.0f}" for s in words.size_mm).split(), "mm"))


def _length(length_mm: float) -> str:
    return f"{length_mm / 10:g} cm" if length_mm >= 10 else f"{length_mm:g} mm"


def view_words(row: FindingRow, place: FoundPlace) -> str:
    """One view's answer in a few words."""
    side_is_said = row.words.laterality in ("L", "R")
    view = place.view[1:] if side_is_said else place.view
    if place.image_id in row.user_places:
        return f"{view} placed by you"
    if place.found:
        return f"{view} {100 * place.score:.0f} %"
    if place.reason.startswith("Only the place"):
        return f"{view} area only"
    if place.reason.startswith("Not searched"):
        return f"{view} not searched"
    return f"{view} not found"


def missing(number: int, place: FoundPlace) -> str:
    """What a picture says of the selected finding where it has no place there."""
    if place.reason.startswith("Not searched"):
        return f"{number}  the words name another view"
    why = "look not searched" if place.reason.startswith("Only the place") else "not found here"
    return f"{number}  {why} · {ANYWHERE}" if place.shape.allowed else f"{number}  {why}"


def row_line(row: FindingRow) -> str:
    """What the views answer, or why they do not."""
    if row.refusal:
        return row.refusal
    if not row.searched and not row.places:
        return "Waiting for the pictures …"
    return "   ".join(view_words(row, place) for place in row.places)


def doubts(words: FindingWords) -> tuple[str, ...]:
    """Sentences on words that contradict each other or leave much open."""
    said = []
    if words.laterality == "B":
        said.append("The words name both breasts; both are searched.")
    elif words.laterality is None:
        said.append("The words name no side; both breasts are searched.")
    if words.uncertain:
        said.append("The report itself is not certain of it.")
    if words.clock and words.quadrant and _clock_denies(words):
        said.append("Clock and quadrant contradict each other; only the area they share is left.")
    return tuple(said)


def _clock_denies(words: FindingWords) -> bool:
    """Whether the hour lies in another quadrant; 12, 3, 6 and 9 belong to two."""
    clock, quadrant, side = words.clock or 12, words.quadrant or "", words.laterality
    if quadrant not in ("UO", "UI", "LO", "LI") or side not in ("L", "R"):
        return False
    upper, lower = clock in (10, 11, 1, 2), clock in (4, 5, 7, 8)
    seen_right = clock in (1, 2, 4, 5)
    outer = seen_right if side == "L" else clock in (7, 8, 10, 11)
    if clock in (3, 9):
        return quadrant[1] != ("O" if (clock == 3) == (side == "L") else "I")
    if clock in (6, 12):
        return quadrant[0] != ("U" if clock == 12 else "L")
    wrong_height = (quadrant[0] == "U" and lower) or (quadrant[0] == "L" and upper)
    return wrong_height or (quadrant[1] == "O") != outer


def details(row: FindingRow, *, privacy: bool = False) -> str:
    """Everything about the selected row that its three lines leave out."""
    lines = [HIDDEN_TEXT if privacy else f"“{row.words.text.strip()}”"]
    lines += doubts(row.words)
    for place in row.places:
        if place.image_id in row.user_places:
            continue
        if not place.found:
            lines.append(place.reason)
        elif place.outside_words:
            lines.append(f"{place.view}: the place lies outside the area that the words allow.")
    lines += dict.fromkeys(note for place in row.places for note in place.notes)
    return "\n".join(lines)


def report_line(findings: Findings) -> str:
    """Where the rows come from and what the report says of the whole study."""
    report = findings.report
    if report is None:
        return ""
    said = [report.source[:1].upper() + report.source[1:]]
    if report.density:
        said.append(f"density {report.density}")
    if report.birads is not None:
        said.append(f"BI-RADS\N{NO-BREAK SPACE}{report.birads}")
    return " · ".join(said)


def absent_line(words: FindingWords) -> str:
    """A finding that the words deny."""
    side = _SIDES.get(words.laterality or "")
    return f"no {words.label or words.kind}" + (f", {side}" if side else "")


def read_sentence(reading: Reading, present: int, left_out: Sequence[FindingWords]) -> str:
    """What the user should know after words were read; empty where rows say it all."""
    absent = len(reading.findings) - present
    if left_out:
        return f"The first {present - len(left_out)} of {present} findings are listed."
    if present:
        return ""
    if absent:
        return "These words only say what is absent. Negated findings are not searched for."
    return "No finding was read in these words; they are kept below."


def absent_heading(count: int) -> str:
    """Above the findings that are denied."""
    return f"Said to be absent, not searched ({count})"


def unparsed_heading(count: int) -> str:
    """Above the sentences that were not read."""
    return f"Not read as findings ({count})"


def searcher_line(findings: Findings) -> str:
    """Who searched, with what it cannot do."""
    searcher = findings.searcher
    if searcher is None:
        return ""
    said = f"{searcher.name} {searcher.version}. {searcher.notice.rstrip('.')}."
    return f"{said} {searcher.device}".strip()
