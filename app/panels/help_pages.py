"""The help pages that come with the program, with their pictures fitted to the window."""

from importlib import resources
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QPixmap, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QWidget

# File and what its tab is called, in the order of the tabs.
PAGES = (
    ("findings.md", "Findings"),
    ("demo_model.md", "Demo model"),
    ("training.md", "Training"),
    ("model_measured.md", "Measurements"),
    ("phantom_realism.md", "Synthetic exams"),
    ("phantom_truth.md", "Their truth"),
    ("phantom_benchmark.md", "Benchmark"),
)
_PICTURE_PX = 820


def help_folder() -> Path:
    """Where the pages lie."""
    return Path(str(resources.files("resources") / "help"))


class HelpPage(QTextBrowser):
    """One page; links to other pages of the folder open in place."""

    def __init__(self, file_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenExternalLinks(False)
        self.setSource(
            QUrl.fromLocalFile(str(help_folder() / file_name)),
            QTextDocument.ResourceType.MarkdownResource,
        )

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Pictures come no wider than a page."""
        found = super().loadResource(kind, name)
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return found
        picture = QPixmap()
        whole = picture.loadFromData(found) if found else False
        if not whole or picture.width() <= _PICTURE_PX:
            return found
        return picture.scaledToWidth(_PICTURE_PX, Qt.TransformationMode.SmoothTransformation)
