"""Pictures that several services work on, kept while their study is open."""

import threading
from typing import TYPE_CHECKING, Any

from app.state import ImageId

if TYPE_CHECKING:
    from glam_core.dicom.picture import AnalysisPicture


class PictureStore:
    """Analysis pictures and grey scales by picture; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._analyses: dict[ImageId, AnalysisPicture] = {}
        self._greys: dict[ImageId, Any] = {}

    def put_analysis(self, image_id: ImageId, picture: "AnalysisPicture") -> None:
        """Keep the picture that landmarks and matchers look at."""
        with self._lock:
            self._analyses[image_id] = picture

    def analysis(self, image_id: ImageId) -> "AnalysisPicture | None":
        """That picture, if it is there."""
        with self._lock:
            return self._analyses.get(image_id)

    def put_grey(self, image_id: ImageId, grey: Any) -> None:
        """Keep the grey scale of the reduced reading, so that the whole one looks the same."""
        with self._lock:
            self._greys[image_id] = grey

    def grey(self, image_id: ImageId) -> Any | None:
        """That grey scale, if it is there."""
        with self._lock:
            return self._greys.get(image_id)

    def keep_only(self, image_ids: set[ImageId]) -> None:
        """Let go of all other pictures."""
        with self._lock:
            for kept in (self._analyses, self._greys):
                for image_id in set(kept) - image_ids:
                    del kept[image_id]
