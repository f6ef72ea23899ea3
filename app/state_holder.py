"""The one current state and those who show it."""

from collections.abc import Callable

from app.state import ViewerState

Screen = Callable[[ViewerState, ViewerState], None]  # (what is shown, what to show)


class StateHolder:
    """Replaces the state and has every screen show the new one, once."""

    def __init__(self, state: ViewerState | None = None) -> None:
        self._state = state or ViewerState()
        self._screens: list[Screen] = []

    @property
    def state(self) -> ViewerState:
        """What is shown."""
        return self._state

    def add_screen(self, screen: Screen) -> None:
        """Have `screen` show every state from now on."""
        self._screens.append(screen)
        screen(ViewerState(), self._state)

    def show(self, new: ViewerState) -> None:
        """Make `new` the state; the same object shows nothing."""
        if new is self._state:
            return
        old, self._state = self._state, new
        for screen in self._screens:
            screen(old, new)
