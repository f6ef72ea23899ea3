"""The tables of the ablation: trials over seeds, and what each correction bought."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

_DRAWS = 2000


@dataclass(frozen=True)
class Outcome:
    """What one training ended with, on pairs never seen.

    Attributes:
        true_loss, shuffled_loss, chance: In-image local loss with the trial's own pairing, with
            wrong partners, and of guessing.
        own_partner: Share of super-patches that prefer the partner they were given.
        hit, hit_no_depth, second_to_text: One share a held-out pair.
    """

    trial: str
    seed: int
    true_loss: float
    shuffled_loss: float
    chance: float
    own_partner: float
    hit: list[float]
    hit_no_depth: list[float]
    second_to_text: list[float]

    def json(self) -> str:
        """One line that `read_outcomes` reads."""
        return json.dumps(asdict(self))

    def line(self) -> str:
        """One line for whoever waits."""
        shares = (self.hit, self.hit_no_depth, self.second_to_text)
        words = ", ".join(f"{np.mean(values):.2f}" for values in shares)
        return (
            f"{self.trial}, seed {self.seed}: loss {self.true_loss:.2f} against "
            f"{self.shuffled_loss:.2f} (chance {self.chance:.2f}), own partner "
            f"{self.own_partner:.2f}; hit, by likeness alone, report: {words}"
        )


def read_outcomes(file: Path) -> list[Outcome]:
    """Outcomes kept by an earlier run."""
    return [Outcome(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def trials_table(outcomes: Sequence[Outcome], names: Sequence[str]) -> str:
    """Each trial: mean over the seeds, smallest and largest seed in brackets."""
    lines = [
        "| trial | in-image loss, its own pairing | wrong partners | chance "
        "| own partner preferred | hit within 16 mm | hit, likeness alone | MLO finds its report |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in names:
        own = [outcome for outcome in outcomes if outcome.trial == name]
        if own:
            cells = [
                _over_seeds([one.true_loss for one in own]),
                _over_seeds([one.shuffled_loss for one in own]),
                f"{np.mean([one.chance for one in own]):.2f}",
                _over_seeds([one.own_partner for one in own]),
                _over_seeds([float(np.mean(one.hit)) for one in own]),
                _over_seeds([float(np.mean(one.hit_no_depth)) for one in own]),
                _over_seeds([float(np.mean(one.second_to_text)) for one in own]),
            ]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def gains_table(outcomes: Sequence[Outcome], names: Sequence[str]) -> str:
    """All corrections minus all but one, on the same pairs; positive: the correction helps.

    The 95 % interval is a bootstrap over the held-out pairs of the mean over seeds; it says nothing
    of other trainings, which is why the seeds stand beside it.
    """
    lines = [
        "| correction | hit | each seed | hit, likeness alone | each seed "
        "| MLO finds its report | each seed |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    whole = {one.seed: one for one in outcomes if one.trial == "glam"}
    for name in names:
        without = {one.seed: one for one in outcomes if one.trial == name}
        number = name.removeprefix("glam without ")
        seeds = sorted(whole.keys() & without.keys())
        if not number.isdigit() or not seeds:
            continue
        cells: list[str] = []
        for field in ("hit", "hit_no_depth", "second_to_text"):
            gains = np.array(
                [
                    np.subtract(getattr(whole[seed], field), getattr(without[seed], field))
                    for seed in seeds
                ]
            )
            cells += [_with_interval(gains), ", ".join(f"{one.mean():+.2f}" for one in gains)]
        lines.append(f"| {number} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _over_seeds(values: Sequence[float]) -> str:
    if len(values) == 1 and not np.isnan(values[0]):
        return f"{values[0]:.2f}"
    if np.isnan(values).any():
        return "none"
    return f"{np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _with_interval(gains: np.ndarray) -> str:
    """Mean of (seeds, pairs) and its 95 % interval over the pairs."""
    rng = np.random.default_rng(0)
    by_pair = gains.mean(axis=0)
    drawn = by_pair[rng.integers(0, len(by_pair), (_DRAWS, len(by_pair)))].mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{by_pair.mean():+.2f} ({low:+.2f} to {high:+.2f})"
