"""The models that a run has kept, with what was measured of each. No Qt here."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LOG_FILE = "log.jsonl"
_FIRST_MEASURES = ("hit", "auc", "total", "cost", "pointing")


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model of a run that can be used.

    Attributes:
        name: "last" or "best".
        measures: What was measured of it on the validation patients, in words; "" for nothing.
    """

    folder: Path
    name: str
    step: int
    measures: str


def kept_models(run: Path) -> tuple[KeptModel, ...]:
    """The models that a run has kept: that of the last checkpoint, and the best one."""
    found = []
    for folder, file, name in (("model", "last.json", "last"), ("best", "best.json", "best")):
        try:
            said = json.loads((run / file).read_text(encoding="utf-8"))
            step = int(said["checkpoint"])
        except (OSError, ValueError, KeyError):
            continue
        if (run / folder / "weights.safetensors").is_file():
            found.append(KeptModel(run / folder, name, step, _measures(run, step)))
    return tuple(found)


def measure_rank(name: str) -> tuple[int, str]:
    """Sorts measures: what decides comes first."""
    known = _FIRST_MEASURES.index(name) if name in _FIRST_MEASURES else len(_FIRST_MEASURES)
    return known, name


def _measures(run: Path, step: int) -> str:
    try:
        changed = (run / LOG_FILE).stat().st_size
    except OSError:
        return ""
    return _measures_of(run, step, changed)


@lru_cache(maxsize=16)
def _measures_of(run: Path, step: int, size: int) -> str:
    """Kept while the log does not grow."""
    measured: dict[str, float] = {}
    try:
        lines = (run / LOG_FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            continue  # a line that is being written
        if said.get("step") == step and isinstance(said.get("validation"), dict):
            measured = said["validation"]
    first = sorted((name for name in measured if measured[name] is not None), key=measure_rank)
    return ", ".join(f"{name} {measured[name]:.3f}" for name in first[:2])
