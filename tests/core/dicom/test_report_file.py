"""Reports from files: texts in their encodings, PDF, DICOM SR, and what is refused."""

import io

import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from glam_core.data.report import parse_report
from glam_core.dicom.report_file import read_report_file, report_from_bytes
from glam_core.errors import UnreadableFileError
from glam_core.scripts import glam

WORDS = "FINDINGS: Right breast – irregular mass at 9 o’clock, ½ cm. No calcifications."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_a_text_is_read_in_every_encoding_that_reports_come_in(tmp_path, encoding):
    file = tmp_path / "report.txt"
    file.write_bytes(WORDS.replace("\n", "\r\n").encode(encoding))
    assert read_report_file(file).text == WORDS


def test_the_identifier_of_a_text_is_told_so_that_patients_can_be_compared():
    report = report_from_bytes(b"Name: A B\nMRN: 00-4711\nFINDINGS: Mass, left breast.", "r.txt")
    assert report.patient_id == "00-4711"
    assert report_from_bytes(b"The patient identified a lump.", "r.txt").patient_id is None


def pdf_of(lines: list[str], password: str | None = None) -> bytes:
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
    )
    stream = DecodedStreamObject()
    shown = " ".join(f"({line}) Tj T*" for line in lines)
    stream.set_data(f"BT /F1 12 Tf 14 TL 50 800 Td {shown} ET".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_pdf_gives_its_words():
    lines = ["Patient ID: 4711", "FINDINGS:", "Spiculated mass in the left breast", "at 2:00."]
    report = report_from_bytes(pdf_of(lines), "report.pdf")
    (mass,) = parse_report(report.text).findings
    assert (report.kind, report.patient_id) == ("PDF", "4711")
    assert (mass.laterality, mass.clock) == ("L", 2)


def coded(meaning: str, value: str = "1") -> list[Dataset]:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "99TEST", meaning
    return [code]


def item(kind: str, name: str, value: object = None, children: tuple[Dataset, ...] = ()) -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType = "CONTAINS", kind
    made.ConceptNameCodeSequence = coded(name)
    if kind == "TEXT":
        made.TextValue = value
    if kind == "CODE":
        made.ConceptCodeSequence = coded(str(value))
    if kind == "PNAME":
        made.PersonName = value
    if kind == "NUM":
        measured = Dataset()
        measured.NumericValue = value
        measured.MeasurementUnitsCodeSequence = coded("millimeter", "mm")
        made.MeasuredValueSequence = [measured]
    if children:
        made.ContentSequence = list(children)
    return made


def structured_report(*children: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.22"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, generate_uid()
    made.PatientID, made.PatientName, made.StudyInstanceUID = "ID-1", "Doe^Jane", "1.2.3"
    made.ValueType, made.Modality = "CONTAINER", "SR"
    made.ConceptNameCodeSequence = coded("Mammography Report")
    made.ContentSequence = list(children)
    file = io.BytesIO()
    made.save_as(file, enforce_file_format=True)
    return file.getvalue()


def test_a_structured_report_gives_sentences_and_the_identifier_but_no_persons():
    mass = item(
        "CONTAINER",
        "Finding",
        children=(
            item("CODE", "Finding type", "Mass"),
            item("CODE", "Laterality", "Left"),
            item("CODE", "Clock position", "2 o'clock"),
            item("NUM", "Distance from nipple", "40"),
        ),
    )
    content = structured_report(
        item("PNAME", "Person Observer Name", "Reader^Anna"),
        item("CONTAINER", "Findings", children=(item("TEXT", "Finding", "No mass, right."), mass)),
        item("TEXT", "Impression", "BI-RADS 4, left."),
    )
    report = report_from_bytes(content, "sr.dcm")
    assert (report.kind, report.patient_id, report.study_uid) == ("DICOM SR", "ID-1", "1.2.3")
    assert "Anna" not in report.text
    assert "Doe" not in report.text
    parsed = parse_report(report.text)
    negated, found = parsed.findings
    assert (negated.laterality, negated.negated) == ("R", True)
    assert (found.laterality, found.clock, found.distance_mm) == ("L", 2, 40.0)
    assert parsed.birads == "4"


def image_file() -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.PatientID = meta.MediaStorageSOPClassUID, "ID-1"
    file = io.BytesIO()
    made.save_as(file, enforce_file_format=True)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \r\n ", "empty"),
        ("a.txt", bytes(range(256)) * 40, "binary"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(200)), "binary"),
        ("a.txt", b"mass " * 300_000, "single report"),
        ("a.docx", b"PK\x03\x04" + b"\0" * 100, "Word"),
        ("a.rtf", b"{\\rtf1 mass}", "RTF"),
        ("a.pdf", b"%PDF-1.7 nothing", "damaged"),
        ("a.pdf", pdf_of([]), "no words"),
        ("a.pdf", pdf_of(["mass"], password="secret"), "password"),
        ("a.dcm", b"mass", "damaged or no DICOM"),
        ("a.dcm", image_file(), "without a report"),
        ("a.dcm", structured_report(), "without words"),
    ],
)
def test_what_holds_no_report_is_refused_in_one_sentence(name, content, said):
    with pytest.raises(UnreadableFileError, match=said) as error:
        report_from_bytes(content, name)
    assert str(error.value).startswith(f"{name}: ")
    assert "ID-1" not in str(error.value)


def test_missing_huge_and_folder_are_named(tmp_path):
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as stream:
        stream.truncate(40 << 20)
    for path, said in ((tmp_path / "no.txt", "No such file"), (huge, "MB"), (tmp_path, "folder")):
        with pytest.raises(UnreadableFileError, match=said):
            read_report_file(path)


def test_the_command_reads_a_report_from_standard_input(monkeypatch, capsys):
    stream = io.TextIOWrapper(io.BytesIO("Mass, right breast, 9:00.".encode("utf-16")))
    monkeypatch.setattr("sys.stdin", stream)
    assert glam.main(["report", "parse", "-", "--json"]) == 0
    assert '"clock": 9' in capsys.readouterr().out
