"""One synthetic view as a Digital Mammography X-Ray Image, For Presentation."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
)

from glam_core.phantom.identity import SyntheticIdentity, synthetic_uid
from glam_core.phantom.technique import Technique
from glam_core.terms import ChestWall, Laterality, ViewKey, ViewPosition

_SOURCE_TO_DETECTOR_MM = 660.0
_VIEW_CODES = {
    ViewPosition.CC: ("399162004", "cranio-caudal"),
    ViewPosition.MLO: ("399368009", "medio-lateral oblique"),
}

Pixels = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """One window pair of the header and the word that explains it."""

    centre: float
    width: float
    explanation: str


@dataclass(frozen=True, slots=True)
class ViewFile:
    """All that the header of one view says.

    Attributes:
        number: Instance number in the study, from 1.
        chest_wall: Edge of the stored pixels at which the chest wall lies.
        detector_spacing_mm: Imager Pixel Spacing (at the detector).
        magnification: Estimated Radiographic Magnification Factor.
        calibrated: Whether Pixel Spacing (in the breast's plane) is given too.
        voi_function: "LINEAR", "LINEAR_EXACT" or "SIGMOID".
        monochrome1: Whether low stored values are bright.
        transfer_syntax: "explicit", "jpeg-lossless" or "jpeg-2000".
        detector_type: Detector Type: "DIRECT", "SCINTILLATOR", "STORAGE" or "FILM".
        padding: The stored value of air, where air is one value (Pixel Padding Value).
    """

    identity: SyntheticIdentity
    technique: Technique
    key: ViewKey
    number: int
    chest_wall: ChestWall
    detector_spacing_mm: float
    magnification: float
    calibrated: bool
    bits: int
    windows: tuple[StoredWindow, ...]
    voi_function: str
    monochrome1: bool
    transfer_syntax: str
    manufacturer: str
    model_name: str
    detector_type: str
    burned_in: bool
    implant: bool
    padding: int | None = None


def _stored_plainly(pixels: Pixels, bits: int) -> bytes:
    return pixels.astype("<u2").tobytes()


def _stored_jpeg_lossless(pixels: Pixels, bits: int) -> bytes:
    frame = imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=1, bitspersample=bits)
    return encapsulate([bytes(frame)], has_bot=True)


def _stored_jpeg_2000(pixels: Pixels, bits: int) -> bytes:
    frame = imagecodecs.jpeg2k_encode(
        pixels, level=0, codecformat="j2k", reversible=True, bitspersample=bits, numthreads=1
    )
    return encapsulate([bytes(frame)], has_bot=True)


_ENCODINGS: dict[str, tuple[UID, Callable[[Pixels, int], bytes]]] = {
    "explicit": (ExplicitVRLittleEndian, _stored_plainly),
    "jpeg-lossless": (JPEGLosslessSV1, _stored_jpeg_lossless),
    "jpeg-2000": (JPEG2000Lossless, _stored_jpeg_2000),
}


def write_view(path: Path, view: ViewFile, pixels: Pixels) -> None:
    """Write one view; the file appears under its name only when it is whole.

    Args:
        path: The file to write; its folder exists.
        view: What the header says.
        pixels: (rows, cols) uint16 stored values below 2**bits.

    Raises:
        OSError: If the file cannot be written.

    Source: DICOM PS3.3, clause A.27 (Digital Mammography X-Ray Image IOD); PS3.5, clause A.4
    (compressed Pixel Data are OB).
    """
    syntax, encode = _ENCODINGS[view.transfer_syntax]
    dataset = _header(view, pixels.shape)
    vr = "OB" if syntax.is_encapsulated else "OW"
    dataset.add_new(0x7FE00010, vr, encode(pixels, view.bits))
    dataset["PixelData"].is_undefined_length = syntax.is_encapsulated
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = UID(synthetic_uid("implementation"))
    meta.ImplementationVersionName = "GLAM_PHANTOM"
    file = FileDataset(path.name, dataset, file_meta=meta, preamble=b"\0" * 128)
    buffer = BytesIO()  # pydicom hides a full disk's errno when it writes the file itself
    file.save_as(buffer, enforce_file_format=True)
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_bytes(buffer.getbuffer())
    temporary.replace(path)


def patient_orientation(key: ViewKey, chest_wall: ChestWall) -> list[str]:
    """Where the rows and the columns of the stored pixels lead (0020,0020).

    The columns run from lateral or cranial to medial or caudal; the rows lead away from the chest
    wall where it is stored at the left, and towards it otherwise.

    Source: DICOM PS3.3, clause C.8.11.7.1.4 and PS3.17, annex on mammography orientation.
    """
    along_row = "A" if chest_wall is ChestWall.LEFT else "P"
    medial = "R" if key.laterality is Laterality.LEFT else "L"
    return [along_row, f"F{medial}" if key.view_position is ViewPosition.MLO else medial]


def _header(view: ViewFile, shape: tuple[int, ...]) -> Dataset:
    dataset = Dataset()
    for part in (_patient, _study, _equipment, _exposure, _projection, _grey_scale):
        for keyword, value in part(view).items():
            setattr(dataset, keyword, value)
    dataset.Rows, dataset.Columns = shape
    rows_mm, cols_mm = (round(length * view.detector_spacing_mm) for length in shape)
    dataset.FieldOfViewShape = "RECTANGLE"
    dataset.FieldOfViewDimensions = [rows_mm, cols_mm]
    dataset.CollimatorShape = "RECTANGULAR"
    dataset.CollimatorLeftVerticalEdge = 0
    dataset.CollimatorRightVerticalEdge = shape[1] + 1
    dataset.CollimatorUpperHorizontalEdge = 0
    dataset.CollimatorLowerHorizontalEdge = shape[0] + 1
    return dataset


def _patient(view: ViewFile) -> dict[str, Any]:
    identity = view.identity
    return {
        "PatientName": identity.patient_name,
        "PatientID": identity.patient_id,
        "PatientBirthDate": identity.birth_date.strftime("%Y%m%d"),
        "PatientSex": "F",
        "PatientAge": f"{identity.age_years:03d}Y",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "Synthetic picture, no patient",
        "PatientOrientation": patient_orientation(view.key, view.chest_wall),
    }


def _study(view: ViewFile) -> dict[str, Any]:
    identity = view.identity
    date, time = identity.study_date.strftime("%Y%m%d"), identity.study_time.strftime("%H%M%S")
    exposed = datetime.datetime.combine(identity.study_date, identity.study_time)
    exposed += datetime.timedelta(seconds=50 * view.number)
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["DERIVED", "PRIMARY"],
        "SOPClassUID": DigitalMammographyXRayImageStorageForPresentation,
        "SOPInstanceUID": identity.uid("image", view.number, view.key.short),
        "StudyInstanceUID": identity.uid("study"),
        "SeriesInstanceUID": identity.uid("series"),
        "StudyDate": date,
        "SeriesDate": date,
        "AcquisitionDate": date,
        "ContentDate": date,
        "StudyTime": time,
        "SeriesTime": time,
        "AcquisitionTime": exposed.strftime("%H%M%S"),
        "ContentTime": exposed.strftime("%H%M%S"),
        "AccessionNumber": identity.uid("accession")[-12:],
        "StudyID": "1",
        "StudyDescription": "Synthetic screening mammography",
        "SeriesDescription": "Synthetic standard views",
        "SeriesNumber": 1,
        "AcquisitionNumber": view.number,
        "InstanceNumber": view.number,
        "ReferringPhysicianName": "",
        "Modality": "MG",
        "PresentationIntentType": "FOR PRESENTATION",
        "AcquisitionContextSequence": [],
        "BodyPartExamined": "BREAST",
    }


def _equipment(view: ViewFile) -> dict[str, Any]:
    return {
        "Manufacturer": view.manufacturer,
        "ManufacturerModelName": view.model_name,
        "DeviceSerialNumber": "SYNTHETIC",
        "SoftwareVersions": "1",
        "StationName": "SYNTHETIC",
        "InstitutionName": "Synthetic",
        "DetectorType": view.detector_type,
        "DetectorConfiguration": "AREA",
        "DetectorID": "SYNTHETIC",
        "DetectorActiveShape": "RECTANGLE",
        "DetectorConditionsNominalFlag": "YES",
        "DateOfLastDetectorCalibration": view.identity.study_date.strftime("%Y%m%d"),
        "FieldOfViewOrigin": [0, 0],
        "FieldOfViewRotation": "0",
        "FieldOfViewHorizontalFlip": "NO",
    }


def _exposure(view: ViewFile) -> dict[str, Any]:
    shot = view.technique
    return {
        "KVP": shot.kvp,
        "ExposureTime": shot.exposure_time_ms,
        "XRayTubeCurrent": 100,
        "Exposure": round(shot.exposure_mas),
        "ExposureInuAs": round(shot.exposure_mas * 1000),
        "AnodeTargetMaterial": shot.anode,
        "FilterMaterial": shot.filter_material,
        "FilterType": "STRIP",
        "FocalSpots": 0.3,
        "Grid": ["RECIPROCATING", "FOCUSED"],
        "BodyPartThickness": shot.thickness_mm,
        "CompressionForce": shot.force_n,
        "PositionerType": "MAMMOGRAPHIC",
        "PositionerPrimaryAngle": shot.angle_deg,
        "DistanceSourceToDetector": _SOURCE_TO_DETECTOR_MM,
        "DistanceSourceToPatient": round(_SOURCE_TO_DETECTOR_MM / view.magnification, 2),
        "OrganDose": round(shot.organ_dose_mgy / 100.0, 5),  # the attribute's unit is dGy
        "OrganExposed": "BREAST",
        "ExposureControlMode": "AUTOMATIC",
        "ExposureStatus": "NORMAL",
    }


def _projection(view: ViewFile) -> dict[str, Any]:
    spacing = view.detector_spacing_mm
    tags: dict[str, Any] = {
        "ImageLaterality": view.key.laterality.value,
        "ViewPosition": view.key.view_position.value,
        "ViewCodeSequence": [_view_code(view)],
        "AnatomicRegionSequence": [_code("76752008", "Breast")],
        "BreastImplantPresent": "YES" if view.implant else "NO",
        "PartialView": "NO",
        "ImagerPixelSpacing": [spacing, spacing],
        "EstimatedRadiographicMagnificationFactor": view.magnification,
    }
    if view.calibrated:
        in_breast = round(spacing / view.magnification, 8)
        tags |= {
            "PixelSpacing": [in_breast, in_breast],
            "PixelSpacingCalibrationType": "GEOMETRY",
            "PixelSpacingCalibrationDescription": "Plane in the middle of the breast",
        }
    return tags


def _grey_scale(view: ViewFile) -> dict[str, Any]:
    photometric = "MONOCHROME1" if view.monochrome1 else "MONOCHROME2"
    padding = {} if view.padding is None else {"PixelPaddingValue": view.padding}
    return padding | {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": photometric,
        "BitsAllocated": 16,
        "BitsStored": view.bits,
        "HighBit": view.bits - 1,
        "PixelRepresentation": 0,
        "QualityControlImage": "NO",
        "BurnedInAnnotation": "YES" if view.burned_in else "NO",
        "LossyImageCompression": "00",
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": 1 if view.monochrome1 else -1,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
        "RescaleType": "US",
        "WindowCenter": [window.centre for window in view.windows],
        "WindowWidth": [window.width for window in view.windows],
        "WindowCenterWidthExplanation": [window.explanation for window in view.windows],
        "VOILUTFunction": view.voi_function,
        "PresentationLUTShape": "INVERSE" if view.monochrome1 else "IDENTITY",
    }


def _view_code(view: ViewFile) -> Dataset:
    code = _code(*_VIEW_CODES[view.key.view_position])
    code.ViewModifierCodeSequence = []
    return code


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item
