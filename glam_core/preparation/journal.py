"""What is done already: one line a picture, so that a stopped run goes on where it was."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from glam_core.data.source_picture import SourcePicture

JOURNAL_NAME = "prepared.jsonl"


def stamp_of(picture: SourcePicture) -> str:
    """Changes with the picture's file, its masks' files and what the tables outline in it."""
    digest = hashlib.sha256(repr((picture.file, picture.outlines, picture.masks)).encode())
    for file in (picture.file, *(file for files in picture.masks for file in files)):
        try:
            stat = file.stat()
        except OSError:
            continue  # the reading will say so
        digest.update(f"{stat.st_size} {stat.st_mtime_ns}".encode())
    digest.update(repr((picture.laterality, picture.view_position, picture.nipple)).encode())
    return digest.hexdigest()[:20]


class Journal:
    """Facts of prepared pictures in a file to which lines are only ever added.

    A line that was cut short counts as not written, and a picture whose file is gone as not done.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._file = out / JOURNAL_NAME
        self._stream: TextIO | None = None
        self._stamps: dict[str, str] = {}
        self.facts: dict[str, dict[str, Any]] = {}
        self._read()

    def has(self, picture: SourcePicture) -> bool:
        """Whether this picture, as it lies there now, is done and its file still there."""
        facts = self.facts.get(picture.key)
        if facts is None or self._stamps[picture.key] != stamp_of(picture):
            return False
        names = [name for name in (facts["picture"], facts["mask"]) if name]
        return all((self._out / name).is_file() for name in names)

    def add(self, picture: SourcePicture, facts: Mapping[str, Any]) -> None:
        """Note a picture whose files are written."""
        if self._stream is None:
            whole = not self._file.is_file() or self._ends_whole()
            self._stream = self._file.open("a", encoding="utf-8")
            if not whole:
                self._stream.write("\n")
        stamp = stamp_of(picture)
        line = json.dumps({"key": picture.key, "stamp": stamp, "facts": facts})
        self._stream.write(line + "\n")
        self._stream.flush()
        self._stamps[picture.key], self.facts[picture.key] = stamp, dict(facts)

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _ends_whole(self) -> bool:
        content = self._file.read_bytes()[-1:]
        return content in (b"", b"\n")

    def _read(self) -> None:
        if not self._file.is_file():
            return
        for line in self._file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                said = json.loads(line)
                key, stamp, facts = said["key"], said["stamp"], said["facts"]
            except (ValueError, KeyError, TypeError):
                continue
            self._stamps[key], self.facts[key] = stamp, facts
