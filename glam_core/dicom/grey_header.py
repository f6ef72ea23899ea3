"""The grey-scale steps as a DICOM header states them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glam_core.dicom.header import Header
from glam_core.dicom.voi import VoiLut, Window, WindowFunction

GREY_KEYWORDS = (
    "BitsAllocated", "BitsStored", "PixelRepresentation", "PhotometricInterpretation",
    "PresentationLUTShape", "PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope",
    "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence", "WindowCenter", "WindowWidth",
    "WindowCenterWidthExplanation", "VOILUTFunction", "PixelIntensityRelationship",
    "PixelIntensityRelationshipSign", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)  # fmt: skip
_PATTERNS = 1 << 16
_LOG_STEPS = 4096.0


@dataclass(frozen=True, eq=False)
class GreyFacts:
    """Modality values of all 16-bit patterns, and the windows over them.

    Attributes:
        modality: (65536,) float32.
        bits: Bits stored.
    """

    modality: npt.NDArray[np.float32]
    signed: bool
    bits: int
    windows: tuple[Window, ...] = ()
    luts: tuple[VoiLut, ...] = ()
    inverted: bool = False
    padding: tuple[int, int] | None = None


def grey_facts(header: Header, *, for_processing: bool) -> GreyFacts:
    """Read the grey-scale steps.

    A picture for processing whose values are linear in X-ray intensity is shown by its logarithm,
    dense tissue bright; windows of its header mean linear values and are left out.

    Source: DICOM PS3.3, clauses C.11.1 (Modality LUT), C.11.2 (VOI LUT), C.8.11.3.1.2 (Pixel
    Intensity Relationship).
    """
    signed = header.whole("PixelRepresentation") == 1
    bits = header.whole("BitsStored") or header.whole("BitsAllocated") or 16
    bits = min(max(bits, 1), 16)
    patterns = np.arange(_PATTERNS, dtype=np.uint16)
    stored = (patterns.view(np.int16) if signed else patterns).astype(np.float64)
    photometric = header.text("PhotometricInterpretation") or "MONOCHROME2"
    inverted = photometric == "MONOCHROME1" or header.text("PresentationLUTShape") == "INVERSE"
    padding = _padding(header, signed)
    linear = (header.text("PixelIntensityRelationship") or "LIN") in ("LIN", "DISP")
    if for_processing and linear:
        sign = header.whole("PixelIntensityRelationshipSign")
        modality = np.log2(np.maximum(stored, 1)) * (_LOG_STEPS / 16)
        dense_low = inverted if sign is None else sign == 1
        return GreyFacts(_single(modality), signed, bits, inverted=dense_low, padding=padding)
    modality = _modality(header, stored)
    luts, lut_windows = _voi_luts(header, signed or float(modality.min()) < 0)
    windows = _windows(header)
    first, second = lut_windows, windows
    if windows and windows[0].function is WindowFunction.SIGMOID:
        first, second = windows, lut_windows  # a sigmoid is the vendor's curve, a line a stopgap
    return GreyFacts(_single(modality), signed, bits, (*first, *second), luts, inverted, padding)


def _single(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return values.astype(np.float32)


def _padding(header: Header, signed: bool) -> tuple[int, int] | None:
    first = header.whole("PixelPaddingValue")
    if first is None:
        return None
    last = header.whole("PixelPaddingRangeLimit")
    ends = [_as_stored(value, signed) for value in (first, first if last is None else last)]
    return min(ends), max(ends)


def _as_stored(value: int, signed: bool) -> int:
    """Padding may be written as US where pixels are SS, and the other way round."""
    pattern = value & 0xFFFF
    return pattern - 0x10000 if signed and pattern > 0x7FFF else pattern


def _modality(header: Header, stored: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lut = header.item("ModalityLUTSequence")
    read = None if lut is None else _lut_entries(lut, signed=bool(stored.min() < 0))
    if read is not None:
        first, entries, _ = read
        places = np.clip(stored - first, 0, entries.size - 1).astype(np.int64)
        return entries[places].astype(np.float64)
    group = header.functional_group("PixelValueTransformationSequence") or header
    slope, intercept = group.number("RescaleSlope"), group.number("RescaleIntercept")
    if slope is None or slope == 0:
        slope = 1.0
    return stored * slope + (intercept or 0.0)


def _windows(header: Header) -> tuple[Window, ...]:
    group = header
    if "WindowCenter" not in header:
        group = header.functional_group("FrameVOILUTSequence") or header
    names = group.texts("WindowCenterWidthExplanation")
    word = (group.text("VOILUTFunction") or "LINEAR").upper()
    known = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
    function = WindowFunction(word) if word in known else WindowFunction.LINEAR
    least = 1.0 if function is WindowFunction.LINEAR else 1e-6
    pairs = zip(group.numbers("WindowCenter"), group.numbers("WindowWidth"), strict=False)
    windows: list[Window] = []
    for number, (centre, width) in enumerate(pairs):
        name = names[number] if number < len(names) and names[number] else f"window {number + 1}"
        same = any((w.centre, w.width) == (centre, width) for w in windows)
        if width >= least and not same:
            windows.append(Window(name, function, centre, width))
    return tuple(windows)


def _voi_luts(header: Header, signed: bool) -> tuple[tuple[VoiLut, ...], tuple[Window, ...]]:
    group = header
    if "VOILUTSequence" not in header:
        group = header.functional_group("FrameVOILUTSequence") or header
    luts: list[VoiLut] = []
    windows: list[Window] = []
    for number, item in enumerate(group.items("VOILUTSequence")):
        read = _lut_entries(item, signed=signed)
        if read is None:
            continue
        first, entries, bits = read
        full = max((1 << bits) - 1, int(entries.max()), 1)
        name = item.text("LUTExplanation") or f"curve {number + 1}"
        centre, index = first + entries.size / 2, len(luts)
        luts.append(VoiLut(first, (entries / full).astype(np.float32)))
        windows.append(Window(name, WindowFunction.LUT, centre, float(entries.size), index))
    return tuple(luts), tuple(windows)


def _lut_entries(item: Header, *, signed: bool) -> tuple[int, npt.NDArray[np.uint16], int] | None:
    """First input, entries and bits of a LUT item; None where it makes no sense (C.11.1.1)."""
    descriptor = item.numbers("LUTDescriptor")
    if len(descriptor) != 3:
        return None
    count, first, bits = (int(number) for number in descriptor)
    count = count & 0xFFFF or _PATTERNS
    first = _as_stored(first, signed)
    raw = item.raw("LUTData")
    if raw is not None:
        wide = len(raw) >= 2 * count
        entries = np.frombuffer(raw[: len(raw) // 2 * 2] if wide else raw, "<u2" if wide else "u1")
    else:
        entries = np.array([int(v) & 0xFFFF for v in item.numbers("LUTData")], np.uint16)
    if entries.size < 2 or not 1 <= bits <= 16:
        return None
    return first, entries[:count].astype(np.uint16), bits
