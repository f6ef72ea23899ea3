"""Whole files or none, and room on the disk."""

import os
import shutil
from pathlib import Path

from glam_core.errors import GlamError


def write_text(file: Path, text: str) -> None:
    """Write under a temporary name, then rename.

    Raises:
        GlamError: The file cannot be written.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise GlamError(f"{file.name} cannot be written: {error.strerror}.") from error


def prepare_run_folder(folder: Path, needed_bytes: int) -> None:
    """Make the run's folder and see that there is room for what comes.

    Raises:
        GlamError: It cannot be made or written, or the disk is too full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise GlamError(f"{folder} cannot be written: {error.strerror}.") from error
    if free < needed_bytes:
        raise GlamError(
            f"The run needs about {needed_bytes / 2**20:.0f} MiB, but {folder} has only "
            f"{free / 2**20:.0f} MiB free: choose another disk or clear some space."
        )
