"""A config as JSON, read strictly: an unknown or a missing key is an error."""

import json
import types
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from glam_core.errors import CheckpointError
from glam_core.model.config import FORMAT_VERSION, GlamConfig

Config = TypeVar("Config")


def config_to_json(config: GlamConfig) -> str:
    """The config as indented JSON with a final newline."""
    return json.dumps(asdict(config), indent=1) + "\n"


def read_config(file: Path) -> GlamConfig:
    """The config that `file` holds.

    Raises:
        CheckpointError: The file is no JSON, of another version, or has unknown, missing or
            ill-typed keys.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{file} cannot be read as JSON ({error}): copy the model folder again."
        ) from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{file} is no model config: expected a JSON object.")
    version = data.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{file} has format version {version}, but this program reads version "
            f"{FORMAT_VERSION}: use the program version that wrote it, or convert it anew."
        )
    return from_mapping(GlamConfig, data, str(file))


def from_mapping(kind: type[Config], data: Mapping[str, Any], place: str) -> Config:
    """A dataclass of type `kind` from plain JSON values; `place` names it in errors.

    Raises:
        CheckpointError: Keys are unknown or missing, or a value has the wrong type.
    """
    hints = get_type_hints(kind)
    names = [entry.name for entry in fields(kind)]  # type: ignore[arg-type]
    unknown = sorted(set(data) - set(names))
    later = {entry.name for entry in fields(kind) if entry.metadata.get("added_later")}  # type: ignore[arg-type]
    missing = [name for name in names if name not in data and name not in later]
    if unknown or missing:
        said = [f"unknown {word}" for word in unknown] + [f"missing {word}" for word in missing]
        raise CheckpointError(f"{place} does not fit this program: {', '.join(said)}.")
    given = [name for name in names if name in data]
    values = {name: _value(hints[name], data[name], f"{place}: {name}") for name in given}
    return kind(**values)


def _value(hint: Any, value: Any, place: str) -> Any:
    """`value` as the type that `hint` asks for."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(hint), value, place)
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, dict):
            raise CheckpointError(f"{place} must be an object.")
        return from_mapping(hint, value, place)
    if origin is Literal:
        if value not in get_args(hint):
            raise CheckpointError(f"{place} is {value!r}, not one of {list(get_args(hint))}.")
        return value
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise CheckpointError(f"{place} must be a list.")
        return tuple(_value(get_args(hint)[0], entry, place) for entry in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise CheckpointError(f"{place} is {value!r}, expected {hint.__name__}.")
    return value


def _one_of(choices: tuple[Any, ...], value: Any, place: str) -> Any:
    """The dataclass among `choices` whose `kind` is the value's."""
    kind = value.get("kind") if isinstance(value, dict) else None
    for choice in choices:
        if kind in get_args(get_type_hints(choice)["kind"]):
            return from_mapping(choice, value, place)
    raise CheckpointError(f"{place} has the unknown kind {kind!r}.")
