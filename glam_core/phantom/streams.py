"""Random streams named by words, so that each thing drawn has its own and none shifts another."""

import hashlib

import numpy as np
import torch


def stream(seed: int, *words: object) -> np.random.Generator:
    """The random numbers of one thing of one exam, always the same for the same words."""
    return np.random.Generator(np.random.PCG64(_key(seed, words)))


def field_stream(device: torch.device, seed: int, *words: object) -> torch.Generator:
    """The same for dense fields, on the device that needs them.

    The numbers differ between kinds of device, and so do textures; every drawn parameter stays,
    and with it the truth, but for the points of a batch that are chosen by the gland's texture.
    """
    generator = torch.Generator(device=device)
    generator.manual_seed(_key(seed, words) % (1 << 63))
    return generator


def _key(seed: int, words: tuple[object, ...]) -> int:
    text = "/".join([str(seed), *(str(word) for word in words)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])
