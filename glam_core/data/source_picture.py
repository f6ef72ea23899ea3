"""One picture of a data set as its own tables describe it, before any pixel is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from glam_core.data.manifest import Box
from glam_core.study import MammogramImage, SkippedFile, StudyScan
from glam_core.terms import Laterality, PointPx, ViewPosition


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """What is known of a picture; None, "" or () where the data set does not say.

    Attributes:
        key: Names the picture within its data set, in letters, digits, dashes and underscores.
        file: DICOM, PNG, TIFF, JPEG or NPY.
        source_name: The file as the data set names it, below its folder.
        patient_id: As the manifest will name the patient.
        laterality, view_position: None: the file itself says, or its pixels propose.
        split_id: What the patient's split is drawn from, where that is not `patient_id`.
        official_split: "train", "validation" or "test" where the data set itself says so.
        boxes: Annotated regions in stored pixels.
        outlines: Annotated regions as polygons in stored pixels.
        masks: For each annotated region the files among which its mask is.
        nipple, pectoral_line: Given landmarks in stored pixels.
        pixel_spacing_mm: (row, col) where the tables give it; otherwise the file's own counts.
        report: Free text, as written.
        columns: Further columns of the manifest, as text.
    """

    key: str
    file: Path
    source_name: str
    patient_id: str
    laterality: Laterality | None = None
    view_position: ViewPosition | None = None
    study_id: str = ""
    study_date: str = ""
    split_id: str | None = None
    official_split: str | None = None
    boxes: tuple[Box, ...] = ()
    outlines: tuple[tuple[PointPx, ...], ...] = ()
    masks: tuple[tuple[Path, ...], ...] = ()
    nipple: PointPx | None = None
    pectoral_line: tuple[PointPx, PointPx] | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    report: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceListing:
    """A data set read from its tables.

    Attributes:
        pictures: Each file once, in the order of the tables.
        skipped: What the tables name but training cannot use, with the reason in words.
        notices: Sentences for the user about the data set as a whole; they name no patient.
    """

    pictures: tuple[SourcePicture, ...]
    skipped: tuple[SkippedFile, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceTools:
    """What an adapter may need beside its folder.

    Attributes:
        scan: Finds the mammograms below a folder; only headers are read.
        propose: Side and view of a picture that says neither, from its pixels.
        reports: The table of reports of a plain folder.
        keep_ids: Write a hospital's own patient and study ids into the manifest.
    """

    scan: Callable[[Path], StudyScan]
    propose: Callable[[MammogramImage], MammogramImage]
    reports: Path | None = None
    keep_ids: bool = False


class Adapter(Protocol):
    """Reads the published layout of one data set."""

    def __call__(self, source: Path, tools: SourceTools) -> SourceListing:
        """List the pictures below `source`.

        Raises:
            ManifestError: A table or a column is missing; one sentence with the remedy.
        """
        ...
