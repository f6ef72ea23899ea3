"""Embeddings kept in memory and on disk: bounded, without names, safe to delete at any time."""

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]


class EmbeddingCache:
    """Tensors by key, least recently used ones dropped first.

    Keys are digests, so neither file names nor contents tell whose pictures these are.

    Args:
        folder: Where files are kept; None keeps them in memory only.
        memory_bytes: Bound of what is kept in memory.
        disk_bytes: Bound of the folder.
    """

    def __init__(
        self, folder: Path | None, *, memory_bytes: int = 512 << 20, disk_bytes: int = 2 << 30
    ) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._disk_bytes = disk_bytes
        self._kept: OrderedDict[str, Tensors] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Tensors | None:
        """What was put under `key`; None where there is nothing, or nothing readable."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = self._read(key)
        if found is not None:
            self._keep(key, found)
        return found

    def put(self, key: str, tensors: Tensors) -> None:
        """Keep `tensors`; a disk that cannot be written is no reason to fail."""
        self._keep(key, tensors)
        if self._folder is None:
            return
        file = self._file(key)
        unfinished = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, unfinished)
            unfinished.replace(file)
            self._trim()
        except (OSError, SafetensorError):
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def _keep(self, key: str, tensors: Tensors) -> None:
        with self._lock:
            self._kept[key] = tensors
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > self._memory_bytes:
                self._kept.popitem(last=False)

    def _read(self, key: str) -> Tensors | None:
        if self._folder is None:
            return None
        file = self._file(key)
        try:
            tensors = dict(load_file(file))
            file.touch()
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError):
            with contextlib.suppress(OSError):
                file.unlink()  # half a file from a killed process: computed anew
            return None
        return tensors

    def _trim(self) -> None:
        assert self._folder is not None
        files = [(f.stat(), f) for f in self._folder.glob("*.safetensors")]
        files.sort(key=lambda entry: entry[0].st_mtime)
        total = sum(stat.st_size for stat, _ in files)
        for stat, file in files[:-1]:
            if total <= self._disk_bytes:
                break
            file.unlink(missing_ok=True)
            total -= stat.st_size

    def _file(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{key}.safetensors"


def embedding_key(*parts: str | bytes) -> str:
    """A digest of everything that the embedding depends on."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _size(tensors: Tensors) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
