"""Matchers by name; what a learned model needs is imported only when one is asked for."""

import importlib

from glam_core.errors import CheckpointError
from glam_core.inference.correspondence import Matcher
from glam_core.inference.geometry_matcher import GeometryMatcher
from glam_core.inference.matcher_names import GEOMETRY, SHIPPED, model_folder


def matcher(name_or_folder: str) -> Matcher:
    """The matcher of this name: "geometry", "demo" (the model that ships), or a model folder.

    Raises:
        CheckpointError: There is no such matcher or folder, or its model cannot be used.
    """
    if name_or_folder == GEOMETRY:
        return GeometryMatcher()
    folder = model_folder(name_or_folder)
    if not folder.is_dir():
        raise CheckpointError(
            f"There is no matcher {name_or_folder!r}: say {SHIPPED!r} or {GEOMETRY!r}, "
            "or name a model folder."
        )
    learned = importlib.import_module("glam_core.inference.learned_matcher")
    session = importlib.import_module("glam_core.inference.session")
    made: Matcher = learned.LearnedMatcher(session.Session.open(folder))
    return made
