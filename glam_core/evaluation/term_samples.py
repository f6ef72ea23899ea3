"""Samples of tissue that the look of terms is fitted to: outlined pictures with words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import ManifestRow
from glam_core.data.pairs import single_region
from glam_core.errors import GlamError
from glam_core.evaluation.geometry_samples import altered_view
from glam_core.evaluation.grounding_protocol import words_of
from glam_core.evaluation.manifest_views import view_of_row
from glam_core.inference.appearance import tissue_features
from glam_core.inference.grounding import Phrase, phrases_of
from glam_core.inference.match_view import MatchView
from glam_core.inference.search_grid import search_grid
from glam_core.inference.specks import speck_features
from glam_core.terms import ViewPosition

_MOST_ZOOM = 0.14


@dataclass(frozen=True, eq=False)
class TermSample:
    """Every second tissue pixel of both directions of one picture, with the words about it.

    Attributes:
        kind: Type of the outlined finding.
        kinds: All types that its words name: a mass may be a distortion too.
        descriptors: Lexicon ids.
        oblique: An MLO view.
        measures: (n, f) float16, tissue and speck measures side by side.
        inside, outside: Indices of the pixels in the outline, and of the others.
    """

    kind: str
    kinds: tuple[str, ...]
    descriptors: tuple[str, ...]
    oblique: bool
    measures: npt.NDArray[np.float16]
    inside: npt.NDArray[np.intp]
    outside: npt.NDArray[np.intp]


Names = tuple[tuple[str, ...], tuple[str, ...]]


def term_samples(
    rows: Iterable[ManifestRow], random: np.random.Generator, altered: int
) -> Iterator[tuple[TermSample, Names]]:
    """The plain sample of each outlined picture whose words name one finding, then altered ones."""
    for row in rows:
        region = single_region(row)
        if region is None or row.n_blobs not in (None, 1):
            continue
        try:
            phrases = [p for p in phrases_of(words_of(row)) if not p.negated]
            view = view_of_row(row)
        except GlamError:
            continue
        phrases = [p for p in phrases if p.laterality in (None, row.laterality)]
        own = [p for p in phrases if p.type == row.other.get("abnormality")]
        if len(own) != 1:
            continue
        mask = np.zeros(view.image_shape, dtype=np.float32)
        part = mask[region.row0 :, region.col0 :]
        inside = region.inside[: part.shape[0], : part.shape[1]]
        part[: inside.shape[0], : inside.shape[1]] = inside
        pictures = [(view, mask)]
        for _ in range(altered):
            zoom = float(np.exp(random.uniform(-_MOST_ZOOM, _MOST_ZOOM)))
            pictures.append(altered_view(view, mask, zoom, random))
        for picture, outline in pictures:
            made = _sampled(picture, outline, own[0], phrases, random)
            if made is not None:
                yield made


def _sampled(
    view: MatchView,
    mask: npt.NDArray[np.float32],
    own: Phrase,
    phrases: Sequence[Phrase],
    random: np.random.Generator,
) -> tuple[TermSample, Names] | None:
    grid = search_grid(view)
    shape = grid.tissue.shape
    share = cv2.resize(mask, shape[::-1], interpolation=cv2.INTER_AREA)
    region = share >= min(0.5, 0.5 * float(share.max()))
    kept = np.zeros(shape, dtype=bool)
    kept[int(random.integers(2)) :: 2, int(random.integers(2)) :: 2] = True
    here, taken = region[grid.tissue], kept[grid.tissue]
    if share.max() <= 0 or not here.any():
        return None
    if not (taken & here).any():
        taken = taken | here
    names, tissue = tissue_features(grid)
    speck_names, specks = speck_features(view, grid)
    sample = TermSample(
        kind=own.type or "",
        kinds=tuple(sorted({phrase.type or "" for phrase in phrases})),
        descriptors=own.descriptors,
        oblique=view.view_position is ViewPosition.MLO,
        measures=np.concatenate([tissue, specks], axis=1)[taken].astype(np.float16),
        inside=np.flatnonzero(here[taken]),
        outside=np.flatnonzero(~here[taken]),
    )
    return sample, (names, speck_names)
