"""How a training goes: one frozen dataclass, kept as JSON in the run's folder."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from glam_core.errors import CheckpointError, GlamError
from glam_core.model.config import ADDED_LATER
from glam_core.model.config_file import from_mapping
from glam_core.training.files import write_text

RUN_CONFIG_FILE = "training.json"


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a run beside its data and its first weights.

    Attributes:
        epochs: Passes over the training pairs; also fixes the schedule of the learning rate.
        batch: Breasts (both views) that are computed at once, in each process.
        singles: Further pictures of each view in one step, for the saliency.
        learning_rate: At its highest.
        last_learning_rate_share: Of `learning_rate`, at the end of the cosine.
        warm_up_share: Share of the steps over which the rate rises.
        weight_decay: Of AdamW; norms, biases and temperatures are spared.
        clip_norm: Longest gradient.
        ema_decay: Of the running mean of the weights, which is what is kept as the model.
        saliency_weight: Of the saliency term beside the correspondence term.
        partner_weight: Of the term that tells a lesion from those of other breasts.
        synthetic_share: Of the breasts of a step, where there are synthetic ones.
        points: Tracked places asked for in each synthetic breast of a step, in each direction.
        points_weight: Of their term.
        landmark_px, landmark_deg: Standard deviation of the errors given to the exact landmarks of
            synthetic breasts: of the nipple (canvas pixels, each axis) and of the pectoral line.
        turn_deg, scale, shear, shift_px: Standard deviations of the affine augmentation (shift:
            half width, in canvas pixels; scale: of its logarithm, shared by both views).
        flip: Chance that both views are mirrored up to down.
        gamma, noise, bias: Strengths of the intensity augmentation.
        blur: Chance of a blur.
        seed: Equal seeds give equal runs on one device.
        precision: Of the encoder; weights and losses stay in float32.
        threads: Of the processor; 0 leaves torch's own choice.
        evaluate_every: Epochs between two measurements on the validation patients.
        save_every: Epochs between two checkpoints.
        steps: Steps of the whole run; 0 counts `epochs`.
        accumulate: Batches whose gradients are added up before one step. A contrastive loss still
            compares within one batch (and over the processes).
        patience: Measurements without a better one after which the run ends; 0 never ends early.
        optimiser: "adamw", or "sgd" with momentum 0.9, which the paper fine-tunes with.
        gradient_checkpointing: Compute the layers of transformer encoders again on the way back:
            a third more time for a fraction of the memory.
        compile: Let torch.compile fuse the encoders; the first steps take minutes.
        device: "auto" takes CUDA where there is one. MPS has to be asked for.
        for_limits: Leave out the training patients on whom limits are set, and measure on them
            instead of the validation patients: the run before `calibrate`.
        prepare: Threads that draw batches ahead of the steps; 0 draws in between.
        versions: Of each picture that words are learnt on: the plain one, then altered ones.
        backbone_rate: What the backbone of the image encoder gets of the learning rate, where it
            has one: less than 1 where it starts from weights that can see already.
        sharding: "full" spreads weights, running mean, gradients and moments over the processes;
            "none" keeps all of them in each.
    """

    epochs: int = 40
    batch: int = 8
    singles: int = 2
    learning_rate: float = 1.5e-3
    last_learning_rate_share: float = 0.002
    warm_up_share: float = 0.1
    weight_decay: float = 0.05
    clip_norm: float = 2.0
    ema_decay: float = 0.998
    saliency_weight: float = 0.5
    partner_weight: float = 0.5
    synthetic_share: float = 0.5
    points: int = 12
    points_weight: float = 1.0
    landmark_px: float = 3.0
    landmark_deg: float = 3.0
    turn_deg: float = 7.0
    scale: float = 0.12
    shear: float = 0.06
    shift_px: float = 10.0
    flip: float = 0.5
    gamma: float = 0.3
    noise: float = 0.03
    bias: float = 0.06
    blur: float = 0.3
    seed: int = 0
    precision: Literal["float32", "bfloat16"] = "float32"
    threads: int = 0
    evaluate_every: int = 5
    save_every: int = 1
    steps: int = field(default=0, metadata=ADDED_LATER)
    accumulate: int = field(default=1, metadata=ADDED_LATER)
    patience: int = field(default=0, metadata=ADDED_LATER)
    optimiser: Literal["adamw", "sgd"] = field(default="adamw", metadata=ADDED_LATER)
    gradient_checkpointing: bool = field(default=False, metadata=ADDED_LATER)
    compile: bool = field(default=False, metadata=ADDED_LATER)
    device: Literal["auto", "cpu", "cuda", "mps"] = field(default="auto", metadata=ADDED_LATER)
    for_limits: bool = field(default=False, metadata=ADDED_LATER)
    prepare: int = field(default=1, metadata=ADDED_LATER)
    versions: int = field(default=4, metadata=ADDED_LATER)
    backbone_rate: float = field(default=1.0, metadata=ADDED_LATER)
    sharding: Literal["none", "full"] = field(default="none", metadata=ADDED_LATER)

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is read."""
        for name in ("epochs", "batch", "evaluate_every", "save_every", "accumulate", "versions"):
            if getattr(self, name) < 1:
                raise GlamError(f"--{name}={getattr(self, name)} must be 1 or more.")
        for name in ("learning_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise GlamError(f"--{name}={getattr(self, name)} must be more than 0.")
        for name in ("warm_up_share", "flip", "blur", "ema_decay", "synthetic_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise GlamError(f"--{name}={getattr(self, name)} must lie between 0 and 1.")
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not isinstance(value, str) and value < 0:
                raise GlamError(f"--{entry.name}={value} must not be negative.")


def add_config_arguments(
    parser: argparse.ArgumentParser, keys: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """`--key=value` for every field of `TrainingConfig`; the parser refuses unknown keys.

    Args:
        keys: What the command takes where the user gives nothing, by preset, the usual one first;
            "" where there are no presets. The help tells these defaults, not the config's own.
    """
    hints = get_type_hints(TrainingConfig)
    group = parser.add_argument_group("training", "--key=value, each with its default")
    for entry in fields(TrainingConfig):
        hint = hints[entry.name]
        literal = get_origin(hint) is Literal
        group.add_argument(
            f"--{entry.name}",
            type=str if literal else _true_or_false if hint is bool else hint,
            choices=get_args(hint) if literal else None,
            default=None,
            metavar=None if literal else "true|false" if hint is bool else "X",
            help=f"({_told_default(entry.name, entry.default, keys or {})})",
        )


def _told_default(name: str, own: object, keys: Mapping[str, Mapping[str, Any]]) -> str:
    """Such as "20; glam 40", the usual preset's value without its name."""
    usual, *others = [(preset, each.get(name, own)) for preset, each in keys.items()] or [("", own)]
    differing = [f"{preset} {value}" for preset, value in others if value != usual[1]]
    return "; ".join([str(usual[1]), *([", ".join(differing)] if differing else [])])


def _true_or_false(word: str) -> bool:
    if word.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{word!r} is not true or false")
    return word.lower() == "true"


def given_keys(args: argparse.Namespace) -> dict[str, Any]:
    """The keys that the user gave."""
    names = [entry.name for entry in fields(TrainingConfig)]
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def save_config(config: TrainingConfig, folder: Path) -> None:
    """Write the config into the run's folder."""
    write_text(folder / RUN_CONFIG_FILE, json.dumps(asdict(config), indent=1) + "\n")


def read_config(folder: Path) -> TrainingConfig:
    """The config of a run.

    Raises:
        CheckpointError: It is missing, no JSON, or has unknown, missing or ill-typed keys.
    """
    file = folder / RUN_CONFIG_FILE
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file.name} of {folder.name} cannot be read: {error}.") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{file.name} of {folder.name} is no training config.")
    return from_mapping(TrainingConfig, data, file.name)


def differing_keys(old: TrainingConfig, new: TrainingConfig) -> Sequence[str]:
    """Names of the fields in which two configs differ."""
    return [f.name for f in fields(old) if getattr(old, f.name) != getattr(new, f.name)]
