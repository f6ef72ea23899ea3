"""What the classification commands share: the data of a manifest, the ways to classify, the table.

Ways: zero-shot (nothing learnt), linear probe (frozen features), fine-tuning (whole model).
"""

import copy
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from glam_core.errors import GlamError
from glam_core.evaluation.classification import (
    Floats,
    Ints,
    Predictions,
    classification_result,
    macro_auc,
)
from glam_core.evaluation.classification_report import TableRow
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
from glam_core.training.labelled import LabelledData
from glam_core.training.loop import Outcome, train
from glam_core.training.probe import fitted_probe, prior_free_decision
from glam_core.training.ranks import ALONE, Ranks
from glam_core.training.watch import Aim

ZERO_SHOT, PROBE, FINE_TUNE = "zero-shot", "linear probe", "fine-tune"


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
    if ranks.first:
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
