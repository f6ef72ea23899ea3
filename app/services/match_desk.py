"""Views and matchers as the working threads see them; no Qt here."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from app.answers import Answer, MatcherWords
from app.services.answering import answer_of, matcher_words
from app.services.picture_store import PictureStore
from app.state import ImageId, Question, image_id_of
from glam_core.errors import GlamError
from glam_core.geometry.frames import frame_from_landmarks
from glam_core.geometry.landmarks import Landmarks
from glam_core.inference.correspondence import Matcher, Query
from glam_core.inference.match_view import MatchView
from glam_core.inference.match_views import match_view_from
from glam_core.inference.matcher_names import GEOMETRY
from glam_core.inference.matchers import matcher
from glam_core.study import MammogramImage


class MatchDesk:
    """Keeps the views of the open study and answers with the chosen matcher.

    Until the chosen matcher has prepared both views of a question, the geometry matcher stands in.
    """

    def __init__(self, store: PictureStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._views: dict[ImageId, MatchView] = {}
        self._ready: dict[ImageId, MatchView] = {}  # as the chosen matcher prepared them
        self._geometry: Matcher = matcher(GEOMETRY)
        self._chosen: Matcher = self._geometry

    @property
    def chosen(self) -> Matcher:
        """The matcher that answers."""
        return self._chosen

    @property
    def geometry(self) -> Matcher:
        """The matcher that stands in, and that words are searched with."""
        return self._geometry

    def views(self, image_ids: Sequence[ImageId]) -> dict[ImageId, MatchView]:
        """Those of the pictures that can be asked, in this order."""
        with self._lock:
            return {i: self._views[i] for i in image_ids if i in self._views}

    @property
    def geometry_is_chosen(self) -> bool:
        """Whether no other matcher stands behind."""
        return self._chosen is self._geometry

    def choose(self, name: str) -> MatcherWords:
        """Load a matcher and say who it is; the one before stays where it cannot be used.

        Raises:
            GlamError: There is no such matcher, or its folder cannot be used.
        """
        chosen = self._geometry if name == GEOMETRY else matcher(name)
        with self._lock:
            self._chosen = chosen
            self._ready = dict(self._views) if chosen is self._geometry else {}
        device = getattr(getattr(chosen, "session", None), "device", None)
        return replace(matcher_words(chosen.provenance), device=getattr(device, "reason", ""))

    def forget(self) -> None:
        """Let go of all views."""
        with self._lock:
            self._views.clear()
            self._ready.clear()

    def build(self, image: MammogramImage, landmarks: Landmarks) -> None:
        """Make a view that the geometry matcher can be asked about.

        Raises:
            GlamError: A landmark is missing, or the view has no partner.
        """
        image_id = image_id_of(image)
        view = self._view(image, landmarks, image_id)
        self._geometry.prepare(view)
        with self._lock:
            self._views[image_id] = view
            self._ready.pop(image_id, None)
            if self.geometry_is_chosen:
                self._ready[image_id] = view

    def prepare(self, image_id: ImageId) -> bool:
        """Have the chosen matcher prepare a view; False where the view is not there."""
        with self._lock:
            view, chosen = self._views.get(image_id), self._chosen
            prepared = view is not None and self._ready.get(image_id) is view
        if view is None:
            return False
        if prepared:
            return True
        if chosen is not self._geometry:
            chosen.prepare(view)
        with self._lock:
            if chosen is self._chosen and self._views.get(image_id) is view:
                self._ready[image_id] = view
        return True

    def answer(self, question: Question) -> Answer:
        """Where the asked spot lies in the other view.

        Raises:
            GlamError: A view is not ready, or the matcher cannot answer.
        """
        ids = (question.asked_id, question.answering_id)
        with self._lock:
            ready = all(image_id in self._ready for image_id in ids)
            views = [self._views.get(image_id) for image_id in ids]
            answers = self._chosen if ready else self._geometry
            stands_in = answers is not self._chosen
        asked, answering = views
        if asked is None or answering is None:
            raise GlamError("The views are not ready yet; ask again in a moment.")
        found = answers.locate(asked, Query(question.point, question.half_size_px), answering)
        return answer_of(question, asked, answering, found, stands_in=stands_in)

    def _view(self, image: MammogramImage, landmarks: Landmarks, image_id: ImageId) -> MatchView:
        laterality, view_position = image.laterality, image.view_position
        if laterality is None or view_position is None:
            raise GlamError(f"{image.file_name}: side and view are unknown; choose them.")
        lengths = image.pixel_lengths_mm
        before = self._views.get(image_id)
        if before is not None and before.view_position is view_position:
            frame = frame_from_landmarks(
                landmarks, laterality=laterality, view=view_position, spacing=lengths
            )
            return replace(before, laterality=laterality, landmarks=landmarks, frame=frame)
        picture = self._store.analysis(image_id)
        if picture is None:
            raise GlamError(f"{image.file_name}: the picture is not read yet.")
        return match_view_from(
            picture.values,
            picture.image_px_per_picture_px,
            picture.image_shape,
            laterality,
            view_position,
            image.sop_instance_uid,
            lengths,
            landmarks,
        )
