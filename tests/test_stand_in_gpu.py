"""The stand-in refuses what a GPU refuses, and counts what it is asked for."""

import numpy as np
import pytest
import torch

from tests.stand_in_gpu import fetched, stand_in_gpu


def test_operands_on_two_devices_are_refused() -> None:
    with stand_in_gpu():
        there, here = torch.arange(6, device="cuda"), torch.arange(6)
        for mixed in (
            lambda: there + here,
            lambda: torch.stack([there, here]),
            lambda: torch.where(there > 2, there, here),
            lambda: here[there],
            lambda: there.mul_(here),
        ):
            with pytest.raises(RuntimeError, match="cuda"):
                mixed()
        assert fetched(there + here[1]).tolist() == [1, 2, 3, 4, 5, 6]
        assert fetched(there[here[:2]]).tolist() == [0, 1]


def test_values_have_to_be_fetched() -> None:
    with stand_in_gpu() as counts:
        there = torch.as_tensor(np.ones(3), device="cuda") * 2
        assert there.device.type == "cuda"
        with pytest.raises(TypeError, match="numpy"):
            there.numpy()
        with pytest.raises(TypeError, match="numpy"):
            np.asarray(there)
        assert there.cpu().numpy().tolist() == [2, 2, 2]
        assert there.tolist() == [2, 2, 2]
        assert float(there[0]) == 2
        assert counts.waits == {"to device": 1, "from device": 2, "_local_scalar_dense": 1}


def test_a_generator_draws_on_its_own_device_alone() -> None:
    with stand_in_gpu():
        draw = torch.Generator(device="cuda")
        draw.manual_seed(3)
        assert torch.randn(2, generator=draw, device=draw.device).device.type == "cuda"
        with pytest.raises(RuntimeError, match="generator of cuda"):
            torch.randn(2, generator=draw)
        with pytest.raises(RuntimeError, match="generator of cpu"):
            torch.rand(2, generator=torch.Generator(), device="cuda")


def test_kernels_are_counted_and_views_are_not() -> None:
    with stand_in_gpu() as counts:
        field = torch.zeros((4, 4), device="cuda")
        field[1:3, 1:3] += 1.0
        assert fetched(field).sum() == 4
        rows = (field > 0).nonzero()
        fetched(rows.T.flip(0).to(torch.float32))
    assert counts.kernels["add_"] == 1
    assert counts.kernels["zeros"] == 1
    assert "slice" not in counts.kernels
    assert counts.waits == {"nonzero": 1}
