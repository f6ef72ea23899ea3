"""Batches from several processes are those of one, in the same order."""

import itertools
import os
import signal
from contextlib import closing
from dataclasses import asdict, dataclass

import pytest
import torch

from glam_core.errors import GlamError
from glam_core.phantom import batches_ahead as batches_ahead_module
from glam_core.phantom.batch import PairBatch, pair_batches
from glam_core.phantom.batches_ahead import BatchPlan, batches_ahead
from tests.stand_in_gpu import fetched, stand_in_gpu

_TENSORS = ("cc", "mlo", "points", "points_visible", "tissue", "lesion_map", "nipples", "pectoral")
_PLAN = BatchPlan(6, 2, side=64, pixel_mm=1.0, points=8, first_exam=1)


def test_batches_are_the_same_whatever_the_number_of_processes() -> None:
    plain = pair_batches(6, breasts=2, side=64, pixel_mm=1.0, points=8, first_exam=1)
    next(plain)
    with closing(batches_ahead(_PLAN, workers=2, first=1)) as ahead:
        for one, other in itertools.islice(zip(plain, ahead, strict=False), 5):
            assert one.names == other.names
            for name in _TENSORS:
                assert torch.equal(getattr(one, name), getattr(other, name)), name
            for these, those in zip(one.lesions, other.lesions, strict=True):
                for lesion, same in zip(these, those, strict=True):
                    assert (lesion.number, lesion.kind) == (same.number, same.kind)
                    assert torch.equal(lesion.boxes, same.boxes)


@pytest.mark.parametrize("room", [0, 10**12])
def test_a_batch_comes_over_with_shared_memory_and_without(room) -> None:
    if not room and not batches_ahead_module._SHARED.is_dir():
        pytest.skip("there is no folder of shared memory")
    plain = _PLAN.batch(1, "cpu")
    with closing(batches_ahead(_PlanForRoom(room=room, **asdict(_PLAN)), workers=1, first=1)) as it:
        made = next(it)
    assert made.cc.is_shared() is not bool(room)
    for name in _TENSORS:
        assert torch.equal(getattr(made, name), getattr(plain, name))
    made.cc[0] = 0  # may be written to, as any batch
    assert [len(each) for each in made.lesions] == [len(each) for each in plain.lesions]


@dataclass(frozen=True)
class _PlanForRoom(BatchPlan):
    """Sets, in the process that makes a batch, how much shared memory must be free for it."""

    room: int = 0

    def batch(self, number: int, device: str | torch.device) -> PairBatch:
        batches_ahead_module._ROOM = self.room
        return BatchPlan.batch(self, number, device)


def test_a_batch_moves_to_another_device_whole() -> None:
    batch = _PLAN.batch(0, "cpu")
    with stand_in_gpu():
        there = batch.to("cuda")
        assert all(getattr(there, name).device.type == "cuda" for name in _TENSORS)
        assert torch.equal(fetched(there.to("cpu").cc), batch.cc)


def test_what_goes_wrong_in_a_process_is_said_here() -> None:
    with pytest.raises(GlamError, match="at least 1 process"):
        next(batches_ahead(_PLAN, workers=0))
    with pytest.raises(GlamError, match="at least 1 breast"):
        next(batches_ahead(BatchPlan(6, 2, side=4), workers=1))


def test_a_process_that_is_ended_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BatchPlan, "__reduce__", lambda plan: (_end_at_once, ()))
    with pytest.raises(GlamError, match="ended by the system"):
        next(batches_ahead(_PLAN, workers=1))


def _end_at_once() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
