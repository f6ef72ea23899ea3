"""Series that are fixed by their seeds, so that everybody measures on the same exams."""

from dataclasses import dataclass

GENERATOR = 5
"""Number of what draws the exams, of a release. A seed gives the same exams under the same number
alone; once released, a change that moves tissue or greys takes the next number, and a preset drawn
by it the next name."""


@dataclass(frozen=True, slots=True)
class SeriesPreset:
    """A named series.

    Attributes:
        split: The manifest's split of all its exams; None: drawn by patient (70/15/15).
        summary: One line for the help text.
    """

    exams: int
    seed: int
    pixel_mm: float
    split: str | None
    summary: str


PRESETS = {
    "benchmark-v1": SeriesPreset(120, 20_261_201, 0.2, "test", "the fixed public test set"),
    "training-v1": SeriesPreset(1000, 7_001, 0.2, None, "for training, no exam of benchmark-v1"),
    "sample-v1": SeriesPreset(8, 11, 0.2, "test", "to try a program with"),
}
