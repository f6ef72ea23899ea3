"""Read a DICOM header and ask it questions; a wrong value is unknown, never an exception."""

import contextlib
import functools
import logging
import math
import struct
import threading
import warnings
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

# All that pydicom was seen to raise over broken headers; each of them means "unreadable".
HEADER_ERRORS = (
    InvalidDicomError,
    BytesLengthException,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    NotImplementedError,
    RecursionError,
    AssertionError,
    MemoryError,
    struct.error,
    zlib.error,
)
_QUIET = threading.Lock()
_INSIDE = threading.local()

# Its messages quote header values, patients' names among them.
logging.getLogger("pydicom").propagate = False


@contextlib.contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Keep pydicom's warnings, which quote header values, from screen and log.

    Warning filters belong to the whole process, so that only one thread at a time may be in here;
    within itself it costs nothing.
    """
    if getattr(_INSIDE, "quiet", False):
        yield
        return
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _INSIDE.quiet = True
        try:
            yield
        finally:
            _INSIDE.quiet = False


@functools.cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


class Header:
    """A data set, or one item of a sequence, asked by DICOM keyword."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @property
    def transfer_syntax(self) -> str | None:
        """The transfer syntax UID of the file meta information; None where there is none."""
        meta = getattr(self._dataset, "file_meta", None)
        return None if meta is None else Header(meta).text("TransferSyntaxUID")

    @property
    def media_class(self) -> str | None:
        """Media Storage SOP Class UID (0002,0002)."""
        meta = getattr(self._dataset, "file_meta", None)
        return None if meta is None else Header(meta).text("MediaStorageSOPClassUID")

    @property
    def little_endian(self) -> bool:
        """Byte order of the data set."""
        return bool(self._dataset.original_encoding[1] is not False)

    @property
    def implicit_vr(self) -> bool:
        """Whether the elements carry no value representation."""
        return bool(self._dataset.original_encoding[0])

    def __contains__(self, keyword: str) -> bool:
        return _tag(keyword) in self._dataset

    @property
    def empty(self) -> bool:
        """Whether nothing at all was read."""
        return len(self._dataset) == 0

    def _values(self, keyword: str) -> list[object]:
        tag = _tag(keyword)
        if tag not in self._dataset:
            return []
        with quiet_pydicom():
            try:
                value = self._dataset[tag].value
            except HEADER_ERRORS:
                return []
        if value is None or value == "":
            return []
        if isinstance(value, MultiValue | Sequence | list | tuple):
            return list(value)
        return [value]

    def texts(self, keyword: str) -> list[str]:
        """All values as text, without padding; empty ones stay as empty strings."""
        with quiet_pydicom():
            try:
                return [str(value).strip(" \0\r\n\t") for value in self._values(keyword)]
            except HEADER_ERRORS:
                return []

    def text(self, keyword: str) -> str | None:
        """The first value as text; None where it is missing or empty."""
        texts = self.texts(keyword)
        return texts[0] if texts and texts[0] else None

    def numbers(self, keyword: str) -> list[float]:
        """All values as numbers; an empty list where one of them is none."""
        try:
            numbers = [float(value) for value in self._values(keyword)]  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return []
        return numbers if all(map(math.isfinite, numbers)) else []

    def number(self, keyword: str) -> float | None:
        """The first value as a number; None where it is missing or none."""
        numbers = self.numbers(keyword)
        return numbers[0] if numbers else None

    def whole(self, keyword: str) -> int | None:
        """The first value as a whole number."""
        number = self.number(keyword)
        return None if number is None or number != int(number) else int(number)

    def raw(self, keyword: str) -> bytes | None:
        """The value as it stands in the file, for LUT data that come as bytes."""
        values = self._values(keyword)
        return values[0] if len(values) == 1 and isinstance(values[0], bytes) else None

    def items(self, keyword: str) -> list["Header"]:
        """The items of a sequence."""
        values = self._values(keyword)
        return [Header(value) for value in values if isinstance(value, Dataset)]

    def item(self, keyword: str) -> "Header | None":
        """The first item of a sequence."""
        items = self.items(keyword)
        return items[0] if items else None

    def functional_group(self, macro: str, frame: int = 0) -> "Header | None":
        """A functional group of a multi-frame object: the frame's own, else the shared one."""
        per_frame = self.items("PerFrameFunctionalGroupsSequence")
        shared = self.items("SharedFunctionalGroupsSequence")
        for group in (*per_frame[frame : frame + 1], *shared[:1]):
            found = group.item(macro)
            if found is not None:
                return found
        return None


def read_header(stream: BinaryIO, keywords: Iterable[str]) -> Header:
    """Read the named elements; the stream then stands before the pixel data's tag.

    Args:
        stream: A DICOM file from its first byte, with or without a preamble.
        keywords: DICOM keywords; all other values are skipped unread.

    Raises:
        InvalidDicomError, OSError and the other `HEADER_ERRORS`: As pydicom met them.
    """
    with quiet_pydicom():
        dataset = pydicom.dcmread(
            stream,
            stop_before_pixels=True,
            force=True,
            specific_tags=[_tag(keyword) for keyword in keywords],
        )
        # A first look at each element finds its faults now, inside the quiet room.
        for tag in list(dataset.keys()):
            with contextlib.suppress(*HEADER_ERRORS):
                _ = dataset[tag]
    return Header(dataset)


def looks_like_dicom(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a DICOM file, preamble or not."""
    if start[128:132] == b"DICM":
        return True
    if len(start) < 8:
        return False
    for order in "<>":
        group, element = struct.unpack_from(f"{order}HH", start)
        if group in (0x0002, 0x0008) and element <= 0x0018:
            explicit = start[4:6].isalpha() and start[4:6].isupper()
            implicit_length = int(struct.unpack_from(f"{order}I", start, 4)[0])
            if explicit or implicit_length <= 128:
                return True
    return False
