"""Training pictures in one file of eight-bit planes, mapped into memory and read when looked at.

A data set may so be larger than the memory: the system keeps the pages in use and drops others.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import ManifestRow
from glam_core.errors import GlamError
from glam_core.geometry.frames import frame_from_landmarks
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.inference.match_view import MatchView
from glam_core.terms import ChestWall
from glam_core.training.files import write_text

PLANES_FILE = "pictures.bin"
FACTS_FILE = "pictures.json"

Eight = npt.NDArray[np.uint8]
Region = npt.NDArray[np.bool_]
Stored = tuple[ManifestRow, MatchView, Region | None]


class MappedView(MatchView):
    """A view whose picture stays in its file; what is looked at is made of it at that moment."""

    @property
    def picture(self) -> npt.NDArray[np.float32]:
        """(rows, cols) float32 in 0..1."""
        eight: Eight = self.__dict__["eight"]
        return eight.astype(np.float32) / np.float32(255)

    @picture.setter
    def picture(self, eight: Any) -> None:
        self.__dict__["eight"] = eight


class PictureWriter:
    """Writes pictures one by one; the file is whole, or not there.

    Raises:
        GlamError: The disk does not take it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._part = folder / f".{PLANES_FILE}.part"
        self._facts: list[dict[str, Any]] = []
        self._at = 0
        self._stream: BinaryIO | None = None

    def __enter__(self) -> "PictureWriter":
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._stream = self._part.open("wb")
        except OSError as error:
            raise self._refused(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()
        self._part.unlink(missing_ok=True)

    def add(self, row: ManifestRow, eight: Eight, view: MatchView, region: Region | None) -> None:
        """Keep one picture.

        Args:
            eight: (rows, cols), of which `view.picture` is made.
        """
        planes = [eight, view.mask.astype(np.uint8)]
        if region is not None:
            planes.append(region.astype(np.uint8))
        self._facts.append(
            {
                "line": row.line,
                "at": self._at,
                "size": list(eight.shape),
                "planes": len(planes),
                "scale": view.image_px_per_picture_px,
                "shape": list(view.image_shape),
                "landmarks": asdict(view.landmarks),
            }
        )
        assert self._stream is not None
        try:
            for plane in planes:
                self._at += self._stream.write(np.ascontiguousarray(plane).tobytes())
        except OSError as error:
            raise self._refused(error) from error

    def finish(self, key: str, skipped: Sequence[str]) -> None:
        """Put the file in its place."""
        assert self._stream is not None
        try:
            self._stream.close()
            self._part.replace(self._folder / PLANES_FILE)
        except OSError as error:
            raise self._refused(error) from error
        said = {"key": key, "bytes": self._at, "pictures": self._facts, "skipped": list(skipped)}
        write_text(self._folder / FACTS_FILE, json.dumps(said))

    def _refused(self, error: OSError) -> GlamError:
        return GlamError(f"The pictures cannot be kept in {self._folder}: {error.strerror}.")


def stored_pictures(
    folder: Path, key: str, rows: Sequence[ManifestRow]
) -> tuple[list[Stored], list[str]] | None:
    """The pictures of these rows and a sentence for each that cannot be used, mapped.

    None where there is no file, a damaged one, or one of other pictures.
    """
    try:
        said = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        if said["key"] != key:
            return None
        planes = np.asarray(np.memmap(folder / PLANES_FILE, dtype=np.uint8, mode="r"))
        if len(planes) != said["bytes"]:
            return None
        by_line = {row.line: row for row in rows}
        found = [_stored(fact, by_line[fact["line"]], planes) for fact in said["pictures"]]
    except (OSError, ValueError, KeyError):
        return None
    return found, list(said["skipped"])


def _stored(fact: dict[str, Any], row: ManifestRow, planes: Eight) -> Stored:
    height, width = (int(number) for number in fact["size"])
    count, start = int(fact["planes"]), int(fact["at"])
    own = planes[start : start + count * height * width].reshape(count, height, width)
    landmarks = _landmarks_of(fact["landmarks"])
    view = MappedView(
        key=str(row.line),
        laterality=row.laterality,
        view_position=row.view_position,
        picture=own[0],  # made float32 when it is looked at
        mask=own[1].view(np.bool_),
        image_px_per_picture_px=float(fact["scale"]),
        landmarks=landmarks,
        frame=frame_from_landmarks(
            landmarks,
            laterality=row.laterality,
            view=row.view_position,
            spacing=row.pixel_spacing_mm,
        ),
        image_shape=(int(fact["shape"][0]), int(fact["shape"][1])),
    )
    return row, view, own[2].view(np.bool_) if count > 2 else None


def _landmarks_of(said: dict[str, Any]) -> Landmarks:
    nipple, line = said["nipple"], said["pectoral_line"]
    return Landmarks(
        chest_wall=ChestWall(str(said["chest_wall"])),
        nipple=NippleMark(**nipple) if nipple is not None else None,
        pectoral_line=PectoralLine(**line) if line is not None else None,
    )
