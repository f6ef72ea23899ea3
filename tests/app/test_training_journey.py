"""From a pick to a new model in the viewer: checked, started, followed, compared, used."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.services import comparing, training, training_checks
from app.services.training import TrainingService
from app.training_runs import Phase, RunChoice, Script
from app.training_wiring import TrainingJoints
from glam_core.inference.matcher_names import model_folder
from tests.app.test_training_comparison import TOLD
from tests.app.test_training_service import RUN
from tests.core.training.drawn_manifest import write_manifest

SHIPS = "The one that ships"
# What a comparison would write, beside the model that the pretended run has not made.
COMPARES = """
import sys
from pathlib import Path
run = Path(sys.argv[1])
(run / "model").mkdir()
(run / "model" / "weights.safetensors").touch()
(run / "comparison.json").write_text(sys.argv[2])
"""


class Workstation(QObject):
    """What the joints need of it."""

    def __init__(self) -> None:
        super().__init__()
        self.window = QWidget()
        self.chosen: list[str] = []
        self.controller = SimpleNamespace(
            state=SimpleNamespace(models=(("geometry", "no folder"), ("demo", SHIPS))),
            questions=SimpleNamespace(choose_matcher=self.chosen.append),
        )


@pytest.fixture
def choice(tmp_path: Path) -> RunChoice:
    manifest = write_manifest(tmp_path / "drawn")
    return RunChoice(Script.CORRESPONDENCE, str(manifest), str(tmp_path / "run"), device="cpu")


@pytest.fixture
def workstation(qtbot, choice, monkeypatch) -> Iterator[Workstation]:
    made = Workstation()
    qtbot.addWidget(made.window)
    told = {**TOLD, "before_model": "demo", "after": str(Path(choice.folder) / "model")}
    run = [sys.executable, "-c", RUN, choice.folder, "go", "3"]
    compare = [sys.executable, "-c", COMPARES, choice.folder, json.dumps(told)]
    monkeypatch.setattr(training, "command", lambda _: run)
    monkeypatch.setattr(comparing, "command", lambda _: compare)
    yield made
    for begun in training._BEGUN:
        begun.wait(20)


@pytest.fixture
def joints(workstation) -> Iterator[TrainingJoints]:
    service = TrainingService(None, workstation)
    made = TrainingJoints(workstation, service)
    yield made
    service.stop()
    service.close()
    made.close()


def test_a_run_ends_with_a_comparison_and_the_model_is_taken(joints, workstation, choice, qtbot):
    window = joints.show()
    window.show_choice(choice)
    qtbot.waitUntil(lambda: "outlined pairs to learn from" in window.checks.text(), timeout=20_000)
    window.start.click()
    qtbot.waitUntil(lambda: bool(window.comparison.texts()), timeout=30_000)
    assert joints._service.progress.phase is Phase.FINISHED
    assert "overlap" in window.comparison.verdict.text()
    window.comparison.use_new.click()
    window.comparison.use_old.click()
    assert workstation.chosen == [str(Path(choice.folder) / "model"), "demo"]


def test_what_cannot_succeed_is_not_started(joints, choice, monkeypatch, qtbot):
    monkeypatch.setattr(training_checks, "_free_disk", lambda _: 3.0)
    window = joints.show()
    window.show_choice(choice)
    window.start.click()
    qtbot.waitUntil(lambda: "Choose another disk" in window.refusal.text(), timeout=20_000)
    assert "3 MiB free" in window.refusal.text()
    assert "Memory" in window.checks.text()
    assert joints._service.progress.phase is Phase.IDLE
    assert not Path(choice.folder).exists()


def test_the_model_that_ships_can_be_started_from(joints, choice):
    window = joints.show()
    window.show_choice(choice)
    window.form.first_model.setCurrentText(SHIPS)
    picked = window.form.choice()
    assert picked.first_model == str(model_folder("demo"))
    assert picked.missing() == ""
    window.form.script.setCurrentIndex(window.form.script.findData(Script.WORDS.value))
    assert window.form.choice().missing() == ""
    assert window.form.preset.isHidden()


def test_of_two_models_that_are_called_alike_the_picked_one_is_taken(joints):
    form = joints.show().form
    form.offer_models(
        (("runs/first/model", "correspondence 1"), ("runs/second/model", "correspondence 1"))
    )
    form.first_model.setCurrentIndex(1)
    assert form.choice().first_model == "runs/second/model"
    form.offer_models((("runs/third/model", "words 1"), ("runs/second/model", "correspondence 1")))
    assert form.choice().first_model == "runs/second/model"
    form.first_model.setEditText("somewhere/model")
    assert form.choice().first_model == "somewhere/model"
