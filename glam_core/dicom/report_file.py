"""The words of a report from a file: plain text, PDF, or a DICOM structured report."""

import io
import logging
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from glam_core.dicom.header import HEADER_ERRORS, Header, read_header
from glam_core.dicom.structured_report import SR_KEYWORDS, report_text
from glam_core.errors import UnreadableFileError

LARGEST_BYTES = 32 << 20
LARGEST_TEXT_BYTES = 1 << 20
MOST_PAGES = 60
_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_STRUCTURED = "1.2.840.10008.5.1.4.1.1.88."
_OTHER_DOCUMENTS = {
    b"PK\x03\x04": "is a Word document or another archive",
    b"\xd0\xcf\x11\xe0": "is an old Word document",
    b"{\\rtf": "is an RTF document",
}
_REMEDY = "save the report as plain text or as PDF"
_IDENTIFIER = re.compile(
    r"^[^\S\n]*(?:patient(?:'s)?[^\S\n]*(?:id|identifier|no\.?|number)|MRN|PID|NHS[^\S\n]*(?:no\.?|number)|"
    r"hospital[^\S\n]*(?:no\.?|number)|medical[^\S\n]*record[^\S\n]*(?:no\.?|number))"
    r"[^\S\n]*[:#=][^\S\n]*(?P<value>[A-Za-z0-9][\w./-]{1,63})",
    re.IGNORECASE | re.MULTILINE,
)

# Its messages may quote the document.
logging.getLogger("pypdf").propagate = False


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report as words.

    Attributes:
        text: The words, as `parse_report` reads them.
        kind: "text", "PDF" or "DICOM SR".
        patient_id: From the header, or a line such as "MRN: 123" of the text; None where it is not
            said. To be compared with the open study's, never shown in a message or a log.
        study_uid: From the header; None in texts and PDFs.
    """

    text: str
    kind: str
    patient_id: str | None = None
    study_uid: str | None = None


def read_report_file(file: Path | str) -> ReportFile:
    """Read a report from a file: TXT (UTF-8, UTF-16, Windows-1252), PDF, or DICOM SR.

    Raises:
        UnreadableFileError: It is missing, too large, binary, locked, without words, or a picture.
    """
    path = Path(file)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise UnreadableFileError(path, "is a folder; choose the file with the report")
        if size > LARGEST_BYTES:
            raise UnreadableFileError(
                path,
                f"has {size / (1 << 20):.0f} MB, more than {LARGEST_BYTES >> 20} MB; "
                "choose the report of one study",
            )
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read ({error.strerror})") from None
    return report_from_bytes(content, path.name)


def is_dicom_report(file: Path) -> bool:
    """Whether a file is a DICOM structured report or encapsulated PDF, by its header alone."""
    try:
        with file.open("rb") as stream:
            kind = read_header(stream, ("SOPClassUID",)).text("SOPClassUID") or ""
    except (OSError, *HEADER_ERRORS):
        return False
    return kind == _ENCAPSULATED_PDF or kind.startswith(_STRUCTURED)


def report_from_bytes(content: bytes, name: str) -> ReportFile:
    """Read a report that is already in memory, for example from standard input or a drop.

    Args:
        content: The whole file.
        name: What to call it in an error.

    Raises:
        UnreadableFileError: As `read_report_file`.
    """
    if not content.strip():
        raise UnreadableFileError(name, "is empty; choose a file with the report's words")
    if content[128:132] == b"DICM" or name.lower().endswith((".dcm", ".dicom")):
        return _from_dicom(content, name)
    if content.lstrip()[:5] == b"%PDF-":
        return _with_identifier(_pdf_text(content, name), "PDF")
    for start, what in _OTHER_DOCUMENTS.items():
        if content.startswith(start):
            raise UnreadableFileError(name, f"{what}; {_REMEDY}")
    if len(content) > LARGEST_TEXT_BYTES:
        raise UnreadableFileError(
            name,
            f"has {len(content) / 1000:.0f} kB of text, more than the report of one study; "
            "choose a single report",
        )
    return _with_identifier(_decoded(content, name), "text")


def _with_identifier(text: str, kind: str) -> ReportFile:
    found = _IDENTIFIER.search(text)
    return ReportFile(text, kind, None if found is None else found["value"])


def _decoded(content: bytes, name: str) -> str:
    """Text in one of the encodings that reports come in; Windows-1252 where it is no UTF-8."""
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _reads_as_text(text):
            return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    raise UnreadableFileError(name, f"is binary, not a text; {_REMEDY}")


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    head = content[:2000]
    if head[1::2].count(0) > 0.4 * len(head[1::2]):
        return ("utf-16-le",)
    if head[0::2].count(0) > 0.4 * len(head[0::2]):
        return ("utf-16-be",)
    return ("utf-8", "cp1252", "latin-1")


def _reads_as_text(text: str) -> bool:
    control = sum(
        unicodedata.category(c) in ("Cc", "Co", "Cn") and c not in "\t\n\r\f" for c in text
    )
    letters = sum(c.isalnum() or c.isspace() for c in text)
    return "\0" not in text and control <= len(text) / 100 and letters > len(text) / 2


def _pdf_text(content: bytes, name: str) -> str:
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFileError(name, "is locked by a password; save it without one")
        pages = len(reader.pages)
        if pages > MOST_PAGES:
            raise UnreadableFileError(
                name, f"has {pages} pages, more than {MOST_PAGES}; choose the report of one study"
            )
        text = "\n".join(page.extract_text() for page in reader.pages)
    except UnreadableFileError:
        raise
    # pypdf meets broken files with its own errors and with those of plain Python
    except (PyPdfError, *HEADER_ERRORS):
        raise UnreadableFileError(
            name, "is damaged or no PDF that can be read; save the report as text"
        ) from None
    text = unicodedata.normalize("NFKC", text)
    if not text.strip():
        raise UnreadableFileError(
            name, "holds pictures of pages and no words; recognise its text first, or type it"
        )
    return text


def _from_dicom(content: bytes, name: str) -> ReportFile:
    try:
        header = read_header(io.BytesIO(content), SR_KEYWORDS)
    except HEADER_ERRORS:
        header = None
    if header is None or header.empty:
        raise UnreadableFileError(name, "is damaged or no DICOM file")
    text, kind = _dicom_words(header, name)
    if not text.strip():
        raise UnreadableFileError(name, "is a structured report without words")
    return ReportFile(text, kind, header.text("PatientID"), header.text("StudyInstanceUID"))


def _dicom_words(header: Header, name: str) -> tuple[str, str]:
    document = header.raw("EncapsulatedDocument")
    if header.text("SOPClassUID") == _ENCAPSULATED_PDF and document is not None:
        return _pdf_text(document, name), "PDF"
    if "ContentSequence" in header or (header.text("SOPClassUID") or "").startswith(_STRUCTURED):
        return report_text(header), "DICOM SR"
    raise UnreadableFileError(
        name, "is a DICOM file without a report; choose a structured report, a text or a PDF"
    )
