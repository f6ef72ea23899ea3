"""Location words of a report sentence: side, quadrant, clock face, depth, distance, size, views."""

import re
from dataclasses import dataclass

_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {word: number for number, word in enumerate(_NUMBERS.split(" "), start=1)}
_WORDS = "|".join(_NUMBER_WORDS)
_VALUE = rf"(?:\d+(?:[.,]\d+)?|{_WORDS})"
_UNIT = r"(?:cm|mm|centimet(?:er|re)s?|millimet(?:er|re)s?)"
_SIDED = r"(?<![A-Za-z])"

_WIDEST_RANGE_HOURS = 3

_LATERALITY = [
    (
        r"\b(?:bilateral(?:ly)?|both\s+breasts?|n?either\s+(?:breast|side)|both\s+sides|"
        r"both\s+axillae)\b",
        "B",
    ),
    (r"\b(?:left|lt)\b", "L"),
    (r"\b(?:right|rt)\b", "R"),
    # one capital letter alone, or before a quadrant or a view; "R/O" and "L > R" say no side
    (_SIDED + r"(?<!> )(?<!>)L(?=(?:UOQ|UIQ|LOQ|LIQ|CC|MLO)?(?![\w/'’]))", "L"),
    (_SIDED + r"(?<!> )(?<!>)R(?=(?:UOQ|UIQ|LOQ|LIQ|CC|MLO)?(?![\w/'’]))", "R"),
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
    # quadrante superior externo and its kin, which are often left untranslated
    *(
        (rf"\bQ{portuguese}\b", code)
        for portuguese, code in (
            ("S[EL]", "UO"),
            ("S[IM]", "UI"),
            ("I[EL]", "LO"),
            ("I[IM]", "LI"),
        )
    ),
    (r"\b(?:retro|sub|peri)-?areolar\b|\bbehind\s+the\s+(?:left\s+|right\s+)?nipple\b", "central"),
    (
        r"(?<!upper )(?<!lower )(?<!outer )(?<!inner )\bcentral\b"
        r"(?=\s+(?:(?:left|right|portion|region|part|third|breast|aspect)\b|[,.;]|$))",
        "central",
    ),
    (r"\baxill(?:a|ae|ary)\b|\barmpit\b|\btail\s+of\s+spence\b", "axillary"),
]
_HOUR = rf"(?:1[0-2]|[1-9]|{_WORDS})"
_TO = r"\s*(?:-|–|to|and)\s*"
_CLOCK = re.compile(
    rf"\b(?P<hour>{_HOUR})(?:"
    rf":(?P<minutes>[0-5]\d)(?:{_TO}(?P<last>{_HOUR}):[0-5]\d)?(?:\s*o\W?\s?clock)?"
    rf"|\s*(?:o\W?\s?clock)?(?:(?:-|–|{_TO})\s*(?P<until>{_HOUR})\s*)?o\W?\s?clock)",
    re.IGNORECASE,
)
_DEPTH = [
    (r"\banterior\b(?!\s+to\s+(?!mid))|\bsuperficial(?:ly)?\b|\bzone\s+a\b", "anterior"),
    (r"\b(?:middle|mid)[\s-]*(?:depth|third)\b|\bzone\s+b\b|\bcentral\s+third\b", "middle"),
    (r"\bposterior\b(?!\s+to\b)|\bdeep\b(?!\s+to\b)|\bzone\s+c\b|\bprepectoral\b", "posterior"),
]
_LENGTH = (
    rf"(?<![:.\d])\b(?<!extending )(?<!extends )(?P<value>{_VALUE})"
    rf"(?:{_TO}(?P<until>{_VALUE}))?\s*-?(?P<unit>{_UNIT})"
)
_DISTANCE = [
    rf"{_LENGTH}\s*(?:away\s+)?"
    r"(?:from|form|deep\s+to|posterior\s+to|behind|beneath|below|above|off)\s+(?:the\s+)?"
    r"(?:left\s+|right\s+)?(?:nipple|areola)",
    rf"{_LENGTH}\s*(?:FN|FTN|CMFN)\b",
    rf"\b(?:FN|FTN)\s*[:=]?\s*{_LENGTH}\b",
    rf"\b(?:distance\s+(?:from|to)\s+(?:the\s+)?nipple|nipple[\s-]+distance)\s*"
    rf"(?:[:=]|is|of)?\s*{_LENGTH}\b",
    rf"(?<![:.\d])\b(?P<value>{_VALUE})(?P<until>)(?P<unit>)\s*FN\b(?!\s*[:=]?\s*\d)",
    rf"\bN\s*\+\s*(?P<value>{_VALUE})(?P<until>)\s*(?P<unit>{_UNIT})?",
]
_BY = rf"{_VALUE}\s*(?:{_UNIT})?\s*(?:x|×|by)\s*"
_SIZE = re.compile(
    rf"(?P<values>(?:{_BY}){{0,2}}{_VALUE})\s*-?\s*(?P<unit>{_UNIT})\b", re.IGNORECASE
)
_VIEWS = [
    (r"(?:\b|(?<=\b[LR]))CC\b|\bcraniocaudal\b|\bcranio-caudal\b", "CC"),
    (
        r"(?:\b|(?<=\b[LR]))MLO\b|\bmedio-?lateral\s+oblique\b|"
        r"\boblique(?=\s+(?:view|projection|incidence|image|only)\b)",
        "MLO",
    ),
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
        Slot("distance_mm", _distance(found), *found.span())
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
            case = 0 if pattern.startswith(_SIDED) else re.IGNORECASE
            slots += [Slot(name, value, *hit.span()) for hit in re.finditer(pattern, text, case)]
    slots += [
        Slot("clock", _hour(hit["hour"]), *hit.span())
        for hit in re.finditer(rf"\bat\s+(?P<hour>{_HOUR})\s?h\b", text, re.IGNORECASE)
    ]
    slots += [Slot("clock", _clock(hit), *hit.span()) for hit in _CLOCK.finditer(text)]
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


def _distance(found: re.Match[str]) -> float:
    """In mm; a range counts as its middle."""
    unit = found["unit"] or "cm"
    first = _millimetres(found["value"], unit)
    last = _millimetres(found["until"], unit) if found["until"] else first
    return round((first + last) / 2, 3)


def _clock(found: re.Match[str]) -> int:
    """The hour; a range counts as its middle, and where two hours are, as the first of them."""
    first = _hour(found["hour"])
    last = found["last"] or found["until"]
    if not last:
        return first
    span = (_hour(last) - first) % 12
    # "10 and 2 o'clock" spans a third of the breast: two places, of which the first is taken
    middle = first + span // 2 if span <= _WIDEST_RANGE_HOURS else first
    return (middle - 1) % 12 + 1


def _hour(word: str) -> int:
    return _NUMBER_WORDS.get(word.lower()) or int(word)


def _millimetres(value: str, unit: str) -> float:
    number = float(_NUMBER_WORDS.get(value.lower(), 0)) or float(value.replace(",", "."))
    return round(number * (10.0 if unit.lower().startswith("c") else 1.0), 3)
