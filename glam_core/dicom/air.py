"""Where air ends and tissue begins, from the histogram of a picture."""

import numpy as np
import numpy.typing as npt

_BINS = 512
_LEAST_SHARE = 0.02
_WIDEST_SHARE = 0.12


def air_of(
    counts: npt.NDArray[np.integer], stored: npt.NDArray[np.int32], *, inverted: bool
) -> tuple[int, int] | None:
    """The stored values of the air around a breast.

    Air is a narrow peak at the thin end of the histogram. Where there is none (a picture full of
    tissue), nothing is air.

    Args:
        counts: (65536,) pixels of each 16-bit pattern, padding left out.
        stored: (65536,) the stored value of each pattern.
        inverted: Whether low stored values are dense.

    Returns:
        (low, high) stored values, open towards the thin end of what occurs; None for no air.
    """
    present = np.flatnonzero(counts)
    if present.size < 2:
        return None
    thinness = -stored if inverted else stored
    order = present[np.argsort(thinness[present], kind="stable")]
    values, weights = thinness[order].astype(np.int64), counts[order].astype(np.int64)
    shares = np.cumsum(weights) / weights.sum()
    lowest, top = values[0], values[np.searchsorted(shares, 0.999)]
    end = _end_of_peak(values, weights, shares, max(int(top - lowest), 1))
    if end is None:
        return None
    low, high = int(lowest), int(end)
    return (-high, -low) if inverted else (low, high)


def _end_of_peak(
    values: npt.NDArray[np.int64],
    weights: npt.NDArray[np.int64],
    shares: npt.NDArray[np.float64],
    span: int,
) -> int | None:
    """The highest value of the peak that the thinnest pixels form; None for no narrow peak."""
    width = max(span / _BINS, 1.0)
    bins = np.minimum((values - values[0]) / width, _BINS - 1).astype(np.int64)
    histogram = np.bincount(bins, weights, minlength=_BINS)
    reach = max(int(_WIDEST_SHARE * histogram.size), 2)
    peak = int(np.argmax(histogram[:reach]))
    foot = 0.02 * histogram[peak]
    beyond = np.flatnonzero(histogram[peak:] <= foot)
    if beyond.size == 0 or peak + int(beyond[0]) > reach:
        return None
    last = values[bins < peak + int(beyond[0])][-1]
    share = float(shares[np.searchsorted(values, last)])
    return int(last) if _LEAST_SHARE <= share < 1 else None


def tissue_range(
    counts: npt.NDArray[np.integer],
    modality: npt.NDArray[np.float32],
    *,
    whole: tuple[float, float],
) -> tuple[float, float]:
    """The modality values between which the tissue of a picture lies.

    Args:
        counts: (65536,) pixels of each 16-bit pattern, air and padding left out.
        modality: (65536,) modality value of each pattern.
        whole: What can occur; the answer where the picture is of one value.

    Returns:
        (low, high), low < high: the 0.5th and the 99.8th percentile with a small margin.
    """
    present = np.flatnonzero(counts)
    if present.size < 2:
        return whole if whole[1] > whole[0] else (whole[0], whole[0] + 1)
    order = present[np.argsort(modality[present], kind="stable")]
    values = modality[order].astype(np.float64)
    shares = np.cumsum(counts[order]) / counts[order].sum()
    low, high = (float(values[np.searchsorted(shares, share)]) for share in (0.005, 0.998))
    if high <= low:
        return float(values[0]), float(values[-1])
    margin = 0.03 * (high - low)
    return low - margin, high + margin
