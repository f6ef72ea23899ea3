"""The studies as a list that stays quick with a hundred thousand pictures."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app import wording
from app.theme import COLOURS
from glam_core.study import Study

STUDY = int(Qt.ItemDataRole.UserRole)
SECOND_LINE = STUDY + 1
OPEN = STUDY + 2
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class StudyList(QAbstractListModel):
    """Studies that contain all words searched for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studies: tuple[Study, ...] = ()
        self._haystacks: list[str] = []
        self._found: list[int] = []
        self._words: tuple[str, ...] = ()
        self._privacy = False
        self._open: str | None = None

    def set_studies(self, studies: Sequence[Study]) -> None:
        """List these studies from now on."""
        self._studies = tuple(studies)
        self._haystacks = [_haystack(study) for study in self._studies]
        self._search()

    def search(self, text: str) -> None:
        """Keep the studies that contain every word of `text`."""
        self._words = tuple(text.lower().split())
        self._search()

    def set_shown(self, *, open_uid: str | None, privacy: bool) -> None:
        """Mark the open study; hide who the patients are."""
        self._open, self._privacy = open_uid, privacy
        if self._found:
            self.dataChanged.emit(self.index(0), self.index(len(self._found) - 1))

    def study_at(self, index: Index) -> Study | None:
        """The study of a row."""
        if not index.isValid() or index.row() >= len(self._found):
            return None
        return self._studies[self._found[index.row()]]

    def row_of(self, study_uid: str | None) -> int | None:
        """The row of a study, if it is listed."""
        for row, position in enumerate(self._found):
            if self._studies[position].study_uid == study_uid:
                return row
        return None

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._found)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        study = self.study_at(index)
        if study is None:
            return None
        if role in (int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.ToolTipRole)):
            return wording.patient_words(study, privacy=self._privacy)
        if role == SECOND_LINE:
            return wording.study_line(study, privacy=self._privacy)
        if role == OPEN:
            return study.study_uid == self._open
        return study if role == STUDY else None

    def _search(self) -> None:
        self.beginResetModel()
        self._found = [
            i
            for i, haystack in enumerate(self._haystacks)
            if all(word in haystack for word in self._words)
        ]
        self.endResetModel()


class StudyDelegate(QStyledItemDelegate):
    """Two lines: the patient, and below it date and views."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        metrics = QFontMetrics(option.font)
        return QSize(120, 2 * metrics.height() + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        bounds: QRect = option.rect
        state = option.state
        is_open = bool(index.data(OPEN))
        if is_open or state & QStyle.StateFlag.State_MouseOver:
            colour = COLOURS["accent_ground" if is_open else "hover"]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(bounds.adjusted(2, 1, -2, -1), 5, 5)
        inner = bounds.adjusted(10, 5, -8, -5)
        metrics = QFontMetrics(option.font)
        painter.setFont(option.font)
        for line, (role, colour) in enumerate(
            ((Qt.ItemDataRole.DisplayRole, "text"), (SECOND_LINE, "quiet"))
        ):
            text = metrics.elidedText(
                str(index.data(role)), Qt.TextElideMode.ElideRight, inner.width()
            )
            painter.setPen(QColor(COLOURS[colour]))
            painter.drawText(
                inner.left(), inner.top() + metrics.ascent() + line * (metrics.height() + 2), text
            )
        painter.restore()


def _haystack(study: Study) -> str:
    views = {image.view_key.short for image in study.images if image.view_key is not None}
    words = (study.patient_name, study.patient_id, study.date, wording.date_words(study.date))
    return " ".join((*filter(None, words), *views)).replace("^", " ").lower()
