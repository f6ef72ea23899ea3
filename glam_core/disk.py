"""What a disk refuses, in one sentence with the remedy."""

import errno
from pathlib import Path


def disk_sentence(error: OSError, out: Path) -> str:
    """What went wrong at the disk, in one sentence with the remedy."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full at {out}; make room or choose another disk."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{out} cannot be written to; choose a folder of your own."
    return f"{out} cannot be written: {error.strerror or error}."


def size_words(count: int) -> str:
    """Bytes as they are spoken: 2.3 GB, 70 MB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
