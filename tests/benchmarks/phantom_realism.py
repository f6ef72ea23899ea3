"""Writes the help page and the sample sheet: `python -m tests.benchmarks.phantom_realism`."""

from pathlib import Path

import cv2

from glam_core.phantom.realism import geometry_figures, summary
from glam_core.phantom.realism_page import realism_table, sample_sheet
from tests.real_data import REAL_DATA

HELP = Path(__file__).resolve().parents[2] / "resources" / "help"
_OTHER_SEED = 18
_EXAMS = 400

_READING = """
The displacement of tissue was fitted before the two breasts of a woman were made alike, the film
style before the strands were calmed; neither was fitted anew. Before these two changes the first
row told apart read 0.62, 0.83, 0.72 and 0.87. Positions also differ from draw to draw: {exams}
other exams (seed {seed}) give the lesions' depth a mean of {mean:.1f} mm and a P90 of {p90:.1f} mm.
A largest exponent above 3.5 lies outside what was published.
"""


def run() -> str:
    """The realism tables, with the real films where they are at hand."""
    films = sorted((REAL_DATA / "cbis-ddsm-2048").glob("*.png")) if REAL_DATA else []
    small = sorted((REAL_DATA / "cbis-ddsm" / "images").glob("*.png"))[:200] if REAL_DATA else []
    tables = realism_table(exams=_EXAMS, real_films=films, small_films=small)
    depth = summary(geometry_figures(_OTHER_SEED, _EXAMS).lesion_depth_mm)
    reading = _READING.format(exams=_EXAMS, seed=_OTHER_SEED, mean=depth["mean"], p90=depth["p90"])
    return tables + reading


if __name__ == "__main__":
    (HELP / "phantom_realism.md").write_text(
        run() + "\n![Synthetic views, density classes A to D](phantom_samples.png)\n",
        encoding="utf-8",
    )
    cv2.imwrite(str(HELP / "phantom_samples.png"), sample_sheet(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
