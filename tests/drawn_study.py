"""Drawn studies that look enough like mammograms for landmarks and matchers; no patient in them.

Each breast has one bright mass at the same depth behind the nipple in both views.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.dicom_files import write_mammogram

ROWS, COLS = 640, 480
SPACING_MM = 0.3
STANDARD_VIEWS = ("RCC", "LCC", "RMLO", "LMLO")
_TOP = 4095
_ANGLE_DEG = 22.0
_DEPTH_PX = 110.0  # of the mass behind the nipple, along the AP axis


def mass_place(view: str) -> tuple[int, int]:
    """(row, col) of the drawn mass in stored pixels."""
    row, col = _nipple(view[1:])
    row, col = _behind(view[1:], row, col)
    return round(row), round(COLS - 1 - col if view[0] == "R" else col)


def nipple_place(view: str) -> tuple[int, int]:
    """(row, col) of the drawn nipple's base in stored pixels."""
    row, col = _nipple(view[1:])
    return round(row), round(COLS - 1 - col if view[0] == "R" else col)


def drawn_view(view: str, *, seed: int = 0) -> np.ndarray:
    """(640, 480) uint16 of 12 bits; right breasts have the chest wall at the picture's right."""
    position = view[1:]
    row, col = np.mgrid[:ROWS, :COLS].astype(np.float32)
    nipple_row, nipple_col = _nipple(position)
    breast = ((row - nipple_row) / 250) ** 2 + (col / nipple_col) ** 2 < 1
    if position == "MLO":
        breast |= (row < nipple_row) & (col < 250 + 0.1 * row)
    nipple = np.hypot(row - nipple_row, col - nipple_col) < 9
    noise = np.random.default_rng(seed).normal(size=(ROWS, COLS)).astype(np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), 6)
    edge = cv2.distanceTransform((breast | nipple).astype(np.uint8), cv2.DIST_L2, 5)
    tissue = 0.22 + 0.22 * np.clip(edge / 60, 0, 1) + 0.5 * texture
    if position == "MLO":
        slope = np.tan(np.deg2rad(_ANGLE_DEG))
        tissue = np.where(col < 170 - row * slope, 0.8 + 0.1 * texture, tissue)
    mass_row, mass_col = _behind(position, nipple_row, nipple_col)
    tissue += 0.3 * np.exp(-((row - mass_row) ** 2 + (col - mass_col) ** 2) / (2 * 13.0**2))
    picture = np.where(breast | nipple, np.clip(tissue, 0.12, 1.0), 0.0)
    values = np.round(cv2.GaussianBlur(picture, (0, 0), 1.2) * _TOP).astype(np.uint16)
    return np.ascontiguousarray(values[:, ::-1] if view[0] == "R" else values)


def write_view(
    folder: Path,
    view: str,
    *,
    patient: str = "P1",
    study: int = 1,
    number: int = 1,
    syntax: str = "explicit",
    changes: Mapping[str, Any] | None = None,
) -> Path:
    """One drawn view as a DICOM file named after its view."""
    spacing = {"ImagerPixelSpacing": [SPACING_MM, SPACING_MM], **(changes or {})}
    return write_mammogram(
        folder / f"{patient}_{study}_{number}.dcm",
        drawn_view(view, seed=number),
        view=view,
        patient=patient,
        study=study,
        number=number,
        syntax=syntax,
        changes=spacing,
    )


def write_drawn_study(
    folder: Path,
    *,
    views: tuple[str, ...] = STANDARD_VIEWS,
    patient: str = "P1",
    study: int = 1,
    changes: Mapping[str, Any] | None = None,
) -> Path:
    """A study of drawn views; returns its folder."""
    for number, view in enumerate(views, 1):
        write_view(folder, view, patient=patient, study=study, number=number, changes=changes)
    return folder


def _nipple(position: str) -> tuple[float, float]:
    return (320.0, 330.0) if position == "CC" else (400.0, 330.0)


def _behind(position: str, row: float, col: float) -> tuple[float, float]:
    """The mass: the same depth in both views, a little off the nipple's level."""
    angle = np.deg2rad(_ANGLE_DEG) if position == "MLO" else 0.0
    offset = 30.0 if position == "CC" else 25.0
    return (
        row - _DEPTH_PX * np.sin(angle) - offset * np.cos(angle),
        col - _DEPTH_PX * np.cos(angle) + offset * np.sin(angle),
    )
