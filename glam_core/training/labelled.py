"""The pictures of a manifest with their classes, patients kept apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from glam_core.data.classes import class_of
from glam_core.data.manifest import Manifest
from glam_core.data.split import split_of
from glam_core.training.pair_pictures import TrainingPicture, read_pictures
from glam_core.training.picture_file import LEAST_PX


@dataclass(frozen=True, eq=False)
class LabelledPart:
    """Pictures of one part of the patients.

    Attributes:
        pictures: Those that have a class.
        truth: (n,) index of the class.
    """

    pictures: tuple[TrainingPicture, ...]
    truth: npt.NDArray[np.int64]

    @property
    def patients(self) -> npt.NDArray[np.str_]:
        """(n,) whose picture each is."""
        return np.asarray([picture.row.patient_id for picture in self.pictures])


@dataclass(frozen=True, eq=False)
class LabelledData:
    """What is learnt from and measured on, for one label.

    Attributes:
        label: Its name.
        classes: In order, those that can be learnt and measured.
        parts: By name; a part without pictures is missing.
        measured_on: "test" where the manifest has such patients, else "validation".
    """

    label: str
    classes: tuple[str, ...]
    parts: Mapping[str, LabelledPart]

    @property
    def measured_on(self) -> str:
        """The part that figures are computed on."""
        return "test" if "test" in self.parts else "validation"


def all_pictures(
    manifest: Manifest,
    folder: Path,
    report: Callable[[int, int], None] | None = None,
    longest_px: int = LEAST_PX,
) -> tuple[list[TrainingPicture], list[str]]:
    """Every usable picture, test patients included, and a sentence for each other one.

    Args:
        longest_px: Of the pictures' long side, at most (`longest_px_for` the model).

    Raises:
        ManifestError: A picture cannot be read.
    """
    return read_pictures(manifest, manifest.rows, folder, report, longest_px)


def labelled_data(
    pictures: Sequence[TrainingPicture], label: str, classes: tuple[str, ...]
) -> LabelledData:
    """Pictures by part, those of no class or of another one left out.

    Raises:
        ManifestError: A column says something that is no class.
    """
    found: dict[str, list[tuple[TrainingPicture, int]]] = {}
    for picture in pictures:
        name = class_of(picture.row, label)
        if name in classes:
            found.setdefault(split_of(picture.row), []).append((picture, classes.index(name)))
    parts = {
        part: LabelledPart(
            tuple(picture for picture, _ in each), np.asarray([index for _, index in each])
        )
        for part, each in found.items()
    }
    return LabelledData(label, classes, parts)
