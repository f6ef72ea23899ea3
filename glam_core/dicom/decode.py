"""Stored pixels of a mammogram, whole or at a reduced size."""

import contextlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.dicom.codecs import (
    RLE,
    WAVELET,
    WAVELET_KINDS,
    DamagedFrameError,
    FrameFacts,
    check_frame,
    decode_frame,
    decode_rle,
    frame_facts,
)  # fmt: skip
from glam_core.dicom.header import HEADER_ERRORS, read_header
from glam_core.dicom.inflate import inflated
from glam_core.dicom.open_jpeg import ReducedDecodeError, decode_reduced
from glam_core.dicom.pixel_layout import (
    LAYOUT_KEYWORDS,
    PixelElement,
    PixelLayout,
    PixelLayoutError,
    check_length,
    compressed_bytes,
    native_bytes,
    pixel_element,
    pixel_layout,
)  # fmt: skip
from glam_core.dicom.place import Place, in_memory, opened
from glam_core.dicom.plain_picture import KINDS, PlainPictureError, read_plain
from glam_core.errors import UnreadableFileError
from glam_core.study import MammogramImage

StoredValues = npt.NDArray[np.integer[Any]]
REDUCTIONS = (1, 2, 4, 8)


@dataclass(frozen=True, eq=False)
class StoredPixels:
    """Stored values of one frame, before any grey-scale step.

    Attributes:
        values: (rows, cols) uint8, uint16 or int16; ceil(stored size / reduction).
        reduction: 1, 2, 4 or 8: stored pixels along the side of one of these pixels. The centre of
            the first one lies at ((reduction - 1) / 2, (reduction - 1) / 2) stored px.
        image_shape: (rows, cols) of the stored picture.
        frame: Number of the frame, from 0.
    """

    values: StoredValues
    reduction: int
    image_shape: tuple[int, int]
    frame: int = 0


def decodes_reduced(image: MammogramImage) -> bool:
    """Whether a reduced picture comes much sooner than the whole one (JPEG 2000 and HTJ2K)."""
    return image.transfer_syntax in WAVELET


def read_pixels(image: MammogramImage, *, reduction: int = 1, frame: int = 0) -> StoredPixels:
    """Read and decode one frame.

    Args:
        image: A picture as `scan` found it.
        reduction: 1, 2, 4 or 8. JPEG 2000 leaves out wavelet levels, all else is averaged; a
            wavelet stream with too few levels is decoded whole and averaged.
        frame: From 0.

    Raises:
        UnreadableFileError: If the file is not what it was, cut short, damaged or of an unknown
            kind; one sentence with its name.
        ValueError: If `reduction` is none of the four.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction is {reduction}, not one of {REDUCTIONS}")
    place = Place(image.path, image.member)
    if not 0 <= frame < image.frames:
        raise UnreadableFileError(place.name, f"has {image.frames} frames, none of number {frame}")
    try:
        with opened(place) as raw:
            stream = in_memory(raw, place)
            if image.transfer_syntax in KINDS:
                values, done = read_plain(stream), 1
            else:
                values, done = _read_dicom(stream, reduction, frame)
    except (PixelLayoutError, DamagedFrameError, PlainPictureError) as error:
        raise UnreadableFileError(place.name, str(error)) from error
    except MemoryError as error:
        raise UnreadableFileError(place.name, "does not fit into the memory") from error
    small = averaged(values, reduction // done)
    return StoredPixels(small, reduction, (image.rows, image.cols), frame)


def _read_dicom(stream: BinaryIO, reduction: int, frame: int) -> tuple[StoredValues, int]:
    """Values of one frame and the reduction they already have."""
    try:
        stream, _ = inflated(stream)
        header = read_header(stream, LAYOUT_KEYWORDS)
    except HEADER_ERRORS as error:
        raise PixelLayoutError("its header is damaged; copy it again") from error
    layout = pixel_layout(header)
    element = pixel_element(stream, header)
    check_length(element, layout)
    if frame >= layout.frames:
        raise PixelLayoutError(f"it has {layout.frames} frames, none of number {frame}")
    if layout.native:
        return _native_values(element, layout, frame), 1
    data = compressed_bytes(element, layout, frame)
    if layout.transfer_syntax == RLE:
        values = decode_rle(data, layout.rows, layout.cols, layout.bits_allocated)
        return stored_values(values, layout, layout.bits_allocated), 1
    facts = frame_facts(data)
    if reduction > 1 and facts.kind in WAVELET_KINDS and facts.signed == layout.signed:
        check_frame(facts, layout.rows, layout.cols)
        # Too few levels, or damage that the whole decode below will name.
        with contextlib.suppress(ReducedDecodeError):
            small = decode_reduced(data, reduction.bit_length() - 1)
            return _centred(small, facts, reduction), reduction
    values = decode_frame(data, layout.rows, layout.cols)
    return stored_values(values, layout, facts.bits), 1


def _native_values(element: PixelElement, layout: PixelLayout, frame: int) -> StoredValues:
    data = native_bytes(element, layout, frame)
    if layout.bits_allocated == 16:
        values: StoredValues = data.view(">u2" if layout.big_endian else "<u2")
        if layout.big_endian:
            values = values.astype(np.uint16)
    else:
        if layout.big_endian and element.words:
            pairs = data[: data.size // 2 * 2].reshape(-1, 2)
            pairs[:] = pairs[:, ::-1].copy()
        values = data
    values = values.reshape(layout.rows, layout.cols)
    return stored_values(values, layout, layout.bits_allocated)


def stored_values(
    values: npt.NDArray[np.integer[Any]], layout: PixelLayout, precision: int
) -> StoredValues:
    """Free the stored bits from what surrounds them (PS3.5, clause 8.1.1).

    Overlays in the unused bits are cut off and signs extended. A compressed stream of more bits
    than the header's Bits Stored is believed, since no overlay can hide in there.

    Args:
        values: (rows, cols) of 8 or 16 bits as decoded.
        layout: What the header says.
        precision: Bits of a decoded sample.

    Returns:
        (rows, cols) uint8, uint16 or, where the header says signed, int16.
    """
    whole = values.astype(np.int16) if values.dtype == np.int8 else values
    bits: StoredValues = whole.view(np.uint16 if whole.itemsize == 2 else np.uint8)
    if layout.shift and precision > layout.bits_stored:
        bits = bits >> layout.shift
    if layout.signed and values.dtype.kind == "i" and not layout.native:
        return whole.astype(np.int16)  # the stream knows its sign; lossy values may stand out
    if layout.signed:
        unused = 16 - layout.bits_stored
        signed = bits.astype(np.uint16).view(np.int16)
        return (signed << unused) >> unused if unused else signed
    believed = layout.bits_stored
    if not layout.native and layout.transfer_syntax != RLE:
        believed = max(believed, precision)
    highest = (1 << believed) - 1
    if believed < 8 * bits.itemsize and bits.max() > highest:
        bits = bits & np.array(highest, bits.dtype)
    return bits


def _centred(small: npt.NDArray[np.int32], facts: FrameFacts, reduction: int) -> StoredValues:
    """Move wavelet samples from the corner of their pixels to the centre, in stored type.

    A low-pass sample lies at stored pixel n * reduction; averages lie (reduction - 1) / 2 further.
    Linear interpolation keeps pictures of all kinds at the same place.
    """
    part = (reduction - 1) / 2 / reduction
    weights = np.array([1 - part, part], np.float32)
    moved: npt.NDArray[Any] = cv2.sepFilter2D(
        small.astype(np.float32), cv2.CV_32F, weights, weights, anchor=(0, 0),
        borderType=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    lowest = -(1 << (facts.bits - 1)) if facts.signed else 0
    limited: StoredValues = np.clip(np.rint(moved), lowest, lowest + (1 << facts.bits) - 1)
    if facts.signed:
        return limited.astype(np.int16)
    return limited.astype(np.uint8 if facts.bits <= 8 else np.uint16)


def averaged(values: StoredValues, factor: int) -> StoredValues:
    """Means of `factor` x `factor` blocks; at the far edges the last pixels are repeated."""
    if factor == 1:
        return values
    rows, cols = values.shape
    below, beside = -rows % factor, -cols % factor
    if below or beside:
        padded: npt.NDArray[Any] = cv2.copyMakeBorder(
            values, 0, below, 0, beside, cv2.BORDER_REPLICATE
        )
        values = padded
    size = (values.shape[1] // factor, values.shape[0] // factor)
    small: npt.NDArray[Any] = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return small
