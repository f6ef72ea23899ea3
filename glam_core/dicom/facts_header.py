"""Spacing, technique and identifiers of a mammogram's header."""

from glam_core.dicom.header import Header
from glam_core.study import PixelSpacing

SPACING_KEYWORDS = (
    "PixelSpacing", "PixelSpacingCalibrationType", "ImagerPixelSpacing",
    "NominalScannedPixelSpacing", "EstimatedRadiographicMagnificationFactor",
)  # fmt: skip
TECHNIQUE_KEYWORDS = (
    "KVP", "Exposure", "ExposureInuAs", "AnodeTargetMaterial", "FilterMaterial",
    "CompressionForce", "BodyPartThickness", "PositionerPrimaryAngle", "OrganDose",
    "EntranceDoseInmGy", "ExposureTime", "XRayTubeCurrent", "Grid", "FocalSpots", "Manufacturer",
    "ManufacturerModelName", "ExposureControlMode", "BreastImplantPresent", "PartialView",
)  # fmt: skip
IDENTIFIERS = {
    "Patient name": "PatientName", "Patient ID": "PatientID", "Birth date": "PatientBirthDate",
    "Age": "PatientAge", "Accession number": "AccessionNumber", "Study date": "StudyDate",
    "Institution": "InstitutionName", "Station": "StationName",
    "Referring physician": "ReferringPhysicianName", "Operator": "OperatorsName",
    "Detector": "DetectorID",
}  # fmt: skip
_LEAST_MM, _MOST_MM = 0.005, 2.0
_MOST_MAGNIFICATION = 3.0


def spacing_of(header: Header) -> PixelSpacing | None:
    """Pixel size and where it is known from; None where the file does not say.

    Pixel Spacing counts as the breast's plane where it is calibrated or differs from the
    detector's; equal to it, it repeats the detector's. Otherwise the detector's spacing is divided
    by the magnification factor, where there is one above 1.

    Source: DICOM PS3.3, clauses 10.7.1.1 and C.8.11.7 (Mammography Image Module).
    """
    measures = header.functional_group("PixelMeasuresSequence")
    plane = _pair(header, "PixelSpacing") or (_pair(measures, "PixelSpacing") if measures else None)
    detector = _pair(header, "ImagerPixelSpacing") or _pair(header, "NominalScannedPixelSpacing")
    calibrated = header.text("PixelSpacingCalibrationType") is not None
    if plane is not None and (detector is None or calibrated or not _same(plane, detector)):
        return PixelSpacing(*plane, "image plane")
    if detector is None:
        return None
    factor = header.number("EstimatedRadiographicMagnificationFactor") or 1.0
    if 1.0 < factor <= _MOST_MAGNIFICATION:
        row_mm, col_mm = (length / factor for length in detector)
        return PixelSpacing(row_mm, col_mm, "magnification-corrected")
    return PixelSpacing(*detector, "at detector")


def _pair(header: Header, keyword: str) -> tuple[float, float] | None:
    numbers = header.numbers(keyword)
    if len(numbers) != 2 or not all(_LEAST_MM <= number <= _MOST_MM for number in numbers):
        return None
    return numbers[0], numbers[1]


def _same(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return all(abs(a - b) <= 1e-4 * b for a, b in zip(first, second, strict=True))


def technique_of(header: Header) -> dict[str, str]:
    """Acquisition facts by the words shown on screen, units included."""
    facts = {
        "kVp": _number(header, "KVP"),
        "mAs": _exposure(header),
        "Anode/filter": _anode_filter(header),
        "Force": _number(header, "CompressionForce", unit=" N"),
        "Thickness": _number(header, "BodyPartThickness", unit=" mm"),
        "Angle": _number(header, "PositionerPrimaryAngle", unit="°"),
        "Organ dose": _number(header, "OrganDose", factor=100, unit=" mGy"),  # stored in dGy
        "Entrance dose": _number(header, "EntranceDoseInmGy", unit=" mGy"),
        "Exposure time": _number(header, "ExposureTime", unit=" ms"),
        "Tube current": _number(header, "XRayTubeCurrent", unit=" mA"),
        "Magnification": _number(header, "EstimatedRadiographicMagnificationFactor"),
        "Focal spot": _number(header, "FocalSpots", unit=" mm"),
        "Grid": "/".join(word for word in header.texts("Grid") if word) or None,
        "Manufacturer": header.text("Manufacturer"),
        "Model": header.text("ManufacturerModelName"),
        "Implant": header.text("BreastImplantPresent"),
    }
    return {name: value for name, value in facts.items() if value}


def _number(header: Header, keyword: str, *, factor: float = 1, unit: str = "") -> str | None:
    number = header.number(keyword)
    return None if number is None else f"{float(f'{number * factor:.4g}'):g}{unit}"


def _exposure(header: Header) -> str | None:
    micro = header.number("ExposureInuAs")
    if micro is not None:
        return f"{float(f'{micro / 1000:.4g}'):g}"
    return _number(header, "Exposure")


def _anode_filter(header: Header) -> str | None:
    anode, foil = header.text("AnodeTargetMaterial"), header.text("FilterMaterial")
    return "/".join(part.title() for part in (anode, foil) if part) or None


def identifiers_of(header: Header) -> dict[str, str]:
    """What the privacy mode hides, by the words shown on screen."""
    found = {name: header.text(keyword) for name, keyword in IDENTIFIERS.items()}
    return {name: value for name, value in found.items() if value}


def readable_date(text: str | None) -> str | None:
    """A DICOM date as "2015-09-29"; anything else as it stands."""
    digits = (text or "").replace(".", "").replace("-", "")
    if len(digits) >= 8 and digits[:8].isdigit():
        return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    return text or None


def acquired_of(header: Header) -> str | None:
    """When the picture was taken, "2015-09-29 12:10:02"; as much of it as the header says.

    Content Date is not asked: in anonymised files it is the day of the anonymisation.
    """
    whole = header.text("AcquisitionDateTime")
    day = whole[:8] if whole else None
    time = whole[8:14] if whole else None
    day = readable_date(day or header.text("AcquisitionDate"))
    time = time or header.text("AcquisitionTime") or ""
    clock = f" {time[:2]}:{time[2:4]}:{time[4:6]}" if time[:6].isdigit() and len(time) >= 6 else ""
    return f"{day}{clock}" if day else None
