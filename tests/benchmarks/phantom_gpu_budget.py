"""Synthetic exams on a GPU: an estimate from what is counted, where there is no GPU to measure on.

Counted on a stand-in for a GPU: kernels, waits and bytes of a breast. Measured here: the
processor's time to draw what is no field. Assumed: what each of them costs beside an H100, once
with a fast host and once with a slow one. Kernels that overlap are not thought of, nor is the
training that shares the device.
"""

import math
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from glam_core.phantom.anatomy import draw_anatomies, draw_density_class
from glam_core.phantom.batch import pair_batch, planned_findings
from glam_core.phantom.breast import set_up_breast
from glam_core.phantom.canvas import canvas_framings
from glam_core.phantom.strands import draw_curves
from glam_core.phantom.streams import stream
from glam_core.terms import Laterality
from glam_core.training.synthetic import SIDE_PX, generated_record, pair_of, record_of
from tests.stand_in_gpu import stand_in_gpu

_SEED, _BREASTS, _SIDE, _PIXEL_MM = 1, 16, 512, 0.2
_WANTED_PER_S = 50  # exams, of two breasts each
_MEMORY_BYTES_PER_S = 3.35e12


@dataclass(frozen=True, slots=True)
class _Assumed:
    """Seconds to start a kernel from Python, of a wait, and of a kernel beside its traffic."""

    name: str
    start_s: float
    wait_s: float
    kernel_s: float


_HOSTS = (_Assumed("fast", 5e-6, 20e-6, 2e-6), _Assumed("slow", 10e-6, 50e-6, 4e-6))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a breast asks of host and device: kernels, waits, bytes, and seconds of drawing."""

    kernels: float
    waits: float
    moved: float
    drawn_s: float


def run() -> str:
    """What a breast takes, and the exams a second that this allows; nothing here is a measure."""
    drawn_s = min(_drawing_s() for _ in range(3))
    handed_s, unpacked_s = (
        min(each) for each in zip(*(_handing_s() for _ in range(3)), strict=True)
    )
    asked = {
        f"in batches, {_SIDE} px": _asked(_whole_batch, drawn_s),
        f"single and fresh, {SIDE_PX} px": _asked(_single_breasts, drawn_s + handed_s),
    }
    table = [
        "| a breast, both views | kernels | waits | GB moved | drawn and packed by the processor, "
        "ms | most exams/s, by the memory's rate |\n|---|---|---|---|---|---|\n"
    ]
    table += [
        f"| {name} | {each.kernels:.0f} | {each.waits:.0f} | {each.moved / 1e9:.2f} "
        f"| {1000 * each.drawn_s:.1f} | {0.5 * _MEMORY_BYTES_PER_S / each.moved:.0f} |\n"
        for name, each in asked.items()
    ]
    head = (
        "Kernels, waits and bytes are counted, the processor's time is measured here; single "
        f"breasts take {1000 * unpacked_s:.1f} ms more of the training's own process.\n\n"
    )
    rows = [
        "\nEstimated for an H100, not measured, in exams/s. Kernels of several processes take "
        "turns; under the multi-process service they overlap.\n\n"
        "| breasts | host | one process | of its time for drawing, starting kernels, waits "
        f"| the device, kernel after kernel | processes for {_WANTED_PER_S} exams/s |\n"
        "|---|---|---|---|---|---|\n"
    ]
    rows += [_estimate(name, each, host) for name, each in asked.items() for host in _HOSTS]
    return head + "".join(table + rows)


def _estimate(name: str, asked: _Asked, host: _Assumed) -> str:
    parts = (asked.drawn_s, asked.kernels * host.start_s, asked.waits * host.wait_s)
    alone = 0.5 / sum(parts)
    shares = ", ".join(f"{part / sum(parts):.0%}" for part in parts)
    device = 0.5 / (asked.kernels * host.kernel_s + asked.moved / _MEMORY_BYTES_PER_S)
    needed = math.ceil(_WANTED_PER_S / alone)
    return f"| {name} | {host.name} | {alone:.0f} | {shares} | {device:.0f} | {needed} |\n"


def _asked(work: Callable[[], object], drawn_s: float) -> _Asked:
    with stand_in_gpu() as counts:
        work()
    each = (counts.kernels.total(), counts.waits.total(), counts.bytes_moved)
    return _Asked(*(part / _BREASTS for part in each), drawn_s)


def _whole_batch() -> None:
    pair_batch(_SEED, range(_BREASTS), side=_SIDE, pixel_mm=_PIXEL_MM, device="cuda")


def _single_breasts() -> None:
    for number in range(_BREASTS):
        generated_record(_SEED, number, "cuda")


def _handing_s() -> tuple[float, float]:
    """Seconds of this thread to pack a drawn breast, and to unpack it as a pair."""
    batch = pair_batch(_SEED, range(2), side=SIDE_PX, pixel_mm=0.5)
    times = []
    began = time.thread_time()
    messages = [pickle.dumps(record_of(batch, row % 2)) for row in range(_BREASTS)]
    times.append((time.thread_time() - began) / _BREASTS)
    began = time.thread_time()
    for number, message in enumerate(messages):
        pair_of(pickle.loads(message), _SEED, number)
    times.append((time.thread_time() - began) / _BREASTS)
    return times[0], times[1]


def _drawing_s() -> float:
    """Seconds of this thread for everything of a breast that is no dense field."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        began = time.thread_time()
        _draw_breasts()
        return (time.thread_time() - began) / _BREASTS
    finally:
        torch.set_num_threads(threads)


def _draw_breasts() -> None:
    for number in range(_BREASTS):
        index, left = divmod(number, 2)
        side = Laterality.LEFT if left else Laterality.RIGHT
        density = draw_density_class(_SEED, index)
        anatomy = draw_anatomies(_SEED, index, density, implants=False)[side]
        breast = set_up_breast(
            anatomy, list(planned_findings(_SEED, number)), seed=_SEED, index=index, visit=0,
            pixel_mm=1.0, detector_mm=(300.0, 240.0),
        )  # fmt: skip
        canvas_framings(breast, _SIDE, _PIXEL_MM)
        draw_curves(anatomy, stream(_SEED, index, side, "curves"))


if __name__ == "__main__":
    print(run())
