"""From one report sentence to its findings: what, where, negated or uncertain.

The scope rules follow the idea of NegEx (Chapman et al., J Biomed Inform 2001): a cue reaches
forwards or backwards until a word that ends its scope.
"""

import itertools
import re
from dataclasses import dataclass, replace

from glam_core.data.lexicon import Lexicon, lexicon
from glam_core.data.report_location import Slot, location_slots
from glam_core.data.report_wording import plain_wording


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a report says about a breast; None or () where it does not say.

    Attributes:
        text: The sentence, as written.
        type: "mass", "calcification", "distortion", "asymmetry", "lymph_node", ...
        descriptors: Lexicon ids of the words that describe it ("margin.spiculated").
        laterality: "L", "R" or "B".
        quadrant: "UO", "UI", "LO", "LI", "central" or "axillary".
        clock: Hour, 1 to 12, as written: of this breast, seen from the front.
        depth: "anterior", "middle" or "posterior".
        distance_mm: From the nipple.
        size_mm: One to three lengths.
        views: Views it is said to be seen in.
    """

    text: str
    type: str
    descriptors: tuple[str, ...] = ()
    laterality: str | None = None
    quadrant: str | None = None
    clock: int | None = None
    depth: str | None = None
    distance_mm: float | None = None
    size_mm: tuple[float, ...] = ()
    views: tuple[str, ...] = ()
    negated: bool = False
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class _Mention:
    type: str
    start: int
    end: int
    negated: bool = False
    uncertain: bool = False


_NEGATION_AHEAD = re.compile(
    r"\b(?:no(?!\s+(?:(?:significant|interval|appreciable)\s+)*(?:change|longer))"
    r"(?!\s+(?:mammographic\s+|imaging\s+)?correlate)|nil|not\s+seen|"
    r"without|neither|nor|absence\s+of|free\s+of|clear\s+of|negative\s+for|denies|rules?\s+out|"
    r"no\s+longer\s+(?:any|shows?|demonstrates?|contains?)|rather\s+than|instead\s+of|(?:resolution|disappearance)\s+of)\b",
    re.IGNORECASE,
)
_NEGATION_BEHIND = re.compile(
    r"\b(?:resolved|effaces?d?|disperse[sd]?|disappear(?:s|ed)|(?:been|was|were)\s+(?:removed|excised)|(?:presses|compresses)\s+out|"
    r"no\s+longer\s+(?:seen|visible|present|identified|evident)|"
    r"(?:does|do|did)\s+not\s+persist|(?:is|are|was|were)\s+(?:now\s+)?(?:absent|gone)|"
    r"(?:is|are|was|were)\s+not\s+(?:now\s+)?"
    r"(?:seen|identified|present|visible|demonstrated|confirmed|evident|reproduced)"
    r"(?!\s+(?:on|in)\b[^.;]{0,20}(?:\b(?:CC|MLO|view|projection|prior|previous|earlier)|(?:19|20)\d\d)\b)|"
    r"(?:has|have|with)\s+no\s+(?:mammographic|imaging)\s+correlate)\b",
    re.IGNORECASE,
)
# "Mass: none", "Nipple retraction (No)", "Lymph nodes: no adenopathy"
_NEGATED_CELL = re.compile(
    r"\s*[:=(–-]\s*(?:none|absent|negative|nil|no(?!\s+(?:\w+\s+)?change)|not\s+(?:seen|present))\b",
    re.IGNORECASE,
)
_SCOPE_END = re.compile(
    r"\b(?:but|however|although|though|except|there\s+(?:is|are)\s+(?:an?|grouped|one|two)|"
    r"which|yet|while|whereas|in\s+the\s+(?:left|right)\s+breast\s+at)\b|;",
    re.IGNORECASE,
)
_UNCERTAIN_AHEAD = re.compile(
    r"\?|\b(?:query|possible|possibly|questionable|question\s+of|cannot\s+(?:exclude|rule\s+out)|suspected|"
    r"probable|may\s+be|might\s+be|suggestion\s+of|suggestive\s+of\s+an?|apparent|equivocal|"
    r"(?:can\s*not|can't)\s+be\s+excluded)\b",
    re.IGNORECASE,
)
_UNCERTAIN_BEHIND = re.compile(
    r"^\s*\?|\b(?:(?:is|are)\s+(?:suspected|questioned|possible|questionable)|(?:could|may|might)\s+(?:represent|be\s+due|reflect)|likely\s+represents?\s+"
    r"(?:superimposed|overlapping|summation)|versus\s+(?:summation|superimpos\w+|overlapping)|"
    r"vs\.?\s+summation|cannot\s+be\s+excluded)\b",
    re.IGNORECASE,
)
_ONE_OF = re.compile(
    r"\b(?:one|another|the\s+other|(?:a|the)\s+(?:second|first)|"
    r"the\s+(?:larger|largest|smaller|smallest|former|latter))\b",
    re.IGNORECASE,
)
_NOT_A_FINDING = re.compile(
    r"\b(?:may|can|could)\s+(?:obscure|hide|mask)\b.*|\bdenies\b.*",
    re.IGNORECASE,
)
_SHARED = re.compile(
    r"\b(?:with|and\s+associated|containing|associated\s+with|within)\b", re.IGNORECASE
)


def findings_of(sentence: str, words: Lexicon | None = None) -> tuple[Finding, ...]:
    """The findings of one sentence, in its order; () where it names none."""
    words = words or lexicon()
    written, sentence = sentence, plain_wording(sentence, words)
    mentions = _mentions(sentence, words)
    if not mentions:
        return ()
    slots = [slot for slot in location_slots(sentence) if not _is_refused(slot, sentence)]
    findings: list[Finding] = []
    for group, group_slots in _groups(sentence, mentions, slots):
        earlier = [slot for slot in slots if slot.start < group[0].start]
        for mention in group:
            finding = _described(sentence, mention, group_slots, words, mentions)
            later = [slot for slot in slots if _belongs_back(sentence, mention, slot)]
            finding = _with_side_from(_with_side_from(finding, earlier), later)
            findings.append(replace(finding, text=written))
    return tuple(findings)


def _mentions(sentence: str, words: Lexicon) -> list[_Mention]:
    refused = [hit.span() for hit in _NOT_A_FINDING.finditer(sentence)]
    found: list[_Mention] = []
    for hit in words.findings_pattern.finditer(sentence):
        term = words.term_of(hit[0])
        inside = any(start <= hit.start() < end for start, end in refused)
        before = sentence[: hit.start()]
        if term is None or term.finding is None or inside or _NOT_A_FINDING.search(before):
            continue
        if re.search(r"\bwithout\s+an?\s+central\s+$", before, re.IGNORECASE):
            continue
        found.append(_Mention(term.finding, *hit.span()))
    found = _with_split_counts(sentence, _merged(sentence, found))
    return [_judged(sentence, mention, found) for mention in found]


def _merged(sentence: str, mentions: list[_Mention]) -> list[_Mention]:
    """Several names of one thing become one mention ("fat-containing mass, a hamartoma")."""
    kept: list[_Mention] = []
    for mention in mentions:
        same = next((other for other in kept if other.type == mention.type), None)
        between = sentence[same.end : mention.start] if same else ""
        if same is None or _has_own_place(sentence[: same.start], between, sentence[mention.end :]):
            kept.append(mention)
    return kept


def _has_own_place(before: str, between: str, after: str) -> bool:
    """Whether a second naming of one type has a place ("mass at 2:00 and mass at 5:00")."""
    parts = re.split(r";|\band\b", between)
    if len(parts) == 1:
        return False
    own = _is_placed(after) or _is_placed(parts[-1])
    return own and (_is_placed(between) if _is_placed(after) else _is_placed(before))


def _is_placed(text: str) -> bool:
    return any(slot.name in ("clock", "laterality") for slot in location_slots(text))


def _with_split_counts(sentence: str, mentions: list[_Mention]) -> list[_Mention]:
    """ "Two masses: one at 2 o'clock and one at 5 o'clock" holds two mentions, not one."""
    split: list[_Mention] = []
    for position, mention in enumerate(mentions):
        until = mentions[position + 1].start if position + 1 < len(mentions) else len(sentence)
        parts = [
            hit
            for hit in _ONE_OF.finditer(sentence, mention.end, until)
            if not re.match(r"\s+o\W?\s?clock|\s*(?:cm|mm|cent|view)", sentence[hit.end() :])
        ]
        plural = sentence[mention.start : mention.end].endswith(("es", "s"))
        if plural and len(parts) >= 2:
            split += [_Mention(mention.type, *part.span()) for part in parts]
        else:
            split.append(mention)
    return split


def _judged(sentence: str, mention: _Mention, others: list[_Mention]) -> _Mention:
    after_limit = min((m.start for m in others if m.start > mention.start), default=len(sentence))
    behind = sentence[mention.end : max(after_limit, mention.end)]
    negated = (
        _reaches(_NEGATION_AHEAD, sentence, mention)
        or bool(_NEGATION_BEHIND.search(behind))
        or bool(_NEGATED_CELL.match(sentence, mention.end))
    )
    uncertain = _reaches(_UNCERTAIN_AHEAD, sentence, mention) or bool(
        _UNCERTAIN_BEHIND.search(sentence[mention.end :])
    )
    return replace(mention, negated=negated, uncertain=uncertain and not negated)


def _reaches(cue: re.Pattern[str], sentence: str, mention: _Mention) -> bool:
    for hit in cue.finditer(sentence, 0, mention.start):
        between = sentence[hit.end() : mention.start]
        if _SCOPE_END.search(between):
            continue
        comma = re.search(r",(?!\s*(?:or|nor|and)\b)[^,]*\b(?:there|an?)\b", between)
        if not comma:
            return True
    return False


def _groups(
    sentence: str, mentions: list[_Mention], slots: list[Slot]
) -> list[tuple[list[_Mention], list[Slot]]]:
    """Mentions that share a place, each group with the location words of its clause."""
    cuts = [0]
    for first, second in itertools.pairwise(mentions):
        between = sentence[first.end : second.start]
        placed_apart = any(slot.start >= second.end for slot in slots) and any(
            first.end <= slot.start < second.start or (slot.end <= first.start and cuts == [0])
            for slot in slots
            if slot.name in ("clock", "laterality", "quadrant", "distance_mm")
        )
        boundary = _first_boundary(between)
        ended = re.search(r"\.\s+$", between)
        if ended or _placed_before(sentence, first, between, boundary):
            cuts.append(first.end + (ended.start() if ended else boundary or 0))
            continue
        shared = _SHARED.search(between) and boundary is None
        if (placed_apart or _SCOPE_END.search(between)) and boundary is not None and not shared:
            cuts.append(first.end + boundary)
    cuts.append(len(sentence) + 1)
    groups = []
    for start, end in itertools.pairwise(cuts):
        inside = [mention for mention in mentions if start <= mention.start < end]
        if inside:
            groups.append((inside, [slot for slot in slots if start <= slot.start < end]))
    return groups


def _placed_before(sentence: str, first: _Mention, between: str, boundary: int | None) -> bool:
    """Whether both mentions follow their places: "left 3:00 mass and right 9:00 mass"."""
    if boundary is None or not _is_placed(sentence[: first.start]):
        return False
    return _is_placed(between[boundary:]) and not _is_placed(between[:boundary])


def _first_boundary(between: str) -> int | None:
    ends = r";|\.\s+(?=[A-Z])|\b(?:and|but|however|while|whereas)\b|,\s+(?=there\b)"
    hit = re.search(ends, between)
    return hit.start() if hit else None


_COMPARED = re.compile(
    r"(?:\bcompared\s+(?:with|to)|\brelative\s+to|\bunlike|\bthan(?:\s+(?:in|on|that))?|>)"
    r"(?:\s+(?:of|the|that|tissue|in))*\s*$",
    re.IGNORECASE,
)
_ABSENT_VIEW = re.compile(
    r"\bno\s+correlate\b|\bnot\s+(?:(?:well\s+)?(?:seen|visible|identified)\s+)?(?:on|in)\b",
    re.IGNORECASE,
)


def contradicts_itself(sentence: str) -> bool:
    """Whether one clause names both sides without joining or comparing them."""
    text = plain_wording(sentence)
    slots = [s for s in location_slots(text) if s.name == "laterality"]
    slots = [slot for slot in slots if not _is_refused(slot, text)]
    for first, second in itertools.pairwise(slots):
        between = text[first.end : second.start]
        apart = re.search(r"[;,.:&/+]|\b(?:and|or|but|while|whereas|to|than|as|is|are)\b", between)
        if {first.value, second.value} == {"L", "R"} and not apart:
            return True
    return False


def _is_refused(slot: Slot, sentence: str) -> bool:
    """Location words that say something else.

    "No correlate is seen on the CC view", "compared with the right breast", and "R MLO" alone,
    which names the picture rather than the only view that shows it.
    """
    before = sentence[: slot.start]
    if slot.name == "laterality":
        return bool(_COMPARED.search(before))
    if slot.name != "view":
        return False
    after = sentence[slot.end :]
    names_picture = re.search(r"\b(?:left|right|lt|rt|L|R)(?:\s+breast)?,?\s*$", before, re.I)
    said_seen = re.search(r"\b(?:on|in|only|seen|visible)\b[^.;]*$", before, re.I)
    as_view = re.match(r"\s*-?(?::|view|only|projection|image|alone)", after, re.I)
    if names_picture and not said_seen and not as_view:
        return True
    return bool(_ABSENT_VIEW.search(before))


def _described(
    sentence: str, mention: _Mention, slots: list[Slot], words: Lexicon, mentions: list[_Mention]
) -> Finding:
    chosen: dict[str, Slot] = {}
    for slot in slots:
        held = chosen.get(slot.name)
        if held is None or (slot.name == "size_mm" and _is_newer(sentence, slot)):
            chosen[slot.name] = slot
    side = _side_of(sentence, mention, [slot for slot in slots if slot.name == "laterality"])
    views = tuple(dict.fromkeys(str(slot.value) for slot in slots if slot.name == "view"))

    def value(name: str) -> object:
        return chosen[name].value if name in chosen else None

    nearest = [m for m in mentions if m.type == mention.type]
    return Finding(
        text=sentence,
        type=mention.type,
        descriptors=_descriptors(sentence, mention, words, nearest, mentions),
        laterality=side,
        quadrant=value("quadrant"),  # type: ignore[arg-type]
        clock=value("clock"),  # type: ignore[arg-type]
        depth=value("depth"),  # type: ignore[arg-type]
        distance_mm=value("distance_mm"),  # type: ignore[arg-type]
        size_mm=value("size_mm") or (),  # type: ignore[arg-type]
        views=views,
        negated=mention.negated,
        uncertain=mention.uncertain,
    )


_BOTH_SIDES = re.compile(
    r"\b(?:left|right|lt|rt|L|R)\b(?:\s+breast)?\s*(?:and|or|&|/|,|\+)+\s*(?:the\s+)?"
    r"\b(?:left|right|lt|rt|L|R)\b",
    re.IGNORECASE,
)


def _side_of(sentence: str, mention: _Mention, slots: list[Slot]) -> str | None:
    """The side said of a mention: both where they are joined, else the nearest of its clause."""
    sides = {str(slot.value) for slot in slots}
    if len(sides) <= 1:
        return sides.pop() if sides else None
    if "B" in sides or _BOTH_SIDES.search(sentence):
        return "B"

    def reach(slot: Slot) -> tuple[int, int]:
        """Clause ends between come first, then letters."""
        between = sentence[min(slot.end, mention.end) : max(slot.start, mention.start)]
        return len(re.findall(r";|\b(?:while|whereas|but|and)\b|,", between)), len(between)

    return str(min(slots, key=reach).value)


def _is_newer(sentence: str, slot: Slot) -> bool:
    return bool(re.search(r"\b(?:now|to|currently)\s+(?:\w+\s+)?$", sentence[: slot.start]))


def _descriptors(
    sentence: str,
    mention: _Mention,
    words: Lexicon,
    nearest: list[_Mention],
    mentions: list[_Mention],
) -> tuple[str, ...]:
    """Describing words that belong to this type of finding and stand nearest to this mention."""
    belongs = {"mass": "mass ", "calcification": "calcification ", "asymmetry": "asymmetry"}
    prefix = belongs.get(mention.type)
    if prefix is None:
        return ()
    found = []
    for hit in words.descriptors_pattern.finditer(sentence):
        term = words.term_of(hit[0])
        if term is None or not term.group.startswith(prefix):
            continue
        closest = min(nearest, key=lambda m: abs(m.start - hit.start()))
        if closest == mention:
            found.append(term.id)
    return tuple(dict.fromkeys(found))


def _belongs_back(sentence: str, mention: _Mention, slot: Slot) -> bool:
    """Whether a later side may speak of this mention: "no mass; cyst, left" does not."""
    between = sentence[mention.end : slot.start]
    return not mention.negated or not _SCOPE_END.search(between)


def _with_side_from(finding: Finding, earlier: list[Slot]) -> Finding:
    """A finding without a side takes the only side among these words."""
    sides = {str(slot.value) for slot in earlier if slot.name == "laterality"}
    if finding.laterality or len(sides) != 1:
        return finding
    return replace(finding, laterality=sides.pop())
