"""Writing synthetic breasts into one file: by several processes, resumable, whole or not at all."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from glam_core.errors import GlamError
from glam_core.phantom.threads import start_worker
from glam_core.processes import process_pool
from glam_core.training.synthetic import (
    RECORD,
    SyntheticPairs,
    SyntheticSeries,
    check_generator,
    generated_record,
)

_CHUNK = 8


def synthetic_pairs(
    series: SyntheticSeries,
    folder: Path,
    *,
    workers: int = 1,
    report: Callable[[int, int], None] | None = None,
) -> SyntheticPairs:
    """The breasts of a series from its file in `folder`, which is written first where it lacks.

    The file is the same whatever the number of workers. An interrupted run is gone on with.

    Args:
        report: Called with (breasts done, breasts in all) while the file is written.

    Raises:
        GlamError: The folder or the disk do not allow it, or the file is of another version.
    """
    file = folder / series.file_name
    if not file.exists():
        try:
            _write(file, series, workers, report)
        except OSError as error:
            raise GlamError(_sentence(error, folder)) from error
    return SyntheticPairs(file, series)


def _write(
    file: Path,
    series: SyntheticSeries,
    workers: int,
    report: Callable[[int, int], None] | None,
) -> None:
    part = file.with_name(f"{file.name}.part")
    missing = _begin(part, series)
    done = series.count - len(missing)
    if report is not None:
        report(done, series.count)
    chunks = [missing[at : at + _CHUNK] for at in range(0, len(missing), _CHUNK)]
    for made in _made(part, series, chunks, workers):
        done += made
        if report is not None:
            report(done, series.count)
    part.replace(file)


def _begin(part: Path, series: SyntheticSeries) -> list[int]:
    """Make room for the whole file, or open the unfinished one; which breasts are missing."""
    if part.exists():
        try:
            records = np.load(part, mmap_mode="r")
        except ValueError:
            records = np.empty(0)
        if records.dtype == RECORD and len(records) == series.count:
            if records[0]["done"]:
                check_generator(records, series, part)
            return [int(number) for number in np.flatnonzero(~records["done"])]
        part.unlink()
    part.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(part.parent).free
    if free < series.nbytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    try:
        np.lib.format.open_memmap(part, mode="w+", dtype=RECORD, shape=(series.count,)).flush()
        _fill(part)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return list(range(series.count))


def _fill(part: Path) -> None:
    """Take the room on the disk now: a memory map of a full one would end the process later."""
    if hasattr(os, "posix_fallocate"):
        with part.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, part.stat().st_size)


def _made(
    part: Path, series: SyntheticSeries, chunks: Sequence[Sequence[int]], workers: int
) -> Iterator[int]:
    if workers == 1 or len(chunks) <= 1:
        with _one_thread():
            for chunk in chunks:
                yield write_chunk(part, series, chunk)
        return
    with process_pool(min(workers, len(chunks)), start_worker) as pool:
        try:
            futures = [pool.submit(write_chunk, part, series, chunk) for chunk in chunks]
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def write_chunk(part: Path, series: SyntheticSeries, numbers: Sequence[int]) -> int:
    """Make the breasts `numbers` and put them into the unfinished file; how many."""
    records = np.lib.format.open_memmap(part, mode="r+")
    for number in numbers:
        records[number] = generated_record(series.seed, number)
    records.flush()
    return len(numbers)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _sentence(error: OSError, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"There is no room for the synthetic breasts at {folder}; choose another disk."
    return f"The synthetic breasts cannot be written to {folder}: {error.strerror or error}."
