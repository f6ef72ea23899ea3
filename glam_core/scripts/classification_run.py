"""What the classification commands share: the data of a manifest, the ways to classify, the table.

Ways: zero-shot (nothing learnt), linear probe (frozen features), fine-tuning (whole model).
"""

import argparse
import copy
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from safetensors.numpy import save_file
from tqdm import tqdm

from glam_core.data.classes import LABELS, labels_in
from glam_core.data.manifest import Manifest, read_manifest
from glam_core.errors import CancelledError, GlamError, ManifestError
from glam_core.evaluation.classification import (
    Floats,
    Ints,
    Predictions,
    classification_result,
    macro_auc,
)
from glam_core.evaluation.classification_report import TableRow, write_table
from glam_core.model.checkpoint import load_model
from glam_core.model.classifier import Classifier, ClassNames, load_classifier
from glam_core.model.config import TextConfig
from glam_core.model.glam import GlamModel
from glam_core.training.checkpoint import BEST_FOLDER, MODEL_FOLDER
from glam_core.training.classification import ClassificationTask
from glam_core.training.config import TrainingConfig, save_config
from glam_core.training.features import (
    classifier_probability,
    picture_features,
    zero_shot_probability,
)
from glam_core.training.files import prepare_run_folder
from glam_core.training.labelled import LabelledData, all_pictures, check_labels, labelled_data
from glam_core.training.loop import Outcome, train
from glam_core.training.pair_pictures import TrainingPicture
from glam_core.training.probe import fitted_probe, prior_free_decision
from glam_core.training.ranks import ALONE, Ranks
from glam_core.training.watch import Aim

ZERO_SHOT, PROBE, FINE_TUNE = "zero-shot", "linear probe", "fine-tune"
_SPACE_FOR_A_PICTURE = 3 * 512 * 512


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
    """A manifest made ready: what is left out is said in `notes`."""

    manifest: Manifest
    labels: tuple[str, ...]
    pictures: Sequence[TrainingPicture]
    notes: tuple[str, ...]

    def data(self, label: str) -> LabelledData:
        """Parts and classes of one label."""
        return labelled_data(self.pictures, label)


def prepared_study(
    manifest_file: Path, labels: Sequence[str] | None, out: Path, *, json_lines: bool = False
) -> Study:
    """Check labels and room first, then read every picture once; both are kept in `out`.

    Raises:
        ManifestError: Nothing can be learnt or measured.
        CancelledError: Ctrl-C while pictures were read.
    """
    manifest = read_manifest(manifest_file)
    chosen = tuple(labels or labels_in(manifest.rows))
    if not chosen:
        raise ManifestError(
            f"{manifest.file.name}: says nothing of {', '.join(LABELS)} with two classes or more; "
            "fill breast_density, birads or cancer, or name a column with --label."
        )
    for label in chosen:
        check_labels(manifest, label)
    prepare_run_folder(out, _SPACE_FOR_A_PICTURE * len(manifest.rows))
    with tqdm(total=len(manifest.rows), unit="picture", file=sys.stderr, disable=json_lines) as bar:

        def report(done: int, total: int, bar: "tqdm[NoReturn]" = bar) -> None:
            bar.update(done - bar.n)

        try:
            pictures, skipped = all_pictures(manifest, out, report)
        except KeyboardInterrupt:
            raise CancelledError("Stopped while pictures were read: nothing is kept.") from None
    notes = [f"{len(skipped)} pictures without landmarks are left out."] if skipped else []
    for label in chosen:
        parts = labelled_data(pictures, label).parts
        said = ", ".join(
            f"{name} {len(part.pictures)} pictures of {len(set(part.patients))} patients"
            for name, part in parts.items()
        )
        notes.append(f"{label}: {said}.")
    return Study(manifest, chosen, tuple(pictures), tuple(notes))


def table_row(method: str, data: LabelledData, probability: Floats, decision: Ints) -> TableRow:
    """The figures of one way on the part that is measured on."""
    part = data.parts[data.measured_on]
    said = Predictions(data.classes, part.truth, probability, decision, part.patients)
    return TableRow(method, data.label, data.measured_on, said, classification_result(said))


def zero_shot_row(model: GlamModel, data: LabelledData) -> TableRow:
    """Nothing is learnt: pictures beside sentences.

    Raises:
        CheckpointError: The model reads no text.
        GlamError: There are no sentences for the label.
    """
    _, embeddings = picture_features(model, data.parts[data.measured_on].pictures)
    probability = zero_shot_probability(model, embeddings, data.label, data.classes)
    return table_row(ZERO_SHOT, data, probability, np.asarray(probability.argmax(axis=1)))


def probe_row(model: GlamModel, data: LabelledData, folder: Path) -> TableRow:
    """Logistic regression on frozen features; the fitted numbers are kept in `folder`."""
    training = data.parts["training"]
    features, _ = picture_features(model, training.pictures)
    probe = fitted_probe(features, training.truth, training.patients, len(data.classes))
    measured, _ = picture_features(model, data.parts[data.measured_on].pictures)
    probability = probe.probability(measured)
    save_file(
        {name: getattr(probe, name) for name in ("mean", "scale", "weight", "bias", "prior")},
        folder / f"probe-{data.label}.safetensors",
        metadata={"classes": ";".join(data.classes), "strength": str(probe.strength)},
    )
    return table_row(PROBE, data, probability, prior_free_decision(probability, probe.prior))


def fine_tuned(
    model: GlamModel,
    data: LabelledData,
    config: TrainingConfig,
    folder: Path,
    *,
    resume: str = "",
    json_lines: bool = False,
    ranks: Ranks = ALONE,
) -> tuple[Outcome, TableRow | None]:
    """Train a head and the whole model below it; the row is None where it was stopped.

    The best measurement on the validation patients chooses the model only where figures come from
    other (test) patients; otherwise the last one is taken.
    """
    classifier = Classifier(copy.deepcopy(model).train(), ClassNames(data.label, data.classes))
    folder.mkdir(parents=True, exist_ok=True)
    save_config(config, folder)
    chooses = data.measured_on == "test" and "validation" in data.parts
    held_out = data.parts.get("validation", data.parts[data.measured_on])

    def measure(averaged: Classifier) -> dict[str, float]:
        probability = classifier_probability(averaged, held_out.pictures)
        right = probability[np.arange(len(held_out.truth)), held_out.truth]
        found = {"cost": float(-np.log(np.maximum(right, 1e-9)).mean())}
        if len(np.unique(held_out.truth)) == len(data.classes):
            found["auc"] = macro_auc(held_out.truth, probability)
        return found

    outcome = train(
        classifier,
        ClassificationTask(data.parts["training"], config, ranks),
        config,
        folder,
        resume=resume,
        json_lines=json_lines,
        measure=measure,
        aim=Aim("auc") if chooses else None,
        ranks=ranks,
    )
    if not outcome.finished or not ranks.first:
        return outcome, None
    best = folder / BEST_FOLDER
    taken = load_classifier(best if chooses and best.is_dir() else folder / MODEL_FOLDER)
    probability = classifier_probability(taken, data.parts[data.measured_on].pictures)
    prior = np.bincount(data.parts["training"].truth, minlength=len(data.classes))
    decision = prior_free_decision(probability, prior / prior.sum())
    return outcome, table_row(FINE_TUNE, data, probability, decision)


def read_model(folder: Path, *, texts: bool = False) -> GlamModel:
    """A model folder.

    Args:
        texts: It has to read texts.

    Raises:
        CheckpointError: It holds no model.
        GlamError: It reads no text.
    """
    model = load_model(folder)
    if texts and not isinstance(model.config.text, TextConfig):
        raise GlamError(
            f"The model {model.config.name} reads no text, so zero-shot is impossible: take one "
            "that was trained with texts (glam pretrain)."
        )
    return model


def finish(out: Path, model: GlamModel, study: Study, rows: Sequence[TableRow]) -> None:
    """Write the table and print it."""
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
    write_table(out, title, rows, notes)
    for row in rows:
        area, accuracy = row.result.macro_auc, row.result.balanced_accuracy
        ends = "" if area.low is None else f" (95 % {area.low:.3f} to {area.high:.3f})"
        print(
            f"{row.label:10} {row.method:13} AUC {area.value:.3f}{ends}, "
            f"balanced accuracy {accuracy.value:.3f}, {row.result.pictures} pictures"
        )
    print(f"The table is in {out}. Research use only.", file=sys.stderr)
