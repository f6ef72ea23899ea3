"""A class for every picture: the image encoder's global feature and one linear layer."""

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from glam_core.errors import CheckpointError
from glam_core.model.batch import ViewBatch
from glam_core.model.checkpoint import load_model, save_model
from glam_core.model.config import GlamConfig
from glam_core.model.glam import GlamModel

CLASSES_FILE = "classes.json"
HEAD_FILE = "classifier.safetensors"


@dataclass(frozen=True, slots=True)
class ClassNames:
    """What the outputs mean: the label's name and its classes, in the order of the outputs."""

    label: str
    names: tuple[str, ...]


class Classifier(nn.Module):
    """A GLAM model with a linear head over its global picture feature.

    Attributes:
        glam: The model below; its text encoder and its cross-view modules are carried along.
        classes: What the outputs mean.
    """

    def __init__(self, glam: GlamModel, classes: ClassNames) -> None:
        super().__init__()
        self.glam = glam
        self.classes = classes
        self.head = nn.Linear(glam.config.image.width, len(classes.names))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, views: ViewBatch, slot: int) -> Tensor:
        """(n, classes) logits of pictures of one slot."""
        logits: Tensor = self.head(self.glam.encode_view(views, slot, places=False).encoded.pooled)
        return logits

    @property
    def config(self) -> GlamConfig:
        """Of the model below."""
        return self.glam.config


def save_classifier(model: Classifier, folder: Path) -> None:
    """A model folder that is also a plain GLAM model, with head and classes beside the weights.

    Raises:
        CheckpointError: The folder cannot be written.
    """
    save_model(model.glam, folder)
    said = {"label": model.classes.label, "names": list(model.classes.names)}
    try:
        head = {name: value.detach().cpu().contiguous() for name, value in _head_of(model)}
        unfinished = folder / f".{HEAD_FILE}.part"
        save_file(head, unfinished)
        unfinished.replace(folder / HEAD_FILE)
        unfinished = folder / f".{CLASSES_FILE}.part"
        unfinished.write_text(json.dumps(said, ensure_ascii=False) + "\n", encoding="utf-8")
        unfinished.replace(folder / CLASSES_FILE)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"The classifier cannot be written to {folder}: {error}.") from error


def load_classifier(folder: Path) -> Classifier:
    """What `save_classifier` wrote, in eval mode.

    Raises:
        CheckpointError: It is missing or damaged.
    """
    glam = load_model(folder)
    try:
        said = json.loads((folder / CLASSES_FILE).read_text(encoding="utf-8"))
        classes = ClassNames(str(said["label"]), tuple(map(str, said["names"])))
        model = Classifier(glam, classes)
        model.head.load_state_dict(load_file(folder / HEAD_FILE))
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"{folder} holds no classifier ({error}).") from error
    return model.eval()


def _head_of(model: Classifier) -> list[tuple[str, Tensor]]:
    return list(model.head.state_dict().items())
