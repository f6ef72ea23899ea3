"""The texts at a pane's outer edge, away from the chest wall."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from app.panes import labels, palette
from app.panes.content import MessageKind, OverlayTexts, PaneContent, PaneMessage
from glam_core.terms import ChestWall

_MARGIN = 8.0
_NARROW = 360  # panes narrower than this take smaller letters
_WIDTH_SHARE = 0.46
_HEIGHT_SHARE = 0.34  # of the pane, for the lines at the top and at the bottom each


def text_sizes(width: int) -> tuple[int, int]:
    """(label, line) letter sizes in pixels for a pane of this width."""
    return (13, 10) if width < _NARROW else (16, 12)


def draw_texts(
    painter: QPainter,
    content: PaneContent,
    bounds: QRectF,
    font: QFont,
    images: labels.LineImages,
) -> list[QRectF]:
    """View label and lines at the outer side, above and below; the zoom mode stands last.

    Returns:
        The boxes that are covered.
    """
    right = content.chest_wall is not ChestWall.RIGHT
    label_px, line_px = text_sizes(int(bounds.width()))
    width = bounds.width() * _WIDTH_SHARE
    left = bounds.right() - _MARGIN - width if right else bounds.left() + _MARGIN
    column = QRectF(left, bounds.top() + _MARGIN, width, bounds.height() - 2 * _MARGIN)
    room = bounds.height() * _HEIGHT_SHARE
    painter.setFont(labels.sized(font, label_px, bold=True))
    lines_top = _label_line(painter, content.texts, column, right, images)
    painter.setFont(labels.sized(font, line_px))
    metrics = QFontMetricsF(painter.font())
    above = _lines_above(content)[: max(0, int((room - lines_top) / metrics.height()))]
    below = _lines_below(content)[-max(1, int(room / metrics.height())) :]
    bottom_top = column.bottom() - len(below) * metrics.height()
    for lines, top in ((above, lines_top), (below, bottom_top)):
        for index, (text, colour) in enumerate(lines):
            y = top + index * metrics.height()
            box = QRectF(left, y, width, metrics.height())
            images.draw(painter, text, box, right=right, colour=colour)
    top_end = lines_top + len(above) * metrics.height()
    taken = [QRectF(left, 0, width, top_end), QRectF(left, bottom_top, width, bounds.height())]
    reason = _reason(content)
    if reason:
        taken.append(_draw_reason(painter, reason, column, bottom_top - _MARGIN, right))
    return taken


def _lines_above(content: PaneContent) -> list[tuple[str, QColor]]:
    lines: list[tuple[str, QColor]] = []
    if content.texts.proposed:
        lines.append(("proposed", palette.PROPOSED))
    if content.show_texts:
        lines += [(text, palette.TEXT_DIM) for text in content.texts.top if text]
    return lines


def _lines_below(content: PaneContent) -> list[tuple[str, QColor]]:
    """The lines at the bottom; who answered is said with every answer."""
    lines: list[tuple[str, QColor]] = []
    if content.show_texts:
        lines += [(text, palette.TEXT_DIM) for text in content.texts.bottom if text]
    if content.show_answer:
        lines += [(line, palette.TEXT_DIM) for line in _provenance(content)]
    if content.texts.zoom_mode:
        lines.append((content.texts.zoom_mode, palette.TEXT))
    return lines


def _provenance(content: PaneContent) -> list[str]:
    """Who answered a click and who found words, once where they are the same."""
    said = [part.provenance for part in (content.answer, content.findings) if part is not None]
    return list(dict.fromkeys(filter(None, said)))


def _reason(content: PaneContent) -> str:
    answer = content.answer
    if answer is None or answer.matched or not content.show_answer:
        return ""
    return answer.reason or "No confident match"


def _draw_reason(
    painter: QPainter, words: str, column: QRectF, bottom: float, right: bool
) -> QRectF:
    """Why there is no match, in a calm wrapped chip that ends at `bottom`."""
    flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
    room = QRectF(column.left(), 0, column.width(), bottom)
    used = QRectF(painter.boundingRect(room.adjusted(10, 0, -10, 0), int(flags), words))
    chip = QRectF(0, 0, used.width() + 20, used.height() + 12)
    chip.moveBottom(bottom)
    chip.moveLeft(column.right() - chip.width() if right else column.left())
    painter.setPen(palette.CHIP_EDGE)
    painter.setBrush(palette.CHIP)
    painter.drawRoundedRect(chip, 5, 5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(palette.TEXT)
    painter.drawText(chip.adjusted(10, 6, -10 + 1, -6 + 1), int(flags), words)
    return chip


def _label_line(
    painter: QPainter,
    texts: OverlayTexts,
    column: QRectF,
    right: bool,
    images: labels.LineImages,
) -> float:
    """Draws the view label; returns where the next line begins."""
    if not texts.view_label:
        return column.top()
    colour = palette.PROPOSED if texts.proposed else palette.TEXT
    images.draw(painter, texts.view_label, column, right=right, colour=colour)
    return column.top() + QFontMetricsF(painter.font()).height() + 2


def draw_message(painter: QPainter, message: PaneMessage, bounds: QRectF, font: QFont) -> None:
    """Words in the middle of the pane, wrapped."""
    colour = palette.ERROR if message.kind is MessageKind.ERROR else palette.TEXT
    painter.setFont(labels.sized(font, text_sizes(int(bounds.width()))[1] + 1))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    margin = bounds.width() * 0.12
    room = bounds.adjusted(margin, _MARGIN, -margin, -_MARGIN)
    used = QRectF(painter.boundingRect(room, int(flags), message.text))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.CHIP)
    painter.drawRoundedRect(used.adjusted(-12, -8, 12, 8), 6, 6)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(colour)
    painter.drawText(room, int(flags), message.text)
