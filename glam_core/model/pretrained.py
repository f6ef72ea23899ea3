"""First weights from a local folder or a hub, with a plain sentence where there are none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from glam_core.errors import CheckpointError

RANDOM = "random"


def fetch(loader: Callable[..., Any], source: str, what: str) -> Any:
    """`loader(source)` from a folder, from the local cache of the hub, or from the hub.

    Only safetensors weights are read: nothing is unpickled.

    Raises:
        CheckpointError: The folder or the hub does not give the files; says what to provide.
    """
    folder = Path(source).expanduser()
    local = folder.is_dir()
    if not local and (source.startswith((".", "/", "~")) or source.count("/") > 1):
        raise CheckpointError(f"The folder {source} for the {what} does not exist.")
    try:
        return loader(str(folder) if local else source)
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
