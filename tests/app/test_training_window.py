"""The training window picks a run, shows it, and hands a model to the viewer."""

import json

import pytest
from PySide6.QtWidgets import QWidget

from app.panels.training_window import TrainingWindow
from app.theme import style_sheet
from app.training_runs import Phase, RunChoice, RunProgress, Script


@pytest.fixture
def window(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    made = TrainingWindow(parent)
    made.setStyleSheet(style_sheet())
    made.kept = parent
    return made


@pytest.fixture
def choice(tmp_path):
    (tmp_path / "m.csv").touch()
    return RunChoice(
        Script.PRETRAIN, str(tmp_path / "m.csv"), str(tmp_path), "tiny", "", "density", "cpu",
        ("--epochs=2",),
    )  # fmt: skip


def test_what_is_shown_is_what_is_picked(window, choice, qtbot):
    with qtbot.waitSignal(window.checks_wanted):
        window.show_choice(choice)
    assert window.form.choice() == choice
    with qtbot.waitSignal(window.start_wanted) as wanted:
        window.start.click()
    assert wanted.args == [choice]


def test_buttons_follow_the_run(window, choice):
    window.show_choice(choice)
    assert (window.start.isEnabled(), window.stop.isEnabled()) == (True, False)
    window.show_progress(RunProgress(phase=Phase.TRAINING))
    assert (window.start.isEnabled(), window.stop.isEnabled()) == (False, True)
    assert not window.form.isEnabled()
    window.show_progress(RunProgress(phase=Phase.STOPPING))
    assert not window.stop.isEnabled()


def test_a_kept_run_is_resumed_and_its_models_are_used(window, choice, tmp_path, qtbot):
    for folder, file in (("model", "last.json"), ("best", "best.json")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "weights.safetensors").touch()
        (tmp_path / file).write_text(json.dumps({"checkpoint": "00000004", "value": 0.25}))
    (tmp_path / "log.jsonl").write_text(json.dumps({"step": 4, "validation": {"hit": 0.25}}))
    window.show_choice(choice)
    assert (window.start.isEnabled(), window.resume.isEnabled()) == (False, True)
    assert window.models.count() == 2
    assert window.models.item(1).text() == "best: step 4, hit 0.250"
    window.models.setCurrentRow(1)
    with qtbot.waitSignal(window.model_wanted) as wanted:
        window.use.click()
    assert wanted.args == [str(tmp_path / "best")]


def test_curves_log_and_status_show_the_run(window):
    facts = {"step": 2, "steps": 8, "per_second": 1.0, "seconds_left": 6, "data_wait": 0,
             "memory_gib": 0.5}  # fmt: skip
    window.show_progress(
        RunProgress(
            phase=Phase.TRAINING,
            facts=facts,
            losses=((1, 3.0), (2, float("nan")), (3, 2.0)),
            measures={"queries": ((2, 4.0),), "hit": ((2, 0.5),)},
            lines=("first", "second"),
        )
    )
    assert window.status.text() == "Training: step 2 of 8"
    assert (window.bar.value(), window.bar.maximum()) == (2, 8)
    assert window.loss.points == ((1, 3.0), (3, 2.0))
    assert window.measure.currentText() == "hit"
    assert window.measures.words() == "0.5 at step 2; lowest 0.5, highest 0.5"
    assert window.log.toPlainText() == "first\nsecond"
    window.loss.resize(300, 160)
    painted = window.loss.grab().toImage()
    colours = {painted.pixelColor(x, y).name() for x in range(300) for y in range(160)}
    assert "#56b4e9" in colours


def test_a_refusal_stays_until_something_else_is_picked(window, choice):
    window.show_choice(choice)
    window.refuse("Choose another disk.")
    assert window.refusal.text() == "Choose another disk."
    window.form.keys.setText("--epochs=3")
    assert window.refusal.text() == ""


@pytest.mark.parametrize("size", [(1366, 768), (2560, 1440)])
def test_nothing_is_cut_off(window, choice, qtbot, size):
    window.show_choice(choice)
    window.resize(*size)
    window.show()
    qtbot.waitExposed(window)
    assert window.minimumSizeHint().height() <= 768
    for widget in (window.start, window.use, window.log, window.form.keys):
        corner = widget.mapTo(window, widget.rect().bottomRight())
        assert corner.x() < window.width()
        assert corner.y() < window.height()
