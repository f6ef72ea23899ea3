"""The models at hand: the geometry matcher, those that ship, and the user's own."""

import json
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from glam_core.inference.geometry_weights import bundled_weights
from glam_core.inference.matcher_names import GEOMETRY, shipped_models_folder

CONFIG_NAME = "config.json"


@dataclass(frozen=True, slots=True)
class ShelvedModel:
    """One choice of the model picker.

    Attributes:
        name: What a person calls it.
        choose: What `matcher` and `--matcher` take: the name of one that ships, or a folder.
        trained_on: Provenance in words.
        ships: Whether it comes with the program.
    """

    name: str
    choose: str
    trained_on: str
    ships: bool


def user_models_folder() -> Path:
    """Where `glam` looks for the user's own model folders."""
    return Path(user_data_path("glam-workstation", appauthor=False)) / "models"


def models_at_hand(own: Path | None = None) -> tuple[ShelvedModel, ...]:
    """All usable models, those that ship first.

    Args:
        own: Folder of model folders; None takes `user_models_folder()`.
    """
    found = [ShelvedModel(GEOMETRY, GEOMETRY, bundled_weights().trained_on, True)]
    for root, ships in ((shipped_models_folder(), True), (own or user_models_folder(), False)):
        for config in sorted(root.glob(f"*/{CONFIG_NAME}")):
            shelved = _shelved(config, ships)
            if shelved is not None:
                found.append(shelved)
    return tuple(found)


def _shelved(config: Path, ships: bool) -> ShelvedModel | None:
    """None for a folder that does not read as a model; opening it says why."""
    try:
        told = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or "format_version" not in told:
        return None
    name = f"{config.parent.name} ({told.get('name', 'unnamed')} {told.get('version', '')})"
    choose = config.parent.name if ships else str(config.parent)
    return ShelvedModel(name, choose, str(told.get("trained_on", "not said")), ships)
