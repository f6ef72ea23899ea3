"""Small valid mammography DICOM files in every transfer syntax, for tests; drawn, no patient."""

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

PREFIX = "1.2.826.0.1.3680043.8.498."
MG_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
MG_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
VIEW_CODES = {"CC": ("R-10242", "SRT"), "MLO": ("399368009", "SCT")}

SYNTAXES = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "big-endian": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg-baseline": "1.2.840.10008.1.2.4.50",
    "jpeg-extended": "1.2.840.10008.1.2.4.51",
    "jpeg-lossless-57": "1.2.840.10008.1.2.4.57",
    "jpeg-lossless-70": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-ls-near": "1.2.840.10008.1.2.4.81",
    "jpeg-2000-lossless": "1.2.840.10008.1.2.4.90",
    "jpeg-2000": "1.2.840.10008.1.2.4.91",
    "htj2k-lossless": "1.2.840.10008.1.2.4.201",
    "htj2k-rpcl": "1.2.840.10008.1.2.4.202",
    "htj2k": "1.2.840.10008.1.2.4.203",
}
LOSSY = {"jpeg-baseline": 8, "jpeg-extended": 12, "jpeg-ls-near": 3, "jpeg-2000": 12, "htj2k": 12}
WITHOUT_SIGN = ("jpeg-baseline", "jpeg-extended")


def drawn_breast(
    rows: int = 200, cols: int = 160, *, bits: int = 12, right: bool = False, seed: int = 0
) -> np.ndarray:
    """(rows, cols) uint16 (uint8 up to 8 bits): air 0, a half ellipse of tissue with texture."""
    row, col = np.mgrid[:rows, :cols]
    inside = ((row - rows / 2) / (0.42 * rows)) ** 2 + (col / (0.75 * cols)) ** 2
    noise = np.random.default_rng(seed).normal(size=(rows, cols))
    top = (1 << bits) - 1
    tissue = np.clip((0.75 - 0.35 * inside + 0.02 * noise) * top, 0.2 * top, top)
    values = np.where(inside < 1, tissue, 0).astype(np.uint16 if bits > 8 else np.uint8)
    return np.ascontiguousarray(values[:, ::-1] if right else values)


def mammogram_header(
    shape: tuple[int, int],
    *,
    view: str = "LCC",
    patient: str = "P1",
    study: int = 1,
    number: int = 1,
    bits: int = 12,
    allocated: int = 16,
    signed: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> Dataset:
    """A valid MG header; `changes` sets keywords, or takes them out where the value is None."""
    dataset = Dataset()
    side, position = view[0], view[1:]
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.SOPClassUID = MG_PRESENTATION
    owner = int.from_bytes(patient.encode()[:8], "big")
    dataset.SOPInstanceUID = f"{PREFIX}1.{owner}.{study}.{number}"
    dataset.StudyInstanceUID = f"{PREFIX}2.{owner}.{study}"
    dataset.SeriesInstanceUID = f"{PREFIX}3.{owner}.{study}"
    dataset.StudyDate = dataset.AcquisitionDate = f"202{study % 10}0304"
    dataset.StudyTime = dataset.AcquisitionTime = "101500"
    dataset.Modality = "MG"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.PatientName, dataset.PatientID = "Test^Drawn", patient
    dataset.KVP, dataset.BodyPartThickness, dataset.CompressionForce = "29", "53", "110"
    dataset.ImagerPixelSpacing = [0.07, 0.07]
    dataset.ImageLaterality, dataset.ViewPosition = side, position
    dataset.InstanceNumber = number
    dataset.PatientOrientation = ["A", "FR" if side == "L" else "FL"]
    if position in VIEW_CODES:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = VIEW_CODES[position]
        code.CodeMeaning, code.ViewModifierCodeSequence = position, []
        dataset.ViewCodeSequence = [code]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = allocated, bits, bits - 1
    dataset.PixelRepresentation = int(signed)
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.WindowCenter, dataset.WindowWidth = 1 << (bits - 1), 1 << bits
    for keyword, value in (changes or {}).items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            delattr(dataset, keyword)
    return dataset


def write_mammogram(
    path: Path,
    values: np.ndarray | Sequence[np.ndarray] | None = None,
    *,
    syntax: str = "explicit",
    bits: int = 12,
    view: str = "LCC",
    patient: str = "P1",
    study: int = 1,
    number: int = 1,
    fragments: int = 1,
    offset_table: bool = True,
    changes: Mapping[str, Any] | None = None,
) -> Path:
    """Write a mammogram; several arrays make a multi-frame one.

    Args:
        values: (rows, cols) uint8, uint16 or int16; None: `drawn_breast`.
        syntax: A key of `SYNTAXES`.
        fragments: Pieces into which each compressed frame is cut.
        offset_table: Whether the Basic Offset Table is filled.
    """
    if values is None:
        values = drawn_breast(bits=bits, right=view[0] == "R")
    frames = [values] if isinstance(values, np.ndarray) else list(values)
    first = frames[0]
    header = mammogram_header(
        first.shape, view=view, patient=patient, study=study, number=number, bits=bits,
        allocated=first.itemsize * 8, signed=first.dtype.kind == "i", changes=changes,
    )  # fmt: skip
    if len(frames) > 1:
        header.NumberOfFrames = len(frames)
    if syntax in _ENCODERS:
        streams = [_ENCODERS[syntax](frame, bits) for frame in frames]
        header.add_new(
            0x7FE00010,
            "OB",
            encapsulate(streams, fragments_per_frame=fragments, has_bot=offset_table),
        )
        header["PixelData"].is_undefined_length = True
    else:
        order = ">" if syntax == "big-endian" else "<"
        data = b"".join(frame.astype(frame.dtype.newbyteorder(order)).tobytes() for frame in frames)
        header.add_new(
            0x7FE00010, "OW" if first.itemsize == 2 else "OB", data + b"\0" * (len(data) % 2)
        )
    return save(path, header, syntax)


def save(path: Path, header: Dataset, syntax: str = "explicit") -> Path:
    """Write any data set as a DICOM file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = header.get("SOPClassUID", MG_PRESENTATION)
    meta.MediaStorageSOPInstanceUID = header.get("SOPInstanceUID", PREFIX + "9")
    meta.TransferSyntaxUID = UID(SYNTAXES.get(syntax, syntax))
    path.parent.mkdir(parents=True, exist_ok=True)
    implicit, little = syntax == "implicit", syntax != "big-endian"
    file = FileDataset(str(path), header, b"\0" * 128, meta, implicit, little)
    file.save_as(path, enforce_file_format=False, implicit_vr=implicit, little_endian=little)
    return path


def write_study(
    folder: Path, *, syntax: str = "explicit", patient: str = "P1", study: int = 1
) -> list[Path]:
    """The four standard views of one study."""
    return [
        write_mammogram(
            folder / f"{patient}_{study}_{number}.dcm",
            syntax=syntax, view=view, patient=patient, study=study, number=number,
        )
        for number, view in enumerate(("RCC", "LCC", "RMLO", "LMLO"), 1)
    ]  # fmt: skip


def _rle(frame: np.ndarray, bits: int) -> bytes:
    """PS3.5, annex G: byte planes, the most significant first, each row by itself."""
    planes = frame.view(np.uint8).reshape(*frame.shape, frame.itemsize)
    segments = []
    for number in reversed(range(frame.itemsize)):
        rows = np.ascontiguousarray(planes[..., number])
        segment = b"".join(bytes(imagecodecs.packbits_encode(row.tobytes())) for row in rows)
        segments.append(segment + b"\0" * (len(segment) % 2))
    offsets = [64 + sum(map(len, segments[:number])) for number in range(len(segments))]
    offsets += [0] * (15 - len(segments))
    return struct.pack("<16I", len(segments), *offsets) + b"".join(segments)


def _jpeg_lossless(predictor: int) -> Callable[[np.ndarray, int], bytes]:
    def encode(frame: np.ndarray, bits: int) -> bytes:
        stored = _unsigned(frame, bits)
        return bytes(
            imagecodecs.jpeg8_encode(stored, lossless=True, predictor=predictor, bitspersample=bits)
        )

    return encode


def _jpeg(frame: np.ndarray, bits: int) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(frame, level=98, bitspersample=bits))


def _jpeg_ls(level: int) -> Callable[[np.ndarray, int], bytes]:
    return lambda frame, bits: bytes(imagecodecs.jpegls_encode(_unsigned(frame, bits), level=level))


def _jpeg_2000(reversible: bool) -> Callable[[np.ndarray, int], bytes]:
    def encode(frame: np.ndarray, bits: int) -> bytes:
        return bytes(
            imagecodecs.jpeg2k_encode(
                frame,
                level=0 if reversible else 60,
                codecformat="j2k",
                reversible=reversible,
                bitspersample=bits,
                numthreads=1,
            )
        )

    return encode


def _htj2k(reversible: bool) -> Callable[[np.ndarray, int], bytes]:
    return lambda frame, bits: bytes(
        imagecodecs.htj2k_encode(frame, level=None if reversible else 0.0005, reversible=reversible)
    )


def _unsigned(frame: np.ndarray, bits: int) -> np.ndarray:
    """Two's complement within the stored bits, as lossless JPEG codecs carry signed values."""
    kind = np.uint16 if frame.itemsize == 2 else np.uint8
    return np.ascontiguousarray(frame.view(kind) & kind((1 << bits) - 1))


_ENCODERS: dict[str, Callable[[np.ndarray, int], bytes]] = {
    "rle": _rle,
    "jpeg-baseline": _jpeg,
    "jpeg-extended": _jpeg,
    "jpeg-lossless-57": _jpeg_lossless(6),
    "jpeg-lossless-70": _jpeg_lossless(1),
    "jpeg-ls": _jpeg_ls(0),
    "jpeg-ls-near": _jpeg_ls(2),
    "jpeg-2000-lossless": _jpeg_2000(True),
    "jpeg-2000": _jpeg_2000(False),
    "htj2k-lossless": _htj2k(True),
    "htj2k-rpcl": _htj2k(True),
    "htj2k": _htj2k(False),
}
