"""From stored places to a pane's Qt coordinates, for everything that is painted or grabbed."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from app.panes.viewport import PaneSize, Viewport
from glam_core.terms import PointPx


@dataclass(frozen=True, slots=True)
class Projection:
    """A viewport in a pane of a certain size."""

    viewport: Viewport
    pane: PaneSize

    def at(self, point: PointPx) -> QPointF:
        """A stored place in logical pane coordinates."""
        return QPointF(*self.viewport.pane_from_image(point, self.pane))

    def image(self, place: QPointF) -> PointPx:
        """A logical pane place in stored pixels."""
        return self.viewport.image_from_pane(place.x(), place.y(), self.pane)

    def box(self, point: PointPx, half_size_px: tuple[float, float]) -> QRectF:
        """The upright pane box of a stored box around `point`."""
        rows, cols = half_size_px
        first = self.at(PointPx(point.row - rows, point.col - cols))
        return QRectF(first, self.at(PointPx(point.row + rows, point.col + cols))).normalized()

    def transform(self) -> QTransform:
        """Stored (x = col, y = row) to logical pane (x, y)."""
        matrix = self.viewport.pane_from_image_matrix(self.pane)
        (xx, xy, dx), (yx, yy, dy) = matrix.tolist()
        return QTransform(xx, yx, xy, yy, dx, dy)

    def bounds(self) -> QRectF:
        """The pane itself."""
        return QRectF(0, 0, self.pane.width, self.pane.height)
