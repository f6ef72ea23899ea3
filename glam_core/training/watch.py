"""Which measurement was the best, and when it is time to stop."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Aim:
    """What a better model is: the measure of that name, the higher or the lower the better."""

    measure: str
    higher: bool = True


@dataclass(frozen=True, slots=True)
class Watch:
    """The measurements so far.

    Attributes:
        best: The best value; None before the first.
        best_step: Of it.
        worse: Measurements since then.
    """

    best: float | None = None
    best_step: int = 0
    worse: int = 0

    def after(self, step: int, measures: Mapping[str, float], aim: Aim) -> "Watch":
        """With one more measurement; one without the measure, or where it is NaN, is no better."""
        value = measures.get(aim.measure, math.nan)
        better = not math.isnan(value) and (
            self.best is None or (value > self.best if aim.higher else value < self.best)
        )
        if better:
            return Watch(value, step, 0)
        return Watch(self.best, self.best_step, self.worse + 1)

    def is_over(self, patience: int) -> bool:
        """Whether `patience` measurements in a row were no better; 0 never ends."""
        return bool(patience) and self.worse >= patience

    def as_facts(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {"best": self.best, "best_step": self.best_step, "worse": self.worse}
