"""One place looked at: a mammogram with its study's facts, or the reason why it is none."""

import uuid
from dataclasses import dataclass, replace
from typing import BinaryIO

from pydicom import config
from pydicom.uid import UID

from glam_core.dicom.codecs import DEFLATED
from glam_core.dicom.facts_header import (
    IDENTIFIERS,
    SPACING_KEYWORDS,
    TECHNIQUE_KEYWORDS,
    acquired_of,
    identifiers_of,
    readable_date,
    spacing_of,
    technique_of,
)  # fmt: skip
from glam_core.dicom.header import (
    HEADER_ERRORS,
    Header,
    looks_like_dicom,
    quiet_pydicom,
    read_header,
)
from glam_core.dicom.inflate import inflated
from glam_core.dicom.pixel_layout import (
    LAYOUT_KEYWORDS,
    PixelLayoutError,
    check_length,
    pixel_element,
    pixel_layout,
)
from glam_core.dicom.place import Place, first_bytes, size_of
from glam_core.dicom.plain_picture import PlainPictureError, plain_facts, plain_kind
from glam_core.dicom.view_header import (
    VIEW_KEYWORDS,
    file_name_view,
    laterality_of,
    name_before_view,
    view_modifiers_of,
    view_position_of,
)  # fmt: skip
from glam_core.study import MammogramImage
from glam_core.terms import Source

KEYWORDS = (
    *LAYOUT_KEYWORDS, *VIEW_KEYWORDS, *SPACING_KEYWORDS, *TECHNIQUE_KEYWORDS, *IDENTIFIERS.values(),
    "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID",
    "SeriesInstanceUID", "Modality", "BodyPartExamined", "PresentationIntentType",
    "IssuerOfPatientID", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime",
    "SeriesDate", "InstanceNumber",
)  # fmt: skip
_MAMMOGRAPHY_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.1.2": False,
    "1.2.840.10008.5.1.4.1.1.1.2.1": True,
    "1.2.840.10008.5.1.4.1.1.13.1.3": False,
    "1.2.840.10008.5.1.4.1.1.13.1.4": False,
    "1.2.840.10008.5.1.4.1.1.13.1.5": True,
}
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_MAYBE_BREAST = ("CR", "DX", "OT", "SC", "RG", "DR")
_NAMED_STARTS = {
    b"%PDF": "a PDF document", b"PK\x03\x04": "an archive inside an archive; unpack it first",
    b"BM": "a BMP picture; save it as PNG", b"GIF8": "a GIF picture; save it as PNG",
    b"RIFF": "not a picture that can be read", b"\x1f\x8b": "a gzip archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first", b"Rar!": "a RAR archive; unpack it first",
}  # fmt: skip


class NotAMammogramError(ValueError):
    """The place holds something else; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Found:
    """A mammogram and the study it belongs to."""

    image: MammogramImage
    patient_key: str
    patient_name: str | None
    patient_id: str | None
    study_uid: str
    date: str | None
    number: int = 0
    notices: tuple[str, ...] = ()


def look_at(stream: BinaryIO, place: Place) -> Found:
    """Read the head of a place.

    Raises:
        NotAMammogramError: If it is something else, or cannot be read; with the reason.
    """
    start = first_bytes(stream)
    if not start:
        raise NotAMammogramError("empty (0 bytes); copy it again")
    kind = plain_kind(start)
    if kind is not None:
        return _plain(stream, place, kind)
    if not looks_like_dicom(start):
        raise NotAMammogramError(_other(start))
    return _dicom(stream, place)


def _other(start: bytes) -> str:
    for begin, words in _NAMED_STARTS.items():
        if start.startswith(begin):
            return words
    if not any(start):
        return "only zero bytes; copy it again"
    text = sum(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start)
    return "a text file" if text > 0.95 * len(start) else "neither DICOM nor a known picture"


def _dicom(stream: BinaryIO, place: Place) -> Found:
    try:
        plain, was_deflated = inflated(stream)
        header = read_header(plain, KEYWORDS)
    except HEADER_ERRORS as error:
        raise NotAMammogramError("its DICOM header is damaged or cut short") from error
    with quiet_pydicom():
        return _mammogram(plain, header, place, was_deflated=was_deflated)


def _mammogram(plain: BinaryIO, header: Header, place: Place, *, was_deflated: bool) -> Found:
    _check_kind(header)
    try:
        layout = pixel_layout(header)
        if place.member is None or was_deflated or layout.native:
            check_length(pixel_element(plain, header), layout)
    except PixelLayoutError as error:
        raise NotAMammogramError(str(error)) from error
    except HEADER_ERRORS as error:
        raise NotAMammogramError("its pixel data are damaged or cut short") from error
    syntax = DEFLATED if was_deflated else layout.transfer_syntax
    sop_class = header.text("SOPClassUID") or ""
    spacing, laterality, view = spacing_of(header), laterality_of(header), view_position_of(header)
    intent = (header.text("PresentationIntentType") or "").upper()
    image = MammogramImage(
        path=place.path,
        member=place.member,
        sop_instance_uid=header.text("SOPInstanceUID") or _uid_of("picture", place.full_name),
        series_uid=header.text("SeriesInstanceUID") or _uid_of("series", str(place.path.parent)),
        rows=layout.rows,
        cols=layout.cols,
        bits=layout.bits_stored,
        transfer_syntax=syntax,
        frames=layout.frames,
        laterality=laterality,
        laterality_source=Source.HEADER if laterality else None,
        view_position=view,
        view_source=Source.HEADER if view else None,
        view_modifiers=view_modifiers_of(header),
        spacing=spacing,
        photometric_interpretation=header.text("PhotometricInterpretation") or "MONOCHROME2",
        for_processing=intent == "FOR PROCESSING" or _MAMMOGRAPHY_CLASSES.get(sop_class, False),
        acquired=acquired_of(header),
        technique=technique_of(header),
        identifiers=identifiers_of(header),
    )
    study = header.text("StudyInstanceUID") or _uid_of("study", str(place.path.parent))
    name, patient_id = header.text("PatientName"), header.text("PatientID")
    issuer = header.text("IssuerOfPatientID") or ""
    return Found(
        image=with_name_proposal(image, place.name),
        patient_key="|".join((patient_id, issuer)) if patient_id else name or study,
        patient_name=name,
        patient_id=patient_id,
        study_uid=study,
        date=readable_date(header.text("StudyDate") or header.text("SeriesDate"))
        or (image.acquired or "")[:10] or None,
        number=header.whole("InstanceNumber") or 0,
    )  # fmt: skip


def _check_kind(header: Header) -> None:
    """Refuse what certainly is no mammogram; a silent header is given the benefit of the doubt."""
    sop_class = header.text("SOPClassUID") or header.media_class or ""
    if sop_class == _DIRECTORY_CLASS or "DirectoryRecordSequence" in header:
        raise NotAMammogramError("a DICOM directory; open it by itself")
    if header.empty:
        raise NotAMammogramError("its DICOM header is damaged or cut short")
    modality = (header.text("Modality") or "").upper()
    if modality == "MG" or sop_class in _MAMMOGRAPHY_CLASSES:
        return
    if modality in _MAYBE_BREAST and _mentions_breast(header):
        return
    if modality:
        raise NotAMammogramError(f"{modality[:16]}, not a mammogram")
    class_name = UID(sop_class, config.IGNORE).name if sop_class else ""
    radiograph = any(word in class_name for word in ("X-Ray", "Radiography", "Secondary Capture"))
    if class_name and class_name != sop_class and not radiograph:
        raise NotAMammogramError(f"{class_name}, not a mammogram")
    if "Rows" not in header:
        raise NotAMammogramError("a DICOM file without a picture")


def _mentions_breast(header: Header) -> bool:
    if (header.text("BodyPartExamined") or "").upper() in ("BREAST", "MAMMA"):
        return True
    return view_position_of(header) is not None


def with_name_proposal(image: MammogramImage, name: str) -> MammogramImage:
    """The image with side and view from its file name, where the header is silent on one of them.

    A name that contradicts the header is not believed.
    """
    said = file_name_view(name)
    if said is None or (image.laterality and image.view_position):
        return image
    side, view = said
    if image.laterality not in (None, side) or image.view_position not in (None, view):
        return image
    return replace(
        image,
        laterality=side,
        laterality_source=image.laterality_source or Source.PROPOSED,
        view_position=view,
        view_source=image.view_source or Source.PROPOSED,
    )


def _plain(stream: BinaryIO, place: Place, kind: str) -> Found:
    try:
        facts = plain_facts(stream, kind)
    except PlainPictureError as error:
        raise NotAMammogramError(str(error)) from error
    size = size_of(stream)
    name = name_before_view(place.name)
    folder = str(place.path.parent if place.member is None else place.path)
    image = MammogramImage(
        path=place.path,
        member=place.member,
        sop_instance_uid=_uid_of("picture", f"{place.full_name}|{size}"),
        series_uid=_uid_of("series", f"{folder}|{name}"),
        rows=facts.rows,
        cols=facts.cols,
        bits=facts.bits,
        transfer_syntax=kind,
        photometric_interpretation="MONOCHROME1" if facts.white_is_zero else "MONOCHROME2",
    )
    notices = []
    if facts.colour:
        notices.append(f"{place.name} is in colour; its brightness is shown.")
    if facts.pages > 1:
        notices.append(f"{place.name} has {facts.pages} pages; the first is shown.")
    return Found(
        image=with_name_proposal(image, place.name),
        patient_key=name or folder,
        patient_name=None,
        patient_id=None,
        study_uid=_uid_of("study", f"{folder}|{name}"),
        date=None,
        notices=tuple(notices),
    )


def _uid_of(kind: str, text: str) -> str:
    """A UID made of words, the same every time (PS3.5, annex B.2)."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind}:{text}').int}"
