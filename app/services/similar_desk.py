"""Embeddings of whole studies as the comparing thread sees them; no Qt here."""

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from app import overview_wording
from app.hanging import STANDARD_VIEWS, standard_image
from app.judged_boxes import picture_key
from app.services.match_desk import MatchDesk
from app.similar import SimilarCase, SimilarCases
from app.state import ImageId
from glam_core.errors import GlamError
from glam_core.inference.image_views import read_match_view
from glam_core.inference.learned_matcher import LearnedMatcher
from glam_core.inference.match_view import MatchView
from glam_core.inference.session import Session, likeness
from glam_core.study import MammogramImage, Study
from glam_core.terms import ChestWall, Laterality, ViewKey

MOST_CASES = 8
_THUMBNAIL_PX = (46, 58)  # width, height
Vectors = Mapping[ViewKey, npt.NDArray[np.float32]]


class SimilarDesk:
    """Reads and embeds listed studies, each picture once a run and model."""

    def __init__(self) -> None:
        self._vectors: dict[tuple[str, str], npt.NDArray[np.float32]] = {}
        self._thumbnails: dict[str, npt.NDArray[np.uint8]] = {}

    def find(
        self,
        desk: MatchDesk,
        images: Sequence[ImageId],
        others: Sequence[Study],
        tell: Callable[[SimilarCases], None],
        goes_on: Callable[[], bool],
    ) -> None:
        """Compare the open study with others; `tell` hears of each step, nearest first.

        Args:
            desk: Keeps the views of the open study.
            images: Its pictures.
            others: Studies of other patients.
            tell: Called in this thread.
            goes_on: False ends the work.

        Raises:
            GlamError: The chosen matcher has no embeddings, or no view is ready.
        """
        chosen = desk.chosen
        if not isinstance(chosen, LearnedMatcher):
            raise GlamError(
                "Geometry does not look at whole pictures, so it finds no similar studies; choose "
                "a model."
            )
        session = chosen.session
        views = desk.views(images).values()
        own = {ViewKey(v.laterality, v.view_position): session.vector(v) for v in views}
        if not own:
            raise GlamError("No CC or MLO view of this study is ready to be compared.")
        name = chosen.provenance.name
        warning = "" if session.reads_text else overview_wording.PLACES_ONLY.format(name=name)
        cases: list[SimilarCase] = []
        for done, study in enumerate(others, 1):
            if not goes_on():
                return
            case = self._case(session, own, study)
            cases += [case] if case is not None else []
            nearest = sorted(cases, key=lambda one: one.distance)[:MOST_CASES]
            left_out = done - len(cases)
            tell(SimilarCases(tuple(nearest), done, len(others), left_out, warning=warning))

    def _case(self, session: Session, own: Vectors, study: Study) -> SimilarCase | None:
        """None where the study has no view that can be compared."""
        cosines: list[float] = []
        first: MammogramImage | None = None
        for key in STANDARD_VIEWS:
            image = standard_image(study.images, key)
            if key not in own or image is None:
                continue
            try:
                vector = self._vector(session, image, key)
            except GlamError:
                continue
            cosines.append(likeness(own[key], vector))
            first = first or image
        if first is None:
            return None
        thumbnail = self._thumbnails[picture_key(first)]
        distance = max(0.0, 1.0 - sum(cosines) / len(cosines))
        return SimilarCase(study.study_uid, distance, len(cosines), thumbnail)

    def _vector(
        self, session: Session, image: MammogramImage, key: ViewKey
    ) -> npt.NDArray[np.float32]:
        name = (f"{session.provenance.name} {session.provenance.version}", picture_key(image))
        if name not in self._vectors:
            side, position = key.laterality, key.view_position
            uid, spacing = image.sop_instance_uid, image.pixel_lengths_mm
            view = read_match_view(image, side, position, uid, spacing)
            self._vectors[name] = session.vector(view)
            self._thumbnails[picture_key(image)] = _thumbnail(view)
        return self._vectors[name]


def _thumbnail(view: MatchView) -> npt.NDArray[np.uint8]:
    """The breast alone, right ones with the chest wall at the right."""
    wanted = ChestWall.RIGHT if view.laterality is Laterality.RIGHT else ChestWall.LEFT
    rows, cols = np.flatnonzero(view.mask.any(axis=1)), np.flatnonzero(view.mask.any(axis=0))
    values = view.picture[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    if view.landmarks.chest_wall is not wanted:
        values = values[:, ::-1]
    scale = min(_THUMBNAIL_PX[0] / values.shape[1], _THUMBNAIL_PX[1] / values.shape[0])
    size = (max(1, round(values.shape[1] * scale)), max(1, round(values.shape[0] * scale)))
    small = cv2.resize(np.ascontiguousarray(values), size, interpolation=cv2.INTER_AREA)
    width, height = _THUMBNAIL_PX
    canvas = np.zeros((height, width), dtype=np.uint8)
    left = width - size[0] if wanted is ChestWall.RIGHT else 0
    top = (height - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = np.clip(small, 0.0, 1.0) * 255
    return canvas
