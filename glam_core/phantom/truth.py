"""What is known exactly about a synthetic exam: pictures, landmarks, lesions and tracked points."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from glam_core.geometry.landmarks import PectoralLine
from glam_core.phantom.place import Place
from glam_core.terms import ChestWall, Laterality, PointPx, ViewKey, ViewPosition


class LesionKind(StrEnum):
    """The four families of findings (BI-RADS, mammography)."""

    MASS = "mass"
    CALCIFICATION = "calcification"
    DISTORTION = "distortion"
    ASYMMETRY = "asymmetry"


class BenignKind(StrEnum):
    """What is drawn beside the findings and could be taken for one (BI-RADS, typically benign)."""

    ROUND = "round"
    COARSE = "coarse"
    ROD = "large rod-like"
    RIM = "rim"
    VASCULAR = "vascular"
    LYMPH_NODE = "lymph node"


class Box(NamedTuple):
    """An upright box in stored pixels, both ends included."""

    row0: int
    col0: int
    row1: int
    col1: int


class WindowSetting(NamedTuple):
    """Window Center, Window Width and their explanation (DICOM PS3.3 C.11.2)."""

    centre: float
    width: float
    explanation: str


@dataclass(frozen=True, slots=True)
class Lesion:
    """One finding in the radiologist's words (BI-RADS lexicon) and where it sits in the breast.

    Attributes:
        id: Unique within the exam, for example "L1".
        kind: Family of the finding.
        shape: Masses: "round", "oval", "irregular".
        margin: Masses: "circumscribed", "microlobulated", "obscured", "indistinct", "spiculated".
        density: Masses: "low", "equal", "high".
        morphology: Calcifications: "round", "punctate", "coarse heterogeneous", "amorphous",
            "fine pleomorphic", "fine linear branching"; asymmetries: "asymmetry",
            "focal asymmetry", "global asymmetry".
        distribution: Calcifications: "grouped", "linear", "segmental", "regional", "diffuse".
        size_mm: Longest extent before compression.
        position_mm: (x anterior, y lateral, z cranial) before compression, origin in the middle of
            the chest wall plane.
        place: The same in words; clock and quadrant as seen by someone facing the patient.
        views: Views whose picture shows it.
    """

    id: str
    kind: LesionKind
    laterality: Laterality
    size_mm: float
    position_mm: tuple[float, float, float]
    place: Place
    views: tuple[ViewPosition, ...]
    shape: str | None = None
    margin: str | None = None
    density: str | None = None
    morphology: str | None = None
    distribution: str | None = None


@dataclass(frozen=True, eq=False)
class LesionTruth:
    """One lesion in one view.

    Attributes:
        lesion_id: `Lesion.id`.
        centre: Projection of the lesion's 3D centre, in stored pixels; it may lie outside.
        box: Smallest box around `mask`; None where nothing of it falls into the picture.
        mask: bool, cut to `box`; None where `box` is None.
        visible: Whether this picture shows it: False outside the field, or where the finding
            exists in the other view only.
    """

    lesion_id: str
    centre: PointPx
    box: Box | None
    mask: npt.NDArray[np.bool_] | None
    visible: bool

    def mask_in(self, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """The mask in a picture of `shape` (rows, cols)."""
        whole = np.zeros(shape, dtype=bool)
        if self.box is not None and self.mask is not None:
            row0, col0, row1, col1 = self.box
            whole[row0 : row1 + 1, col0 : col1 + 1] = self.mask
        return whole


@dataclass(frozen=True, slots=True)
class Benign:
    """One thing in the breast that is no finding: a benign calcification or a lymph node.

    Attributes:
        id: Unique within the exam.
        size_mm: Longest extent before compression; of a node in the picture.
        position_mm: Its middle, as in `Lesion`; None for nodes, which exist in the MLO view alone.
        views: Views in whose picture at least a part of it lies.
    """

    id: str
    kind: BenignKind
    laterality: Laterality
    size_mm: float
    position_mm: tuple[float, float, float] | None
    views: tuple[ViewPosition, ...]


@dataclass(frozen=True, slots=True)
class BenignTruth:
    """One benign thing in one view that shows at least a part of it.

    Attributes:
        benign_id: `Benign.id`.
        centre: Middle of the part in the picture, in stored pixels.
        box: Smallest box around that part.
        contrast: Log attenuation that it adds where it adds most, before the detector, to pixels
            of 0.2 mm.
    """

    benign_id: str
    centre: PointPx
    box: Box
    contrast: float


class Marker(NamedTuple):
    """Something in a picture that is no breast, in stored pixels.

    Attributes:
        kind: "view label", "film edge", or the kind of a skin marker.
        centre: Of a skin marker the projection of its middle, of the others the box's middle.
        box: Smallest box around what the picture shows of it.
    """

    kind: str
    centre: PointPx
    box: Box


@dataclass(frozen=True, eq=False)
class PhantomView:
    """One picture as it would be stored, and its truth in stored pixels.

    Attributes:
        pixels: (rows, cols) uint16 stored values.
        pixel_mm: Side of a pixel in the breast's plane.
        photometric: "MONOCHROME1" or "MONOCHROME2".
        bits: Bits Stored, 12 or 14.
        windows: First one is the default.
        nipple: Base of the nipple.
        pectoral_line: Front edge of the muscle where it runs through tissue, upper end first;
            None in CC, and where no tissue lies along it.
        chest_wall: Edge of the stored picture at which the chest wall lies.
        stored_mirrored: Whether columns run against the custom (left breast: chest wall left).
        breast_mask: (rows, cols) bool, pectoral muscle and nipple included.
        lesions: Truth of every lesion of this breast, in the order of `PhantomExam.lesions`.
        points: (N, 2) float32 (row, col); row i of CC and of MLO is the same tissue.
        points_visible: (N,) bool, inside this picture and its `breast_mask`.
        thickness_mm: Thickness under the paddle.
        markers: Burned-in and skin markers shown.
        benign: Benign calcifications and lymph nodes shown, at least in part.
    """

    key: ViewKey
    pixels: npt.NDArray[np.uint16]
    pixel_mm: float
    photometric: str
    bits: int
    windows: tuple[WindowSetting, ...]
    nipple: PointPx
    nipple_in_profile: bool
    pectoral_line: PectoralLine | None
    chest_wall: ChestWall
    stored_mirrored: bool
    breast_mask: npt.NDArray[np.bool_]
    lesions: tuple[LesionTruth, ...]
    points: npt.NDArray[np.float32]
    points_visible: npt.NDArray[np.bool_]
    thickness_mm: float
    markers: tuple[Marker, ...] = ()
    benign: tuple[BenignTruth, ...] = ()


@dataclass(frozen=True, eq=False)
class PhantomExam:
    """Four views of one made-up woman.

    Attributes:
        density_class: ACR BI-RADS "A" to "D".
        style: Name of the scanner style.
        views: RCC, LCC, RMLO, LMLO.
        lesions: All findings of both breasts.
        points_mm: Per breast (N, 3), the tracked tissue before compression.
        nipple_mm: Per breast the base of the nipple before compression, as `Lesion.position_mm`.
        gland_fraction: Share of glandular tissue in the breasts' volume.
        implants: Whether both breasts hold implants.
        woman_mark: Differs where wishes made another woman of the same seed; "" where none did.
        picture_mark: Differs where pixel, kind of device or wishes made other pictures of her.
        benign: Benign calcifications and lymph nodes of both breasts that a view shows.
    """

    seed: int
    index: int
    density_class: str
    style: str
    views: Mapping[ViewKey, PhantomView]
    lesions: tuple[Lesion, ...]
    points_mm: Mapping[Laterality, npt.NDArray[np.float32]]
    nipple_mm: Mapping[Laterality, tuple[float, float, float]]
    gland_fraction: float
    implants: bool = False
    woman_mark: str = ""
    picture_mark: str = ""
    benign: tuple[Benign, ...] = ()
