"""Pictures without a medical header: PNG, TIFF, JPEG and NPY."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import numpy.lib.format as npy
import numpy.typing as npt
import tifffile

from glam_core.dicom.codecs import DamagedFrameError, frame_facts
from glam_core.dicom.header import quiet_pydicom
from glam_core.dicom.pixel_layout import MAX_PIXELS

KINDS = ("PNG", "TIFF", "JPEG", "NPY")
_LUMINANCE = (0.299, 0.587, 0.114)
_JPEG_HEADER_BYTES = 1 << 18
_NPY_TYPES = ("uint8", "int8", "uint16", "int16", "bool")


class PlainPictureError(ValueError):
    """A plain picture cannot be read; the text is half a sentence."""


@dataclass(frozen=True, slots=True)
class PlainFacts:
    """What the head of a plain picture says; `colour`: it has more than one channel."""

    kind: str
    rows: int
    cols: int
    bits: int
    colour: bool = False
    white_is_zero: bool = False
    pages: int = 1


def plain_kind(start: bytes) -> str | None:
    """PNG, TIFF, JPEG or NPY by the first bytes; None for anything else."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if start.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    return "NPY" if start.startswith(b"\x93NUMPY") else None


def plain_facts(stream: BinaryIO, kind: str) -> PlainFacts:
    """Size and bits of a plain picture; only its head is read.

    Raises:
        PlainPictureError: In half a sentence.
    """
    try:
        facts = _FACTS[kind](stream)
    except (struct.error, IndexError, KeyError, tifffile.TiffFileError, EOFError) as error:
        raise PlainPictureError(f"its {kind} head is damaged or cut short") from error
    if facts.rows < 1 or facts.cols < 1:
        raise PlainPictureError("it has no pixels")
    if facts.rows * facts.cols > MAX_PIXELS:
        raise PlainPictureError(f"{facts.cols} x {facts.rows} px are too many to open")
    return facts


def _png_facts(stream: BinaryIO) -> PlainFacts:
    cols, rows, bits, colour_type = struct.unpack_from(">IIBB", stream.read(33), 16)
    return PlainFacts("PNG", rows, cols, 16 if bits == 16 else 8, colour_type not in (0, 4))


def _jpeg_facts(stream: BinaryIO) -> PlainFacts:
    try:
        facts = frame_facts(stream.read(_JPEG_HEADER_BYTES))
    except DamagedFrameError as error:
        raise PlainPictureError("its JPEG head is damaged or cut short") from error
    return PlainFacts("JPEG", facts.rows, facts.cols, facts.bits, facts.components > 1)


def _tiff_facts(stream: BinaryIO) -> PlainFacts:
    with quiet_pydicom(), tifffile.TiffFile(stream) as tiff:
        page = tiff.pages.first
        bits = page.bitspersample
        if bits not in (8, 16) or np.dtype(page.dtype).kind not in "ui":
            raise PlainPictureError(f"TIFF of type {page.dtype}; save it with 8 or 16 bits")
        return PlainFacts(
            "TIFF", page.imagelength, page.imagewidth, bits,
            colour=page.samplesperpixel > 1 or page.photometric == tifffile.PHOTOMETRIC.PALETTE,
            white_is_zero=page.photometric == tifffile.PHOTOMETRIC.MINISWHITE,
            pages=len(tiff.pages),
        )  # fmt: skip


def _npy_head(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    try:
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise PlainPictureError("an NPY file of an unknown version")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        return read(stream)
    except PlainPictureError:
        raise
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise PlainPictureError("its NPY head is damaged or cut short") from error


def _npy_facts(stream: BinaryIO) -> PlainFacts:
    shape, _, dtype = _npy_head(stream)
    if dtype.name not in _NPY_TYPES:
        raise PlainPictureError(f"an array of {dtype.name}; save it as uint8 or uint16")
    if len(shape) != 2:
        raise PlainPictureError(f"an array of {len(shape)} dimensions; save it as (rows, columns)")
    return PlainFacts("NPY", shape[0], shape[1], 16 if dtype.itemsize == 2 else 8)


_FACTS: dict[str, Callable[[BinaryIO], PlainFacts]] = {
    "PNG": _png_facts, "JPEG": _jpeg_facts, "TIFF": _tiff_facts, "NPY": _npy_facts,
}  # fmt: skip

_DECODE_ERRORS = (
    ValueError, TypeError, IndexError, KeyError, EOFError, NotImplementedError, MemoryError,
    OSError, struct.error, imagecodecs.DelayedImportError, imagecodecs.PngError,
    imagecodecs.Jpeg8Error, tifffile.TiffFileError,
)  # fmt: skip


def read_plain(stream: BinaryIO) -> npt.NDArray[np.integer[Any]]:
    """Decode a plain picture to grey values; colours become their luminance.

    Returns:
        (rows, cols) uint8, int16 or uint16; TIFF whose white is 0 is left as stored.

    Raises:
        PlainPictureError: In half a sentence.
    """
    kind = plain_kind(stream.read(8))
    stream.seek(0)
    if kind is None:
        raise PlainPictureError("not a PNG, TIFF, JPEG or NPY picture")
    facts = plain_facts(stream, kind)
    stream.seek(0)
    try:
        values = _DECODERS[kind](stream)
    except _DECODE_ERRORS as error:
        raise PlainPictureError("its pixels are damaged or cut short; copy it again") from error
    grey = _grey(values)
    if grey.shape != (facts.rows, facts.cols):
        raise PlainPictureError("its pixels are damaged: they give a picture of another size")
    return grey


def _read_tiff(stream: BinaryIO) -> npt.NDArray[np.integer[Any]]:
    with quiet_pydicom(), tifffile.TiffFile(stream) as tiff:
        page = tiff.pages.first
        values = np.asarray(page.asarray(maxworkers=1))
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
            values = np.moveaxis(np.asarray(page.colormap)[:, values] >> 8, 0, -1).astype(np.uint8)
        elif page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and values.ndim == 3:
            values = np.moveaxis(values, 0, -1)
        return values


def _read_npy(stream: BinaryIO) -> npt.NDArray[np.integer[Any]]:
    shape, fortran, dtype = _npy_head(stream)
    data = stream.read(int(np.prod(shape)) * dtype.itemsize)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C").copy()


_DECODERS: dict[str, Callable[[BinaryIO], npt.NDArray[np.integer[Any]]]] = {
    "PNG": lambda stream: np.asarray(imagecodecs.png_decode(stream.read())),
    "JPEG": lambda stream: np.asarray(imagecodecs.jpeg8_decode(stream.read())),
    "TIFF": _read_tiff,
    "NPY": _read_npy,
}


def _grey(values: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.integer[Any]]:
    """One channel of native byte order: transparency is dropped, colours weighted (BT.601)."""
    if values.ndim == 3 and values.shape[2] in (1, 2):
        values = values[..., 0]
    elif values.ndim == 3 and values.shape[2] in (3, 4):
        red, green, blue = (values[..., channel] for channel in range(3))
        if np.array_equal(red, green) and np.array_equal(green, blue):
            values = green
        else:
            weighted = values[..., :3].astype(np.float32) @ np.array(_LUMINANCE, np.float32)
            values = np.rint(weighted).astype(values.dtype)
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.int8:
        values = values.astype(np.int16)
    return np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="), copy=False))
