"""Location words of a report sentence: side, quadrant, clock face, depth, distance, size, views."""

import re
from dataclasses import dataclass

_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {word: number for number, word in enumerate(_NUMBERS.split(" "), start=1)}
_WORDS = "|".join(_NUMBER_WORDS)
_VALUE = rf"(?:\d+(?:[.,]\d+)?|{_WORDS})"
_UNIT = r"(?:cm|mm|centimet(?:er|re)s?|millimet(?:er|re)s?)"
_SIDED = r"(?<![A-Za-z])"

_LATERALITY = [
    (r"\b(?:bilateral(?:ly)?|both\s+breasts?|either\s+breast|both\s+sides|both\s+axillae)\b", "B"),
    (r"\b(?:left|lt)\b", "L"),
    (r"\b(?:right|rt)\b", "R"),
    (_SIDED + r"L(?=\s+(?:breast|UOQ|UIQ|LOQ|LIQ)\b)", "L"),
    (_SIDED + r"R(?=\s+(?:breast|UOQ|UIQ|LOQ|LIQ)\b)", "R"),
    (_SIDED + r"L(?=(?:UOQ|UIQ|LOQ|LIQ|CC|MLO)\b)", "L"),
    (_SIDED + r"R(?=(?:UOQ|UIQ|LOQ|LIQ|CC|MLO)\b)", "R"),
]
_UPPER, _LOWER = r"(?:upper|superior|super[oi]|top)", r"(?:lower|inferior|infer[oi]|bottom)"
_OUTER, _INNER = r"(?:outer|lateral|external)", r"(?:inner|medial|internal)"
_GAP = r"[\s,/-]*(?:and\s+)?"
_QUADRANT = [
    *(
        (rf"\b(?:{a}{_GAP}{b}|{b}{_GAP}{a})\w*", code)
        for a, b, code in (
            (_UPPER, _OUTER, "UO"),
            (_UPPER, _INNER, "UI"),
            (_LOWER, _OUTER, "LO"),
            (_LOWER, _INNER, "LI"),
        )
    ),
    *((rf"(?:\b|(?<=\b[LR])){code}Q\b", code) for code in ("UO", "UI", "LO", "LI")),
    (r"\b(?:retro|sub|peri)-?areolar\b|\bbehind\s+the\s+(?:left\s+|right\s+)?nipple\b", "central"),
    (
        r"(?<!upper )(?<!lower )(?<!outer )(?<!inner )\bcentral\b"
        r"(?=\s+(?:(?:left|right|portion|region|part|third|breast|aspect)\b|[,.;]|$))",
        "central",
    ),
    (r"\baxill(?:a|ae|ary)\b|\barmpit\b|\btail\s+of\s+spence\b", "axillary"),
]
_CLOCK = re.compile(
    rf"\b(?P<hour>1[0-2]|[1-9]|{_WORDS})(?:"
    rf":(?P<minutes>[0-5]\d)(?:\s*o\W?\s?clock)?"
    rf"|\s*(?:(?:-|–|to)\s*(?:1[0-2]|[1-9]|{_WORDS})\s*)?o\W?\s?clock"
    r"|(?=\s*(?:-|–|to)\s*(?:1[0-2]|[1-9]):[0-5]\d))",
    re.IGNORECASE,
)
_DEPTH = [
    (r"\banterior\b(?!\s+to\b)|\bsuperficial(?:ly)?\b|\bzone\s+a\b", "anterior"),
    (r"\b(?:middle|mid)[\s-]*(?:depth|third)\b|\bzone\s+b\b|\bcentral\s+third\b", "middle"),
    (r"\bposterior\b(?!\s+to\b)|\bdeep\b(?!\s+to\b)|\bzone\s+c\b|\bprepectoral\b", "posterior"),
]
_DISTANCE = [
    rf"(?P<value>{_VALUE})\s*-?(?P<unit>{_UNIT})\s*(?:away\s+)?"
    r"(?:from|deep\s+to|posterior\s+to|behind|beneath|below|above)\s+(?:the\s+)?"
    r"(?:left\s+|right\s+)?(?:nipple|areola)",
    rf"(?P<value>{_VALUE})\s*-?(?P<unit>{_UNIT})\s*(?:FN|FTN|CMFN)\b",
    rf"(?P<value>{_VALUE})\s*(?P<unit>cm|mm)FN\b",
    rf"\bdistance\s+(?:from|to)\s+(?:the\s+)?nipple\s*(?:[:=]|is|of)?\s*"
    rf"(?P<value>{_VALUE})\s*-?(?P<unit>{_UNIT})\b",
    rf"\bN\s*\+\s*(?P<value>{_VALUE})\s*(?P<unit>{_UNIT})?",
]
_BY = rf"{_VALUE}\s*(?:{_UNIT})?\s*(?:x|×|by)\s*"
_SIZE = re.compile(
    rf"(?P<values>(?:{_BY}){{0,2}}{_VALUE})\s*-?\s*(?P<unit>{_UNIT})\b", re.IGNORECASE
)
_VIEWS = [
    (r"(?:\b|(?<=\b[LR]))CC\b|\bcraniocaudal\b|\bcranio-caudal\b", "CC"),
    (r"(?:\b|(?<=\b[LR]))MLO\b|\bmediolateral\s+oblique\b|\bmedio-lateral\s+oblique\b", "MLO"),
]


@dataclass(frozen=True, slots=True)
class Slot:
    """One location word found in a text: what it says, its value and where it stands."""

    name: str
    value: object
    start: int
    end: int


def location_slots(text: str) -> tuple[Slot, ...]:
    """All location words of a text, in the order of the text; they do not overlap in one name."""
    distances = [
        Slot("distance_mm", _millimetres(found["value"], found["unit"] or "cm"), *found.span())
        for pattern in _DISTANCE
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]
    slots = list(distances)
    for name, table in (
        ("laterality", _LATERALITY),
        ("quadrant", _QUADRANT),
        ("depth", _DEPTH),
        ("view", _VIEWS),
    ):
        for pattern, value in table:
            case = 0 if name == "laterality" and "(?<![A-Za-z])" in pattern else re.IGNORECASE
            slots += [Slot(name, value, *hit.span()) for hit in re.finditer(pattern, text, case)]
    slots += [Slot("clock", _hour(hit["hour"]), *hit.span()) for hit in _CLOCK.finditer(text)]
    slots += _sizes(text, distances)
    return tuple(sorted(_without_overlaps(slots), key=lambda slot: slot.start))


def _sizes(text: str, distances: list[Slot]) -> list[Slot]:
    sizes = []
    for hit in _SIZE.finditer(text):
        if any(slot.start <= hit.start() < slot.end for slot in distances):
            continue
        words = re.findall(_VALUE, hit["values"], re.IGNORECASE)
        values = tuple(_millimetres(word, hit["unit"]) for word in words)
        earlier = re.search(
            r"\b(?:from|previously|was|prior\w*)\s+(?:\w+\s+)?$", text[: hit.start()]
        )
        if not earlier:
            sizes.append(Slot("size_mm", values, *hit.span()))
    return sizes


def _without_overlaps(slots: list[Slot]) -> list[Slot]:
    kept: list[Slot] = []
    for slot in sorted(slots, key=lambda slot: (slot.name, slot.start, -slot.end)):
        last = kept[-1] if kept else None
        if last is None or last.name != slot.name or slot.start >= last.end:
            kept.append(slot)
    return kept


def _hour(word: str) -> int:
    return _NUMBER_WORDS.get(word.lower()) or int(word)


def _millimetres(value: str, unit: str) -> float:
    number = float(_NUMBER_WORDS.get(value.lower(), 0)) or float(value.replace(",", "."))
    return round(number * (10.0 if unit.lower().startswith("c") else 1.0), 3)
