"""Synthetic exams: seconds of processor time each, and how many fit into a second of training."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice

import torch

from glam_core.phantom.batch import pair_batches
from glam_core.phantom.batches_ahead import BatchPlan, batches_ahead
from glam_core.phantom.exam import make_exam
from glam_core.training.synthetic import SIDE_PX, SyntheticSeries
from glam_core.training.synthetic_fresh import FreshPairs

_EXAMS = 3
_BUDGET_S = {0.2: 1.0, 0.1: 4.0}


def run() -> str:
    """One row a size: wall time with two threads, processor time, and the budget."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    try:
        rows = [_exam_row(pixel_mm) for pixel_mm in (0.2, 0.1)]
        rows += [_batch_row("cpu", 8), _fresh_row("cpu", 2)]
    finally:
        torch.set_num_threads(before)
    if torch.cuda.is_available():
        rows.append(_batch_row("cuda", 64))
        rows += [_ahead_row("cuda", 16, workers) for workers in (1, 2, 4, 8)]
        rows += [_fresh_row("cuda", workers) for workers in (1, 2, 4, 8)]
    head = (
        "| what | wall s | processor s | budget s (wall) | wall / budget |\n|---|---|---|---|---|\n"
    )
    return head + "".join(rows)


def _exam_row(pixel_mm: float) -> str:
    make_exam(1, 99, pixel_mm=0.4)
    numbers = iter(range(_EXAMS))
    wall, used = _timed(lambda: make_exam(1, next(numbers), pixel_mm=pixel_mm), _EXAMS)
    budget = _BUDGET_S[pixel_mm]
    what = f"exam, four views at {pixel_mm} mm, two threads"
    return f"| {what} | {wall:.2f} | {used:.2f} | {budget:.1f} | {wall / budget:.2f} |\n"


def _batch_row(device: str, breasts: int) -> str:
    batches = pair_batches(1, breasts=breasts, side=512, pixel_mm=0.2, device=device)

    def work() -> None:
        next(batches).cc.sum().item()

    work()
    wall, used = (2 * each / breasts for each in _timed(work, 2))
    budget = 1.0 if device == "cpu" else 1 / 50
    what = f"exam in training batches of {breasts} breasts, 512 pixels, {device}"
    return f"| {what} | {wall:.3f} | {used:.3f} | {budget:.2f} | {wall / budget:.2f} |\n"


def _ahead_row(device: str, breasts: int, workers: int) -> str:
    with closing(batches_ahead(BatchPlan(1, breasts), workers=workers, device=device)) as batches:

        def work() -> None:
            next(batches).cc.sum().item()

        for _ in range(2 * workers + 1):
            work()
        wall, used = (2 * each / breasts for each in _timed(work, 6 * workers))
    what = f"the same of {breasts} breasts by {workers} processes, {device}"
    return f"| {what} | {wall:.3f} | {used:.3f} (this one) | 0.02 | {50 * wall:.2f} |\n"


def _fresh_row(device: str, workers: int) -> str:
    """Single breasts as a training takes them: as many threads as processes ask, each for one."""
    series = SyntheticSeries(1, 1_000_000, fresh=True)
    each = 4 if device == "cpu" else 50
    with (
        closing(FreshPairs(series, workers=workers, device=device)) as fresh,
        ThreadPoolExecutor(workers) as threads,
    ):
        numbers = iter(range(series.count))

        def work() -> None:
            for _ in threads.map(fresh.breast, islice(numbers, each * workers)):
                pass

        work()
        wall, used = (2 * part / (each * workers) for part in _timed(work, 2))
    budget = 1.0 if device == "cpu" else 1 / 50
    what = f"exam in single fresh breasts, {SIDE_PX} pixels, by {workers} processes, {device}"
    return f"| {what} | {wall:.3f} | {used:.3f} (this one) | {budget} | {wall / budget:.2f} |\n"


def _timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    wall, used = time.perf_counter(), time.process_time()
    for _ in range(times):
        work()
    return (time.perf_counter() - wall) / times, (time.process_time() - used) / times


if __name__ == "__main__":
    print(run())
