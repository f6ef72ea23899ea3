"""An open model: embeddings once a view, then clicks, words and comparisons in milliseconds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from glam_core.errors import CheckpointError, GlamError, MemoryShortError
from glam_core.inference.correspondence import Provenance
from glam_core.inference.device import DeviceChoice, choose_device
from glam_core.inference.embedding_cache import EmbeddingCache, embedding_key
from glam_core.inference.embedding_input import (
    PREPROCESSING_VERSION,
    CanvasGrid,
    canvas_grid,
    patch_geometry,
    view_batch,
)
from glam_core.inference.match_view import MatchView
from glam_core.model.batch import TextBatch, ViewBatch
from glam_core.model.checkpoint import load_model
from glam_core.model.config import TextConfig
from glam_core.model.glam import GlamModel
from glam_core.model.matching import SLOT_CC, SLOT_MLO, PatchFeatures, embed
from glam_core.terms import ViewPosition

_KEPT = ("asked", "answering", "saliency", "embedding", "words")


@dataclass(frozen=True, eq=False)
class EmbeddedView:
    """One view as a model keeps it.

    Attributes:
        view: The view.
        features: Of one view (n = 1), on the CPU in float32, tissue and depth of now.
        canvas: Where its patches lie in stored pixels.
        slot: SLOT_CC or SLOT_MLO.
    """

    view: MatchView
    features: PatchFeatures
    canvas: CanvasGrid
    slot: int


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How likely a view shows what a prompt says, among the prompts it was asked with."""

    prompt: str
    probability: float


class Session:
    """A model ready for questions. Open one with `Session.open`."""

    def __init__(self, model: GlamModel, device: DeviceChoice, cache: EmbeddingCache) -> None:
        self.model = model
        self.device = device
        self._cache = cache

    @classmethod
    def open(
        cls, folder: Path, *, device: str = "auto", cache: EmbeddingCache | None = None
    ) -> "Session":
        """Read a model folder; a model that does not fit into the GPU runs on the CPU.

        Args:
            folder: Holds config.json and weights.safetensors.
            device: "auto", "cpu", "cuda", "mps".
            cache: Where embeddings are kept; None keeps them in memory only.

        Raises:
            CheckpointError: The folder holds no usable model.
            GlamError: The device is not there.
        """
        choice = choose_device(device)
        try:
            model = load_model(folder, choice.device)
        except (torch.cuda.OutOfMemoryError, MemoryShortError):
            if choice.device.type == "cpu":
                raise
            torch.cuda.empty_cache()
            choice = DeviceChoice(
                torch.device("cpu"),
                torch.float32,
                "CPU: the model does not fit into the GPU's memory.",
            )
            model = load_model(folder, choice.device)
        return cls(model, choice, cache or EmbeddingCache(None))

    @property
    def provenance(self) -> Provenance:
        """Name, version and training data of the model."""
        config = self.model.config
        version = (
            f"{config.version} ({self.model.digest[:8]})" if self.model.digest else config.version
        )
        return Provenance(config.name, version, config.trained_on)

    def embed(self, view: MatchView) -> EmbeddedView:
        """The view's embedding: from memory, from disk, or computed now.

        Raises:
            GlamError: The view is neither CC nor MLO.
        """
        slot = slot_of(view)
        canvas = canvas_grid(view, self.model.config)
        key = self._key(view, canvas, slot)
        kept = self._cache.get(key)
        if kept is None:
            kept = self._computed(view, canvas, slot)
            self._cache.put(key, kept)
        place = patch_geometry(view, canvas)
        features = PatchFeatures(
            grid=canvas.grid,
            asked=kept["asked"].float(),
            answering=kept["answering"].float(),
            saliency=kept["saliency"].float() if "saliency" in kept else None,
            embedding=kept["embedding"].float(),
            words=kept["words"].float() if "words" in kept else None,
            tissue=place.tissue.reshape(1, -1),
            depth_mm=place.depth_mm.reshape(1, -1),
            offset_mm=place.offset_mm.reshape(1, -1),
        )
        return EmbeddedView(view, features, canvas, slot)

    def text_features(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """(n, E) embeddings and (n, D) in the space of places (or None) of some texts.

        Raises:
            CheckpointError: The model reads no text.
        """
        model = self.model
        if not isinstance(model.config.text, TextConfig) or model.tokenizer is None:
            raise CheckpointError(
                f"The model {model.config.name} reads no text: it has no text encoder or no "
                "tokenizer.json; choose another model for words."
            )
        encoded = model.tokenizer.encode_batch(list(texts))
        width = min(max(len(e.ids) for e in encoded), model.config.text.max_tokens)
        pad = model.config.text.pad_id
        ids = torch.tensor([(e.ids + [pad] * width)[:width] for e in encoded])
        mask = torch.tensor([([1] * len(e.ids) + [0] * width)[:width] for e in encoded])
        batch = TextBatch(ids.to(self.device.device), mask.to(self.device.device))
        with torch.inference_mode():
            told = model.encode_text(batch)
        local = None if told.local is None else told.local.float().cpu()
        return told.embedding.float().cpu(), local

    @property
    def reads_text(self) -> bool:
        """Whether the model can be asked in words."""
        return isinstance(self.model.config.text, TextConfig) and self.model.tokenizer is not None

    def directions(self, sentences: Sequence[Sequence[str]]) -> torch.Tensor:
        """(classes, E) of length 1: of each class the mean of its sentences (Radford et al. 2021).

        Raises:
            CheckpointError: The model reads no text.
        """
        means = [self.text_features(same)[0].mean(dim=0) for same in sentences]
        return functional.normalize(torch.stack(means), dim=-1)

    def shares(self, view: MatchView, directions: torch.Tensor) -> torch.Tensor:
        """(classes,) how much a view looks like each direction; they add up to 1.

        Raises:
            GlamError: The view is neither CC nor MLO.
        """
        image = self.embed(view).features.embedding
        scale = float(self.model.image_text_scale().detach())
        return (scale * image @ directions.T).softmax(dim=-1)[0]

    def classify(self, view: MatchView, prompts: Sequence[str]) -> tuple[ClassScore, ...]:
        """Zero-shot: how well each prompt fits the view, most likely first; not calibrated.

        Raises:
            GlamError: Fewer than two prompts.
            CheckpointError: The model reads no text.
        """
        if len(prompts) < 2:
            raise GlamError("Zero-shot classification compares prompts: give at least two.")
        chance = self.shares(view, self.directions([[prompt] for prompt in prompts])).tolist()
        scores = [ClassScore(p, c) for p, c in zip(prompts, chance, strict=True)]
        return tuple(sorted(scores, key=lambda score: -score.probability))

    def vector(self, view: MatchView) -> npt.NDArray[np.float32]:
        """(E,) float32 embedding of the whole view, in the space of the texts.

        Raises:
            GlamError: The view is neither CC nor MLO.
        """
        return np.asarray(self.embed(view).features.embedding[0].numpy(), dtype=np.float32)

    def similar(
        self, view: MatchView, others: Sequence[MatchView]
    ) -> tuple[tuple[int, float], ...]:
        """(index, cosine) of `others` of the same view position, most alike first."""
        own = self.vector(view)
        rated = [
            (index, likeness(own, self.vector(other)))
            for index, other in enumerate(others)
            if other.view_position is view.view_position and other.key != view.key
        ]
        return tuple(sorted(rated, key=lambda entry: -entry[1]))

    def _computed(self, view: MatchView, canvas: CanvasGrid, slot: int) -> dict[str, torch.Tensor]:
        batch = view_batch(view, canvas)
        try:
            features = self._forward(batch, slot)
        except torch.cuda.OutOfMemoryError:
            torch.cuda.empty_cache()
            self.device = DeviceChoice(
                torch.device("cpu"), torch.float32, "CPU: the GPU's memory is used up."
            )
            self.model.to(self.device.device)
            features = self._forward(batch, slot)
        kept = {name: getattr(features, name) for name in _KEPT}
        found = {name: tensor.float().cpu() for name, tensor in kept.items() if tensor is not None}
        if not all(bool(torch.isfinite(tensor).all()) for tensor in found.values()):
            raise CheckpointError(
                f"The model {self.model.config.name} gives no finite numbers for this picture; "
                "choose another model."
            )
        return found

    def _forward(self, batch: ViewBatch, slot: int) -> PatchFeatures:
        device = self.device.device
        half = self.device.dtype is not torch.float32
        with torch.autocast(device.type, self.device.dtype, enabled=half):
            return embed(self.model, batch.to(device), slot=slot)

    def _key(self, view: MatchView, canvas: CanvasGrid, slot: int) -> str:
        pixels = hashlib.sha256(np.ascontiguousarray(view.picture).tobytes()).digest()
        return embedding_key(
            str(PREPROCESSING_VERSION),
            self.model.digest,
            str(id(self.model)) if not self.model.digest else "",
            view.key,
            pixels,
            np.round(canvas.canvas_from_image, 6).tobytes(),
            str(slot),
            str(self.device.dtype),
        )


def likeness(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Cosine of two vectors, -1 to 1; 0 where one of them is nothing."""
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length > 0 else 0.0


def slot_of(view: MatchView) -> int:
    """SLOT_CC or SLOT_MLO.

    Raises:
        GlamError: Another view.
    """
    if view.view_position is ViewPosition.CC:
        return SLOT_CC
    if view.view_position is ViewPosition.MLO:
        return SLOT_MLO
    raise GlamError(f"A model knows CC and MLO views; this is a {view.view_position.value} view.")
