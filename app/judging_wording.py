"""Sentences and labels of judged places, in one place."""

import textwrap

from app.findings import FindingWords, Verdict
from app.judgements import JudgedKind, Judgement

HEADING = "Judged in this study"
EXPORT = "Export training manifest …"
EXPORT_TIP = (
    "Write all accepted and corrected places of the listed studies as a table that glam finetune "
    "correspondence reads"
)
ACCEPT_TIP = "The place is right; keep it  (Y)"
CORRECT_TIP = "Click the right place in the other view  (E)"
REJECT_TIP = "The place is wrong; keep that it is  (X)"
PLACE_HINT = "Click where the asked spot lies · Esc cancels"
NOTHING_TO_EXPORT = (
    "No accepted or corrected place belongs to the listed studies; accept a match or a finding "
    "first, or open the folder of the study that it belongs to."
)
_LONGEST = 34  # letters; fits the side column
SIGNS = {Verdict.ACCEPTED: "✓", Verdict.CORRECTED: "✎", Verdict.REJECTED: "✗"}
_SIDES = {"L": "in the left breast", "R": "in the right breast"}
_QUADRANTS = {
    "UO": "upper outer", "UI": "upper inner", "LO": "lower outer", "LI": "lower inner",
    "central": "central", "axillary": "axillary",
}  # fmt: skip


def judged_line(judged: Judgement) -> str:
    """A judged place in one line, for example "✓ RCC ↔ RMLO"."""
    views = " ↔ ".join(view.view for view in judged.views)
    if judged.kind is JudgedKind.MATCH:
        return f"{SIGNS[judged.verdict]} {views}"
    what = judged.words.partition(" in the ")[0].partition(",")[0].rstrip(".").lower()
    views = " ".join(view.view for view in judged.views)
    return textwrap.shorten(f"{SIGNS[judged.verdict]} {what}, {views}", _LONGEST, placeholder=" …")


def judged_tip(judged: Judgement) -> str:
    """More about a judged place."""
    by = f", proposed by {judged.proposed_by}" if judged.proposed_by else ""
    words = f" {judged.words}" if judged.words else ""
    return f"{judged.kind.value.capitalize()} {judged.verdict.value}{by}.{words} Press to go there."


def finding_sentence(words: FindingWords) -> str:
    """A finding in the lexicon's words alone: a report's own sentence could name a person."""
    what = "Finding" if words.kind is None else words.label or words.kind
    parts = [what[:1].upper() + what[1:]]
    if words.laterality in _SIDES:
        parts[0] += f" {_SIDES[words.laterality]}"
    if words.quadrant:
        parts.append(_QUADRANTS.get(words.quadrant, words.quadrant))
    if words.clock:
        parts.append(f"{words.clock} o'clock")
    if words.depth:
        parts.append(f"{words.depth} depth")
    if words.distance_mm is not None:
        parts.append(f"{words.distance_mm:.0f} mm from the nipple")
    return f"{', '.join(parts)}."


def exported(name: str, places: int, rows: int, pairs: int) -> str:
    """After a manifest was written."""
    return (
        f"{name} holds {_count(rows, 'row')} of {_count(places, 'place')}; "
        f"{_count(pairs, 'pair')} with a place in both views."
    )


def left_out(elsewhere: int, zipped: int) -> str:
    """What a manifest could not hold; empty where it holds everything."""
    said = []
    if elsewhere:
        said.append(
            f"{_count(elsewhere, 'judged place')} belong{'s' * (elsewhere == 1)} to pictures that "
            "are not listed now; open their folder and export again."
        )
    if zipped:
        said.append(
            f"{_count(zipped, 'picture')} in a zip archive {'is' if zipped == 1 else 'are'} left "
            "out; unpack it and open the folder."
        )
    return " ".join(said)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
