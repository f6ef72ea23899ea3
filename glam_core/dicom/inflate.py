"""Deflated DICOM files, inflated within bounds."""

import io
import struct
import zlib
from typing import BinaryIO

from glam_core.dicom.codecs import DEFLATED

MAX_INFLATED_BYTES = 2 << 30
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
    start = stream.read(144)
    if start[128:140] != b"DICM\x02\0\0\0UL\x04\0" or len(start) < 144:
        stream.seek(0)
        return stream, False
    meta = stream.read(min(int(struct.unpack_from("<I", start, 140)[0]), 1 << 16))
    if DEFLATED.encode() not in meta:
        stream.seek(0)
        return stream, False
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(stream.read(), MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise ValueError("its deflated data are damaged; copy it again") from error
    if inflater.unconsumed_tail:
        raise ValueError("it inflates to more than 2 GiB")
    return io.BytesIO(start + meta.replace(DEFLATED.encode(), _PLAIN) + data), True
