"""Journeys through the real `main()`: every one ends with nothing left behind."""

from tests.app.conftest import (  # noqa: F401
    _nothing_left_behind,
    _user_folders,
    drawn_folder,
)
