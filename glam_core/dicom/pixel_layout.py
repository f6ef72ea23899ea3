"""How a DICOM file stores its pixels, and the bytes of one frame of them."""

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from pydicom.encaps import get_frame

from glam_core.dicom.codecs import BIG_ENDIAN, NATIVE, READABLE
from glam_core.dicom.header import HEADER_ERRORS, Header
from glam_core.dicom.place import size_of

MAX_PIXELS = 500_000_000
LAYOUT_KEYWORDS = (
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames",
    "ExtendedOffsetTable", "ExtendedOffsetTableLengths",
)  # fmt: skip
_UNDEFINED = 0xFFFFFFFF
_MAX_ITEMS_CHECKED = 4096


class PixelLayoutError(ValueError):
    """The pixels cannot be read; the text is half a sentence."""


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """Rows, columns and bits of the stored pixels (PS3.5, clause 8.1.1).

    Attributes:
        bits_allocated: 8 or 16.
        shift: Unused bits below the stored ones (High Bit + 1 - Bits Stored).
        offsets, lengths: Extended Offset Table; empty where there is none.
    """

    rows: int
    cols: int
    frames: int
    bits_allocated: int
    bits_stored: int
    shift: int
    signed: bool
    transfer_syntax: str
    offsets: bytes = b""
    lengths: bytes = b""

    @property
    def native(self) -> bool:
        """Whether pixels lie uncompressed, one frame after another."""
        return self.transfer_syntax in NATIVE

    @property
    def big_endian(self) -> bool:
        """Byte order of uncompressed pixels."""
        return self.transfer_syntax == BIG_ENDIAN

    @property
    def frame_bytes(self) -> int:
        """Length of one uncompressed frame."""
        return self.rows * self.cols * self.bits_allocated // 8


def pixel_layout(header: Header) -> PixelLayout:
    """Read and check how pixels are stored.

    Raises:
        PixelLayoutError: If the header lacks something or this reader cannot read such pixels.
    """
    syntax = transfer_syntax_of(header)
    if syntax not in READABLE:
        raise PixelLayoutError(
            f"its transfer syntax {syntax} is not supported; export it again uncompressed"
        )
    rows, cols = header.whole("Rows"), header.whole("Columns")
    if not rows or not cols or rows < 0 or cols < 0:
        raise PixelLayoutError("its header gives no size of a picture")
    if rows * cols > MAX_PIXELS:
        raise PixelLayoutError(f"{cols} x {rows} px are too many to open")
    _check_samples(header)
    allocated = header.whole("BitsAllocated") or 16
    if allocated not in (8, 16):
        raise PixelLayoutError(f"{allocated} bits allocated for a pixel are not supported")
    stored = header.whole("BitsStored") or allocated
    if not 1 <= stored <= allocated:
        raise PixelLayoutError(f"its header says {stored} bits stored in {allocated} allocated")
    high = header.whole("HighBit")
    shift = 0 if high is None else high + 1 - stored
    if shift < 0 or (high is not None and high >= allocated):
        raise PixelLayoutError(f"its header says high bit {high} for {stored} bits stored")
    return PixelLayout(
        rows=rows,
        cols=cols,
        frames=max(header.whole("NumberOfFrames") or 1, 1),
        bits_allocated=allocated,
        bits_stored=stored,
        shift=shift,
        signed=header.whole("PixelRepresentation") == 1,
        transfer_syntax=syntax,
        offsets=header.raw("ExtendedOffsetTable") or b"",
        lengths=header.raw("ExtendedOffsetTableLengths") or b"",
    )


def transfer_syntax_of(header: Header) -> str:
    """The transfer syntax; where the file does not say, what its first elements look like."""
    if header.transfer_syntax:
        return header.transfer_syntax
    if not header.little_endian:
        return BIG_ENDIAN
    return "1.2.840.10008.1.2" if header.implicit_vr else "1.2.840.10008.1.2.1"


def _check_samples(header: Header) -> None:
    photometric = header.text("PhotometricInterpretation") or "MONOCHROME2"
    samples = header.whole("SamplesPerPixel")
    if samples not in (None, 1) or not photometric.startswith("MONOCHROME"):
        raise PixelLayoutError(f"a colour picture ({photometric}), not a mammogram")


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the value of Pixel Data begins in a stream.

    Attributes:
        length: Bytes as the element says; None: in fragments.
        room: Bytes that the stream still holds.
        words: Value representation OW, two bytes a word.
    """

    stream: BinaryIO
    at: int
    length: int | None
    room: int
    words: bool


def pixel_element(stream: BinaryIO, header: Header) -> PixelElement:
    """Find the value of Pixel Data; the stream stands where `read_header` left it.

    Raises:
        PixelLayoutError: If there is none.
    """
    order = "<" if header.little_endian else ">"
    start = stream.read(12)
    if len(start) < 8:
        raise PixelLayoutError("it holds no pixel data; copy it again")
    group, element = struct.unpack_from(f"{order}HH", start)
    if (group, element) != (0x7FE0, 0x0010):
        raise PixelLayoutError("it holds no pixel data of whole numbers")
    used = 8 if header.implicit_vr or not start[4:6].isalpha() else 12
    if len(start) < used:
        raise PixelLayoutError("it ends where its pixel data begin; copy it again")
    length = int(struct.unpack_from(f"{order}I", start, used - 4)[0])
    at = stream.seek(used - len(start), io.SEEK_CUR)
    room = size_of(stream) - at
    words = used == 8 or start[4:6] == b"OW"
    return PixelElement(stream, at, None if length == _UNDEFINED else length, room, words)


def check_length(element: PixelElement, layout: PixelLayout) -> None:
    """Compare the length of the pixel data with what the header promises, unread.

    Raises:
        PixelLayoutError: If pixels are missing, or more than a row of them is left over.
    """
    if not layout.native:
        _check_fragments(element)
        return
    wanted = layout.frame_bytes * layout.frames
    if element.length is None:
        raise PixelLayoutError("its pixel data are in fragments though they are uncompressed")
    if element.room < min(element.length, wanted):
        raise PixelLayoutError(
            f"it is cut short: {element.room:,} of {wanted:,} bytes of pixel data are there; "
            "copy it again"
        )
    spare = element.length - wanted
    if spare < 0 or spare > layout.frame_bytes // layout.rows:
        raise PixelLayoutError(
            f"its pixel data hold {element.length:,} bytes but its header asks for {wanted:,}; "
            "export it again"
        )


def _check_fragments(element: PixelElement) -> None:
    """Walk from item to item, which reads eight bytes of each."""
    if element.length is not None:
        raise PixelLayoutError("its compressed pixel data are not in fragments; export it again")
    stream, at = element.stream, element.at
    end = element.at + element.room
    for number in range(_MAX_ITEMS_CHECKED):
        stream.seek(at)
        start = stream.read(8)
        if len(start) == 8 and start[:4] == b"\xfe\xff\xdd\xe0":
            break
        if len(start) < 8 and number > 1:
            break  # a missing end mark does no harm
        if len(start) < 8 or start[:4] != b"\xfe\xff\x00\xe0":
            raise PixelLayoutError("its compressed pixel data are damaged; copy it again")
        at += 8 + int(struct.unpack_from("<I", start, 4)[0])
        if at > end:
            raise PixelLayoutError("it is cut short within its pixel data; copy it again")
    stream.seek(element.at)


def native_bytes(element: PixelElement, layout: PixelLayout, frame: int) -> npt.NDArray[np.uint8]:
    """The bytes of one uncompressed frame.

    Raises:
        PixelLayoutError: If they end too early.
    """
    element.stream.seek(element.at + frame * layout.frame_bytes)
    data = np.empty(layout.frame_bytes, np.uint8)
    view, filled = data.data, 0
    readinto = getattr(element.stream, "readinto", None)
    while filled < data.size:
        count = readinto(view[filled:]) if readinto else 0
        if not count:
            raise PixelLayoutError("it is cut short within its pixel data; copy it again")
        filled += count
    return data


def compressed_bytes(element: PixelElement, layout: PixelLayout, frame: int) -> bytes:
    """The compressed stream of one frame, fragments joined (PS3.5, annex A.4).

    Raises:
        PixelLayoutError: If the fragments cannot be told apart.
    """
    element.stream.seek(element.at)
    tables = (layout.offsets, layout.lengths) if layout.offsets and layout.lengths else None
    try:
        return get_frame(
            element.stream, frame, number_of_frames=layout.frames, extended_offsets=tables
        )
    except HEADER_ERRORS as error:
        raise PixelLayoutError("its compressed pixel data are damaged; copy it again") from error
