"""Where a view's frame lies on the picture, chest wall left, before the file is mirrored."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.compression import Pose
from glam_core.phantom.outline import Forms, Outline, PressedBody, cc_skin, mlo_skin
from glam_core.phantom.streams import stream
from glam_core.terms import ViewPosition

_PNL_DIFFERENCE_MM = (-3.0, 6.5)  # CC minus MLO; hidden findings add to it
_ROOM_MM = 10.0


@dataclass(frozen=True, slots=True)
class Framing:
    """One picture's geometry; mm places count from the centre of pixel (0, 0).

    Attributes:
        nipple_mm: (row, col) of the nipple's base.
        angle_deg: Turn of the AP axis, downwards: 0 in CC, the pectoral angle in MLO.
        muscle_x: x of the muscle's front edge in the view frame; in CC mostly behind the picture.
    """

    rows: int
    cols: int
    pixel_mm: float
    nipple_mm: tuple[float, float]
    angle_deg: float
    muscle_x: float
    outline: Outline

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.rows, self.cols

    @property
    def _axes(self) -> npt.NDArray[np.float64]:
        """Rows: what x and v add to (row, col)."""
        turn = math.radians(self.angle_deg)
        return np.array([[math.sin(turn), math.cos(turn)], [-math.cos(turn), math.sin(turn)]])

    def picture_from_view(self, points: torch.Tensor) -> torch.Tensor:
        """(..., >=2) view mm (x, v, ...) to (..., 2) pixels (row, col)."""
        if points.device.type != "cpu":  # where operations cost less than a transfer
            x, v = points[..., 0], points[..., 1]
            return torch.stack(
                [
                    torch.add(x * (by_x / self.pixel_mm), v, alpha=by_v / self.pixel_mm)
                    + nipple / self.pixel_mm
                    for (by_x, by_v), nipple in zip(
                        self._axes.T.tolist(), self.nipple_mm, strict=True
                    )
                ],
                dim=-1,
            )
        axes = torch.as_tensor(self._axes, dtype=points.dtype, device=points.device)
        nipple = torch.tensor(self.nipple_mm, dtype=points.dtype, device=points.device)
        return (points[..., :2] @ axes + nipple) / self.pixel_mm

    def view_from_picture(self, rows_px: torch.Tensor, cols_px: torch.Tensor) -> torch.Tensor:
        """Pixels to (..., 2) view mm (x, v)."""
        (x_row, x_col), (v_row, v_col) = self._axes.tolist()
        row = rows_px * self.pixel_mm - self.nipple_mm[0]
        col = cols_px * self.pixel_mm - self.nipple_mm[1]
        x = row * x_row + col * x_col
        v = row * v_row + col * v_col
        return torch.stack([x, v], -1)

    def view_grid(self, cells: tuple[int, int], factor: int, device: torch.device) -> torch.Tensor:
        """(r, c, 2) view mm (x, v) of the middles of `cells` that are `factor` pixels wide."""
        first, step = 0.5 * (factor - 1) * self.pixel_mm, factor * self.pixel_mm
        lines = [
            torch.linspace(
                share * (first - nipple),
                share * (first + (count - 1) * step - nipple),
                count,
                device=device,
            )
            for count, nipple, shares in zip(cells, self.nipple_mm, self._axes.T, strict=True)
            for share in shares.tolist()
        ]
        down_x, down_v, across_x, across_v = lines
        grid = torch.empty((*cells, 2), device=device)
        torch.add(down_x[:, None], across_x, out=grid[..., 0])
        torch.add(down_v[:, None], across_v, out=grid[..., 1])
        return grid

    def inside_mm(self, places: torch.Tensor) -> torch.Tensor:
        """(...) mm from view places (..., >=2) to the skin, inside positive."""
        axes = torch.as_tensor(self._axes, dtype=places.dtype, device=places.device)
        return self.outline.inside(*(places[..., :2] @ axes).unbind(-1))

    def inside_grid(
        self, cells: tuple[int, int], factor: int, device: torch.device
    ) -> torch.Tensor:
        """(r, c) the same from the middles of `cells` that are `factor` pixels wide."""
        first, step = 0.5 * (factor - 1) * self.pixel_mm, factor * self.pixel_mm
        row, col = (
            torch.linspace(
                first - nipple, first + (count - 1) * step - nipple, count, device=device
            )
            for count, nipple in zip(cells, self.nipple_mm, strict=True)
        )
        return self.outline.inside(row[:, None], col[None])

    def cropped(self, row0: int, col0: int, rows: int, cols: int) -> "Framing":
        """The same view on a part of the picture that begins at (row0, col0)."""
        row_mm = self.nipple_mm[0] - row0 * self.pixel_mm
        col_mm = self.nipple_mm[1] - col0 * self.pixel_mm
        return replace(self, rows=rows, cols=cols, nipple_mm=(row_mm, col_mm))

    def resampled(self, pixel_mm: float) -> "Framing":
        """The same field with other pixels."""
        rows, cols = (round(side * self.pixel_mm / pixel_mm) for side in self.shape)
        return replace(self, rows=rows, cols=cols, pixel_mm=pixel_mm)

    def muscle_edge_px(self) -> tuple[float, float, float, float]:
        """The muscle's front edge in pixels, (row0, col0) at the top down to (row1, col1).

        The lower end is where the edge meets column 0 or the last row.
        """
        turn, muscle_x = math.radians(self.angle_deg), self.muscle_x
        foot_row = self.nipple_mm[0] + muscle_x * math.sin(turn)
        foot_col = self.nipple_mm[1] + muscle_x * math.cos(turn)
        slope = max(math.tan(turn), 1e-6)
        last_row = min(foot_row + foot_col / slope, (self.rows - 1) * self.pixel_mm)
        last_col = foot_col - slope * (last_row - foot_row)
        ends = (0.0, foot_col + slope * foot_row, last_row, last_col)
        row0, col0, row1, col1 = (end / self.pixel_mm for end in ends)
        return row0, col0, row1, col1

    def hiding(self, x_mm: float) -> "Framing":
        """The same view, cropped at the chest wall so that view places up to `x_mm` are lost."""
        return replace(self, nipple_mm=(self.nipple_mm[0], min(self.nipple_mm[1], -x_mm)))


def pnl_length(anatomy: Anatomy, pose: Pose) -> float:
    """mm from the nipple to the plane of the chest wall, as pressed in this view."""
    return pose.stretch[0] * anatomy.nipple_mm[0]


def draw_outline(
    anatomy: Anatomy,
    pose: Pose,
    middle: float,
    nipple_col: float,
    seed: int,
    index: int,
    visit: int,
) -> Outline:
    """The outline of one view: the pressed envelope, and in MLO axilla and upper abdomen.

    Args:
        middle: v of the envelope's middle, as displaced.
        nipple_col: mm from the picture's chest wall edge to the nipple.
    """
    draw = stream(seed, index, pose.view, "outline")
    again = stream(seed, index, anatomy.laterality, pose.view, "outline", visit)
    turn = math.radians(pose.turn_deg)
    high = 0.5 * (anatomy.radius_up_mm + anatomy.radius_down_mm)
    reach = pose.stretch[1] * math.hypot(anatomy.radius_mm * math.cos(turn), high * math.sin(turn))
    across = anatomy.nipple_mm[1] * math.cos(turn) + anatomy.nipple_mm[2] * math.sin(turn)
    oblique = pose.view is ViewPosition.MLO
    body = PressedBody(
        length=pnl_length(anatomy, pose),
        middle=0.5 * (middle - pose.stretch[1] * across),  # skin gives way by half
        up=reach * (1.0 + 0.04 * float(again.normal())),
        down=reach * (0.86 if oblique else 1.0) * (1.0 + 0.04 * float(again.normal())),
    )
    forms = Forms.drawn(
        stream(seed, index, "outline"), stream(seed, index, anatomy.laterality, "outline", visit)
    )
    if oblique:
        skin = mlo_skin(body, math.radians(pose.pectoral_deg), nipple_col, forms, draw, again)
    else:
        skin = cc_skin(body, nipple_col, forms, draw, again)
    return Outline(body.length, body.middle, body.up, body.down, skin)


def draw_framing(
    anatomy: Anatomy,
    pose: Pose,
    middle: float,
    mlo_pnl_mm: float,
    *,
    seed: int,
    index: int,
    visit: int,
    pixel_mm: float,
    detector_mm: tuple[float, float],
) -> Framing:
    """Place one view on the detector of (height, width) mm.

    Args:
        middle: v of the envelope's middle, as displaced.
        mlo_pnl_mm: PNL of the MLO view; the CC view is cropped to differ from it as is usual.
    """
    usual = stream(seed, index, pose.view, "framing")
    draw = stream(seed, index, anatomy.laterality, pose.view, "framing", visit)
    length = pnl_length(anatomy, pose)
    rows, cols = (round(side / pixel_mm) for side in detector_mm)
    height = detector_mm[0]
    if pose.view is ViewPosition.CC:
        mean, spread = _PNL_DIFFERENCE_MM
        difference = mean + spread * float(0.8 * usual.normal() + 0.6 * draw.normal())
        col = max(mlo_pnl_mm + difference, 30.0)
        row = height / 2 + float(np.clip(usual.normal(0, 6.5) + draw.normal(0, 4.7), -18, 18))
        muscle = -length + float(draw.normal(-1.0, 2.0))
        outline = draw_outline(anatomy, pose, middle, col, seed, index, visit)
        return Framing(rows, cols, pixel_mm, (row, col), 0.0, muscle, outline)
    turn = math.radians(pose.pectoral_deg)
    foot_col = float(np.clip(usual.normal(2.5, 3.5) + draw.normal(0, 2.5), -14, 18))
    col = foot_col + length * math.cos(turn)
    outline = draw_outline(anatomy, pose, middle, col, seed, index, visit)
    below = outline.rows(col)[1] + _ROOM_MM + 8.0
    row = height * 0.56 + float(usual.normal(0, 7.5) + draw.normal(0, 5))
    row = float(np.clip(row, 0.40 * height, max(0.42 * height, height - below)))
    return Framing(rows, cols, pixel_mm, (row, col), pose.pectoral_deg, -length, outline)
