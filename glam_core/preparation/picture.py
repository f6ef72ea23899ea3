"""One picture of a data set: decoded small, turned to grey, landmarks found, written."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from glam_core.data.source_picture import SourcePicture
from glam_core.dicom.density_png import density_png
from glam_core.dicom.picture import AnalysisPicture, analysis_picture
from glam_core.dicom.propose import with_proposal
from glam_core.dicom.scan import scan
from glam_core.errors import LandmarkError, UnreadableFileError
from glam_core.geometry.chest_wall import chest_wall_of
from glam_core.geometry.detect import find_landmarks
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.geometry.mask import breast_mask
from glam_core.preparation.masks import BoolMask, NoMaskError, outlined_mask, region_mask
from glam_core.study import MammogramImage
from glam_core.terms import Source, ViewPosition

PICTURES_FOLDER = "pictures"
MASKS_FOLDER = "masks"


@dataclass(frozen=True, slots=True)
class PictureTask:
    """What is to be prepared, where to, and how long its long side may be."""

    picture: SourcePicture
    out: Path
    long_side_px: int

    @property
    def picture_name(self) -> str:
        """The prepared picture below `out`."""
        return f"{PICTURES_FOLDER}/{_shelf(self.picture.key)}/{self.picture.key}.png"

    @property
    def mask_name(self) -> str:
        """Its mask below `out`."""
        return f"{MASKS_FOLDER}/{_shelf(self.picture.key)}/{self.picture.key}.png"


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """What became of a picture; all places in pixels of the prepared one.

    Attributes:
        key: Of the source picture.
        facts: JSON-ready: picture, mask, scale, rows, cols, source_rows, source_cols, laterality,
            view, view_source, spacing_mm, chest_wall, nipple, pectoral_line, failures, notes.
    """

    key: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A picture that cannot be used, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class DiskRefusal:
    """The disk took no more; the run cannot go on."""

    error: OSError


def prepare_picture(task: PictureTask) -> PreparedPicture | LeftOut | DiskRefusal:
    """Prepare and write one picture; whole files or none."""
    try:
        return _prepared(task)
    except UnreadableFileError as error:
        return LeftOut(task.picture.key, error.reason)
    except (LandmarkError, _LeftOutError) as error:
        return LeftOut(task.picture.key, str(error).rstrip("."))
    except MemoryError:
        return LeftOut(task.picture.key, "does not fit into the memory; use fewer workers")
    except OSError as error:
        return DiskRefusal(error)


class _LeftOutError(ValueError):
    """The reason, as half a sentence."""


def _prepared(task: PictureTask) -> PreparedPicture:
    source = task.picture
    header = _only_image(source.file)
    image = _with_known_view(header, source)
    picture = analysis_picture(image, longest_px=task.long_side_px)
    breast = breast_mask(picture.values)
    if not breast.any():
        raise _LeftOutError("no breast is seen in it")
    landmarks = _landmarks(source, image, picture, breast)
    shape = picture.values.shape
    mask, notes = _mask(source, picture, (shape[0], shape[1]))
    facts = _facts(task, image, picture, landmarks, [*_disagreement(header, image), *notes])
    if mask is not None:
        _write(task.out / task.mask_name, density_png(mask.astype(np.float32)))
        facts["mask"] = task.mask_name
    _write(task.out / task.picture_name, density_png(picture.values))
    return PreparedPicture(source.key, facts)


def _only_image(file: Path) -> MammogramImage:
    found = scan([file])
    images = [image for study in found.studies for image in study.images]
    if images:
        return images[0]
    reason = found.skipped[0].reason if found.skipped else "holds no mammogram"
    raise UnreadableFileError(file, reason.rstrip("."))


def _with_known_view(image: MammogramImage, source: SourcePicture) -> MammogramImage:
    """Side and view as the tables say, else as the file does, else as its pixels propose."""
    special = sorted(set(image.view_modifiers) - {"ID"})
    if special:
        raise _LeftOutError(f"a special view ({', '.join(special)}), not a whole breast")
    if image.frames > 1:
        raise _LeftOutError(f"has {image.frames} frames (tomosynthesis), not a 2D mammogram")
    image = replace(
        image,
        laterality=source.laterality or image.laterality,
        view_position=source.view_position or image.view_position,
    )
    image = with_proposal(image)
    if image.laterality is None or image.view_position is None:
        raise _LeftOutError("neither its header nor its pixels say side and view")
    if image.view_position not in (ViewPosition.CC, ViewPosition.MLO):
        raise _LeftOutError(f"its view {image.view_position.value} is neither CC nor MLO")
    return image


def _landmarks(
    source: SourcePicture, image: MammogramImage, picture: AnalysisPicture, breast: BoolMask
) -> Landmarks:
    """The data set's own landmarks where it has them, found ones otherwise."""
    assert image.view_position is not None
    scale = picture.image_px_per_picture_px
    if source.nipple is None:
        return find_landmarks(picture.values, view=image.view_position, mask=breast)

    def place(value: float) -> float:
        return (value + 0.5) / scale - 0.5

    line = None
    if source.pectoral_line is not None and image.view_position is ViewPosition.MLO:
        top, low = source.pectoral_line
        line = PectoralLine(place(top.row), place(top.col), place(low.row), place(low.col), 1.0)
    nipple = NippleMark(place(source.nipple.row), place(source.nipple.col), 1.0)
    return Landmarks(chest_wall_of(picture.values, breast)[0], nipple, line)


def _mask(
    source: SourcePicture, picture: AnalysisPicture, shape: tuple[int, int]
) -> tuple[BoolMask | None, list[str]]:
    """All annotated regions in one mask; notes on those that could not be read."""
    notes: list[str] = []
    regions: list[BoolMask] = []
    for files in source.masks:
        try:
            regions.append(region_mask(files, picture.image_shape, shape))
        except NoMaskError as error:
            notes.append(f"kept, but {error}")
    if source.outlines:
        drawn = outlined_mask(source.outlines, picture.image_px_per_picture_px, shape)
        if drawn.any():
            regions.append(drawn)
        else:
            notes.append("kept, but its outlines lie outside of it")
    if not regions:
        return None, notes
    return np.logical_or.reduce(regions), notes


def _disagreement(header: MammogramImage, image: MammogramImage) -> list[str]:
    """A header that contradicts the tables, which count; said, since one of the two is wrong."""
    said, kept = header.view_key, image.view_key
    if said is None or kept is None or said == kept:
        return []
    return [f"kept as {kept.short}, although its header says {said.short}"]


def _facts(
    task: PictureTask,
    image: MammogramImage,
    picture: AnalysisPicture,
    landmarks: Landmarks,
    notes: list[str],
) -> dict[str, Any]:
    assert image.laterality is not None
    assert image.view_position is not None
    spacing = task.picture.pixel_spacing_mm or image.pixel_lengths_mm
    nipple, line = landmarks.nipple, landmarks.pectoral_line
    return {
        "picture": task.picture_name,
        "mask": None,
        "scale": picture.image_px_per_picture_px,
        "rows": picture.values.shape[0],
        "cols": picture.values.shape[1],
        "source_rows": image.rows,
        "source_cols": image.cols,
        "laterality": image.laterality.value,
        "view": image.view_position.value,
        "view_source": _view_source(task.picture, image),
        "spacing_mm": spacing,
        "chest_wall": landmarks.chest_wall.value,
        "nipple": nipple and [nipple.row, nipple.col, nipple.confidence],
        "pectoral_line": line and [line.row0, line.col0, line.row1, line.col1, line.confidence],
        "failures": list(landmarks.failures),
        "notes": notes,
    }  # fmt: skip


def _view_source(source: SourcePicture, image: MammogramImage) -> str:
    """ "table", "header" or "proposed"."""
    if source.view_position is not None and source.laterality is not None:
        return "table"
    sources = {image.laterality_source, image.view_source}
    return "proposed" if Source.PROPOSED in sources else "header"


def _shelf(key: str) -> str:
    """A folder for about one in a hundred pictures: no folder holds half a million files."""
    return f"{sum(key.encode()) % 100:02d}"


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(file)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
