"""The field's own words as types; CONTEXT.md defines each of them."""

from enum import StrEnum
from typing import NamedTuple


class Laterality(StrEnum):
    """The breast a picture shows (DICOM Image Laterality, 0020,0062)."""

    LEFT = "L"
    RIGHT = "R"

    @property
    def other(self) -> "Laterality":
        """The contralateral breast."""
        return Laterality.RIGHT if self is Laterality.LEFT else Laterality.LEFT


class ViewPosition(StrEnum):
    """The projection of a picture (DICOM CID 4014, View for Mammography)."""

    CC = "CC"
    MLO = "MLO"
    ML = "ML"
    LM = "LM"
    LMO = "LMO"
    XCCL = "XCCL"
    XCCM = "XCCM"
    FB = "FB"
    SIO = "SIO"
    ISO = "ISO"
    AT = "AT"

    @property
    def partner(self) -> "ViewPosition | None":
        """The standard view that completes this one to a pair; None for the extra views."""
        pairs = {ViewPosition.CC: ViewPosition.MLO, ViewPosition.MLO: ViewPosition.CC}
        return pairs.get(self)


class ChestWall(StrEnum):
    """The edge of the stored picture at which the chest wall lies."""

    LEFT = "left"
    RIGHT = "right"


class Source(StrEnum):
    """Where a side or a view is known from."""

    HEADER = "header"
    PROPOSED = "proposed"
    USER = "user"


class PointPx(NamedTuple):
    """A place in a picture: pixel centres at integers, row down, col right."""

    row: float
    col: float


class ViewKey(NamedTuple):
    """One standard view of one breast, for example RCC."""

    laterality: Laterality
    view_position: ViewPosition

    @property
    def short(self) -> str:
        """The customary short code, for example "RMLO"."""
        return f"{self.laterality.value}{self.view_position.value}"
