"""Time of the geometry matcher beside a plain template search on the same pictures."""

import time
from collections.abc import Callable

import cv2
import numpy as np

from glam_core.geometry.landmarks import scale_landmarks
from glam_core.inference.correspondence import Query
from glam_core.inference.geometry_matcher import GeometryMatcher
from glam_core.inference.match_view import MatchView
from glam_core.inference.match_views import match_view_from
from glam_core.terms import Laterality, PointPx, ViewPosition
from tests.core.drawn_pair import drawn_view, marks

_ROUNDS = 60
_PATCH_PX = 64


def run() -> str:
    """A Markdown table: preparing a view, locating a spot, and the template search."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return _table()
    finally:
        cv2.setNumThreads(threads)


def _table() -> str:
    cc, mlo = _view(ViewPosition.CC, (55.0, 20.0)), _view(ViewPosition.MLO, (57.0, 14.0))
    spots = _spots(cc)
    matcher = GeometryMatcher()
    matcher.locate(cc, Query(spots[0]), mlo)
    locate = [_time(lambda s=spot: matcher.locate(cc, Query(s), mlo)) for spot in spots]
    prepare = [_time(lambda: GeometryMatcher().prepare(cc)) for _ in range(_ROUNDS // 4)]
    search = [_time(lambda s=spot: _template_search(cc, s, mlo)) for spot in spots]
    peer = float(np.median(search))
    rows = [
        "| step | median | 95th percentile | against cv2.matchTemplate |",
        "|---|---|---|---|",
        _row("cv2.matchTemplate, 64 px patch in the 1024 px picture", search, peer),
        _row("geometry matcher, locate", locate, peer),
        _row("geometry matcher, prepare a view", prepare, peer),
    ]
    return "\n".join(rows) + "\n\nOne core, analysis pictures of 1024 x 1024 px."


def _view(view: ViewPosition, blob: tuple[float, float]) -> MatchView:
    small = drawn_view(view, blob).picture
    picture = cv2.resize(small, (1024, 1024), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    landmarks = scale_landmarks(marks(view), 8.0)
    return match_view_from(
        picture, 2.0, (2048, 2048), Laterality.RIGHT, view, view.value, (0.1, 0.1), landmarks
    )


def _spots(view: MatchView) -> list[PointPx]:
    """Places spread over the breast, in stored pixels."""
    random = np.random.default_rng(7)
    inside = np.argwhere(view.mask)
    chosen = inside[random.integers(len(inside), size=_ROUNDS)]
    return [view.image_from_picture(PointPx(float(r), float(c))) for r, c in chosen]


def _template_search(asked: MatchView, spot: PointPx, answering: MatchView) -> None:
    place = asked.picture_from_image(spot)
    half = _PATCH_PX // 2
    row = int(np.clip(place.row, half, asked.picture.shape[0] - half))
    col = int(np.clip(place.col, half, asked.picture.shape[1] - half))
    patch = asked.picture[row - half : row + half, col - half : col + half]
    found = cv2.matchTemplate(answering.picture, patch, cv2.TM_CCOEFF_NORMED)
    cv2.minMaxLoc(found)


def _time(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def _row(name: str, times: list[float], peer: float) -> str:
    median, late = np.median(times), np.percentile(times, 95)
    return f"| {name} | {median:.1f} ms | {late:.1f} ms | {median / peer:.2f} x |"
