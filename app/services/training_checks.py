"""What a training needs beside what there is, found before it starts, a sentence for each."""

import importlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import psutil
from PySide6.QtCore import QObject, Signal

from app.services.delivery import Delivery
from app.training_runs import RunChoice, Script, StartCheck
from glam_core.data.manifest import read_manifest
from glam_core.data.usable import USABLE
from glam_core.errors import GlamError

# MiB of the weights and of one kept picture of each preset; a run keeps fourteen times the weights
# on the disk and holds five times as much in memory, beside what a batch takes.
WEIGHTS_MIB = {"tiny": 0.8, "small": 5, "lite": 12, "glam": 800, "paper": 800}
PICTURE_MIB = {"tiny": 0.75, "small": 0.75, "lite": 0.75, "glam": 0.9, "paper": 3.0}
# The kind of each preset's image encoder: its keys suit no other kind.
ENCODERS = {
    "tiny": "pyramid",
    "small": "pyramid",
    "lite": "efficientnet_lite0",
    "glam": "dinov2",
    "paper": "dinov2",
}
_ON_DISK, _IN_MEMORY = 14, 5
_SPARE_MIB = 700  # of memory: the libraries and a small batch


class StartChecks(QObject):
    """Finds out, in the background, whether a run can succeed; stale answers are dropped.

    Signals:
        checked: (RunChoice, checks): as `checks` gives them.
    """

    checked = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._delivery = Delivery(self)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="checking")
        self._number = 0

    def ask(self, choice: RunChoice) -> None:
        """`checked` follows, unless something else is asked meanwhile."""
        self._number += 1
        number = self._number

        def work() -> tuple[StartCheck, ...]:
            # What is asked quickly after another, while typing, is not worth reading a table for.
            return checks(choice) if number == self._number else ()

        def tell(found: tuple[StartCheck, ...]) -> None:
            if number == self._number:
                self.checked.emit(choice, found)

        def failed(sentence: str) -> None:
            tell((StartCheck(sentence, False),))

        self._delivery.submit(self._executor, work, tell, failed)

    def close(self) -> None:
        """Wait for what is under way."""
        self._number += 1
        self._delivery.close()
        self._executor.shutdown(wait=True, cancel_futures=True)


def checks(choice: RunChoice) -> tuple[StartCheck, ...]:
    """What the manifest holds, disk, memory, and where it matters the GPU and the first model."""
    disk, memory = needs(choice)
    free_disk, free_memory, gpu = _free_disk(choice), _free_memory(), None
    if choice.device in ("auto", "cuda"):
        gpu = _gpu_memory()
    found = [
        _usable(choice),
        _room("Disk", disk, free_disk, "Choose another disk or clear some space."),
    ]
    on_gpu = gpu is not None
    host = _SPARE_MIB if on_gpu else memory
    remedy = "Close other programs" + ("." if on_gpu else " or choose a smaller preset.")
    found.append(_room("Memory", host, free_memory, remedy))
    if gpu is not None:
        found.append(
            _room("GPU memory", memory, gpu, "Close what uses the GPU, or choose a smaller preset.")
        )
    if not choice.script.starts_from_a_model and choice.first_model:
        found += _suits(choice)
    if gpu is None and choice.device == "cuda":
        found.append(StartCheck("GPU: no CUDA device is found; choose the processor.", False))
    return tuple(found)


def needs(choice: RunChoice) -> tuple[float, float]:
    """MiB on the disk and of memory (the GPU's where it computes) that a new run takes at least."""
    given = Path(choice.first_model) / "weights.safetensors"
    from_model = bool(choice.first_model) and given.is_file()
    weights = given.stat().st_size / 2**20 if from_model else WEIGHTS_MIB[choice.preset]
    try:
        with Path(choice.manifest).open("rb") as stream:
            pictures = sum(1 for _ in stream)
    except OSError:
        pictures = 0
    on_disk = _ON_DISK * weights + PICTURE_MIB[choice.preset] * pictures
    return on_disk, _IN_MEMORY * weights + _SPARE_MIB


def _usable(choice: RunChoice) -> StartCheck:
    try:
        changed = Path(choice.manifest).stat().st_mtime_ns
        found = _usable_of(choice.script.value, choice.manifest, choice.label, changed)
    except (GlamError, OSError) as error:
        return StartCheck(str(error), False)
    if not found.fits and _brings_words(choice):
        return StartCheck(f"{found.words} Synthetic breasts bring theirs.", True)
    if not found.fits:
        _usable_of.cache_clear()  # masks may be mended without a change of the table
    return found


def _brings_words(choice: RunChoice) -> bool:
    """Whether synthetic breasts, which say what they show, are enough to learn words from."""
    made = any(key.startswith("--synthetic=") for key in choice.keys)
    return made and choice.script is Script.WORDS


@lru_cache(maxsize=8)
def _usable_of(command: str, manifest: str, label: str, changed: int) -> StartCheck:
    """Kept while the table stays as it is: the masks of a large one take their time."""
    found = USABLE[command](read_manifest(manifest), label)
    return StartCheck(found.words, found.enough)


def _suits(choice: RunChoice) -> list[StartCheck]:
    """A refusal where the keys of the preset are not for a model like that to start from."""
    try:
        told = json.loads((Path(choice.first_model) / "config.json").read_text(encoding="utf-8"))
        kind = told["image"]["kind"]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # the run itself says what is wrong with the folder
    if kind == ENCODERS[choice.preset]:
        return []
    suiting = next((name for name in ("small", "lite", "glam") if ENCODERS[name] == kind), "")
    remedy = f"choose the preset {suiting}" if suiting else "leave Start from empty"
    words = f"Start from: that model has another kind of image encoder than the preset; {remedy}."
    return [StartCheck(words, False)]


def _room(what: str, needed: float, free: float, remedy: str) -> StartCheck:
    fits = needed <= free
    words = f"{what}: needs about {_size(needed)}, {_size(free)} free."
    return StartCheck(words if fits else f"{words} {remedy}", fits)


def _free_disk(choice: RunChoice) -> float:
    """MiB at the nearest folder that is there already."""
    folder = Path(choice.folder).absolute()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free / 2**20


def _free_memory() -> float:
    return float(psutil.virtual_memory().available) / 2**20


def _gpu_memory() -> float | None:
    """MiB free of the GPU that a training would take; None where there is none."""
    found = importlib.import_module("glam_core.training.memory").free_gpu_memory()
    return None if found is None else float(found[0]) / 2**20


def _size(mib: float) -> str:
    return f"{mib / 1024:.1f} GiB" if mib >= 1024 else f"{mib:.0f} MiB"
