"""VOI windows and LUTs (DICOM PS3.3, clause C.11.2), computed in floats of 0 to 1."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt


class WindowFunction(StrEnum):
    """VOI LUT Function (0028,1056), and LUT for an item of the VOI LUT Sequence."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"
    LUT = "LUT"


@dataclass(frozen=True, slots=True)
class Window:
    """One way to show a picture, in modality values.

    Attributes:
        explanation: The file's own word for it, or ours; not empty.
        centre, width: Of a LUT: the range of its input; another one stretches the curve.
        lut_index: For LUT: which of the scale's LUTs.
    """

    explanation: str
    function: WindowFunction
    centre: float
    width: float
    lut_index: int | None = None


@dataclass(frozen=True, eq=False)
class VoiLut:
    """One VOI LUT: `values` float32 in 0..1 for inputs from `first` on."""

    first: int
    values: npt.NDArray[np.float32]


def voi_values(
    window: Window, modality: npt.NDArray[np.float32], luts: tuple[VoiLut, ...] = ()
) -> npt.NDArray[np.float32]:
    """What a window makes of modality values.

    Args:
        window: Width below the least one that the function allows counts as that.
        modality: Values of any shape.
        luts: Where `window.lut_index` points into.

    Returns:
        float32 of the same shape in 0..1, a new array.
    """
    values = modality.astype(np.float64)
    if window.function is WindowFunction.LUT:
        return _by_lut(window, values, luts[window.lut_index or 0])
    if window.function is WindowFunction.SIGMOID:
        width = max(window.width, 1e-6)
        exponent = np.clip(-4 * (values - window.centre) / width, -80, 80)
        return (1 / (1 + np.exp(exponent))).astype(np.float32)
    centre, width = window.centre, window.width
    if window.function is WindowFunction.LINEAR:
        centre, width = centre - 0.5, width - 1
    if width <= 0:
        return (values > centre).astype(np.float32)
    return np.clip((values - centre) / width + 0.5, 0, 1).astype(np.float32)


def _by_lut(
    window: Window, values: npt.NDArray[np.float64], lut: VoiLut
) -> npt.NDArray[np.float32]:
    count = lut.values.size
    lowest = window.centre - window.width / 2
    stretch = count / max(window.width, 1e-6)
    entries = np.floor((values - lowest) * stretch + 1e-6)
    return lut.values[np.clip(entries, 0, count - 1).astype(np.int64)]
