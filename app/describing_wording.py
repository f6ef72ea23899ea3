"""Sentences and labels of described places, in one place."""

from app.descriptions import PhraseGroup, PlaceWords

HEADING = "In words"
MENU_SPOT = "Describe this place in words"
MENU_REGION = "Describe this region in words"
NOTHING_ASKED = "Click a spot first, or press the right button on a place and choose Describe."
NOT_STANDARD = "Only CC and MLO views can be described in words."
VIEW_UNKNOWN = "Side and view of this picture are unknown; choose them, then it can be described."
NOTHING_FITS = "no word of the lexicon fits"
SEVERAL_FIT = "several kinds fit alike"
NOTHING_FITS_BECAUSE = (
    "The place speaks for no kind of finding clearly more than an average place of the view does."
)
SHARES = (
    "Shares among the words of a group. They rank words and are no probability of disease. "
    "Press a phrase to look for it in both views."
)
WAITING = "Comparing the place with the words of the lexicon …"
SHARE_TIP = "Look for “{query}” in both views of this breast"
_MANY = 100.0


def title(words: PlaceWords) -> str:
    """The first line: what fits best, or that nothing does."""
    if not words.fits:
        return f"{words.view}: {NOTHING_FITS}"
    if not words.groups[0].told_apart:
        return f"{words.view}: {SEVERAL_FIT}"
    return f"{words.view}: most like {words.best.label}"


def heading(group: PhraseGroup) -> str:
    """Above a group of phrases; says so where the place does not tell them apart."""
    return group.heading if group.told_apart else f"{group.heading} · not told apart here"


def strength(words: PlaceWords) -> str:
    """How clearly the place speaks for its first word."""
    if not words.fits:
        return NOTHING_FITS_BECAUSE
    times = words.times_average
    said = f"more than {_MANY:.0f}" if times > _MANY else f"{times:.0f}"
    first = words.groups[0].phrases[0].label
    return f"It speaks for {first} {said} times as much as an average place of {words.view}."


def describer_line(words: PlaceWords) -> str:
    """Who compared, with what it cannot do."""
    who = words.describer
    name = f"{who.name} {who.version}"
    compared = f"measures of {name}, no model" if who.name == "geometry" else f"the model {name}"
    said = f"Compared by {compared}. {who.notice.rstrip('.')}."
    return f"{said} {who.device}".strip()
