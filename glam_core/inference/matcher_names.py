"""The names that choose a matcher; importing them loads neither torch nor a model."""

from importlib import resources
from pathlib import Path

GEOMETRY = "geometry"
SHIPPED = "demo"  # the learned model that comes with the program
MATCHER_CHOICES = f'"{SHIPPED}" (the model that ships), "{GEOMETRY}", or a model folder'


def default_matcher() -> str:
    """What answers where nothing else was chosen: the learned model that ships."""
    return SHIPPED


def shipped_models_folder() -> Path:
    """The folder of the model folders that come with the program."""
    return Path(str(resources.files("resources") / "models"))


def model_folder(name_or_folder: str) -> Path:
    """The folder of a learned model: one that ships, by its name, or a folder as it was given.

    A name that ships counts before a folder of the same name in the working directory; write
    `./demo` for that one.
    """
    return (
        shipped_models_folder() / name_or_folder if ships(name_or_folder) else Path(name_or_folder)
    )


def ships(name: str) -> bool:
    """Whether this is the name of a learned model that comes with the program."""
    return name.isidentifier() and (shipped_models_folder() / name).is_dir()
