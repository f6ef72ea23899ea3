"""What the loop promises: the same numbers however it is run, and a checkpoint at every end."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from glam_core.errors import CheckpointError, GlamError
from glam_core.memory import is_out_of_memory
from glam_core.model.build import build_model
from glam_core.model.checkpoint import load_model
from glam_core.model.glam import GlamModel
from glam_core.model.parameter_groups import RATE_SHARE
from glam_core.training import loop
from glam_core.training.ahead import drawn_ahead
from glam_core.training.config import TrainingConfig
from glam_core.training.encoders import made_ready
from glam_core.training.loop import train
from glam_core.training.memory import MemoryUse, out_of_memory
from glam_core.training.optimiser import new_optimiser, set_rate
from glam_core.training.watch import Aim, Watch
from tests.core.model.tiny import TINY_DINO, TINY_TEXT, build, random_views, tiny_glam, tiny_paper

CONFIG = TrainingConfig(epochs=1, batch=1, learning_rate=1e-2, threads=1)


class Noise:
    """Learns to bring the pooled feature of random pictures to one."""

    steps_per_epoch = 8

    def draw(self, model: GlamModel, rng: np.random.Generator) -> Tensor:
        return torch.from_numpy(rng.random((2, 1, 32, 32), dtype=np.float32))

    def loss(self, model: GlamModel, batch: Tensor) -> dict[str, Tensor]:
        gap = (model.image_encoder(batch, None).pooled - 1).square().mean()
        return {"gap": gap, "total": 2 * gap}


def trained(folder: Path, config: TrainingConfig = CONFIG, **more: object) -> dict[str, Tensor]:
    train(build(tiny_glam()), Noise(), config, folder, **more)  # type: ignore[arg-type]
    return load_file(folder / "model" / "weights.safetensors")


def changed(**keys: object) -> TrainingConfig:
    return TrainingConfig(**{**CONFIG.__dict__, **keys})  # type: ignore[arg-type]


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_batches_drawn_ahead_change_nothing(tmp_path):
    between = trained(tmp_path / "a", changed(prepare=0))
    ahead = trained(tmp_path / "b", changed(prepare=3))
    assert equal(between, ahead)


def test_ahead_keeps_the_order_and_counts_the_wait():
    with drawn_ahead(lambda number: number * 2, range(5, 9), threads=2) as drawn:
        assert [drawn.next() for _ in range(4)] == [10, 12, 14, 16]
        assert drawn.waited_s >= 0


def test_an_error_of_a_drawing_thread_reaches_the_user():
    def draw(number: int) -> int:
        raise GlamError("line 3 is damaged")

    with pytest.raises(GlamError, match="line 3"), drawn_ahead(draw, range(3), 1) as drawn:
        drawn.next()


def test_accumulated_batches_are_one_step(tmp_path):
    class Fixed(Noise):
        """The same two batches whatever the number."""

        def draw(self, model: GlamModel, rng: np.random.Generator) -> Tensor:
            return super().draw(model, np.random.default_rng(3))

    model, other = build(tiny_glam()), build(tiny_glam())
    # Two equal batches have the mean gradient of one.
    train(model, Fixed(), changed(accumulate=2, steps=4), tmp_path / "two")
    train(other, Fixed(), changed(steps=4), tmp_path / "one")
    one, two = (load_file(tmp_path / x / "model" / "weights.safetensors") for x in ("one", "two"))
    for name, value in one.items():
        assert torch.allclose(value, two[name], atol=1e-6), name


def test_a_file_asks_a_run_to_save_and_end(tmp_path):
    class Asking(Noise):
        def loss(self, model: GlamModel, batch: Tensor) -> dict[str, Tensor]:
            (tmp_path / "stop").touch()
            return super().loss(model, batch)

    (tmp_path / "stop").touch()  # of an earlier run: it stops nobody
    outcome = train(build(tiny_glam()), Asking(), CONFIG, tmp_path)
    assert (outcome.step, outcome.finished) == (1, False)
    assert json.loads((tmp_path / "last.json").read_text()) == {"checkpoint": "00000001"}
    again = train(build(tiny_glam()), Noise(), CONFIG, tmp_path, resume="last")
    assert (again.step, again.finished) == (8, True)


def test_the_best_and_the_last_are_kept_and_the_run_ends_early(tmp_path):
    values = iter([0.2, 0.5, 0.4, 0.4, 0.9])
    config = changed(epochs=20, evaluate_every=1, patience=2)
    outcome = train(
        build(tiny_glam()),
        Noise(),
        config,
        tmp_path,
        measure=lambda _: {"hit": next(values)},
        aim=Aim("hit"),
    )
    assert (outcome.finished, outcome.step) == (True, 32)
    assert json.loads((tmp_path / "best.json").read_text()) == {
        "checkpoint": "00000016",
        "value": 0.5,
    }
    kept = sorted(place.name for place in (tmp_path / "checkpoints").iterdir())
    assert kept == ["00000016", "00000032"]
    best = load_model(tmp_path / "best").state_dict()
    state = load_file(tmp_path / "checkpoints" / "00000016" / "state.safetensors")
    assert all(torch.equal(state[f"averaged.{name}"], value) for name, value in best.items())
    # Going on has nothing to do; going on from the best one does the steps after it again.
    again = train(build(tiny_glam()), Noise(), config, tmp_path, resume="last")
    assert again.step == 32
    again = train(build(tiny_glam()), Noise(), config, tmp_path, resume="best", stop_after=17)
    assert (again.step, again.finished) == (17, False)


def test_a_resume_from_a_best_that_is_not_there(tmp_path):
    trained(tmp_path)
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        trained(tmp_path, resume="best")


def test_a_lower_measure_can_be_the_better_one():
    watch, aim = Watch(), Aim("loss", higher=False)
    for step, value in enumerate([3.0, 2.0, float("nan"), 2.5], 1):
        watch = watch.after(step, {"loss": value}, aim)
    assert watch == Watch(2.0, 2, 2)
    assert watch.is_over(2)
    assert not watch.is_over(3)
    assert not watch.is_over(0)


def test_curves_are_written_for_tensorboard(tmp_path):
    trained(tmp_path, measure=lambda _: {"hit": 0.25})
    curves = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert {"training/total", "run/learning_rate", "validation/hit"} <= set(
        curves.Tags()["scalars"]
    )
    (point,) = curves.Scalars("validation/hit")
    assert (point.step, point.value) == (8, 0.25)


def test_the_json_lines_of_a_run(tmp_path, capsys):
    trained(tmp_path, json_lines=True, measure=lambda _: {"hit": 0.5}, aim=Aim("hit"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == [
        "start",
        *["step"] * 8,
        "validation",
        "checkpoint",
        "finished",
    ]
    assert lines[0]["steps"] == 8
    assert lines[0]["processes"] == 1
    known = {"step", "steps", "per_second", "seconds_left", "learning_rate", "data_wait"}
    assert known | {"memory_gib", "total", "gap"} <= set(lines[1])
    assert (lines[-3]["hit"], lines[-3]["best"]) == (0.5, True)
    assert Path(lines[-1]["model"]).is_dir()


def test_a_second_ctrl_c_ends_at_once_and_says_what_is_kept(tmp_path, monkeypatch):
    def pressed(*_: object) -> dict[str, float]:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_step", pressed)
    with pytest.raises(GlamError, match="nothing is kept"):
        trained(tmp_path)


def test_used_up_memory_is_answered_with_numbers(tmp_path, monkeypatch):
    def full(*_: object) -> dict[str, float]:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    monkeypatch.setattr(loop, "_step", full)
    with pytest.raises(GlamError, match=r"GiB in all.*--batch=8 --accumulate=2") as said:
        trained(tmp_path, changed(batch=16))
    assert "--gradient_checkpointing" in str(said.value)
    assert is_out_of_memory(torch.OutOfMemoryError())
    assert not is_out_of_memory(RuntimeError("shapes differ"))


def test_a_model_that_fits_nowhere_gets_no_advice_about_batches():
    use = MemoryUse(2**33, 2**33, "GPU memory")
    said = str(out_of_memory(CONFIG, use, 2**31, transformers=True))
    assert "No batch fits" in said
    assert "8.0 GiB" in said


@pytest.mark.parametrize("kind", ["adamw", "sgd"])
def test_both_optimisers_go_on_as_if_never_stopped(tmp_path, kind):
    config = changed(optimiser=kind)
    whole = trained(tmp_path / "whole", config)
    trained(tmp_path / "parted", config, stop_after=5)
    assert equal(whole, trained(tmp_path / "parted", config, resume="last"))


def test_the_optimiser_is_fused():
    optimiser = new_optimiser(build(tiny_glam()), CONFIG)
    assert all(group["fused"] for group in optimiser.param_groups)


def test_a_run_from_before_backbones_had_a_rate_goes_on_at_the_full_one():
    optimiser = new_optimiser(build(tiny_glam()), CONFIG)
    kept = optimiser.state_dict()
    for group in kept["param_groups"]:
        del group[RATE_SHARE]
    optimiser.load_state_dict(kept)
    set_rate(optimiser, 0.25)
    assert {group["lr"] for group in optimiser.param_groups} == {0.25}


def test_gradient_checkpointing_changes_no_gradient():
    gradients = []
    for switched in (False, True):
        config = tiny_paper()
        assert config.image == TINY_DINO
        assert config.text == TINY_TEXT
        model = build_model(config, seed=0).train()
        made_ready(model, changed(gradient_checkpointing=switched))
        seen = model.encode_view(random_views(2, 48, grid=6), 0)
        torch.nn.functional.mse_loss(seen.projected, torch.ones(2, 12)).backward()
        gradients.append(
            [p.grad.clone() for p in model.image_encoder.parameters() if p.grad is not None]
        )
    assert len(gradients[0]) > 10
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_bfloat16_keeps_float32_weights(tmp_path):
    weights = trained(tmp_path, changed(precision="bfloat16"))
    assert {value.dtype for value in weights.values()} == {torch.float32}
