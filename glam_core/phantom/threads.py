"""Work side by side, each piece on a single torch thread.

Many small operations gain nothing from several threads, and the order of a sum would depend on
their number: one thread a piece is quicker and gives the same bits with any number of them, on one
kind of processor with one version of torch.
"""

import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")


def each_on_one_thread(
    work: Callable[[_Piece], _Result], pieces: Sequence[_Piece], *, device: torch.device
) -> list[_Result]:
    """`work` on every piece, in order of the pieces; torch's settings are as before after it.

    On a GPU, places are computed in full float32: with TF32, in which a training may run, tissue
    would lie up to about 0.1 mm beside its truth. This precision, as the number of threads, is a
    setting of the whole process: for one caller at a time.
    """
    if device.type != "cpu":
        precision = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            return [work(piece) for piece in pieces]
        finally:
            torch.set_float32_matmul_precision(precision)
    threads = torch.get_num_threads()
    try:
        if threads == 1 or len(pieces) == 1:
            torch.set_num_threads(1)
            return [work(piece) for piece in pieces]
        with ThreadPoolExecutor(
            min(threads, len(pieces)), initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            return list(pool.map(work, pieces))
    finally:
        torch.set_num_threads(threads)


def start_worker() -> None:
    """Begin a process of a pool: one torch thread; Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
