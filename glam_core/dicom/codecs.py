"""Decode one compressed frame; imagecodecs does the work and leaves the interpreter's lock free."""

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import imagecodecs
import numpy as np
import numpy.typing as npt

RLE = "1.2.840.10008.1.2.5"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
NATIVE = {
    "1.2.840.10008.1.2": "implicit little endian",
    "1.2.840.10008.1.2.1": "explicit little endian",
    BIG_ENDIAN: "explicit big endian",
    DEFLATED: "deflated",
}
_JPEG = (
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.53",
    "1.2.840.10008.1.2.4.55",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
)
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
_HIGH_THROUGHPUT = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (201, 202, 203))
WAVELET = frozenset((*_JPEG_2000, *_HIGH_THROUGHPUT))
WAVELET_KINDS = ("jpeg 2000", "htj2k")
READABLE = frozenset((*NATIVE, RLE, *_JPEG, *_JPEG_LS, *WAVELET))

_START_OF_FRAME = frozenset(set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}) | {0xF7}
_STANDALONE = frozenset((0x01, *range(0xD0, 0xDA)))

_DAMAGED = "its compressed pixel data are damaged; copy it again"
_CODEC_ERRORS = (
    imagecodecs.Jpeg8Error,
    imagecodecs.JpeglsError,
    imagecodecs.Jpeg2kError,
    imagecodecs.PackbitsError,
    ValueError,
    TypeError,
    IndexError,
    NotImplementedError,
    MemoryError,
    struct.error,
)


class DamagedFrameError(ValueError):
    """A compressed frame cannot be decoded; the text is half a sentence."""


class FrameFacts(NamedTuple):
    """What the stream itself says of its picture."""

    kind: str
    rows: int
    cols: int
    components: int
    bits: int
    signed: bool = False


def frame_facts(frame: bytes) -> FrameFacts:
    """Size and kind of a JPEG, JPEG-LS, JPEG 2000 or HTJ2K stream, from its first segments.

    Raises:
        DamagedFrameError: If it is none of them or ends too early.
    """
    try:
        if frame[:2] == b"\xff\xd8":
            return _jpeg_facts(frame)
        start = frame.find(b"\xff\x4f\xff\x51", 0, 4096)
        if start >= 0:
            return _wavelet_facts(frame, start)
    except (struct.error, IndexError) as error:
        raise DamagedFrameError("its compressed pixel data break off; copy it again") from error
    raise DamagedFrameError("its compressed pixel data are damaged: no picture begins there")


def _jpeg_facts(frame: bytes) -> FrameFacts:
    at = 2
    while at < len(frame):
        if frame[at] != 0xFF:
            raise DamagedFrameError("its compressed pixel data are damaged at the beginning")
        marker = frame[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _STANDALONE:
            at += 2
        elif marker in _START_OF_FRAME:
            bits, rows, cols, components = struct.unpack_from(">BHHB", frame, at + 4)
            kinds = {0xC3: "jpeg lossless", 0xF7: "jpeg-ls"}
            return FrameFacts(kinds.get(marker, "jpeg"), rows, cols, components, bits)
        else:
            at += 2 + int(struct.unpack_from(">H", frame, at + 2)[0])
    raise IndexError


def _wavelet_facts(frame: bytes, start: int) -> FrameFacts:
    """ISO 15444-1, A.5.1: the SIZ segment; capability bit 14 marks Part 15 (A.5.2)."""
    capabilities, right, low, left, top = struct.unpack_from(">HIIII", frame, start + 6)
    components, depth = struct.unpack_from(">HB", frame, start + 40)
    kind = "htj2k" if capabilities & 0x4000 else "jpeg 2000"
    return FrameFacts(kind, low - top, right - left, components, (depth & 0x7F) + 1, depth > 0x7F)


def _decode_jpeg(frame: bytes) -> npt.NDArray[np.integer[Any]]:
    """libjpeg-turbo for lossless too: faster than the others, which crash on damaged streams."""
    return np.asarray(imagecodecs.jpeg8_decode(frame))


def _decode_jpeg_ls(frame: bytes) -> npt.NDArray[np.integer[Any]]:
    return np.asarray(imagecodecs.jpegls_decode(frame))


def _decode_wavelet(frame: bytes) -> npt.NDArray[np.integer[Any]]:
    """OpenJPEG for HTJ2K too: OpenJPH is twice as fast but hides damage and may hang on it."""
    return np.asarray(imagecodecs.jpeg2k_decode(frame, numthreads=1))


_DECODERS: dict[str, Callable[[bytes], npt.NDArray[np.integer[Any]]]] = {
    "jpeg": _decode_jpeg,
    "jpeg lossless": _decode_jpeg,
    "jpeg-ls": _decode_jpeg_ls,
    "jpeg 2000": _decode_wavelet,
    "htj2k": _decode_wavelet,
}


def decode_frame(frame: bytes, rows: int, cols: int) -> npt.NDArray[np.integer[Any]]:
    """Decode a compressed frame of one component, whatever its transfer syntax claims.

    Args:
        frame: The stream, fragments joined.
        rows, cols: Size that the header gives; a stream of another size is refused unread.

    Returns:
        (rows, cols) of 8 or 16 bit whole numbers, signed where the stream says so.

    Raises:
        DamagedFrameError: In half a sentence.
    """
    facts = frame_facts(frame)
    check_frame(facts, rows, cols)
    try:
        values = _DECODERS[facts.kind](frame)
    except _CODEC_ERRORS as error:
        raise DamagedFrameError(_DAMAGED) from error
    if values.shape != (rows, cols):
        raise DamagedFrameError("its compressed pixel data give a picture of another size")
    return values


def check_frame(facts: FrameFacts, rows: int, cols: int) -> None:
    """Refuse a stream whose size is not the header's.

    Raises:
        DamagedFrameError: If it has another size or colours.
    """
    if (facts.rows, facts.cols) != (rows, cols):
        found = f"{facts.cols} x {facts.rows}"
        raise DamagedFrameError(
            f"its compressed picture has {found} px but its header says {cols} x {rows}"
        )
    if facts.components != 1:
        raise DamagedFrameError("a colour picture, not a mammogram")


def decode_rle(frame: bytes, rows: int, cols: int, bits: int) -> npt.NDArray[np.integer[Any]]:
    """Decode DICOM RLE (PS3.5, annex G): byte planes, the most significant first.

    Raises:
        DamagedFrameError: If the segments do not fill the picture.
    """
    count, planes = rows * cols, 2 if bits > 8 else 1
    values = np.empty((count, planes), np.uint8)
    for number, segment in enumerate(_rle_segments(frame, planes)):
        try:
            plane = imagecodecs.packbits_decode(segment)
        except _CODEC_ERRORS as error:
            raise DamagedFrameError(_DAMAGED) from error
        if not count <= len(plane) <= count + 1:
            raise DamagedFrameError("its run lengths give a picture of another size; copy it again")
        values[:, planes - 1 - number] = np.frombuffer(plane, np.uint8, count)
    return values.view("<u2" if planes == 2 else "u1").reshape(rows, cols)


def _rle_segments(frame: bytes, planes: int) -> list[bytes]:
    if len(frame) < 64:
        raise DamagedFrameError(_DAMAGED)
    count, *offsets = struct.unpack_from("<16I", frame)
    if count != planes:
        raise DamagedFrameError(f"its run lengths have {count} byte planes instead of {planes}")
    ends = [*offsets[1:planes], len(frame)]
    pieces = list(zip(offsets[:planes], ends, strict=True))
    if any(not 64 <= begin < end <= len(frame) for begin, end in pieces):
        raise DamagedFrameError(_DAMAGED)
    return [frame[begin:end] for begin, end in pieces]
