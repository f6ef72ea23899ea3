"""The pictures of a manifest with their landmarks, computed once, kept with the run and mapped."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.data.masks import reduced_mask
from glam_core.data.pairs import pairs_of, read_mask
from glam_core.data.split import check_no_leak, limits_part, split_of
from glam_core.errors import GlamError, LandmarkError, ManifestError
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.inference.embedding_input import PREPROCESSING_VERSION
from glam_core.inference.match_view import MatchView
from glam_core.inference.match_views import match_view_from
from glam_core.terms import ChestWall, PointPx, ViewPosition
from glam_core.training.picture_file import LEAST_PX, read_row_picture
from glam_core.training.picture_store import PictureWriter, stored_pictures

CACHE_FOLDER = "pictures"
_VERSION = 3


@dataclass(frozen=True, eq=False)
class TrainingPicture:
    """One picture, ready to be laid on a canvas.

    Attributes:
        row: Of the manifest.
        view: As inference sees it.
        region: (rows, cols) bool over `view.picture`, every annotated place; None where the
            manifest names none.
        points: (n, 2) tracked places in stored pixels, row i the same tissue in both views of a
            breast, NaN where it is not seen; None where nobody knows such places.
    """

    row: ManifestRow
    view: MatchView
    region: npt.NDArray[np.bool_] | None
    points: npt.NDArray[np.float32] | None = None

    @property
    def is_cc(self) -> bool:
        """Slot 0 (CC) or slot 1 (MLO)."""
        return self.view.view_position is ViewPosition.CC


@dataclass(frozen=True, eq=False)
class PicturePair:
    """Both views of one breast.

    Attributes:
        matched: Whether the regions of both views are one and the same lesion.
    """

    cc: TrainingPicture
    mlo: TrainingPicture
    matched: bool = True


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What a run learns from and what it is measured on.

    Attributes:
        training, validation: Pairs, patients kept apart.
        singles: Every picture of the training patients with an annotated place, by slot.
        all_training, all_validation: Every usable picture.
        skipped: One sentence for each picture that cannot be used; tells no patient.
    """

    training: tuple[PicturePair, ...]
    validation: tuple[PicturePair, ...]
    singles: tuple[tuple[TrainingPicture, ...], tuple[TrainingPicture, ...]]
    all_training: tuple[TrainingPicture, ...]
    all_validation: tuple[TrainingPicture, ...]
    skipped: tuple[str, ...]


def training_data(
    manifest: Manifest,
    run_folder: Path,
    *,
    pairs_needed: bool = True,
    for_limits: bool = False,
    longest_px: int = LEAST_PX,
    report: Callable[[int, int], None] | None = None,
) -> TrainingData:
    """Read every picture once, find its landmarks, and split by patient.

    Args:
        manifest: Pictures with their patients.
        run_folder: Keeps the pictures for the next start.
        pairs_needed: Whether a run without annotated pairs is refused.
        for_limits: Measure on the training patients who set limits (`limits_part`).
        longest_px: Of the pictures' long side, at most (`longest_px_for` the model).
        report: Told the pictures read and all pictures.

    Raises:
        ManifestError: There are no pairs, or none for training or for validation, or a picture
            cannot be read.
    """
    check_no_leak(manifest.rows)
    part_of = limits_part if for_limits else split_of
    rows = [row for row in manifest.rows if part_of(row) != "test"]
    pairs = pairs_of(manifest) if pairs_needed else ()
    usable_rows = [pair.cc for pair in pairs] if pairs_needed else rows
    _check_sides(manifest, {part_of(row) for row in usable_rows})
    pictures, skipped = read_pictures(manifest, rows, run_folder, report, longest_px)
    usable = {picture.row.line: picture for picture in pictures}
    both = [
        (part_of(pair.cc), PicturePair(usable[pair.cc.line], usable[pair.mlo.line]))
        for pair in pairs
        if pair.cc.line in usable and pair.mlo.line in usable
    ]
    training = tuple(pair for side, pair in both if side == "training")
    validation = tuple(pair for side, pair in both if side == "validation")
    if pairs_needed and not (training and validation):
        raise ManifestError(
            f"{manifest.file.name}: no annotated pair is left for "
            f"{'training' if not training else 'validation'}, because the landmarks of its "
            "pictures are not found; add nipple and pectoral columns to the manifest."
        )
    learnt = tuple(p for p in pictures if part_of(p.row) == "training")
    marked = [p for p in learnt if p.region is not None]
    return TrainingData(
        training=training,
        validation=validation,
        singles=(tuple(p for p in marked if p.is_cc), tuple(p for p in marked if not p.is_cc)),
        all_training=learnt,
        all_validation=tuple(p for p in pictures if part_of(p.row) == "validation"),
        skipped=tuple(skipped),
    )


def _check_sides(manifest: Manifest, sides: set[str]) -> None:
    for wanted in ("training", "validation"):
        if wanted not in sides:
            raise ManifestError(
                f"{manifest.file.name}: no patient with usable pictures falls to {wanted}; add "
                "patients, or fill the column 'split' with train and val."
            )


def read_pictures(
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    run_folder: Path,
    report: Callable[[int, int], None] | None,
    longest_px: int = LEAST_PX,
) -> tuple[list[TrainingPicture], list[str]]:
    """The pictures of some rows, and a sentence for each that cannot be used.

    From the run's cache where it belongs to these files, otherwise read anew and kept, the long
    side at most `longest_px`.

    Raises:
        ManifestError: A picture cannot be read, or the landmarks of none are found.
    """
    folder = run_folder / CACHE_FOLDER
    key = _cache_key(rows, longest_px)
    kept = stored_pictures(folder, key, rows)
    if kept is None:
        _store(manifest, rows, folder, key, report, longest_px)
        kept = stored_pictures(folder, key, rows)
    if kept is None:
        raise GlamError(f"The pictures in {folder} changed while they were read: start again.")
    return [TrainingPicture(*each) for each in kept[0]], kept[1]


def _store(
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    folder: Path,
    key: str,
    report: Callable[[int, int], None] | None,
    longest_px: int,
) -> None:
    skipped: list[str] = []
    with PictureWriter(folder) as writer:
        for index, row in enumerate(rows):
            if report is not None:
                report(index, len(rows))
            try:
                writer.add(row, *_read(row, longest_px))
            except LandmarkError as error:
                skipped.append(f"Line {row.line}: {error}")
        if report is not None:
            report(len(rows), len(rows))
        if len(skipped) == len(rows):
            raise ManifestError(
                f"{manifest.file.name}: the landmarks of no picture are found; check that they are "
                "mammograms, or give nipple and pectoral columns."
            )
        writer.finish(key, skipped)


def _read(
    row: ManifestRow, longest_px: int
) -> tuple[npt.NDArray[np.uint8], MatchView, npt.NDArray[np.bool_] | None]:
    picture = read_row_picture(row, longest_px)
    # Kept in eight bits, so that a run from the cache sees the same pixels as the first one.
    eight = np.round(picture.values * 255).astype(np.uint8)
    scale = picture.image_px_per_picture_px
    view = match_view_from(
        eight.astype(np.float32) / np.float32(255),
        scale,
        picture.image_shape,
        row.laterality,
        row.view_position,
        key=str(row.line),
        spacing=row.pixel_spacing_mm,
        landmarks=_given_landmarks(row),
    )
    return eight, view, _region(row, eight.shape, scale)


def _given_landmarks(row: ManifestRow) -> Landmarks | None:
    """The manifest's own landmarks, where they say all that this view needs.

    The columns that `glam prepare` writes beside them (chest_wall, nipple_confidence,
    pectoral_confidence) count; without confidence a landmark is taken as placed by hand. In a CC
    view the nipple alone does not tell the side of the chest wall: that is seen then.
    """
    nipple, line = row.nipple, row.pectoral_line
    oblique = row.view_position is ViewPosition.MLO
    if nipple is None or (oblique and line is None):
        return None
    word = row.other.get("chest_wall", "")
    if word in ("left", "right"):
        wall = ChestWall(word)
    elif line is not None:
        middle = (line[0].col + line[1].col) / 2
        wall = ChestWall.LEFT if nipple.col > middle else ChestWall.RIGHT
    else:
        return None
    mark = NippleMark(nipple.row, nipple.col, _confidence(row, "nipple_confidence"))
    if line is None or not oblique:
        return Landmarks(wall, mark)
    top, low = line
    sure = _confidence(row, "pectoral_confidence")
    return Landmarks(wall, mark, PectoralLine(top.row, top.col, low.row, low.col, sure))


def _confidence(row: ManifestRow, column: str) -> float:
    try:
        return min(max(float(row.other.get(column) or 1.0), 0.0), 1.0)
    except ValueError:
        return 1.0


def _region(row: ManifestRow, shape: tuple[int, ...], scale: float) -> npt.NDArray[np.bool_] | None:
    if row.mask is not None:
        region = reduced_mask(read_mask(row), (shape[0], shape[1]))
        return region if region.any() else None
    if not row.boxes:
        return None
    region = np.zeros((shape[0], shape[1]), dtype=bool)
    for box in row.boxes:
        top, left = int(box.row0 / scale), int(box.col0 / scale)
        region[top : int(box.row1 / scale) + 1, left : int(box.col1 / scale) + 1] = True
    return region if region.any() else None


def _cache_key(rows: Sequence[ManifestRow], longest_px: int) -> str:
    """Changes with the manifest, the files' sizes and times, and the way they are read."""
    digest = hashlib.sha256(f"{_VERSION} {PREPROCESSING_VERSION} {longest_px}".encode())
    for row in rows:
        stat = row.image.stat()
        mask = row.mask.stat().st_mtime_ns if row.mask is not None else 0
        digest.update(repr((row, stat.st_size, stat.st_mtime_ns, mask)).encode())
    return digest.hexdigest()


def centre_of(picture: TrainingPicture) -> PointPx:
    """Centre of mass of the annotated place, in stored pixels."""
    assert picture.region is not None
    rows, cols = np.nonzero(picture.region)
    return picture.view.image_from_picture(PointPx(float(rows.mean()), float(cols.mean())))
