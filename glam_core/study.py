"""Plain types for what a folder of mammograms holds; no pixels here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glam_core.terms import Laterality, Source, ViewKey, ViewPosition


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Length of one stored pixel in mm, and where that is known from.

    `source` is one of "image plane" (Pixel Spacing calibrated), "at detector" (Imager Pixel Spacing
    alone), "magnification-corrected" (divided by the Estimated Radiographic Magnification Factor)
    and "entered by user".
    """

    row_mm: float
    col_mm: float
    source: str


@dataclass(frozen=True, slots=True)
class MammogramImage:
    """One picture file (or one member of a zip) and what its header says.

    Attributes:
        path: The file; for a zip member the zip itself.
        member: Name inside the zip; None for a plain file.
        laterality, view_position: None where unknown.
        laterality_source, view_source: Where these are known from; None where unknown.
        view_modifiers: Short codes in the customary order, for example ("ID",) or ("S", "M").
        spacing: None where the file does not say; nothing is assumed then.
        technique: Acquisition facts by the words shown on screen ("kVp" -> "29").
        identifiers: What the privacy mode hides ("Patient name" -> ...).
    """

    path: Path
    sop_instance_uid: str
    series_uid: str
    rows: int
    cols: int
    bits: int
    transfer_syntax: str
    member: str | None = None
    frames: int = 1
    laterality: Laterality | None = None
    laterality_source: Source | None = None
    view_position: ViewPosition | None = None
    view_source: Source | None = None
    view_modifiers: tuple[str, ...] = ()
    spacing: PixelSpacing | None = None
    photometric_interpretation: str = "MONOCHROME2"
    for_processing: bool = False
    acquired: str | None = None
    technique: Mapping[str, str] = field(default_factory=dict)
    identifiers: Mapping[str, str] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """The name to show to the user."""
        return self.member or self.path.name

    @property
    def pixel_lengths_mm(self) -> tuple[float, float] | None:
        """(row, col) length of a stored pixel; None where the file does not say."""
        return None if self.spacing is None else (self.spacing.row_mm, self.spacing.col_mm)

    @property
    def view_key(self) -> ViewKey | None:
        """Side and view together; None where either is unknown."""
        if self.laterality is None or self.view_position is None:
            return None
        return ViewKey(self.laterality, self.view_position)

    @property
    def is_standard_view(self) -> bool:
        """Whether this is a plain CC or MLO view: no spot, magnification or other modifier."""
        plain = set(self.view_modifiers) <= {"ID"}
        return self.view_position in (ViewPosition.CC, ViewPosition.MLO) and plain


@dataclass(frozen=True, slots=True)
class Study:
    """One examination of one patient."""

    study_uid: str
    patient_key: str
    patient_name: str | None
    patient_id: str | None
    date: str | None
    images: tuple[MammogramImage, ...]


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that is no mammogram or cannot be read, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class StudyScan:
    """What was found at the places the user named."""

    studies: tuple[Study, ...]
    skipped: tuple[SkippedFile, ...] = ()
    notices: tuple[str, ...] = ()
