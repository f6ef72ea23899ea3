"""Time to the landmarks of a 13-megapixel view on one core, beside a crude baseline.

The baseline is what is usually written first: the largest bright component at full resolution, its
farthest point as the nipple, and the longest Hough line on Canny edges as the pectoral line.
"""

import time
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.geometry.detect import find_landmarks
from glam_core.geometry.mask import breast_mask
from glam_core.geometry.proposal import propose_view
from glam_core.terms import ViewPosition

ROWS, COLS = 4096, 3328
LONGEST_PX = 1024
TIMES = 5


def run() -> str:
    """A Markdown table of median times and ratios."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return _table()
    finally:
        cv2.setNumThreads(threads)


def _table() -> str:
    stored = _drawn_view()
    picture = _reduced(stored)
    mask = breast_mask(picture)
    mlo = ViewPosition.MLO
    crude = _median_ms(lambda: _crude(stored))
    crude_small = _median_ms(lambda: _crude((picture * 4095).astype(np.uint16)))
    rows = [
        ("crude baseline, full resolution", crude, crude),
        ("downscale and landmarks", _median_ms(lambda: _whole(stored)), crude),
        ("crude baseline, analysis picture", crude_small, crude_small),
        ("landmarks, mask included", _landmarks_ms(picture, None), crude_small),
        ("landmarks, mask at hand", _landmarks_ms(picture, mask), crude_small),
        ("mask alone", _median_ms(lambda: breast_mask(picture)), crude_small),
        ("proposed side and view", _median_ms(lambda: propose_view(picture, mask)), crude_small),
    ]
    assert find_landmarks(picture, view=mlo).pectoral_line is not None
    lines = [
        f"{ROWS} x {COLS} px, 12 bit; analysis picture {picture.shape[0]} x {picture.shape[1]} px; "
        f"one core, median of {TIMES}.",
        "",
        "| step | ms | times the baseline's speed |",
        "|---|---:|---:|",
    ]
    lines += [f"| {name} | {ms:.1f} | {base / ms:.1f} |" for name, ms, base in rows]
    return "\n".join(lines)


def _landmarks_ms(picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_] | None) -> float:
    return _median_ms(lambda: find_landmarks(picture, view=ViewPosition.MLO, mask=mask))


def _median_ms(work: Callable[[], object]) -> float:
    work()
    spent = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - start))
    return float(np.median(spent))


def _drawn_view() -> npt.NDArray[np.uint16]:
    """An oblique view as a 12-bit detector stores it: muscle, texture and air."""
    small = (ROWS // 8, COLS // 8)
    row, col = np.indices(small, dtype=float)
    middle, reach = 0.6 * small[0], 0.62 * small[1]
    inside = (col / reach) ** 2 + ((row - middle) / (0.33 * small[0])) ** 2 < 1
    inside |= (row < middle) & (col < 0.36 * small[1] + 0.26 * small[1] * (row / middle) ** 2)
    noise = np.random.default_rng(0).normal(size=small).astype(np.float32)
    cloud = cv2.GaussianBlur(noise, (0, 0), 12)
    grey = 0.4 + 0.1 * cloud / cloud.std() + 0.3 * (col < 0.29 * small[1] - row * 0.42)
    view = np.where(inside, np.clip(grey, 0.1, 0.95), 0).astype(np.float32)
    large = cv2.resize(view, (COLS, ROWS), interpolation=cv2.INTER_LINEAR)
    return np.round(large * 4095).astype(np.uint16)


def _reduced(stored: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    scale = LONGEST_PX / max(stored.shape)
    size = (round(stored.shape[1] * scale), round(stored.shape[0] * scale))
    small = cv2.resize(stored, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32) / np.float32(4095)


def _whole(stored: npt.NDArray[np.uint16]) -> object:
    return find_landmarks(_reduced(stored), view=ViewPosition.MLO)


def _crude(stored: npt.NDArray[np.uint16]) -> object:
    eight_bit = cv2.convertScaleAbs(stored, alpha=255 / 4095)
    _, above = cv2.threshold(eight_bit, 0, 1, cv2.THRESH_OTSU)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(above)
    mask = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    rows, cols = np.nonzero(mask)
    far = int(np.argmax(cols * np.cos(0.384) + rows * np.sin(0.384)))  # 22 degrees
    half = eight_bit[: stored.shape[0] // 2, : stored.shape[1] // 2]
    lines = cv2.HoughLines(cv2.Canny(half, 50, 150), 1, np.pi / 180, 50)
    return (rows[far], cols[far]), lines
