"""The pictures of a manifest with their classes, patients kept apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from glam_core.data.classes import check_classes, class_of, classes_of
from glam_core.data.manifest import Manifest
from glam_core.data.split import check_no_leak, split_of
from glam_core.errors import ManifestError
from glam_core.training.pair_pictures import TrainingPicture, read_pictures

PARTS = ("training", "validation", "test")


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
        classes: In order; those of the training patients.
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


def check_labels(manifest: Manifest, label: str) -> None:
    """See, before any picture is read, that there is something to learn and to measure.

    Raises:
        ManifestError: A part is empty, has one class, or a class has one patient only.
    """
    check_no_leak(manifest.rows)
    rows = {part: [row for row in manifest.rows if split_of(row) == part] for part in PARTS}
    measured = "test" if rows["test"] else "validation"
    for part in ("training", measured):
        if not rows[part]:
            raise ManifestError(
                f"{manifest.file.name}: no patient falls to {part}; add patients, or fill the "
                "column 'split' with train, val and test."
            )
        check_classes(rows[part], label, part)
    learnt = {class_of(row, label) for row in rows["training"]}
    new = {class_of(row, label) for row in rows[measured]} - learnt - {None}
    if new:
        raise ManifestError(
            f"Class {min(filter(None, new))!r} of {label!r} stands among the {measured} patients "
            "but not among those to learn from: move patients, or leave its rows out."
        )


def all_pictures(
    manifest: Manifest, folder: Path, report: Callable[[int, int], None] | None = None
) -> tuple[list[TrainingPicture], list[str]]:
    """Every usable picture, test patients included, and a sentence for each other one.

    Raises:
        ManifestError: A picture cannot be read.
    """
    return read_pictures(manifest, manifest.rows, folder, report)


def labelled_data(pictures: Sequence[TrainingPicture], label: str) -> LabelledData:
    """Pictures by part, those without a class left out.

    Raises:
        ManifestError: A column says something that is no class.
    """
    found: dict[str, list[tuple[TrainingPicture, str]]] = {}
    for picture in pictures:
        name = class_of(picture.row, label)
        if name is not None:
            found.setdefault(split_of(picture.row), []).append((picture, name))
    classes = classes_of((name for _, name in found.get("training", [])), label)
    parts = {
        part: LabelledPart(
            tuple(picture for picture, name in each if name in classes),
            np.asarray([classes.index(name) for _, name in each if name in classes]),
        )
        for part, each in found.items()
    }
    return LabelledData(label, classes, parts)
