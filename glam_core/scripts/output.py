"""What the commands share: the --json option and how results are written."""

import argparse
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from glam_core.errors import UnreadableFileError

STANDARD_OUTPUT = "-"


def add_json_argument(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """`--json` prints to standard output, `--json FILE` writes the file."""
    parser.add_argument(
        "--json",
        nargs="?",
        const=STANDARD_OUTPUT,
        metavar="FILE",
        required=required,
        help="write JSON to FILE, or print it where no FILE is given",
    )


def write_json(content: Any, target: str) -> None:
    """Print `content`, or write it to the file `target` under a temporary name, then rename.

    Raises:
        UnreadableFileError: The file cannot be written.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if target == STANDARD_OUTPUT:
        sys.stdout.write(text)
        return
    write_text(Path(target), text)


def write_lines(path: Path, records: Iterable[Any]) -> None:
    """Write one JSON line a record.

    Raises:
        UnreadableFileError: The file cannot be written.
    """
    lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records]
    write_text(path, "\n".join(lines) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a whole text file or nothing.

    Raises:
        UnreadableFileError: The file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        reason = f"cannot be written ({error.strerror}); choose another place"
        raise UnreadableFileError(path, reason) from None
