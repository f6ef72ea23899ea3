"""From stored values to what is shown: modality LUT, VOI LUT, polarity, padding and air."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from glam_core.dicom.air import air_of, tissue_range
from glam_core.dicom.density_png import says_density
from glam_core.dicom.grey_header import GREY_KEYWORDS, GreyFacts, grey_facts
from glam_core.dicom.header import HEADER_ERRORS, read_header
from glam_core.dicom.inflate import inflated
from glam_core.dicom.place import Place, first_bytes, opened
from glam_core.dicom.plain_picture import KINDS
from glam_core.dicom.voi import VoiLut, Window, WindowFunction, voi_values
from glam_core.errors import UnreadableFileError
from glam_core.study import MammogramImage

__all__ = ["GreyScale", "VoiLut", "Window", "WindowFunction", "read_grey_scale"]

_PATTERNS = 1 << 16
_ENOUGH_PIXELS = 2_000_000
FROM_STATISTICS = "from the picture"
FULL_RANGE = "full range"
AS_PREPARED = "as prepared"


@dataclass(frozen=True, eq=False)
class GreyScale:
    """The grey-scale steps of one picture; all work at 16 bit on stored values.

    Stored values index tables by their 16-bit pattern: signed ones viewed as uint16.

    Attributes:
        windows: What the file offers, then what was added; never empty.
        inverted: Low values are dense (MONOCHROME1 or Presentation LUT Shape INVERSE).
        padding: (low, high) stored values outside of the picture; None where there is none.
        air: (low, high) stored values of air; None until `with_statistics` has seen pixels.
        modality: (65536,) float32: the modality value of each 16-bit pattern.
        luts: VOI LUTs, to which windows of the function LUT point.
        signed: Whether stored values are signed.
        has_own_window: Whether the file itself gives a usable window.

    Source: DICOM PS3.3, clauses C.11.1, C.11.2, C.11.6 and C.7.5.1.1.2 (padding).
    """

    windows: tuple[Window, ...]
    inverted: bool
    padding: tuple[int, int] | None
    modality: npt.NDArray[np.float32]
    signed: bool = False
    luts: tuple[VoiLut, ...] = ()
    air: tuple[int, int] | None = None
    has_own_window: bool = True
    full_range: tuple[int, int] = field(default=(0, 65535))

    @property
    def default_window(self) -> Window:
        """The window to begin with."""
        return self.windows[0]

    def table(self, window: Window | None = None, *, invert: bool = False) -> npt.NDArray[np.uint8]:
        """Screen values for all 16-bit patterns.

        Args:
            window: One of `windows` or one with another centre and width; None: the default.
            invert: Turn light and dark; air and padding stay black all the same.

        Returns:
            (65536,) uint8, 0 black.
        """
        shown = self._shown(window or self.default_window, self.inverted != invert)
        shown *= 255
        np.rint(shown, out=shown)
        return shown.astype(np.uint8)

    def density(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
        """Stored values as float32 in 0..1, denser is brighter, air and padding 0.

        Args:
            values: Stored values of any shape (uint8, uint16 or int16).
        """
        table = self._shown(self.default_window, self.inverted)
        return table[_patterns(values)]

    def with_statistics(self, values: npt.NDArray[np.generic]) -> "GreyScale":
        """The same scale knowing its picture: where air lies, and a window if the file has none.

        Args:
            values: (rows, cols) stored values of the picture, whole or reduced.
        """
        step = max(int((values.size / _ENOUGH_PIXELS) ** 0.5), 1)
        patterns = _patterns(values)[::step, ::step]
        counts = np.bincount(patterns.ravel(), minlength=_PATTERNS)
        padding = None if self._covers_everything(counts) else self.padding
        counts = np.where(self._between(padding), 0, counts)
        order = self._stored_of_patterns()
        air = air_of(counts, order, inverted=self.inverted)
        known = replace(self, padding=padding, air=air)
        if self.has_own_window:
            return known
        low, high = tissue_range(
            np.where(known._black(), 0, counts), self.modality, whole=self._full_modality()
        )
        window = Window(FROM_STATISTICS, WindowFunction.LINEAR_EXACT, (low + high) / 2, high - low)
        return replace(known, windows=(window, *self.windows), has_own_window=True)

    def _shown(self, window: Window, inverted: bool) -> npt.NDArray[np.float32]:
        shown = voi_values(window, self.modality, self.luts)
        if inverted:
            np.subtract(1, shown, out=shown)
        shown[self._black()] = 0
        return shown

    def _black(self) -> npt.NDArray[np.bool_]:
        return self._between(self.padding) | self._between(self.air)

    def _between(self, limits: tuple[int, int] | None) -> npt.NDArray[np.bool_]:
        if limits is None:
            return np.zeros(_PATTERNS, np.bool_)
        stored = self._stored_of_patterns()
        return (stored >= limits[0]) & (stored <= limits[1])

    def _stored_of_patterns(self) -> npt.NDArray[np.int32]:
        patterns = np.arange(_PATTERNS, dtype=np.uint16)
        return (patterns.view(np.int16) if self.signed else patterns).astype(np.int32)

    def _covers_everything(self, counts: npt.NDArray[np.int64]) -> bool:
        """Padding that leaves next to nothing is a mistake of the file, not padding."""
        if self.padding is None:
            return True
        return int(counts[~self._between(self.padding)].sum()) * 1000 < int(counts.sum())

    def _full_modality(self) -> tuple[float, float]:
        stored = self._stored_of_patterns()
        inside = (stored >= self.full_range[0]) & (stored <= self.full_range[1])
        values = self.modality[inside]
        return float(values.min()), float(values.max())


def _patterns(values: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    return values.view(np.uint16) if values.dtype == np.int16 else values  # type: ignore[return-value]


def read_grey_scale(image: MammogramImage) -> GreyScale:
    """Read how a picture wants to be shown; only its header is read.

    Raises:
        UnreadableFileError: If the file is gone or damaged.
    """
    place = Place(image.path, image.member)
    if image.transfer_syntax in KINDS:
        return _scale(_plain_facts(image, place))
    with opened(place) as stream:
        try:
            plain, _ = inflated(stream)
            header = read_header(plain, GREY_KEYWORDS)
            return _scale(grey_facts(header, for_processing=image.for_processing))
        except UnreadableFileError:
            raise
        except HEADER_ERRORS as error:
            raise UnreadableFileError(place.name, "its header is damaged; copy it again") from error


def _plain_facts(image: MammogramImage, place: Place) -> GreyFacts:
    bits = 8 if image.bits <= 8 else 16
    patterns = np.arange(_PATTERNS, dtype=np.float32)
    inverted = image.photometric_interpretation == "MONOCHROME1"
    if image.transfer_syntax == "PNG":
        with opened(place) as stream:
            if says_density(first_bytes(stream)):
                whole = Window(AS_PREPARED, WindowFunction.LINEAR_EXACT, 127.5, 255)
                return GreyFacts(patterns, False, bits, windows=(whole,))
    return GreyFacts(patterns, False, bits, inverted=inverted)


def _scale(facts: GreyFacts) -> GreyScale:
    lowest = -(1 << (facts.bits - 1)) if facts.signed else 0
    full_range = (lowest, lowest + (1 << facts.bits) - 1)
    scale = GreyScale(
        windows=facts.windows,
        inverted=facts.inverted,
        padding=facts.padding,
        modality=facts.modality,
        signed=facts.signed,
        luts=facts.luts,
        has_own_window=bool(facts.windows),
        full_range=full_range,
    )
    if facts.windows:
        return scale
    low, high = scale._full_modality()
    function = WindowFunction.LINEAR_EXACT
    full = Window(FULL_RANGE, function, (low + high) / 2, max(high - low, 1e-3))
    return replace(scale, windows=(full,))
