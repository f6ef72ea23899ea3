"""The figures of a model before and after its training, as the window shows them. No Qt here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.training_runs import Script

COMPARISON_FILE = "comparison.json"


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One figure of both models in words; `before` is "–" where that model was not asked."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RunComparison:
    """What a run has changed.

    Attributes:
        about: What was asked about how many patients, and how, in one sentence.
        before: What answered for the model that the run started from; "" for none.
        verdict: One sentence.
        old_model: The model to go back to, by name or folder; "" for none.
        new_model: Folder of the new one.
    """

    about: str
    before: str
    rows: tuple[ComparedRow, ...]
    verdict: str
    old_model: str
    new_model: str


def read_comparison(run: Path) -> RunComparison | None:
    """What `glam compare` has written for a run; None where there is nothing that fits its model.

    A comparison that is older than the model is of an earlier checkpoint.
    """
    file = run / COMPARISON_FILE
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        if file.stat().st_mtime < (run / "model" / "weights.safetensors").stat().st_mtime:
            return None
        rows = tuple(
            ComparedRow(_name(told), _words(told, told["before"]), _words(told, told["after"]))
            for told in said["figures"]
        )
        about = _about(said)
        models = str(said["before_model"]), str(said["after"])
        return RunComparison(about, str(said["before"]), rows, str(said["verdict"]), *models)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _about(said: dict[str, Any]) -> str:
    patients = f"{said['patients']} patients who were set aside"
    if said.get("command") == Script.CLASSIFICATION.value:
        counted = f"{said['questions']} pictures of {patients}, measured by the run itself"
    else:
        counted = f"{said['questions']} questions about {patients}, answered as in the viewer"
    return f"{counted}, with 95 % intervals over the patients."


def _name(told: dict[str, Any]) -> str:
    name = str(told["name"]).capitalize() if not str(told["name"]).isupper() else told["name"]
    better = {True: ", higher is better", False: ", lower is better", None: ""}
    return f"{name}{better[told['higher_is_better']]}"


def _words(told: dict[str, Any], interval: Sequence[float | None] | None) -> str:
    """Such as "72 % (61 to 80)", with the ends of the 95 % interval."""
    if interval is None or interval[0] is None:
        return "–"
    value, low, high = (_end(told, end) for end in interval)
    unit = told["unit"] or ("" if told["name"] == "AUC" else "%")
    return f"{value} {unit} ({low} to {high})".replace("  ", " ")


def _end(told: dict[str, Any], value: float | None) -> str:
    if value is None:
        return "?"
    if told["unit"]:
        return f"{value:.1f}"
    return f"{value:.3f}" if told["name"] == "AUC" else f"{100 * value:.0f}"
