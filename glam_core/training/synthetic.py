"""Synthetic breasts to learn from: made from a seed, kept in one compact file, read as pairs.

`SyntheticPairs(file)` reads what `write_synthetic` once wrote; `generated_pair` makes one breast
without any file. Both give the same pairs, which a task takes as it takes those of a manifest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import torch

from glam_core.data.manifest import ManifestRow
from glam_core.errors import GlamError
from glam_core.geometry.frames import frame_from_landmarks
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.inference.match_view import MatchView
from glam_core.phantom.batch import PairBatch, pair_batch
from glam_core.terms import ChestWall, Laterality, PointPx, ViewPosition
from glam_core.training.config import TrainingConfig
from glam_core.training.pair_pictures import PicturePair, TrainingPicture

SIDE_PX = 256
_POINTS = 256
_FINEST_MM = 0.5
_SPACING_TOLD = 0.5  # of the breasts; the others come without a unit, as many real pictures do
_TISSUE = 128  # bit of a mark; the lower ones are the number of a lesion
_VIEWS = (ViewPosition.CC, ViewPosition.MLO)
_TAKEN_FOR_ANOTHER = 1.0  # grey levels of mean difference

RECORD = np.dtype(
    [
        ("pictures", np.uint8, (2, SIDE_PX, SIDE_PX)),
        ("marks", np.uint8, (2, SIDE_PX, SIDE_PX)),
        ("points", np.float32, (_POINTS, 2, 2)),
        ("nipples", np.float32, (2, 2)),
        ("pectoral", np.float32, (4,)),
        ("pixel_mm", np.float32),
        ("density", "U1"),
        ("kinds", "U80"),
        ("done", np.bool_),
    ]
)


@dataclass(frozen=True, slots=True)
class SyntheticSeries:
    """Which synthetic breasts: `count` of them, two to an exam, from one seed.

    Attributes:
        fresh: Made when they are needed and kept nowhere, instead of in a file.
    """

    seed: int
    count: int
    fresh: bool = False

    @property
    def file_name(self) -> str:
        """Of its file in a folder of such files."""
        return f"phantom-{self.seed}-{self.count}.npy"

    @property
    def nbytes(self) -> int:
        """Size of that file."""
        return self.count * RECORD.itemsize + 4096


def series_of(words: str) -> SyntheticSeries:
    """The series named "phantom:SEED:COUNT" or "phantom:SEED:COUNT:fresh".

    Raises:
        GlamError: The words have another form.
    """
    parts = words.split(":")
    fresh = parts[3:] == ["fresh"]
    if len(parts) != 3 + fresh or parts[0] != "phantom" or not all(map(str.isdigit, parts[1:3])):
        raise GlamError(
            f"{words!r} names no synthetic breasts; write phantom:SEED:COUNT, "
            "or phantom:SEED:COUNT:fresh to keep none."
        )
    seed, count = int(parts[1]), int(parts[2])
    if not (seed < 2**31 and 1 <= count <= 1_000_000):
        raise GlamError("A seed lies below 2147483648, and a count between 1 and 1000000 breasts.")
    return SyntheticSeries(seed, count, fresh)


class BreastSeries(Sequence[PicturePair]):
    """The breasts of a series by number; how one comes to be is said by `breast`."""

    series: SyntheticSeries

    def breast(self, number: int) -> PicturePair:
        """Breast `number`, 0 to the length less 1."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Number of breasts."""
        return self.series.count

    @overload
    def __getitem__(self, number: int) -> PicturePair: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[PicturePair]: ...
    def __getitem__(self, number: int | slice) -> PicturePair | Sequence[PicturePair]:
        """One breast, or several."""
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        return self.breast(range(len(self))[number])


class SyntheticPairs(BreastSeries):
    """The breasts of a file of `write_synthetic`; only those that are asked for are read.

    Raises:
        GlamError: The file is missing, damaged, or holds other breasts than its name says.
    """

    def __init__(self, file: Path, series: SyntheticSeries) -> None:
        self.series = series
        try:
            self.records = np.load(file, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise GlamError(f"{file.name} cannot be read ({error}); delete it.") from error
        if self.records.dtype != RECORD or len(self.records) != series.count:
            raise GlamError(f"{file.name} holds other breasts than its name says; delete it.")
        check_generator(self.records, series, file)

    def breast(self, number: int) -> PicturePair:
        """Breast `number`, read."""
        return pair_of(self.records[number], self.series.seed, number)


def check_generator(records: Any, series: SyntheticSeries, file: Path) -> None:
    """See that the generator still makes the first breast of a file.

    Raises:
        GlamError: It makes another one: the file is of another version of the program.
    """
    made = generated_record(series.seed, 0)["pictures"].astype(np.int16)
    if abs(made - records[0]["pictures"]).mean() > _TAKEN_FOR_ANOTHER:
        raise GlamError(
            f"{file} was written by another version of the generator; delete it to make it anew."
        )


def generated_pair(seed: int, number: int) -> PicturePair:
    """Breast `number` of a seed, made now."""
    return pair_of(generated_record(seed, number), seed, number)


def generated_record(seed: int, number: int, device: str = "cpu") -> Any:
    """The same as one `RECORD`."""
    batch = pair_batch(
        seed, [number], side=SIDE_PX, pixel_mm=_FINEST_MM, points=_POINTS, device=device
    )
    return record_of(batch, 0)


def record_of(batch: PairBatch, row: int) -> Any:
    """Breast `row` of a batch as one `RECORD`."""
    record = np.zeros((), dtype=RECORD)
    pictures = torch.stack([batch.cc[row, 0], batch.mlo[row, 0]]).mul(255).round_().byte()
    marks = batch.lesion_map[row] | (batch.tissue[row] * _TISSUE).byte()
    planes = torch.stack([pictures, marks]).cpu().numpy()  # few things are fetched, for each waits
    record["pictures"], record["marks"] = planes
    seen = batch.points_visible[row, ..., None]
    points = torch.where(seen, batch.points[row], torch.nan)
    fields = (points, batch.nipples[row], batch.pectoral[row], batch.pixel_mm[row])
    values = torch.cat([each.flatten() for each in fields]).cpu().numpy()
    parts = np.split(values, np.cumsum([each.numel() for each in fields[:-1]]))
    for name, part in zip(("points", "nipples", "pectoral", "pixel_mm"), parts, strict=True):
        record[name] = part.reshape(record[name].shape)
    record["density"] = batch.names[row][2]
    record["kinds"] = ";".join(lesion.kind for lesion in batch.lesions[row])
    record["done"] = True
    return record


def finding_marks(record: Any, slot: int) -> npt.NDArray[np.uint8]:
    """(side, side) number of the finding at each pixel of one view of a `RECORD`; 0 for none."""
    return np.asarray(record["marks"][slot] & (_TISSUE - 1))


def pair_of(record: Any, seed: int, number: int) -> PicturePair:
    """Both views of one record, with exact landmarks."""
    exam, left = divmod(number, 2)
    side = Laterality.LEFT if left else Laterality.RIGHT
    told = (number * 2654435761 % 2**32) / 2**32 < _SPACING_TOLD
    spacing = (float(record["pixel_mm"]),) * 2 if told else None
    numbers = [finding_marks(record, slot) for slot in (0, 1)]
    lesions = [set(np.unique(plane)) - {0} for plane in numbers]
    made = []
    for at, view in enumerate(_VIEWS):
        row = ManifestRow(
            image_name=f"phantom-{seed}-{number}-{view.value}",
            image=Path(),
            patient_id=f"phantom-{seed}-{exam}",
            laterality=side,
            view_position=view,
            pixel_spacing_mm=spacing,
            breast_density=str(record["density"]),
            n_blobs=len(lesions[at]),
            split="train",
            other={"abnormality": str(record["kinds"])},
        )
        made.append(_picture(row, record, at, numbers[at]))
    return PicturePair(made[0], made[1], lesions[0] == lesions[1] and len(lesions[0]) == 1)


def _picture(
    row: ManifestRow, record: Any, at: int, numbers: npt.NDArray[np.uint8]
) -> TrainingPicture:
    row_px, col_px = record["nipples"][at].tolist()
    line = None
    if row.view_position is ViewPosition.MLO:
        row0, col0, row1, col1 = record["pectoral"].tolist()
        line = PectoralLine(row0, col0, row1, col1, 1.0)
    landmarks = Landmarks(ChestWall.LEFT, NippleMark(row_px, col_px, 1.0), line)
    view = MatchView(
        key=row.image_name,
        laterality=row.laterality,
        view_position=row.view_position,
        picture=record["pictures"][at].astype(np.float32) / np.float32(255),
        mask=(record["marks"][at] & _TISSUE) > 0,
        image_px_per_picture_px=1.0,
        landmarks=landmarks,
        frame=frame_from_landmarks(
            landmarks,
            laterality=row.laterality,
            view=row.view_position,
            spacing=row.pixel_spacing_mm,
        ),
        image_shape=(SIDE_PX, SIDE_PX),
    )
    region = numbers > 0
    points = np.asarray(record["points"][:, at])
    return TrainingPicture(row, view, region if region.any() else None, points)


def with_landmark_errors(
    pair: PicturePair, config: TrainingConfig, rng: np.random.Generator
) -> PicturePair:
    """The same breast with landmarks as wrong as found ones: depth and offset are off with them."""
    return replace(
        pair,
        cc=_with_errors(pair.cc, config, rng),
        mlo=_with_errors(pair.mlo, config, rng),
    )


def _with_errors(
    picture: TrainingPicture, config: TrainingConfig, rng: np.random.Generator
) -> TrainingPicture:
    view = picture.view
    step = config.landmark_px * max(view.image_shape) / SIDE_PX
    down, right = rng.normal(0, 1, 2) * step
    turn = math.radians(float(rng.normal(0, 1)) * config.landmark_deg)
    nipple, line = view.landmarks.nipple, view.landmarks.pectoral_line
    if nipple is not None:
        nipple = replace(nipple, row=nipple.row + down, col=nipple.col + right)
    if line is not None:
        line = _turned(line, turn)
    landmarks = replace(view.landmarks, nipple=nipple, pectoral_line=line)
    frame = frame_from_landmarks(
        landmarks,
        laterality=view.laterality,
        view=view.view_position,
        spacing=picture.row.pixel_spacing_mm,
    )
    return replace(picture, view=replace(view, landmarks=landmarks, frame=frame))


def _turned(line: PectoralLine, turn: float) -> PectoralLine:
    """The line turned about its middle."""
    middle = PointPx((line.row0 + line.row1) / 2, (line.col0 + line.col1) / 2)
    row, col = line.row0 - middle.row, line.col0 - middle.col
    moved_row = row * math.cos(turn) - col * math.sin(turn)
    moved_col = row * math.sin(turn) + col * math.cos(turn)
    return replace(
        line,
        row0=middle.row + moved_row,
        col0=middle.col + moved_col,
        row1=middle.row - moved_row,
        col1=middle.col - moved_col,
    )
