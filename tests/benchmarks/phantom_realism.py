"""Writes the help page and the sample sheet: `python -m tests.benchmarks.phantom_realism`."""

from pathlib import Path

import cv2

from glam_core.phantom.realism import geometry_figures, summary
from glam_core.phantom.realism_page import film_heaps, realism_table, sample_sheet
from tests.benchmarks.deep_features import told_apart
from tests.real_data import REAL_DATA

HELP = Path(__file__).resolve().parents[2] / "resources" / "help"
_OTHER_SEED = 18
_EXAMS = 400

_FILMS = 100

_NETWORK = """
A network that has learnt to see on photographs (EfficientNet-Lite0, its features read by a logistic
regression) tells {apart}.
"""

_READING = """
Positions differ from draw to draw: {exams} other exams (seed {seed}) give the lesions' depth a mean
of {mean:.1f} mm and a P90 of {p90:.1f} mm. A largest exponent above 3.5 lies outside what was
published.

Whoever wants to try: `python -m tests.benchmarks.blind_reading make FOLDER` mixes thumbnails of
real films and synthetic ones, and `score` counts the right answers. Of generator 5, readers who are
no radiologists and had seen no such sheet, with all the time they wanted and each picture enlarged,
were right in 138 of 240 at 80 px, the size of the study browser (0.58, 0.51 to 0.64; a coin 0.50),
and in 33 of 48 at 128 px (0.69, 0.55 to 0.80).
"""


def run() -> str:
    """The realism tables, with the real films where they are at hand."""
    films = sorted((REAL_DATA / "cbis-ddsm-2048").glob("*.png")) if REAL_DATA else []
    heaps = film_heaps(_small_films(0), _small_films(2)) if REAL_DATA else []
    tables = realism_table(exams=_EXAMS, real_films=films, heaps=heaps)
    if heaps:
        apart = ", ".join(
            f"{heaps[0].name} and {heap.name} apart at {told_apart(heaps[0], heap):.2f}"
            for heap in heaps[1:]
        )
        tables += _NETWORK.format(apart=apart)
    depth = summary(geometry_figures(_OTHER_SEED, _EXAMS).lesion_depth_mm)
    return tables + _READING.format(
        exams=_EXAMS, seed=_OTHER_SEED, mean=depth["mean"], p90=depth["p90"]
    )


def _small_films(rest: int) -> list[Path]:
    """Films of women whose number leaves that rest by four: those of odd number were fitted to."""
    folder = REAL_DATA / "cbis-ddsm" / "images" if REAL_DATA else Path()
    films = sorted(folder.glob("P_*.png"))
    return [path for path in films if int(path.name.split("_")[1]) % 4 == rest][:_FILMS]


if __name__ == "__main__":
    (HELP / "phantom_realism.md").write_text(
        run() + "\n![Synthetic views, density classes A to D](phantom_samples.png)\n",
        encoding="utf-8",
    )
    cv2.imwrite(str(HELP / "phantom_samples.png"), sample_sheet(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
