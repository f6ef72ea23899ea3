"""Where the bytes of a picture lie: a file, or a member of a zip."""

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from glam_core.errors import UnreadableFileError

MAX_MEMBER_BYTES = 2 << 30
_START_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """A file (`member` is None) or one member of the zip at `path`."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """The name to tell the user: the path, or the member's name."""
        return self.member if self.member is not None else self.path.name

    @property
    def full_name(self) -> str:
        """Path and member together, unlike that of any other place."""
        return str(self.path) if self.member is None else f"{self.path}!{self.member}"


@contextlib.contextmanager
def opened(place: Place, archive: zipfile.ZipFile | None = None) -> Iterator[BinaryIO]:
    """The bytes of a place as a stream that can be sought in.

    Args:
        archive: The open zip of the place, so that it is not opened again for every member.

    Raises:
        UnreadableFileError: If the place cannot be opened or the member is too large.
    """
    try:
        with contextlib.ExitStack() as stack:
            if place.member is None:
                stream: BinaryIO = stack.enter_context(place.path.open("rb"))
            else:
                zipped = archive or stack.enter_context(zipfile.ZipFile(place.path))
                info = zipped.getinfo(place.member)
                check_member(place.name, info)
                stream = cast(BinaryIO, stack.enter_context(zipped.open(info)))
            yield stream
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError) as error:
        raise UnreadableFileError(place.name, "damaged inside its zip archive") from error
    except EOFError as error:
        raise UnreadableFileError(place.name, "cut short; copy it again") from error
    except OSError as error:
        raise UnreadableFileError(place.name, said(error)) from error


def check_member(name: str, info: zipfile.ZipInfo) -> None:
    """Refuse a member that would not fit into memory.

    Raises:
        UnreadableFileError: If it is encrypted or unpacks to more than `MAX_MEMBER_BYTES`.
    """
    if info.flag_bits & 0x1:
        raise UnreadableFileError(name, "locked with a password; unpack the archive first")
    if info.file_size > MAX_MEMBER_BYTES:
        size = f"{info.file_size / 2**30:.1f} GiB"
        raise UnreadableFileError(name, f"unpacks to {size}; unpack the archive first")


def in_memory(stream: BinaryIO, place: Place) -> BinaryIO:
    """The same stream for a file; for a zip member its whole content, where seeking is quick."""
    return stream if place.member is None else io.BytesIO(stream.read(MAX_MEMBER_BYTES))


def size_of(stream: BinaryIO) -> int:
    """Length of a stream in bytes; it stands where it stood."""
    here = stream.tell()
    length = stream.seek(0, io.SEEK_END)
    stream.seek(here)
    return length


def first_bytes(stream: BinaryIO) -> bytes:
    """The start of a stream, enough to know its kind; it is set back to the start."""
    start = stream.read(_START_BYTES)
    stream.seek(0)
    return start


def said(error: OSError) -> str:
    """An operating system's error as half a sentence."""
    words = error.strerror or str(error) or type(error).__name__
    return f"cannot be read ({words[:1].lower()}{words[1:]})"
