"""Findings as rows: a coloured number, what, where, and what each view answers."""

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app import finding_wording
from app.findings import FindingRow, Findings, Verdict
from app.panes.palette import finding_colour
from app.theme import COLOURS

Index = QModelIndex | QPersistentModelIndex
ROW = int(Qt.ItemDataRole.UserRole)
_NOWHERE = QModelIndex()
_BADGE_PX = 20
_PADDING = 7
_MOST_HEIGHT_PX = 330
_VERDICT_LINE = 3
_AGREED = (Verdict.ACCEPTED, Verdict.CORRECTED)


class FindingModel(QAbstractListModel):
    """The rows of the state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[FindingRow, ...] = ()
        self.privacy = False

    def show_rows(self, rows: tuple[FindingRow, ...]) -> None:
        """Show these rows; the same numbers keep their place."""
        if [row.number for row in rows] == [row.number for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
        else:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == int(Qt.ItemDataRole.ToolTipRole):
            words = finding_wording.HIDDEN_TEXT if self.privacy else row.words.text
            return f"{words}\n\n{finding_wording.SCORE_TIP}"
        if role in (int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)):
            return "\n".join(row_texts(row))
        return None


def row_texts(row: FindingRow) -> tuple[str, str, str, str]:
    """(title, verdict, place, what the views answer) of a row."""
    size = finding_wording.size_words(row.words)
    title = finding_wording.title(row.words)
    return (
        f"{title}, {size}" if size else title,
        finding_wording.VERDICT_WORDS[row.verdict],
        finding_wording.place_words(row.words),
        finding_wording.row_line(row),
    )


class FindingList(QListView):
    """As high as its rows, up to a limit; wrapped lines are never cut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.findings = FindingModel(self)
        self.setModel(self.findings)
        self.setItemDelegate(_FindingDelegate(self))
        self.setMouseTracking(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)

    def show_findings(self, findings: Findings, *, privacy: bool = False) -> None:
        """Show the rows and which one is selected; the report's own words only without privacy."""
        self.findings.privacy = privacy
        self.findings.show_rows(findings.rows)
        numbers = [row.number for row in findings.rows]
        selection = self.selectionModel()
        if findings.selected in numbers:
            index = self.findings.index(numbers.index(findings.selected))
            selection.setCurrentIndex(index, selection.SelectionFlag.ClearAndSelect)
            self.scrollTo(index)
        else:
            selection.clearSelection()
        self.setVisible(bool(findings.rows))
        self.updateGeometry()

    def number_at(self, index: Index) -> int | None:
        """The number of the row at an index."""
        row = index.data(ROW)
        return row.number if isinstance(row, FindingRow) else None

    def sizeHint(self) -> QSize:
        rows = range(self.findings.rowCount())
        heights = [self.sizeHintForIndex(self.findings.index(row)).height() for row in rows]
        return QSize(200, min(sum(heights) + 4, _MOST_HEIGHT_PX))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class _FindingDelegate(QStyledItemDelegate):
    """Paints a row: badge at the left, title and verdict, place, answers."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row = index.data(ROW)
        view = self.parent()
        width = view.viewport().width() if isinstance(view, QListView) else option.rect.width()
        if not isinstance(row, FindingRow):
            return QSize(width, 0)
        room = _room(width)
        lines = _lines(row, option.font)
        if _verdict_beside(row, option.font, room):
            lines = lines[:-1]
        height = sum(_wrapped_height(font, text, room) + 1 for text, font, _ in lines)
        return QSize(width, max(height, _BADGE_PX) + 2 * _PADDING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        if not isinstance(row, FindingRow):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bounds: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(COLOURS["accent_ground" if selected else "hover"]))
            painter.drawRoundedRect(bounds.adjusted(0, 1, 0, -1), 5, 5)
        _paint_badge(painter, row, bounds)
        _paint_texts(painter, row, bounds, option.font)
        painter.restore()


def _room(width: int) -> int:
    return width - _BADGE_PX - 3 * _PADDING


def _lines(row: FindingRow, font: QFont) -> list[tuple[str, QFont, str]]:
    """(text, font, colour's name) of the paragraphs of a row."""
    title, verdict, place, answers = row_texts(row)
    rejected = row.verdict is Verdict.REJECTED
    bold = QFont(font)
    bold.setBold(True)
    bold.setStrikeOut(rejected)
    quiet = "faint" if rejected else "quiet"
    return [
        (title, bold, "faint" if rejected else "text"),
        (place, font, quiet),
        (answers, font, "warning" if row.refusal else ("faint" if rejected else "text")),
        (verdict, font, "accent" if row.verdict in _AGREED else "faint"),
    ]


def _verdict_beside(row: FindingRow, font: QFont, room: int) -> bool:
    """Whether the verdict has room at the right of what the views answer."""
    _, verdict, _, answers = row_texts(row)
    metrics = QFontMetrics(font)
    used = metrics.horizontalAdvance(answers) + metrics.horizontalAdvance(verdict)
    return used + _PADDING <= room


def _wrapped_height(font: QFont, text: str, room: int) -> int:
    flags = int(Qt.TextFlag.TextWordWrap)
    return QFontMetrics(font).boundingRect(QRect(0, 0, room, 10_000), flags, text).height()


def _paint_badge(painter: QPainter, row: FindingRow, bounds: QRect) -> None:
    """The number in its colour: full once the user agreed, a ring while it is suggested."""
    colour = finding_colour(row.number)
    box = QRectF(bounds.left() + _PADDING, bounds.top() + _PADDING, _BADGE_PX, _BADGE_PX)
    agreed = row.verdict in _AGREED
    if row.verdict is Verdict.REJECTED:
        colour = QColor(COLOURS["faint"])
    painter.setPen(QPen(colour, 1.6))
    painter.setBrush(colour if agreed else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(box.adjusted(1, 1, -1, -1))
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor(COLOURS["ground"]) if agreed else colour)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(row.number))


def _paint_texts(painter: QPainter, row: FindingRow, bounds: QRect, font: QFont) -> None:
    left, room = bounds.left() + _BADGE_PX + 2 * _PADDING, _room(bounds.width())
    top = bounds.top() + _PADDING
    beside = _verdict_beside(row, font, room)
    for index, (text, letters, colour) in enumerate(_lines(row, font)):
        height = _wrapped_height(letters, text, room)
        last = index == _VERDICT_LINE
        if last and beside:
            top -= height + 1
        painter.setFont(letters)
        painter.setPen(QColor(COLOURS[colour]))
        flags = Qt.TextFlag.TextWordWrap | (
            Qt.AlignmentFlag.AlignRight if last and beside else Qt.AlignmentFlag.AlignLeft
        )
        painter.drawText(QRect(left, top, room, height), int(flags), text)
        top += height + 1
