"""Grounders: words to evidence without a model, and with one."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from glam_core.data.finding_phrases import plain_phrase
from glam_core.data.report_location import location_slots
from glam_core.errors import CheckpointError
from glam_core.inference.correspondence import Matcher, Provenance
from glam_core.inference.geometry_matcher import GeometryMatcher
from glam_core.inference.geometry_scores import PreparedView
from glam_core.inference.grounding import GroundedView, Grounder, Phrase
from glam_core.inference.learned_matcher import LearnedMatcher
from glam_core.inference.linked_grounding import ViewEvidence, check_phrase, ground_breast
from glam_core.inference.match_view import MatchView
from glam_core.inference.matcher_names import GEOMETRY, default_matcher
from glam_core.inference.matchers import matcher
from glam_core.inference.term_look import TermLook
from glam_core.model.matching import text_scores
from glam_core.terms import Laterality

_NOT_TAUGHT = "Looked for by geometry's measures alone: the model leaves these words to them."


class _LinkedGrounder:
    """What both grounders share: the views of each breast are answered together."""

    def __init__(self, link: GeometryMatcher | LearnedMatcher) -> None:
        self._link = link

    @property
    def provenance(self) -> Provenance:
        """That of the matcher or model underneath."""
        return self._link.provenance

    def prepare(self, view: MatchView) -> None:
        """Compute and keep what depends on the picture alone."""
        self._link.prepare(view)

    def ground(self, views: Sequence[MatchView], phrase: Phrase) -> tuple[GroundedView, ...]:
        """Search the views; the answers come in the order of the views that were searched."""
        wanted = [v for v in views if phrase.laterality in (None, v.laterality)]
        check_phrase(phrase, wanted)
        answers: list[GroundedView] = []
        for side in Laterality:
            breast = [view for view in wanted if view.laterality is side]
            evidences = [self.evidence(view, phrase) for view in breast]
            answers += ground_breast(evidences, phrase, self._link)
        order = {id(view): place for place, view in enumerate(views)}
        return tuple(sorted(answers, key=lambda answer: order[id(answer.view)]))

    def evidence(self, view: MatchView, phrase: Phrase) -> ViewEvidence:
        """What the look of one view says of a phrase, before its place words."""
        raise NotImplementedError

    def tells_apart(self, kind: str, descriptors: tuple[str, ...] = ()) -> bool:
        """Whether these words change where is looked for."""
        raise NotImplementedError


class GeometryGrounder(_LinkedGrounder):
    """Words without a model: the place they say, and measures of how such things look."""

    def __init__(self, geometry: GeometryMatcher | None = None) -> None:
        """`geometry` is a matcher whose prepared views are used again; None makes a new one."""
        self._matcher = geometry or GeometryMatcher()
        self.look = TermLook()
        super().__init__(self._matcher)

    @property
    def provenance(self) -> Provenance:
        """Name, version and the data that the look of terms was fitted to."""
        return Provenance("geometry", self.look.weights.version, self.look.weights.trained_on)

    def prepare(self, view: MatchView) -> None:
        """Compute and keep what depends on the picture alone."""
        super().prepare(view)
        self.look.scores(view, self.prepared(view))

    def prepared(self, view: MatchView) -> PreparedView:
        """The measured view, kept by the matcher."""
        return self._matcher.prepared(view)

    def evidence(self, view: MatchView, phrase: Phrase) -> ViewEvidence:
        """From the measures of each term."""
        prepared = self.prepared(view)
        return ViewEvidence(view, prepared.grid, self.look.evidence(view, prepared, phrase))

    def tells_apart(self, kind: str, descriptors: tuple[str, ...] = ()) -> bool:
        """Whether each of these words has a measure."""
        return all(map(self.look.columns, (kind, *descriptors)))


class LearnedGrounder(_LinkedGrounder):
    """Words with a model: what a phrase says to it, at every place of a view.

    A model with a head for words may count geometry's measures beside its own, and leaves words
    that it was not taught to them; provenance and notes say so.
    """

    def __init__(self, link: LearnedMatcher) -> None:
        super().__init__(link)
        self._learned = link
        self._session = link.session
        self._words = link.session.model.config.words
        self._geometry = GeometryGrounder(link.geometry)
        self._kept: tuple[tuple[str, ...], torch.Tensor | None] = ((), None)

    @property
    def provenance(self) -> Provenance:
        """That of the model, with the part that geometry has in its answers."""
        own = self._link.provenance
        said = [own.trained_on]
        if self._words.geometry_share:
            said.append("words: together with geometry's measures")
        if self._words.kinds:
            said.append("words of other findings than " + ", ".join(self._words.kinds)
                        + ": by geometry's measures alone")  # fmt: skip
        return replace(own, trained_on="; ".join(said))

    def prepare(self, view: MatchView) -> None:
        """Compute and keep what depends on the picture alone."""
        super().prepare(view)
        if self._words.geometry_share:
            self._geometry.prepare(view)

    def tells_apart(self, kind: str, descriptors: tuple[str, ...] = ()) -> bool:
        """Whether these words have an embedding, or a measure where geometry is asked."""
        if not self._taught(kind):
            return self._geometry.tells_apart(kind, descriptors)
        return reads_words(self._learned)

    def evidence(self, view: MatchView, phrase: Phrase) -> ViewEvidence:
        """From what the phrase says to the model at each place, and from geometry's measures."""
        if phrase.type is None:
            return ViewEvidence(view, self._learned.ready(view).grid, None)
        if not self._taught(phrase.type):
            found = self._geometry.evidence(view, phrase)
            return replace(found, notes=(*found.notes, _NOT_TAUGHT))
        own = self._own(view, phrase)
        share = self._words.geometry_share
        if own.log_score is None or not share:
            return own
        measured = self._geometry.evidence(view, phrase)
        if measured.log_score is None:
            return own
        together = (1 - share) * own.log_score + share * measured.log_score
        return replace(own, log_score=np.asarray(together, dtype=np.float32))

    def _taught(self, kind: str) -> bool:
        return not self._words.kinds or kind in self._words.kinds

    def _own(self, view: MatchView, phrase: Phrase) -> ViewEvidence:
        """The model's scores on the search grid."""
        ready = self._learned.ready(view)
        local = self._local(_said(phrase))
        if local is None:
            return ViewEvidence(view, ready.grid, None)
        features = ready.embedded.features
        with torch.inference_mode():
            scores = text_scores(self._session.model, local, features)[0, 0]
        return ViewEvidence(view, ready.grid, ready.on_grid(scores.reshape(features.grid).numpy()))

    def _local(self, said: tuple[str, ...]) -> torch.Tensor | None:
        """(1, D) what some words say together; the last ones are kept, for the second view."""
        kept = self._kept
        if said != kept[0]:
            _, local = self._session.text_features(list(said))
            kept = (said, None if local is None else local.mean(dim=0, keepdim=True))
            self._kept = kept
        return kept[1]


def _said(phrase: Phrase) -> tuple[str, ...]:
    """The words as typed, and as the lexicon reads them.

    A sentence may speak of more than this finding, and typed words may be strange to the model;
    the lexicon's own words are neither.
    """
    plain = plain_phrase(phrase.type or "mass", phrase.descriptors)
    typed = _look_of(phrase)
    return (typed, plain) if typed else (plain,)


def _look_of(phrase: Phrase) -> str:
    """The words without their place: the place is geometry, not look."""
    look = phrase.text
    for slot in reversed(location_slots(phrase.text)):
        look = f"{look[: slot.start]} {look[slot.end :]}"
    return re.sub(r"\s+", " ", look).strip(" ,.;:")


def reads_words(link: Matcher) -> bool:
    """Whether a matcher's model can be asked in words."""
    if not isinstance(link, LearnedMatcher):
        return False
    try:
        _, local = link.session.text_features(["mass"])
    except CheckpointError:
        return False
    return local is not None


def grounder_of(link: Matcher, geometry: Matcher | None = None) -> Grounder:
    """The grounder that searches with a matcher's model, or geometry where it reads no words.

    Args:
        link: The matcher that was chosen.
        geometry: Whose prepared views the geometry grounder uses again.
    """
    if isinstance(link, LearnedMatcher) and reads_words(link):
        return LearnedGrounder(link)
    return GeometryGrounder(geometry if isinstance(geometry, GeometryMatcher) else None)


def grounder(name_or_folder: str = default_matcher()) -> Grounder:
    """The grounder of this name: what `matcher` takes; a learned model has to read words.

    Raises:
        CheckpointError: There is no such grounder or folder, or its model cannot be used.
    """
    if name_or_folder == GEOMETRY:
        return GeometryGrounder()
    link = matcher(name_or_folder)
    assert isinstance(link, LearnedMatcher)
    return LearnedGrounder(link)
