"""Side, view and view modifiers as a header states them; never from a description in free text."""

import re

from glam_core.dicom.header import Header
from glam_core.terms import Laterality, ViewPosition

VIEW_KEYWORDS = (
    "ViewCodeSequence", "ViewPosition", "ImageLaterality", "Laterality", "FrameLaterality",
    "ImageType", "PatientOrientation", "AnatomicRegionSequence", "SharedFunctionalGroupsSequence",
)  # fmt: skip

# PS3.16, CID 4014: SNOMED CT and its former SNOMED RT identifiers.
_VIEW_CODES = {
    "399162004": ViewPosition.CC, "R-10242": ViewPosition.CC,
    "399368009": ViewPosition.MLO, "R-10226": ViewPosition.MLO,
    "399260004": ViewPosition.ML, "R-10224": ViewPosition.ML,
    "399352003": ViewPosition.LM, "R-10228": ViewPosition.LM,
    "399099002": ViewPosition.LMO, "R-10230": ViewPosition.LMO,
    "399192008": ViewPosition.XCCL, "R-1024A": ViewPosition.XCCL,
    "399101009": ViewPosition.XCCM, "R-1024B": ViewPosition.XCCM,
    "399196006": ViewPosition.FB, "R-10244": ViewPosition.FB,
    "399188001": ViewPosition.SIO, "R-102D0": ViewPosition.SIO,
    "441555000": ViewPosition.ISO, "R-40AAA": ViewPosition.ISO,
}  # fmt: skip
# PS3.16, CID 4015, with the short codes of ACR MQCM; in the order in which they are written.
_MODIFIERS = {
    "399161006": "CV", "R-102D2": "CV",
    "399011000": "AT", "R-102D1": "AT",
    "399197002": "RL", "R-102D3": "RL",
    "399226006": "RM", "R-102D4": "RM",
    "414493004": "RI", "R-102CA": "RI",
    "415670009": "RS", "R-102C9": "RS",
    "399209000": "ID", "R-102D5": "ID",
    "399055006": "S", "R-102D7": "S",
    "399163009": "M", "R-102D6": "M",
    "399110001": "TAN", "R-102C2": "TAN",
    "442581004": "NP", "R-40AB3": "NP",
    "441752004": "AC", "P2-00161": "AC",
    "442593008": "IMF", "R-40ABE": "IMF",
    "442580003": "AX", "R-40AB2": "AX",
}  # fmt: skip
_ORDER = tuple(dict.fromkeys(_MODIFIERS.values()))
_SPECIMEN = ("127457009", "G-8310")
_SIDE_CODES = {
    "80248007": Laterality.LEFT, "T-04030": Laterality.LEFT,
    "73056007": Laterality.RIGHT, "T-04020": Laterality.RIGHT,
}  # fmt: skip
_VIEW_WORDS = {position.value: position for position in ViewPosition}
_WORDS_IN_FULL = {
    "CRANIOCAUDAL": ViewPosition.CC,
    "MEDIOLATERALOBLIQUE": ViewPosition.MLO,
    "MEDIOLATERAL": ViewPosition.ML,
    "LATEROMEDIAL": ViewPosition.LM,
    "LATEROMEDIALOBLIQUE": ViewPosition.LMO,
}


def view_position_of(header: Header) -> ViewPosition | None:
    """The view: View Code Sequence first, then View Position."""
    for item in header.items("ViewCodeSequence"):
        view = _VIEW_CODES.get(item.text("CodeValue") or "")
        if view is not None:
            return view
    return _position_of_word(header.text("ViewPosition") or "")[0]


def view_modifiers_of(header: Header) -> tuple[str, ...]:
    """Short codes of the view modifiers in the customary order.

    Pictures for a stereotactic biopsy say so in Image Type alone; they get the modifier STEREO.
    """
    found: set[str] = set()
    for view in header.items("ViewCodeSequence"):
        if (view.text("CodeValue") or "") in _SPECIMEN:
            found.add("SPECIMEN")
        for modifier in view.items("ViewModifierCodeSequence"):
            short = _MODIFIERS.get(modifier.text("CodeValue") or "")
            if short is not None:
                found.add(short)
            else:
                found.add((modifier.text("CodeMeaning") or "other").upper()[:16])
    for modifier in header.items("ViewModifierCodeSequence"):  # some files lift it to the top
        short = _MODIFIERS.get(modifier.text("CodeValue") or "")
        found |= {short} if short else set()
    if not header.items("ViewCodeSequence"):
        found.update(_position_of_word(header.text("ViewPosition") or "")[1])
    if any(kind.upper().startswith("STEREO") for kind in header.texts("ImageType")[2:]):
        found.add("STEREO")
    return tuple(sorted(found, key=lambda s: (_ORDER.index(s) if s in _ORDER else 99, s)))


def _position_of_word(word: str) -> tuple[ViewPosition | None, tuple[str, ...]]:
    """View and modifiers of a written View Position, such as "MLO", "RMLOID" or "CC"."""
    letters = re.sub(r"[^A-Z]", "", word.upper())
    if letters in _WORDS_IN_FULL:
        return _WORDS_IN_FULL[letters], ()
    for short in (letters, letters[1:] if letters[:1] in "LR" else letters):
        if short in _VIEW_WORDS:
            return _VIEW_WORDS[short], ()
        for modifier in _ORDER:
            if short.endswith(modifier) and short.removesuffix(modifier) in _VIEW_WORDS:
                return _VIEW_WORDS[short.removesuffix(modifier)], (modifier,)
    return None, ()


def laterality_of(header: Header) -> Laterality | None:
    """The side: image, frame, region, then series laterality, then Patient Orientation."""
    frame = header.functional_group("FrameAnatomySequence")
    for text in (
        header.text("ImageLaterality"),
        header.text("FrameLaterality"),
        frame.text("FrameLaterality") if frame else None,
    ):
        if text and text.upper() in ("L", "R"):
            return Laterality(text.upper())
        if text and text.upper() == "B":
            return None
    for region in header.items("AnatomicRegionSequence"):
        side = _SIDE_CODES.get(region.text("CodeValue") or "")
        for modifier in region.items("AnatomicRegionModifierSequence"):
            meaning = (modifier.text("CodeMeaning") or "").upper()
            side = side or {"LEFT": Laterality.LEFT, "RIGHT": Laterality.RIGHT}.get(meaning)
        if side is not None:
            return side
    text = (header.text("Laterality") or "").upper()
    return Laterality(text) if text in ("L", "R") else _side_by_orientation(header)


def _side_by_orientation(header: Header) -> Laterality | None:
    """In oblique views the letter beside F points to the middle of the body, beside H away.

    Source: DICOM PS3.3, clause C.7.6.1.1.1 (Patient Orientation).
    """
    for direction in header.texts("PatientOrientation"):
        letters = set(direction.upper())
        for end, turned in (("F", True), ("H", False)):
            for side in Laterality:
                if letters == {end, side.value}:
                    return side.other if turned else side
    return None


def file_name_view(name: str) -> tuple[Laterality, ViewPosition] | None:
    """Side and view that a file name clearly says, for example "P_00021_L_CC.png".

    Both must stand as words of their own (or as one: "RMLO"), and no other beside them.
    """
    stem = re.split(r"[\\/]", name)[-1].rsplit(".", 1)[0]
    words = [word for word in re.split(r"[^A-Z0-9]+", stem.upper()) if word]
    sides: set[Laterality] = set()
    views: set[ViewPosition] = set()
    for word in words:
        if word in ("L", "LEFT"):
            sides.add(Laterality.LEFT)
        elif word in ("R", "RIGHT"):
            sides.add(Laterality.RIGHT)
        elif word in _VIEW_WORDS and word != "AT":
            views.add(_VIEW_WORDS[word])
        elif len(word) > 2 and word[0] in "LR" and word[1:] in ("CC", "MLO", "ML", "XCCL"):
            sides.add(Laterality(word[0]))
            views.add(_VIEW_WORDS[word[1:]])
    return (sides.pop(), views.pop()) if len(sides) == len(views) == 1 else None


def name_before_view(name: str) -> str:
    """What stands in a file name before its side and view: "P_00021" of "P_00021_L_CC.png"."""
    stem = re.split(r"[\\/]", name)[-1].rsplit(".", 1)[0]
    pattern = (
        r"(?i)(?:^|[^A-Za-z0-9])(?:L|R|LEFT|RIGHT|[LR]?(?:CC|MLO|ML|LM|XCCL))(?=[^A-Za-z0-9]|$)"
    )
    found = re.search(pattern, stem)
    return stem[: found.start()].strip("_- .") if found else ""
