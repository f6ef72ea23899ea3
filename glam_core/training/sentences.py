"""The text of a picture that a training step reads: its report, or sentences from its columns."""

import hashlib
from collections.abc import Sequence

import numpy as np

from glam_core.data.manifest import ManifestRow
from glam_core.data.structured_report import facts_of, report_from_fields
from glam_core.data.text_variation import swapped_words

__all__ = ["facts_of", "groups_of", "text_of"]

_DROPPED_SHARE = 0.2


def text_of(row: ManifestRow, rng: np.random.Generator | None = None) -> str:
    """One text for a row; with `rng` in varying words and order, without it always the same.

    A report is given as it is. Sentences from columns are worded anew each time, what tells the
    patient is mostly masked, some sentences are left out, their order changes, and words are
    swapped for synonyms.
    """
    if row.report:
        return row.report
    spoken = list(report_from_fields(row, rng))
    if rng is None:
        return " ".join(spoken)
    if len(spoken) > 1:
        kept = [sentence for sentence in spoken if rng.random() >= _DROPPED_SHARE] or spoken
        spoken = [kept[int(index)] for index in rng.permutation(len(kept))]
    return swapped_words(" ".join(spoken), rng)


def groups_of(facts: Sequence[tuple[str, ...]]) -> list[int]:
    """A number for each, equal where the facts are equal; the same in every process."""
    digests = [hashlib.sha256(repr(fact).encode()).digest() for fact in facts]
    return [int.from_bytes(digest[:7]) for digest in digests]
