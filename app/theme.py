"""The dark, calm look: one palette, one style sheet."""

from importlib import resources

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

COLOURS = {
    "ground": "#0B0D10",
    "panel": "#14181D",
    "raised": "#1C2128",
    "hover": "#262D36",
    "line": "#2A313A",
    "text": "#D7DEE8",
    "quiet": "#98A3B1",
    "faint": "#7A8593",
    "accent": "#56B4E9",
    "accent_ground": "#17303F",
    "proposed": "#E69F00",
    "warning": "#F0A060",
    "candidate": "#FFD65C",
}
_POINT_SIZE = 9.5


def apply_theme(application: QApplication) -> None:
    """Give the whole program its look."""
    application.setStyle("Fusion")
    palette = QPalette()
    for role, name in (
        (QPalette.ColorRole.Window, "panel"),
        (QPalette.ColorRole.Base, "ground"),
        (QPalette.ColorRole.AlternateBase, "panel"),
        (QPalette.ColorRole.Button, "raised"),
        (QPalette.ColorRole.Text, "text"),
        (QPalette.ColorRole.WindowText, "text"),
        (QPalette.ColorRole.ButtonText, "text"),
        (QPalette.ColorRole.ToolTipBase, "raised"),
        (QPalette.ColorRole.ToolTipText, "text"),
        (QPalette.ColorRole.PlaceholderText, "faint"),
        (QPalette.ColorRole.Highlight, "accent_ground"),
        (QPalette.ColorRole.HighlightedText, "text"),
        (QPalette.ColorRole.Link, "accent"),
    ):
        palette.setColor(role, QColor(COLOURS[name]))
    disabled = QPalette.ColorGroup.Disabled
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(disabled, role, QColor(COLOURS["faint"]))
    application.setPalette(palette)
    font = QFont(application.font())
    font.setPointSizeF(_POINT_SIZE)
    application.setFont(font)
    application.setStyleSheet(style_sheet())


def style_sheet() -> str:
    """The style sheet with its colours filled in."""
    text = (resources.files("resources.style") / "dark.qss").read_text(encoding="utf-8")
    for name in sorted(COLOURS, key=len, reverse=True):
        text = text.replace(f"@{name}", COLOURS[name])
    return text
