"""Everything that can be chosen: name, words, icon and key of each action."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.icons import icon
from app.panes.content import Tool
from app.state import Framing, Hanging
from app.wording import FRAMING_WORDS, HANGING_WORDS


@dataclass(frozen=True, slots=True)
class ActionWords:
    """One action.

    Attributes:
        name: "group.member" or a plain name; the toolbar and the menus refer to it.
        text: What the menu says; with the key it is the tool tip.
        icon: Name of the drawing; empty for none.
        key: Keys as Qt writes them, several separated by a comma.
        checkable: It stays pressed.
    """

    name: str
    text: str
    icon: str = ""
    key: str = ""
    checkable: bool = False


_HANGING_KEYS = {hanging: f"Ctrl+{i}" for i, hanging in enumerate(Hanging, 1)}
_FRAMING_KEYS = {
    Framing.FIT_BREAST: "F",
    Framing.FIT_PICTURE: "Shift+F",
    Framing.SAME_SIZE: "S",
    Framing.ONE_TO_ONE: "1",
    Framing.TRUE_SIZE: "Shift+T",
}
_TOOLS = {
    Tool.CORRELATE: ("Ask: click a spot, Shift + drag a box", "C"),
    Tool.WINDOW: ("Window: drag centre and width", "W"),
    Tool.ZOOM: ("Zoom", "Z"),
    Tool.PAN: ("Pan", "T"),
    Tool.NIPPLE: ("Place the nipple", "N"),
    Tool.LENS: ("Magnifier lens (M held shows it with any tool)", ""),
    Tool.LENGTH: ("Measure a length", "D"),
}
SWITCHES = {
    "overlays": ("Show the matcher's overlays", "G"),
    "landmarks": ("Show nipple and pectoral line", "L"),
    "texts": ("Show texts on the pictures", "O"),
    "linked": ("Link pan and zoom of all panes", "K"),
    "inverted": ("Invert grey levels", "I"),
    "privacy": ("Privacy mode: hide every identifier", "P"),
}
_PLAIN = (
    ActionWords("open_folder", "Open folder …", "open_folder", "Ctrl+O"),
    ActionWords("open_files", "Open files, DICOMDIR or zip …", "open_files", "Ctrl+Shift+O"),
    ActionWords("open_demo", "Open the demo studies", "demo", "Ctrl+D"),
    ActionWords("export_picture", "Save what is shown as a PNG …", "export", "Ctrl+E"),
    ActionWords("export_manifest", "Export training manifest …", "", ""),
    ActionWords("training", "Train a model …", "", "Ctrl+T"),
    ActionWords("find", "Find in words …", "find", "Ctrl+K"),
    ActionWords("paste_report", "Paste a report", "", "Ctrl+V"),
    ActionWords("open_report", "Open a report …", "", "Ctrl+J"),
    ActionWords("next_finding", "Next finding", "", "J"),
    ActionWords("previous_finding", "Previous finding", "", "Shift+J"),
    ActionWords("accept_finding", "Accept the match or the finding", "", "Y"),
    ActionWords("reject_finding", "Reject the match or the finding", "", "X"),
    ActionWords("correct_finding", "Click where the match or the finding lies", "", "E"),
    ActionWords("undo", "Undo the latest step with findings", "", "Ctrl+Z"),
    ActionWords("redo", "Redo", "", "Ctrl+Y,Ctrl+Shift+Z"),
    ActionWords("describe", "Describe the asked spot in words", "", "B"),
    ActionWords("quit", "Quit", "", "Ctrl+Q"),
    ActionWords("next_hanging", "Next hanging", "", "Space"),
    ActionWords("previous_hanging", "Previous hanging", "", "Shift+Space"),
    ActionWords("next_study", "Next study", "", "PgDown"),
    ActionWords("previous_study", "Previous study", "", "PgUp"),
    ActionWords("reset", "Reset framing and windows", "reset", "R"),
    ActionWords("flip", "Mirror the active picture", "flip", "H"),
    ActionWords("turn", "Turn the active picture", "turn", "Shift+R"),
    ActionWords("clear_question", "Step back: placing, finding, question", "close", "Esc"),
    ActionWords("clear_lengths", "Take the lengths away", "", "Shift+D"),
    ActionWords("place_line", "Place the pectoral line", "pectoral_line", "Shift+N"),
    ActionWords("full_screen", "Full screen", "", "F11", checkable=True),
    ActionWords("browser", "Study browser", "browser", "F9", checkable=True),
    ActionWords("side_panel", "Answer and settings", "side_panel", "F10", checkable=True),
    ActionWords("alone", "Active picture alone, or back", "", "Return"),
    ActionWords("help", "Keys and mouse", "", "F1"),
)


def action_table() -> tuple[ActionWords, ...]:
    """All actions."""
    hangings = (
        ActionWords(f"hanging.{h.value}", HANGING_WORDS[h], h.value, _HANGING_KEYS[h], True)
        for h in Hanging
    )
    framings = (
        ActionWords(f"framing.{f.value}", FRAMING_WORDS[f], f.value, _FRAMING_KEYS[f], True)
        for f in Framing
    )
    tools = (
        ActionWords(f"tool.{tool.value}", text, tool.value, key, True)
        for tool, (text, key) in _TOOLS.items()
    )
    switches = (
        ActionWords(f"switch.{name}", text, name, key, True)
        for name, (text, key) in SWITCHES.items()
    )
    return (*_PLAIN, *hangings, *framings, *tools, *switches)


def key_rows() -> tuple[tuple[str, str], ...]:
    """(key, what it does) of every action that has a key."""
    rows = [(words.key, words.text.rstrip(" …")) for words in action_table() if words.key]
    return tuple(sorted(rows, key=lambda row: (len(row[0]) > 1, row[0])))


class Actions(QObject):
    """Makes the actions and hands each press to the one handler.

    Args:
        handler: Called with the action's name and whether it is now checked.
    """

    def __init__(self, handler: Callable[[str, bool], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._handler = handler
        self._actions: dict[str, QAction] = {}
        groups: dict[str, QActionGroup] = {}
        for words in action_table():
            action = self._actions[words.name] = self._made(words)
            group = words.name.partition(".")[0]
            if group in ("hanging", "framing", "tool") and "." in words.name:
                if group not in groups:
                    groups[group] = QActionGroup(self)
                groups[group].addAction(action)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    @property
    def all(self) -> Mapping[str, QAction]:
        """Every action by its name."""
        return self._actions

    def check(self, name: str, on: bool = True) -> None:
        """Show an action pressed or not, without calling the handler."""
        action = self._actions[name]
        if action.isChecked() != on:
            action.setChecked(on)

    def _made(self, words: ActionWords) -> QAction:
        action = QAction(words.text, self)
        if words.icon:
            action.setIcon(icon(words.icon))
        if words.key:
            action.setShortcuts([QKeySequence(key) for key in words.key.split(",")])
        action.setCheckable(words.checkable)
        keys = f"  ({action.shortcut().toString()})" if words.key else ""
        action.setToolTip(f"{words.text.rstrip(' …')}{keys}")
        action.triggered.connect(lambda checked, name=words.name: self._handler(name, checked))
        return action
