"""Writes the help page and the sample sheet: `python -m tests.benchmarks.phantom_realism`."""

from pathlib import Path

import cv2

from glam_core.phantom.realism_page import realism_table, sample_sheet
from tests.real_data import REAL_DATA

HELP = Path(__file__).resolve().parents[2] / "resources" / "help"


def run() -> str:
    """The realism tables, with the real films where they are at hand."""
    films = sorted((REAL_DATA / "cbis-ddsm-2048").glob("*.png")) if REAL_DATA else []
    small = sorted((REAL_DATA / "cbis-ddsm" / "images").glob("*.png"))[:200] if REAL_DATA else []
    return realism_table(real_films=films, small_films=small)


if __name__ == "__main__":
    (HELP / "phantom_realism.md").write_text(
        run() + "\n![Synthetic views, density classes A to D](phantom_samples.png)\n",
        encoding="utf-8",
    )
    cv2.imwrite(str(HELP / "phantom_samples.png"), sample_sheet(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
