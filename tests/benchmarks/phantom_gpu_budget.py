"""Synthetic exams on a GPU: an estimate from what is counted, where there is no GPU to measure on.

Counted on a stand-in for a GPU: kernels, waits and bytes of a breast. Measured here: the
processor's time to draw what is no field. Assumed: what each of them costs beside an H100, once
with a fast host and once with a slow one. Kernels that overlap are not thought of, nor is the
training that shares the device.
"""

import math
import time
from dataclasses import dataclass

import torch

from glam_core.phantom.anatomy import draw_anatomies, draw_density_class
from glam_core.phantom.batch import pair_batch, planned_findings
from glam_core.phantom.breast import set_up_breast
from glam_core.phantom.canvas import canvas_framings
from glam_core.phantom.strands import draw_curves
from glam_core.phantom.streams import stream
from glam_core.terms import Laterality
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


def run() -> str:
    """What a breast takes, and the exams a second that this allows; nothing here is a measure."""
    with stand_in_gpu() as counts:
        pair_batch(_SEED, range(_BREASTS), side=_SIDE, pixel_mm=_PIXEL_MM, device="cuda")
    kernels = counts.kernels.total() / _BREASTS
    waits = counts.waits.total() / _BREASTS
    moved = counts.bytes_moved / _BREASTS
    drawn = min(_drawing_s() for _ in range(3))
    rows = [
        f"A breast of {_SIDE} px, both views: {kernels:.0f} kernels, {waits:.0f} waits, "
        f"{moved / 1e9:.2f} GB moved (counted); {1000 * drawn:.1f} ms of drawing by the processor "
        "(measured here).\n\n"
        "Estimated for an H100, not measured, in exams/s. Kernels of several processes take turns; "
        f"under the multi-process service they overlap, up to the memory's rate, "
        f"{0.5 * _MEMORY_BYTES_PER_S / moved:.0f} exams/s.\n\n"
        "| host | one process | of its time for drawing, starting kernels, waits "
        f"| the device, kernel after kernel | processes for {_WANTED_PER_S} exams/s |\n"
        "|---|---|---|---|---|\n"
    ]
    for host in _HOSTS:
        parts = (drawn, kernels * host.start_s, waits * host.wait_s)
        alone = 0.5 / sum(parts)
        shares = ", ".join(f"{part / sum(parts):.0%}" for part in parts)
        device = 0.5 / (kernels * host.kernel_s + moved / _MEMORY_BYTES_PER_S)
        needed = math.ceil(_WANTED_PER_S / alone)
        rows.append(f"| {host.name} | {alone:.0f} | {shares} | {device:.0f} | {needed} |\n")
    return "".join(rows)


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
