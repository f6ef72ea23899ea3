"""How the files of a scanner style are stored: compression, window function, spacing."""

from dataclasses import dataclass

from glam_core.phantom.technique import Tube

_RHODIUM = Tube("RHODIUM", "RHODIUM", "RHODIUM")
_MOLYBDENUM = Tube("MOLYBDENUM", "MOLYBDENUM", "RHODIUM", 45.0)
_TUNGSTEN = Tube("TUNGSTEN", "RHODIUM", "SILVER", 65.0)


@dataclass(frozen=True, slots=True)
class FileStyle:
    """The file's side of a scanner style.

    Attributes:
        detector_type: Detector Type (0018,7004): "DIRECT", "SCINTILLATOR", "STORAGE" or "FILM".
        voi_function: VOI LUT Function (0028,1056).
        transfer_syntax: "explicit", "jpeg-lossless" or "jpeg-2000".
        magnification: Estimated Radiographic Magnification Factor; the detector's spacing is the
            pixel size in the breast's plane times this factor.
        padded: Whether the value of air is told as Pixel Padding Value.
        calibrated: Whether Pixel Spacing is given beside Imager Pixel Spacing.
    """

    manufacturer: str
    model_name: str
    detector_type: str
    voi_function: str
    transfer_syntax: str
    magnification: float
    calibrated: bool
    padded: bool
    tube: Tube


_FILES = {
    "flat panel": FileStyle(
        manufacturer="Synthetic Imaging A",
        model_name="Phantom Flat Panel",
        detector_type="SCINTILLATOR",
        voi_function="SIGMOID",
        transfer_syntax="explicit",
        magnification=1.0,
        calibrated=False,
        padded=True,
        tube=_RHODIUM,
    ),
    "selenium": FileStyle(
        manufacturer="Synthetic Imaging B",
        model_name="Phantom Selenium",
        detector_type="DIRECT",
        voi_function="LINEAR",
        transfer_syntax="jpeg-lossless",
        magnification=1.07,
        calibrated=False,
        padded=True,
        tube=_TUNGSTEN,
    ),
    "silicon": FileStyle(
        manufacturer="Synthetic Imaging C",
        model_name="Phantom Silicon",
        detector_type="SCINTILLATOR",
        voi_function="LINEAR_EXACT",
        transfer_syntax="jpeg-2000",
        magnification=1.05,
        calibrated=True,
        padded=True,
        tube=_TUNGSTEN,
    ),
    "storage phosphor": FileStyle(
        manufacturer="Synthetic Imaging D",
        model_name="Phantom Storage Phosphor",
        detector_type="STORAGE",
        voi_function="LINEAR",
        transfer_syntax="jpeg-lossless",
        magnification=1.0,
        calibrated=False,
        padded=False,
        tube=_MOLYBDENUM,
    ),
    "digitised film": FileStyle(
        manufacturer="Synthetic Imaging E",
        model_name="Phantom Film",
        detector_type="FILM",
        voi_function="LINEAR",
        transfer_syntax="explicit",
        magnification=1.0,
        calibrated=True,
        padded=False,
        tube=_MOLYBDENUM,
    ),
}


def file_style(name: str) -> FileStyle:
    """The file's side of the scanner style `name` (`styles.STYLES`)."""
    return _FILES[name]
