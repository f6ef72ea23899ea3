"""A model as a folder: config.json, weights.safetensors, tokenizer.json where there is text."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import psutil
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from glam_core.errors import CheckpointError, MemoryShortError
from glam_core.model.config import GlamConfig, TextConfig
from glam_core.model.config_file import config_to_json, read_config
from glam_core.model.glam import GlamModel

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "weights.safetensors"
TOKENIZER_FILE = "tokenizer.json"
# Room for features and buffers beside the weights.
SPARE_MEMORY = 1.2


def load_model(folder: Path, device: torch.device | str = "cpu") -> GlamModel:
    """Read a model, in eval mode, in the precision it was saved in.

    Weights are mapped from the file and used as they are, so that there is one copy of them.

    Raises:
        CheckpointError: The folder holds no model, its config is of another version or has unknown
            or missing keys, or its weights are wrong, truncated or not finite.
        MemoryShortError: The device has too little free memory for the weights.
    """
    folder = Path(folder)
    weights_file = folder / WEIGHTS_FILE
    if not (folder / CONFIG_FILE).is_file() or not weights_file.is_file():
        raise CheckpointError(
            f"{folder} holds no model: expected {CONFIG_FILE} and {WEIGHTS_FILE}; convert "
            f"official checkpoints with glam import-checkpoint."
        )
    device = torch.device(device)
    _check_memory(weights_file, device)
    config = read_config(folder / CONFIG_FILE)
    has_text = isinstance(config.text, TextConfig)
    tokenizer = _read_tokenizer(folder / TOKENIZER_FILE) if has_text else None
    model = _without_weights(config, tokenizer, folder / CONFIG_FILE)
    weights = _read_weights(weights_file, device)
    _check_weights(weights_file, weights, model.state_dict())
    model.load_state_dict(weights, assign=True)
    model.digest = model_digest(folder)
    return model.eval()


def save_model(model: GlamModel, folder: Path) -> None:
    """Write a model so that `load_model` gives it back; an existing one is replaced at the end.

    The files are written beside their place and renamed, weights last: whoever reads meanwhile sees
    the old model or the new one.

    Raises:
        CheckpointError: The folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as place:
            written = Path(place)
            (written / CONFIG_FILE).write_text(config_to_json(model.config), encoding="utf-8")
            if model.tokenizer is not None:
                model.tokenizer.save(str(written / TOKENIZER_FILE))
            weights = {
                name: value.detach().cpu().contiguous()
                for name, value in model.state_dict().items()
            }
            save_file(weights, written / WEIGHTS_FILE, metadata={"format": "pt"})
            # safetensors lets nobody else read its file; the config has the usual rights.
            shutil.copymode(written / CONFIG_FILE, written / WEIGHTS_FILE)
            for name in (TOKENIZER_FILE, CONFIG_FILE, WEIGHTS_FILE):
                if (written / name).is_file():
                    shutil.move(written / name, folder / name)
    except OSError as error:
        raise CheckpointError(f"The model cannot be written to {folder}: {error}.") from error


def model_digest(folder: Path) -> str:
    """Short SHA-256 of config and weights; tells models apart in caches and in provenance."""
    digest = hashlib.sha256()
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        with (Path(folder) / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _check_memory(weights_file: Path, device: torch.device) -> None:
    """Compare the size of the weights with the free memory of the device."""
    needed = weights_file.stat().st_size * SPARE_MEMORY
    if device.type == "cuda":
        free, place = torch.cuda.mem_get_info(device)[0], "GPU memory"
    else:
        free, place = psutil.virtual_memory().available, "memory"
    if needed > free:
        raise MemoryShortError(
            f"{weights_file} needs about {needed / 2**30:.1f} GiB of {place}, but only "
            f"{free / 2**30:.1f} GiB are free: close other programs or choose a smaller model."
        )


def _without_weights(config: GlamConfig, tokenizer: Tokenizer | None, file: Path) -> GlamModel:
    """The architecture alone; sizes that contradict each other first show where it is made."""
    try:
        with torch.device("meta"):
            return GlamModel(config, tokenizer)
    except (ArithmeticError, AssertionError, LookupError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{file} describes no possible model ({str(error).splitlines()[0]}): "
            "copy the model folder again."
        ) from error


def _read_weights(file: Path, device: torch.device) -> dict[str, Tensor]:
    try:
        with safe_open(file, framework="pt", device=str(device)) as opened:
            return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{file} is damaged or cut short ({error}): copy the model folder again."
        ) from error


def _check_weights(file: Path, weights: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """Names, shapes and finiteness, said in one sentence."""
    missing = sorted(set(expected) - set(weights))
    unknown = sorted(set(weights) - set(expected))
    if missing or unknown:
        kinds = (("missing", missing), ("unknown", unknown))
        said = [f"{len(names)} {word} (such as {names[0]})" for word, names in kinds if names]
        raise CheckpointError(
            f"{file} does not belong to its {CONFIG_FILE}, {' and '.join(said)}: "
            "copy the model folder again."
        )
    for name, value in weights.items():
        if value.shape != expected[name].shape:
            raise CheckpointError(
                f"{file} does not belong to its {CONFIG_FILE}, {name} has the shape "
                f"{tuple(value.shape)}, expected {tuple(expected[name].shape)}: copy the model "
                "folder again."
            )
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise CheckpointError(
                f"{file} is unusable, {name} holds NaN or infinity: use an earlier checkpoint of "
                "the training, or copy the model folder again."
            )


def _read_tokenizer(file: Path) -> Tokenizer | None:
    """The tokenizer, or None where the folder has none (imported weights)."""
    if not file.is_file():
        return None
    try:
        return Tokenizer.from_str(file.read_text(encoding="utf-8"))
    except Exception as error:
        raise CheckpointError(
            f"{file} cannot be read as a tokenizer ({error}): copy the model folder again."
        ) from error
