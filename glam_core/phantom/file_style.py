"""How the files of a scanner style are stored: compression, window function, spacing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileStyle:
    """The file's side of a scanner style.

    Attributes:
        voi_function: VOI LUT Function (0028,1056).
        transfer_syntax: "explicit", "jpeg-lossless" or "jpeg-2000".
        magnification: Estimated Radiographic Magnification Factor; the detector's spacing is the
            pixel size in the breast's plane times this factor.
        padded: Whether the value of air is told as Pixel Padding Value.
        calibrated: Whether Pixel Spacing is given beside Imager Pixel Spacing.
    """

    manufacturer: str
    model_name: str
    voi_function: str
    transfer_syntax: str
    magnification: float
    calibrated: bool
    padded: bool


_FILES = {
    "flat panel": FileStyle(
        "Synthetic Imaging A", "Phantom Flat Panel", "SIGMOID", "explicit", 1.0, False, True
    ),
    "selenium": FileStyle(
        "Synthetic Imaging B", "Phantom Selenium", "LINEAR", "jpeg-lossless", 1.07, False, True
    ),
    "silicon": FileStyle(
        "Synthetic Imaging C", "Phantom Silicon", "LINEAR_EXACT", "jpeg-2000", 1.05, True, True
    ),
    "storage phosphor": FileStyle(
        "Synthetic Imaging D",
        "Phantom Storage Phosphor",
        "LINEAR",
        "jpeg-lossless",
        1.0,
        False,
        False,
    ),
    "digitised film": FileStyle(
        "Synthetic Imaging E", "Phantom Film", "LINEAR", "explicit", 1.0, True, False
    ),
}


def file_style(name: str) -> FileStyle:
    """The file's side of the scanner style `name` (`styles.STYLES`)."""
    return _FILES[name]
