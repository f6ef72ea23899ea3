"""What a training says becomes what the window shows; what is picked becomes a command."""

import json
from dataclasses import replace

import pytest

from app.training_models import kept_models
from app.training_runs import (
    Phase,
    RunChoice,
    RunProgress,
    Script,
    after,
    ended,
    rate_words,
    status_words,
)


def said(event: str, **facts: object) -> str:
    return json.dumps({"event": event, **facts})


def step(number: int) -> str:
    return said(
        "step", step=number, steps=5000, per_second=2.0, seconds_left=3725.0, learning_rate=1e-3,
        data_wait=0.04, memory_gib=1.5, total=1 / number,
    )  # fmt: skip


def told(*lines: str) -> RunProgress:
    progress = RunProgress(phase=Phase.READING)
    for line in lines:
        progress = after(progress, line)
    return progress


def test_steps_and_measurements_become_curves():
    progress = told(
        "3 pairs to learn from",
        said("start", step=0, steps=5000, device="cpu"),
        step(1),
        step(2),
        said("validation", step=2, hit=0.5, shuffled_hit=0.1, best=True),
        said("validation", step=4, hit=0.4, shuffled_hit=0.2, best=False),
    )
    assert progress.phase is Phase.TRAINING
    assert progress.losses == ((1, 1.0), (2, 0.5))
    assert progress.measures["hit"] == ((2, 0.5), (4, 0.4))
    assert progress.best_step == 2
    assert progress.lines[0] == "3 pairs to learn from"
    assert "Step 2 (best so far): hit 0.500, shuffled_hit 0.100" in progress.lines
    assert status_words(progress) == "Training: step 2 of 5000"
    assert rate_words(progress) == (
        "2.00 steps a second · 1:02:05 left · 4% of the time waiting for pictures · "
        "1.5 GiB of memory · cpu"
    )


@pytest.mark.parametrize(
    ("event", "phase"),
    [("finished", Phase.FINISHED), ("ended_early", Phase.FINISHED), ("stopped", Phase.STOPPED)],
)
def test_a_run_says_how_it_ended(event, phase):
    progress = told(step(7), said(event, step=7))
    assert progress.phase is phase
    assert ended(progress).phase is phase
    assert "left" not in rate_words(progress)


def test_a_process_that_is_gone_without_a_word_has_failed():
    progress = ended(told("Memory is used up: choose a smaller --preset."))
    assert progress.phase is Phase.FAILED
    assert progress.lines == ("Memory is used up: choose a smaller --preset.",)


def test_a_run_that_stops_goes_on_to_say_so_while_steps_come():
    progress = after(replace(told(step(1)), phase=Phase.STOPPING), step(2))
    assert status_words(progress).startswith("Stopping after this step")


def test_long_runs_keep_a_bounded_number_of_points_and_the_latest():
    progress = told(*(step(number) for number in range(1, 4001)))
    assert len(progress.losses) <= 1200
    assert progress.losses[-1] == (4000, 1 / 4000)
    assert [number for number, _ in progress.losses] == sorted({n for n, _ in progress.losses})


def test_what_is_picked_becomes_a_command(tmp_path):
    manifest = tmp_path / "m.csv"
    manifest.touch()
    choice = RunChoice(Script.PRETRAIN, str(manifest), "run", "tiny", keys=("--epochs=2",))
    assert choice.missing() == ""
    assert choice.arguments() == [
        "pretrain", "--manifest", str(manifest), "--out", "run", "--json-lines",
        "--preset", "tiny", "--device=auto", "--epochs=2",
    ]  # fmt: skip
    again = choice.arguments(resume=True)
    assert again[-1] == "--resume"
    assert "--epochs=2" not in again
    assert "Choose a manifest" in replace(choice, manifest="no.csv").missing()
    assert "folder for the run" in replace(choice, folder="").missing()
    assert "--epochs is not" in replace(choice, keys=("--epochs",)).missing()
    classes = replace(choice, script=Script.CLASSIFICATION)
    assert "starts from a trained model" in classes.missing()
    (tmp_path / "config.json").touch()
    classes = replace(classes, first_model=str(tmp_path), label="density")
    assert classes.missing() == ""
    assert "--preset" not in classes.arguments()
    words = replace(choice, script=Script.WORDS)
    assert "Words start from a trained model" in words.missing()
    words = replace(words, first_model=str(tmp_path))
    assert words.missing() == ""
    assert words.arguments()[:2] == ["finetune", "words"]
    assert words.arguments()[7:9] == ["--init", str(tmp_path)]
    assert "holds no model" in replace(choice, first_model="nowhere").missing()


@pytest.mark.parametrize("script", Script)
def test_a_run_goes_on_without_the_model_that_it_started_from(script, tmp_path):
    manifest = tmp_path / "m.csv"
    manifest.touch()
    choice = RunChoice(script, str(manifest), str(tmp_path), first_model="moved", label="density")
    assert choice.missing() != ""
    assert choice.missing(resume=True) == ""
    assert "moved" not in choice.arguments(resume=True)


@pytest.mark.parametrize("script", Script)
def test_commands_are_those_that_glam_knows(script, tmp_path, capsys):
    from glam_core.scripts.glam import main

    model = str(tmp_path / "none")
    choice = RunChoice(script, "none.csv", str(tmp_path / "run"), "tiny", model, "density")
    assert main(choice.arguments()) == 3  # understood, but there is no such file
    assert "none" in capsys.readouterr().err


def test_the_models_of_a_run_are_listed(tmp_path):
    assert kept_models(tmp_path) == ()
    for folder in ("model", "best"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "weights.safetensors").touch()
    (tmp_path / "last.json").write_text(json.dumps({"checkpoint": "00000040"}))
    (tmp_path / "best.json").write_text(json.dumps({"checkpoint": "00000020", "value": 0.5}))
    lines = [
        {"step": 20, "total": 1.0},
        {"step": 20, "validation": {"queries": 8, "hit": 0.5, "shuffled_hit": None}, "best": True},
        {"step": 40, "validation": {"hit": 0.25}, "best": False},
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n{"step": 60, "to')
    last, best = kept_models(tmp_path)
    assert (last.name, last.step, last.measures) == ("last", 40, "hit 0.250")
    assert (best.folder.name, best.step, best.measures) == ("best", 20, "hit 0.500, queries 8.000")
