"""The beginning and the end of the classification commands: which labels can be had, the table."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glam_core.data.classes import LABELS, labels_in
from glam_core.data.manifest import Manifest, ManifestRow, read_manifest
from glam_core.data.measurable import MeasurableLabel, measurable
from glam_core.errors import ManifestError
from glam_core.evaluation.classification_report import LeftOut, TableRow, write_table
from glam_core.model.glam import GlamModel
from glam_core.scripts.bar import reporting_bar
from glam_core.scripts.training_run import say_enlarged
from glam_core.training.files import prepare_run_folder
from glam_core.training.labelled import LabelledData, all_pictures, labelled_data
from glam_core.training.pair_pictures import TrainingPicture
from glam_core.training.picture_file import bytes_of_picture, longest_px_for
from glam_core.training.ranks import ALONE, Ranks


def add_table_arguments(parser: argparse.ArgumentParser) -> None:
    """--manifest, --model, --label, --out."""
    parser.add_argument("--manifest", type=Path, required=True, metavar="M.csv")
    parser.add_argument(
        "--model", type=Path, required=True, metavar="FOLDER", help="a model folder"
    )
    parser.add_argument(
        "--label",
        action="append",
        metavar="NAME",
        help=f"{', '.join(LABELS)}, or a column; may be given several times (those at hand)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")


@dataclass(frozen=True, eq=False)
class Study:
    """A manifest made ready.

    Attributes:
        labels: Those that can be had, with their classes.
        notes: What it rests on.
        left_out: Labels and classes that cannot be had, and why.
    """

    manifest: Manifest
    labels: Mapping[str, MeasurableLabel]
    pictures: Sequence[TrainingPicture]
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def data(self, label: str) -> LabelledData:
        """Parts and classes of one label."""
        return labelled_data(self.pictures, label, self.labels[label].classes)


def prepared_study(
    model: GlamModel,
    manifest_file: Path,
    labels: Sequence[str] | None,
    out: Path,
    *,
    json_lines: bool = False,
    ranks: Ranks = ALONE,
) -> Study:
    """Check labels and room first, then read every picture once; both are kept in `out`.

    A label or a class that cannot be had is left out and said; the others are kept. Of several
    processes the first reads the pictures; the others then find them kept.

    Raises:
        ManifestError: Nothing can be learnt or measured.
        CancelledError: Ctrl-C while pictures were read.
    """
    manifest = read_manifest(manifest_file)
    chosen = tuple(dict.fromkeys(labels or labels_in(manifest.rows)))
    if not chosen:
        raise ManifestError(
            f"{manifest.file.name}: says nothing of {', '.join(LABELS)}; fill breast_density, "
            "birads or cancer, or name a column with --label."
        )
    usable, _ = _usable(manifest.rows, chosen)
    longest_px = longest_px_for(model.config)
    prepare_run_folder(out, bytes_of_picture(longest_px) * len(manifest.rows))
    silent = json_lines or not ranks.first
    lost = "Stopped while pictures were read: nothing is kept."
    with (
        ranks.first_before_others(),
        reporting_bar("picture", silent=silent, stopped=lost) as report,
    ):
        pictures, skipped = all_pictures(manifest, out, report, longest_px)
    notes = [f"{len(skipped)} pictures without landmarks are left out."] if skipped else []
    # Once more: what was left out with its picture may have been the last of its class.
    usable, left_out = _usable([picture.row for picture in pictures], chosen)
    for label, found in usable.items():
        parts = labelled_data(pictures, label, found.classes).parts
        said = ", ".join(
            f"{name} {len(part.pictures)} pictures of {len(set(part.patients))} patients"
            for name, part in parts.items()
        )
        notes.append(f"{label}: {said}.")
    if ranks.first:
        for each in left_out:
            print(f"Left out: {each.reason}", file=sys.stderr)
        say_enlarged(pictures, model)
    return Study(manifest, usable, tuple(pictures), tuple(notes), left_out)


def _usable(
    rows: Sequence[ManifestRow], labels: Sequence[str]
) -> tuple[dict[str, MeasurableLabel], tuple[LeftOut, ...]]:
    usable: dict[str, MeasurableLabel] = {}
    left_out: list[LeftOut] = []
    for label in labels:
        try:
            usable[label] = measurable(rows, label)
        except ManifestError as error:
            left_out.append(LeftOut(label, str(error)))
        else:
            left_out += [LeftOut(label, reason) for reason in usable[label].left_out]
    if not usable:
        raise ManifestError(" ".join(dict.fromkeys(each.reason for each in left_out)))
    return usable, tuple(left_out)


def finish(
    out: Path,
    model: GlamModel,
    study: Study,
    rows: Sequence[TableRow],
    left_out: Sequence[LeftOut] = (),
) -> None:
    """Write the table and print it.

    Args:
        left_out: Rows that could not be had, beside the labels and classes of the study.
    """
    config = model.config
    notes = [
        f"Model {config.name} {config.version}, trained on {config.trained_on}.",
        *study.notes,
    ]
    if any(row.measured_on == "validation" for row in rows):
        notes.append(
            "The manifest has no test patients: figures are those of the validation patients; "
            "the probe's strength is chosen by folds of the training patients alone, and the "
            "fine-tuning takes its last step."
        )
    title = f"Classification on {study.manifest.file.name}"
    write_table(out, title, rows, notes, [*study.left_out, *left_out])
    for row in rows:
        area, accuracy = row.result.macro_auc, row.result.balanced_accuracy
        ends = "" if area.low is None else f" (95 % {area.low:.3f} to {area.high:.3f})"
        print(
            f"{row.label:10} {row.method:13} AUC {area.value:.3f}{ends}, "
            f"balanced accuracy {accuracy.value:.3f}, {row.result.pictures} pictures"
        )
    print(f"The table is in {out}. Research use only.", file=sys.stderr)
