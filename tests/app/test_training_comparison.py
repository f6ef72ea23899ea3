"""Before and after: what `glam compare` writes becomes a table, a sentence and two buttons."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.panels.training_comparison import ComparisonPanel
from app.services import comparing
from app.services.comparing import ComparisonService
from app.training_comparison import COMPARISON_FILE, read_comparison
from app.training_runs import RunChoice, Script

TOLD = {
    "before": "BEFORE",
    "before_model": "BEFORE",
    "after": "AFTER",
    "patients": 12,
    "questions": 40,
    "figures": [
        {"name": "hit rate", "higher_is_better": True, "unit": "",
         "before": [0.725, 0.6, 0.81], "after": [0.75, 0.64, 0.83]},
        {"name": "median error", "higher_is_better": False, "unit": "mm",
         "before": [4.0, 3.1, None], "after": [3.5, 3.0, 4.2]},
        {"name": "AUC", "higher_is_better": True, "unit": "",
         "before": None, "after": [0.7, 0.65, 0.75]},
    ],
    "verdict": "The 95 % intervals of the hit rate overlap.",
}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder with a model, and what was compared."""
    for name in ("run/model", "old/model"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "weights.safetensors").touch()
    run = tmp_path / "run"
    old = str(tmp_path / "old" / "model")
    told = {**TOLD, "before": old, "before_model": old, "after": str(run / "model")}
    (run / COMPARISON_FILE).write_text(json.dumps(told), encoding="utf-8")
    return run


def test_figures_become_words(run):
    found = read_comparison(run)
    assert found is not None
    assert found.about == (
        "40 questions about 12 patients who were set aside, answered as in the viewer, with 95 % "
        "intervals over the patients."
    )
    assert [(row.name, row.before, row.after) for row in found.rows] == [
        ("Hit rate, higher is better", "72 % (60 to 81)", "75 % (64 to 83)"),
        ("Median error, lower is better", "4.0 mm (3.1 to ?)", "3.5 mm (3.0 to 4.2)"),
        ("AUC, higher is better", "–", "0.700 (0.650 to 0.750)"),
    ]


def test_what_a_classification_has_measured_itself_is_not_told_as_answers_of_the_viewer(run):
    file = run / COMPARISON_FILE
    said = {**json.loads(file.read_text()), "command": "finetune classification"}
    file.write_text(json.dumps(said), encoding="utf-8")
    found = read_comparison(run)
    assert found is not None
    assert found.about.startswith("40 pictures of 12 patients who were set aside, measured by the")


def test_a_comparison_of_an_earlier_checkpoint_does_not_count(run):
    written = (run / COMPARISON_FILE).stat().st_mtime
    os.utime(run / "model" / "weights.safetensors", (written + 9, written + 9))
    assert read_comparison(run) is None


NO_INTERVAL = json.dumps({**TOLD, "figures": [{**TOLD["figures"][0], "after": []}]})


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"figures": [1]}', NO_INTERVAL])
def test_a_damaged_comparison_is_none(run, content):
    (run / COMPARISON_FILE).write_text(content, encoding="utf-8")
    assert read_comparison(run) is None


@pytest.fixture
def panel(qtbot):
    made = ComparisonPanel()
    qtbot.addWidget(made)
    return made


def test_both_models_can_be_taken_into_the_viewer(panel, run, qtbot):
    assert panel.isHidden()
    panel.show_under_way()
    assert "Asking both models" in panel.about.text()
    assert panel.use_new.isHidden()
    panel.show_comparison(read_comparison(run))
    texts = panel.texts()
    assert texts[:3] == ["", "Before: old", "New model"]
    assert "75 % (64 to 83)" in texts
    assert "overlap" in panel.verdict.text()
    with qtbot.waitSignal(panel.model_wanted) as wanted:
        panel.use_new.click()
    assert wanted.args == [str(run / "model")]
    with qtbot.waitSignal(panel.model_wanted) as wanted:
        panel.use_old.click()
    assert wanted.args == [str(run.parent / "old" / "model")]
    panel.show_failure("No patient is set aside.")
    assert panel.use_old.isHidden()
    assert panel.texts() == []


@pytest.fixture
def service(qtbot) -> Iterator[ComparisonService]:
    made = ComparisonService()
    yield made
    made.close()


WRITES = "import sys, os; os.utime(sys.argv[1])"
FAILS = "import sys; sys.exit('m.csv: no patient is set aside for validation.')"


@pytest.mark.parametrize(("code", "good"), [(WRITES, True), (FAILS, False)])
def test_a_comparison_is_made_by_a_process_of_its_own(code, good, service, run, monkeypatch, qtbot):
    words: list[str] = []

    def pretended(given: list[str]) -> list[str]:
        words[:] = given
        return [sys.executable, "-c", code, given[-1]]

    monkeypatch.setattr(comparing, "command", pretended)
    choice = RunChoice(Script.CORRESPONDENCE, "m.csv", str(run))
    awaited = service.compared if good else service.failed
    with qtbot.waitSignal(awaited, timeout=20_000) as ended:
        with qtbot.waitSignal(service.began) as began:
            service.compare(choice)
        assert began.args == [str(run)]
    assert words[:4] == ["compare", str(run), "--manifest", "m.csv"]
    assert ended.args[0] == str(run)
    if not good:
        assert ended.args[1].endswith("no patient is set aside for validation.")


def test_a_comparison_that_is_ended_from_outside_is_told_as_that(service, run, monkeypatch, qtbot):
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    monkeypatch.setattr(comparing, "command", lambda _: [sys.executable, "-c", killed])
    with qtbot.waitSignal(service.failed, timeout=20_000) as ended:
        service.compare(RunChoice(Script.CORRESPONDENCE, "m.csv", str(run)))
    assert "ended from outside" in ended.args[1]


def test_a_program_that_is_not_there_is_said(service, run, monkeypatch, qtbot):
    monkeypatch.setattr(comparing, "command", lambda _: [str(run / "nothing")])
    with qtbot.waitSignal(service.failed, timeout=20_000) as ended:
        service.compare(RunChoice(Script.CORRESPONDENCE, "m.csv", str(run)))
    assert "glam is not found" in ended.args[1]
