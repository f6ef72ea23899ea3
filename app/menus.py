"""The menu behind the toolbar's first button: everything that can be chosen, in groups."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.actions import SWITCHES, Actions
from app.icons import icon
from app.panes.content import Tool
from app.state import Framing, Hanging

MENUS: dict[str, tuple[tuple[str, ...], ...]] = {
    "File": (
        ("open_folder", "open_files", "open_demo"),
        ("export_picture",),
        ("quit",),
    ),
    "Study": (("next_study", "previous_study"), ("next_hanging", "previous_hanging", "alone")),
    "Hanging": (tuple(f"hanging.{hanging.value}" for hanging in Hanging),),
    "Framing": (tuple(f"framing.{kind.value}" for kind in Framing), ("flip", "turn", "reset")),
    "Tools": (
        tuple(f"tool.{tool.value}" for tool in Tool),
        ("place_line", "clear_question", "clear_lengths"),
    ),
    "Show": (
        tuple(f"switch.{name}" for name in SWITCHES),
        ("browser", "side_panel", "full_screen"),
    ),
    "Findings": (
        ("find", "paste_report", "open_report"),
        ("next_finding", "previous_finding"),
        ("accept_finding", "correct_finding", "reject_finding"),
        ("describe",),
        ("undo", "redo"),
    ),
    "Training": (("training",), ("export_manifest",)),
    "Help": (("help",),),
}


def menu_button(actions: Actions, parent: QWidget) -> QToolButton:
    """A button that opens all menus."""
    menu = QMenu(parent)
    for title, groups in MENUS.items():
        fill(menu.addMenu(title), actions, groups)
    button = QToolButton(parent)
    button.setIcon(icon("menu"))
    button.setIconSize(QSize(20, 20))
    button.setToolTip("Menu")
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return button


def fill(menu: QMenu, actions: Actions, groups: tuple[tuple[str, ...], ...]) -> None:
    """Put actions into a menu, groups apart."""
    for position, group in enumerate(groups):
        if position:
            menu.addSeparator()
        for name in group:
            menu.addAction(actions[name])
