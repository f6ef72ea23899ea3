"""A drawn study of four 13-megapixel 16-bit views, for the benchmarks of the window."""

from pathlib import Path

import cv2
import numpy as np

from tests.dicom_files import write_mammogram
from tests.drawn_study import COLS, ROWS, SPACING_MM, STANDARD_VIEWS, drawn_view, mass_place

LARGE_ROWS, LARGE_COLS = 4096, 3072
GROWTH = LARGE_ROWS / ROWS


def write_large_study(folder: Path, syntax: str) -> Path:
    """The four standard views, 12 bits in 16, in one transfer syntax; noise as in real pixels."""
    spacing = SPACING_MM / GROWTH
    for number, view in enumerate(STANDARD_VIEWS, 1):
        small = drawn_view(view, seed=number).astype(np.float32)
        large = cv2.resize(small, (LARGE_COLS, LARGE_ROWS), interpolation=cv2.INTER_LINEAR)
        noise = np.random.default_rng(number).normal(0, 6, large.shape)
        values = np.where(large > 1, np.clip(large + noise, 1, 4095), 0).astype(np.uint16)
        write_mammogram(
            folder / f"large_{number}.dcm", values, view=view, number=number, syntax=syntax,
            changes={"ImagerPixelSpacing": [spacing, spacing]},
        )  # fmt: skip
    return folder


def large_mass_place(view: str) -> tuple[float, float]:
    """(row, col) of the drawn mass in the large picture."""
    row, col = mass_place(view)
    return (row + 0.5) * GROWTH - 0.5, (col + 0.5) * LARGE_COLS / COLS - 0.5
