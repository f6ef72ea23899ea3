"""First weights from a local folder or a hub, with a plain sentence where there are none."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glam_core.errors import CheckpointError

RANDOM = "random"


def fetch(loader: Callable[..., Any], source: str, what: str) -> Any:
    """What `loader` finds in a folder, in the local cache of the hub, or at the hub, in this order.

    Only safetensors weights are read: nothing is unpickled.

    Args:
        loader: Called with a source and `local_files_only`, as transformers' `from_pretrained`.

    Raises:
        CheckpointError: The folder or the hub does not give the files; says what to provide.
    """
    folder = Path(source).expanduser()
    local = folder.is_dir()
    if not local and (source.startswith((".", "/", "~")) or source.count("/") > 1):
        raise CheckpointError(f"The folder {source} for the {what} does not exist.")
    try:
        if local:
            return loader(str(folder), local_files_only=True)
        return _from_hub(loader, source)
    except (OSError, ValueError, KeyError) as error:
        if local:
            raise CheckpointError(
                f"{source} does not hold a {what}: expected config.json with model.safetensors "
                f"(or tokenizer.json), as transformers saves them."
            ) from error
        raise CheckpointError(
            f"The {what} {source} can be had neither from the hub nor from its local cache: "
            f"download it elsewhere and give the folder that holds its config.json and "
            f"model.safetensors (and tokenizer.json) as the source instead."
        ) from error


def _from_hub(loader: Callable[..., Any], source: str) -> Any:
    """From the cache; only where that has nothing, from the hub, whose retries stay unsaid."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return loader(source, local_files_only=True)
    except (OSError, ValueError, KeyError):
        return loader(source, local_files_only=False)
    finally:
        logger.setLevel(level)
