"""Deflated DICOM files, inflated within bounds."""

import io
import struct
import zlib
from typing import BinaryIO

from glam_core.dicom.codecs import DEFLATED

MAX_INFLATED_BYTES = 2 << 30
_META_ROOM = 1 << 14
_PLAIN = b"1.2.840.10008.1.2.1\0\0\0"  # as long as the deflated one's identifier


def inflated(stream: BinaryIO) -> tuple[BinaryIO, bool]:
    """The stream itself, or for a deflated file the plain one that it stands for.

    pydicom would inflate without a bound, so that a small file could fill the memory.

    Returns:
        The stream at its start, and whether it was deflated.

    Raises:
        ValueError: If the data set is damaged or inflates to more than `MAX_INFLATED_BYTES`.

    Source: DICOM PS3.5, annex A.5.
    """
    start = stream.read(_META_ROOM)
    end = _meta_end(start)
    stream.seek(0)
    if DEFLATED.encode() not in start[:end]:
        return stream, False
    stream.seek(end)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(stream.read(), MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise ValueError("its deflated data are damaged; copy it again") from error
    if inflater.unconsumed_tail:
        raise ValueError("it inflates to more than 2 GiB")
    head = start[:end].replace(DEFLATED.encode(), _PLAIN)
    stream.seek(0)
    return io.BytesIO(head + data), True


def _meta_end(start: bytes) -> int:
    """Where the file meta information ends; 0 where there is none (PS3.10, clause 7.1)."""
    if start[128:132] != b"DICM":
        return 0
    at = 132
    while start[at : at + 2] == b"\x02\0" and at + 12 <= len(start):
        long = start[at + 4 : at + 6] in (b"OB", b"UN", b"OW", b"UT", b"SQ")
        form, length_at, used = ("<I", 8, 12) if long else ("<H", 6, 8)
        at += used + int(struct.unpack_from(form, start, at + length_at)[0])
    return at
