"""A training is a process of its own: started, followed, stopped, found again, refused."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.services import training
from app.services.training import TrainingService
from app.training_models import kept_models
from app.training_runs import Phase, RunChoice, Script
from tests.core.training.drawn_manifest import write_manifest

# Says what a run says, a step every twentieth of a second, until it is asked to stop.
RUN = """
import json, sys, threading
from pathlib import Path
folder = Path(sys.argv[1])
def say(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)
print("2 pictures left out.", file=sys.stderr, flush=True)
if sys.argv[2] == "fail":
    sys.exit("Line 3 of the manifest: 'a.png' cannot be read.")
say("start", step=0, steps=400, device="cpu")
for step in range(1, int(sys.argv[3]) + 1):
    say("step", step=step, steps=400, per_second=20, seconds_left=1, data_wait=0, memory_gib=0.1,
        total=1 / step)
    if (folder / "stop").exists():
        say("stopped", step=step)
        break
    threading.Event().wait(0.05)
else:
    say("finished", step=step)
"""


@pytest.fixture
def choice(tmp_path: Path) -> RunChoice:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("image\n", encoding="utf-8")
    return RunChoice(Script.PRETRAIN, str(manifest), str(tmp_path / "run"), "tiny")


@pytest.fixture
def pretend(monkeypatch, tmp_path):
    """Start a process that only talks like a run."""

    def as_if(what: str, steps: int) -> None:
        words = [sys.executable, "-c", RUN, str(tmp_path / "run"), what, str(steps)]
        monkeypatch.setattr(training, "command", lambda arguments: [*words, *arguments])

    return as_if


@pytest.fixture
def service(qtbot, tmp_path) -> Iterator[TrainingService]:
    made = TrainingService(tmp_path / "note.json")
    yield made
    made.stop()
    made.close()
    for begun in training._BEGUN:
        begun.wait(20)


def test_a_run_is_followed_to_its_end(service, choice, pretend, qtbot):
    pretend("go", 5)
    service.start(choice)
    assert service.progress.phase is Phase.READING
    qtbot.waitUntil(lambda: service.progress.phase is Phase.FINISHED, timeout=20_000)
    assert [step for step, _ in service.progress.losses] == [1, 2, 3, 4, 5]
    assert "2 pictures left out." in service.progress.lines


def test_a_run_is_stopped_and_saved(service, choice, pretend, qtbot):
    pretend("go", 400)
    service.start(choice)
    qtbot.waitUntil(lambda: service.progress.phase is Phase.TRAINING, timeout=20_000)
    with qtbot.waitSignal(service.refused) as refused:
        service.start(choice)
    assert "running already" in refused.args[0]
    service.stop()
    assert service.progress.phase is Phase.STOPPING
    qtbot.waitUntil(lambda: service.progress.phase is Phase.STOPPED, timeout=20_000)
    assert service.progress.facts["step"] < 400


def test_a_run_goes_on_without_the_window_and_is_found_again(
    service, choice, pretend, qtbot, tmp_path
):
    pretend("go", 400)
    first = TrainingService(tmp_path / "note.json")
    first.start(choice)
    qtbot.waitUntil(lambda: first.progress.phase is Phase.TRAINING, timeout=20_000)
    first.close()
    number = json.loads((tmp_path / "note.json").read_text())["process"]
    assert psutil.pid_exists(number)
    service.find_running()
    assert service.choice == choice
    assert service.progress.phase is Phase.TRAINING
    seen = len(service.progress.losses)
    qtbot.waitUntil(lambda: len(service.progress.losses) > seen, timeout=20_000)
    service.stop()
    qtbot.waitUntil(lambda: service.progress.phase is Phase.STOPPED, timeout=20_000)
    other = TrainingService(tmp_path / "note.json")
    other.find_running()
    assert other.choice is None


def test_an_error_ends_the_run_and_is_shown(service, choice, pretend, qtbot):
    pretend("fail", 0)
    service.start(choice)
    qtbot.waitUntil(lambda: service.progress.phase is Phase.FAILED, timeout=20_000)
    assert "'a.png' cannot be read" in service.progress.lines[-1]


def test_what_is_missing_is_refused(service, choice, qtbot):
    with qtbot.waitSignal(service.refused) as refused:
        service.start(replace(choice, manifest="none.csv"))
    assert "Choose a manifest" in refused.args[0]


@pytest.mark.slow
def test_a_real_training_leaves_models_to_use(service, tmp_path, qtbot):
    manifest = write_manifest(tmp_path / "drawn")
    choice = RunChoice(
        Script.CORRESPONDENCE, str(manifest), str(tmp_path / "run"), "tiny", device="cpu",
        keys=("--epochs=2", "--batch=2", "--threads=1", "--evaluate_every=1"),
    )  # fmt: skip
    service.start(choice)
    qtbot.waitUntil(lambda: not service.progress.phase.runs, timeout=240_000)
    assert service.progress.phase is Phase.FINISHED, service.progress.lines
    assert len(service.progress.measures["hit"]) == 2
    assert [kept.name for kept in kept_models(tmp_path / "run")] == ["last", "best"]
