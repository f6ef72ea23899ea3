"""One lesion of a synthetic exam in the words that radiologists use (ACR BI-RADS lexicon)."""

import random
from collections.abc import Sequence

from glam_core.phantom.truth import Lesion, LesionKind
from glam_core.terms import Laterality, ViewPosition

SIDE_WORDS = {Laterality.RIGHT: "right", Laterality.LEFT: "left"}
_LEAST_DISTANCE_MM = 10.0
_ONE_VIEW = (
    "seen on the {view} view only",
    "visible on the {view} view only",
    "identified only on the {view} view",
)
_BOTH_VIEWS = (None, None, "seen on both views", "visible on the CC and MLO views")


def describe(lesion: Lesion, draw: random.Random) -> str:
    """What it is: size, shape, density and margin, or morphology and distribution."""
    size = _size_words(lesion.size_mm, draw)
    if lesion.kind is LesionKind.MASS:
        return _describe_mass(lesion, size, draw)
    if lesion.kind is LesionKind.CALCIFICATION:
        return _describe_calcifications(lesion, size, draw)
    if lesion.kind is LesionKind.DISTORTION:
        return draw.choice(
            (
                f"architectural distortion spanning {size}",
                f"an area of architectural distortion measuring {size}",
                f"{_with_article(size)} area of architectural distortion with radiating lines",
            )
        )
    kind = lesion.morphology or "asymmetry"
    return draw.choice((f"{_with_article(kind)} measuring {size}", f"{_with_article(size)} {kind}"))


def is_plural(lesion: Lesion, description: str) -> bool:
    """Whether "there are" fits the description."""
    singular = description.startswith(("a ", "an "))
    return lesion.kind is LesionKind.CALCIFICATION and not singular


def locate(lesion: Lesion, draw: random.Random, *, side_is_told: bool = False) -> str:
    """Where it is: its region by the views that show it, depth and distance by the truth."""
    place, side = lesion.place, SIDE_WORDS[lesion.laterality]
    both = len(lesion.views) > 1
    region = _region_words(lesion, draw) if both else _one_view_region(lesion)
    where = f"in the {region}"
    if not side_is_told:
        breast = f"{side} breast"
        where = draw.choice((f"in the {region} of the {breast}", f"in the {breast}, {region}"))
    if _has_clock(lesion):
        hour = f"{place.clock} o'clock"
        where += draw.choice((f" at {hour}", f" at the {hour} position", f", {hour}"))
    third = place.depth_third
    facts = [draw.choice((f"{third} depth", f"at {third} depth", f"in the {third} third"))]
    if place.nipple_distance_mm >= _LEAST_DISTANCE_MM:
        facts.append(draw.choice(("", "approximately ", "about ")) + _distance_words(lesion))
    return ", ".join((where, *facts))


def seen_in(lesion: Lesion, draw: random.Random) -> str | None:
    """The clause about the views, where it is worth saying."""
    if len(lesion.views) == 1:
        return draw.choice(_ONE_VIEW).format(view=lesion.views[0].value)
    return draw.choice(_BOTH_VIEWS)


def summarise(lesion: Lesion) -> str:
    """The finding with its side and place in a few words, for the impression."""
    what = f"{SIDE_WORDS[lesion.laterality]} breast {_noun(lesion)}"
    if _has_clock(lesion):
        return f"{what} at {lesion.place.clock} o'clock"
    if lesion.place.nipple_distance_mm >= _LEAST_DISTANCE_MM:
        return f"{what} {_distance_words(lesion)}"
    return f"{what} in the {_one_view_region(lesion)}"


def _noun(lesion: Lesion) -> str:
    if lesion.kind is LesionKind.MASS:
        return f"{lesion.margin} mass"
    if lesion.kind is LesionKind.CALCIFICATION:
        return f"{lesion.distribution} {lesion.morphology} calcifications"
    if lesion.kind is LesionKind.DISTORTION:
        return "architectural distortion"
    return lesion.morphology or "asymmetry"


def assessment_of(lesion: Lesion) -> str:
    """The BI-RADS category that this finding alone would get on screening."""
    if lesion.kind is LesionKind.MASS:
        return _mass_assessment(lesion)
    if lesion.kind is LesionKind.CALCIFICATION:
        return _calcification_assessment(lesion)
    if lesion.kind is LesionKind.DISTORTION:
        return "4"
    return {"focal asymmetry": "3", "global asymmetry": "2"}.get(lesion.morphology or "", "0")


def worst(categories: Sequence[str]) -> str:
    """The category that decides: suspicious before incomplete before benign; "1" for none."""
    return max(categories, key=("1", "2", "3", "0", "4", "5").index, default="1")


def _describe_mass(lesion: Lesion, size: str, draw: random.Random) -> str:
    shape, margin, density = lesion.shape, lesion.margin, lesion.density
    return draw.choice(
        (
            f"{_with_article(size)} {shape} {density} density mass with {margin} margins",
            f"{_with_article(size)} {shape}, {margin}, {density}-density mass",
            f"{_with_article(str(shape))} {density}-density mass measuring {size} with {margin} "
            "margins",
            f"{_with_article(size)} {margin} {shape} mass of {density} density",
        )
    )


def _describe_calcifications(lesion: Lesion, size: str, draw: random.Random) -> str:
    what, distribution = f"{lesion.morphology} calcifications", str(lesion.distribution)
    if distribution == "grouped":
        return draw.choice(
            (
                f"a group of {what} spanning {size}",
                f"grouped {what} over {size}",
                f"{_with_article(size)} cluster of {what}",
            )
        )
    return draw.choice(
        (
            f"{what} in {_with_article(distribution)} distribution spanning {size}",
            f"{distribution} {what} over {size}",
        )
    )


def _has_clock(lesion: Lesion) -> bool:
    """The hour needs both views and a place off the middle."""
    off_middle = lesion.place.quadrant != "central" and lesion.place.region is None
    return len(lesion.views) > 1 and off_middle


def _distance_words(lesion: Lesion) -> str:
    return f"{lesion.place.nipple_distance_mm / 10:.0f} cm from the nipple"


def _region_words(lesion: Lesion, draw: random.Random) -> str:
    region, quadrant = lesion.place.region, lesion.place.quadrant
    if region == "axillary":
        return "axillary tail"
    if region == "retroareolar":
        return draw.choice(("retroareolar region", "subareolar region"))
    if quadrant == "central":
        return draw.choice(("central region", "central portion"))
    return f"{quadrant} {draw.choice(('quadrant', 'quadrant', 'aspect'))}"


def _one_view_region(lesion: Lesion) -> str:
    """MLO alone tells upper from lower, CC alone tells outer from inner."""
    if lesion.place.region == "axillary":
        return "axillary tail"
    if lesion.place.region == "retroareolar":
        return "retroareolar region"
    if lesion.place.quadrant == "central":
        return "central region"
    upper, outer = lesion.place.quadrant.split(" ")
    return f"{upper if lesion.views[0] is ViewPosition.MLO else outer} aspect"


def _size_words(size_mm: float, draw: random.Random) -> str:
    if size_mm >= 10 and draw.random() < 0.35:
        return f"{size_mm / 10:.1f} cm"
    return f"{size_mm:.0f} mm"


def _with_article(words: str) -> str:
    """The words with "a" or "an" before them, as they are spoken."""
    spoken_with_vowel = words[0] in "aeiou8" or words.startswith(("11 ", "18 "))
    return f"{'an' if spoken_with_vowel else 'a'} {words}"


def _mass_assessment(lesion: Lesion) -> str:
    if lesion.margin == "spiculated":
        return "5" if lesion.density == "high" or lesion.shape == "irregular" else "4"
    if lesion.margin in ("indistinct", "microlobulated") or lesion.shape == "irregular":
        return "4"
    if lesion.margin == "obscured":
        return "0"
    return "2" if lesion.density == "low" else "3"


def _calcification_assessment(lesion: Lesion) -> str:
    branching = lesion.distribution in ("linear", "segmental")
    if lesion.morphology == "fine linear branching" or (
        lesion.morphology == "fine pleomorphic" and branching
    ):
        return "5"
    if lesion.morphology in ("fine pleomorphic", "amorphous", "coarse heterogeneous"):
        return "4"
    if lesion.morphology == "punctate":
        return "3" if branching or lesion.distribution == "grouped" else "2"
    return "2"
