"""A small manifest of drawn breasts, each with a bright spot at the same depth in both views."""

import csv
from pathlib import Path

import cv2
import numpy as np

SIDE = 64
FIELDS = ["image", "mask", "patient_id", "laterality", "view", "n_blobs", "split",
          "breast_density", "abnormality", "mass_shape", "mass_margins", "assessment"]  # fmt: skip


def drawn_breast(view: str, depth: float, across: float, seed: int) -> tuple[np.ndarray, ...]:
    """(SIDE, SIDE) uint8 picture with the chest wall left, and its mask."""
    rows, cols = np.mgrid[:SIDE, :SIDE].astype(float)
    breast = (rows - SIDE / 2) ** 2 / 26**2 + cols**2 / 44**2 <= 1
    grain = np.random.default_rng(seed).normal(0, 4, (SIDE, SIDE))
    picture = np.where(breast, 90 + grain, 0)
    if view == "MLO":  # a bright muscle in the upper corner near the wall
        picture = np.where(breast & (cols + 0.5 * rows < 12), 170, picture)
    row, col = SIDE / 2 - across, 44 - depth
    mask = (rows - row) ** 2 + (cols - col) ** 2 <= 4**2
    picture = np.where(mask, 230, picture)
    return np.clip(picture, 0, 255).astype(np.uint8), (mask * 255).astype(np.uint8)


def write_manifest(
    folder: Path, *, patients: int = 6, views: tuple[str, ...] = ("CC", "MLO")
) -> Path:
    """`patients` breasts; the last two are for validation."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    lines = []
    for number in range(patients):
        depth, across = rng.uniform(10, 26), rng.uniform(-10, 10)
        split = "val" if number >= patients - 2 else "train"
        for view in views:
            name = f"{number}_{view}"
            picture, mask = drawn_breast(view, depth, across, number)
            cv2.imwrite(str(folder / f"{name}.png"), picture)
            cv2.imwrite(str(folder / f"{name}_mask.png"), mask)
            shape = "OVAL" if number % 2 else "IRREGULAR"
            lines.append([f"{name}.png", f"{name}_mask.png", f"p{number}", "R", view, 1, split,
                          number % 4 + 1, "mass", shape, "CIRCUMSCRIBED", 3])  # fmt: skip
    file = folder / "manifest.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(FIELDS)
        writer.writerows(lines)
    return file
