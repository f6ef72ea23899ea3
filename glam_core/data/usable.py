"""How much of a manifest a training can learn from, told before a picture is read."""

from collections.abc import Callable
from dataclasses import dataclass

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.data.measurable import measurable
from glam_core.data.pairs import pairs_of
from glam_core.data.split import split_of
from glam_core.data.structured_report import facts_of
from glam_core.errors import ManifestError

_FEWEST_BREASTS = 2  # a contrastive term compares


@dataclass(frozen=True, slots=True)
class Usable:
    """What a training finds.

    Attributes:
        words: One sentence with the counts, and with the remedy where they do not do.
        enough: Whether the training can be started.
    """

    words: str
    enough: bool


def usable_pairs(manifest: Manifest, label: str = "") -> Usable:
    """Breasts with one lesion outlined in both views.

    Raises:
        ManifestError: A mask cannot be read, or there is no such breast at all.
    """
    parts = [split_of(pair.cc) for pair in pairs_of(manifest)]
    learnt, aside = parts.count("training"), parts.count("validation")
    words = f"{_counted(learnt, 'outlined pair')} to learn from, {aside} set aside to measure on."
    if learnt and aside:
        return Usable(words, True)
    return Usable(f"{words} Add patients, or fill the column split with train and val.", False)


def usable_breasts(manifest: Manifest, label: str = "") -> Usable:
    """Breasts to learn from, and how many of them have both views."""
    views: dict[tuple[str, ...], set[str]] = {}
    for row in _part(manifest, "training"):
        views.setdefault(row.breast, set()).add(row.view_position.value)
    both = sum(len(seen) > 1 for seen in views.values())
    words = f"{_counted(len(views), 'breast')} to learn from, {both} of them with both views."
    if len(views) >= _FEWEST_BREASTS and both:
        return Usable(words, True)
    return Usable(f"{words} Add breasts with their CC and their MLO view.", False)


def usable_texts(manifest: Manifest, label: str = "") -> Usable:
    """Pictures that say something in words, by a report or by columns."""
    told = [row for row in _part(manifest, "training") if facts_of(row)]
    outlined = sum(bool(row.mask or row.boxes) for row in told)
    words = (
        f"{_counted(len(told), 'picture')} with words to learn from, {outlined} of them outlined."
    )
    if told:
        return Usable(words, True)
    return Usable(f"{words} Fill the column report, or mass_shape and breast_density.", False)


def usable_classes(manifest: Manifest, label: str) -> Usable:
    """Classes of the label that can be learnt and measured."""
    try:
        found = measurable(manifest.rows, label)
    except ManifestError as error:
        return Usable(str(error), False)
    return Usable(f"Of {label} these can be told apart: {', '.join(found.classes)}.", True)


USABLE: dict[str, Callable[[Manifest, str], Usable]] = {
    "finetune correspondence": usable_pairs,
    "pretrain": usable_breasts,
    "finetune classification": usable_classes,
    "finetune words": usable_texts,
}


def _part(manifest: Manifest, part: str) -> list[ManifestRow]:
    return [row for row in manifest.rows if split_of(row) == part]


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
