"""Skin folds: soft bright lines from the skin inwards, of one positioning, not of the breast."""

import math
from typing import Protocol

import numpy as np
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.curves import CONTROLS, ProjectedCurves, project_curves
from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.framing import Framing
from glam_core.phantom.splat import enlarge
from glam_core.phantom.streams import stream
from glam_core.phantom.transfer import sent

_SIGMA_MM = 0.8  # spread of a fold's line
_ONE_LINE_SHARE, _MOST_LINES = 0.5, 4  # folds of a single line, and the most lines
_SHARES = {True: 0.35, False: 0.12}  # of oblique and of other views
_AXILLARY_SHARE, _ABDOMEN_SHARE, _ARM_SHARE = 0.25, 0.65, 0.1  # of oblique views
_CORNER_SHARE, _LOBE_SHARE = 0.25, 0.35  # of straight views; of these a lobe, else a wedge
_UNEVEN_WAVES = 4  # of the edge of an abdomen's sheet
_CELL_MM = 0.5  # of the fields that are drawn coarsely


class _Drawn(Protocol):
    def __call__(
        self,
        anatomy: Anatomy,
        framing: Framing,
        *,
        seed: int,
        index: int,
        visit: int,
        device: torch.device,
    ) -> torch.Tensor | None: ...


def fold_mm(
    anatomy: Anatomy, framing: Framing, *, seed: int, index: int, visit: int, device: torch.device
) -> torch.Tensor | None:
    """(1, 1, rows, cols) doubled skin along the beam in mm; None where the view has no fold."""
    oblique = framing.angle_deg != 0.0
    kind = "oblique" if oblique else "straight"
    draw = stream(seed, index, anatomy.laterality, "fold", kind, visit)
    if draw.random() >= _SHARES[oblique]:
        return None
    outline = framing.outline
    if oblique:
        row = max(-outline.up * float(draw.uniform(0.95, 1.5)), 12.0 - framing.nipple_mm[0])
        course = (float(draw.normal(8, 12)), -float(draw.uniform(28, 60)))
    else:
        side = -1.0 if draw.random() < 0.7 else 1.0
        row = side * outline.up * float(draw.uniform(0.72, 0.92))
        course = (-side * float(draw.uniform(4, 18)), -float(draw.uniform(15, 40)))
    tip = int(np.argmin(np.hypot(*outline.skin.T)))  # the nipple
    half = outline.skin[: tip + 1] if row < 0 else outline.skin[tip:]
    start = np.array([row, np.interp(row, half[:, 0], half[:, 1])])
    along = np.linspace(0.0, 1.0, CONTROLS)[:, None]
    sag = float(draw.normal(0, 7)) * np.sin(np.pi * along)
    wave = draw.normal(0, 0.7, (CONTROLS, 2))
    across = np.concatenate([sag, 0.0 * sag], axis=1)
    areas, lines = [float(draw.uniform(3.0, 11.0))], [start + along * course + across + wave]
    for _ in range(min(_MOST_LINES, int(draw.geometric(_ONE_LINE_SHARE))) - 1):
        long, turned = draw.uniform(0.3, 1.1), draw.normal(0.0, 0.35)
        beside = np.array([draw.normal(0.0, 5.0), -abs(draw.normal(0.0, 2.0))])
        off = np.array([course[0] + turned * abs(course[1]), course[1]]) * long
        bend = draw.normal(0.0, 0.4) * across + draw.normal(0.0, 0.9, (CONTROLS, 2))
        lines.append(start + beside + along * off + bend)
        areas.append(areas[0] * float(draw.uniform(0.25, 1.1)))
    pixels = (np.stack(lines) + np.array(framing.nipple_mm)) / framing.pixel_mm
    controls, area = sent([pixels, np.array(areas)], device)
    curve = ProjectedCurves(
        controls,
        area,
        torch.as_tensor((1.0 - along[:, 0]) ** 0.7, dtype=torch.float32, device=device),
    )
    return project_curves(curve, sigma_mm=_SIGMA_MM, pixel_mm=framing.pixel_mm, shape=framing.shape)


def axillary_fold_mm(
    anatomy: Anatomy, framing: Framing, *, seed: int, index: int, visit: int, device: torch.device
) -> torch.Tensor | None:
    """(1, 1, rows, cols) skin doubled up in front of the arm, in mm; None where there is none.

    Its lower edge is a line across the axilla, lost in most before the chest wall; above it the
    skin lies double and thins out.
    """
    draw = stream(seed, index, anatomy.laterality, "axillary fold", visit)
    if framing.angle_deg == 0.0 or draw.random() >= _AXILLARY_SHARE:
        return None
    outline = framing.outline
    row = -outline.up * float(draw.uniform(1.15, 1.75))
    slope, sag = float(draw.normal(0.08, 0.42)), float(draw.normal(0.0, 6.0))
    line, sheet = float(draw.uniform(1.0, 6.5)), float(draw.uniform(0.0, 4.5))
    soft, fading = float(draw.uniform(0.4, 1.3)), float(draw.uniform(0.7, 3.0))
    lost, losing = float(draw.uniform(-30.0, 50.0)), float(draw.uniform(4.0, 12.0))
    down, ahead = _cells(framing, device)
    edge = row + slope * (ahead - 35.0) + sag * torch.sin(ahead / 16.0)
    above = edge - down
    thick = torch.exp(-above.clamp(min=0.0) / fading) * line
    thick = thick + sheet * torch.exp(-above.clamp(min=0.0) / 18.0)
    thick = thick * torch.sigmoid((ahead - lost) / losing)
    return _on_picture(torch.sigmoid(above / soft) * thick, framing)


def abdomen_mm(
    anatomy: Anatomy, framing: Framing, *, seed: int, index: int, visit: int, device: torch.device
) -> torch.Tensor | None:
    """(1, 1, rows, cols) skin of the abdomen doubled up at the fold, in mm; None where none is.

    A narrow uneven sheet along the chest wall, from the fold downwards, thickest at its edge.
    """
    draw = stream(seed, index, anatomy.laterality, "abdomen", visit)
    if framing.angle_deg == 0.0 or draw.random() >= _ABDOMEN_SHARE:
        return None
    top = framing.outline.rows(framing.nipple_mm[1])[1] - float(draw.uniform(-3.0, 9.0))
    wide, long = float(draw.gamma(2.5, 1.2)) + 1.0, float(draw.uniform(3.0, 30.0))
    sheet, edge = float(draw.uniform(1.0, 13.0)), float(draw.gamma(1.3, 7.0))
    soft, edge_mm = float(draw.uniform(0.3, 0.8)), float(draw.uniform(0.5, 1.6))
    lean = float(draw.normal(-0.02, 0.08))
    waves = [(float(draw.normal(0, 0.45)), float(draw.uniform(3, 12)), float(draw.uniform(0, 6.3)))
             for _ in range(_UNEVEN_WAVES)]  # fmt: skip
    down, across = _cells(framing, device)
    below = down - top
    reach = wide * (below / long).clamp(0.0, 1.0) + lean * below.clamp(min=0.0)
    for height, length, phase in waves:
        reach = reach + height * torch.sin(below / length + phase)
    inside = reach - across
    thick = sheet + edge * torch.exp(-(((inside - edge_mm) / edge_mm) ** 2))
    shape = torch.sigmoid(inside / soft) * torch.sigmoid(below / soft)
    return _on_picture(thick * shape, framing)


def corner_mm(
    anatomy: Anatomy, framing: Framing, *, seed: int, index: int, visit: int, device: torch.device
) -> torch.Tensor | None:
    """(1, 1, rows, cols) other tissue in a straight view's corner, in mm; None where none is.

    A bright wedge along the chest wall where the breast ends, or a flat lobe from the armpit that
    lies over the breast with a round edge.
    """
    draw = stream(seed, index, anatomy.laterality, "corner", visit)
    if framing.angle_deg != 0.0 or draw.random() >= _CORNER_SHARE:
        return None
    lobe, below = draw.random() < _LOBE_SHARE, draw.random() < 0.65
    side = 1.0 if below and not lobe else -1.0
    ahead_mm = framing.outline.skin[:, 1] + framing.nipple_mm[1]
    rows = framing.outline.skin[ahead_mm > 6.0, 0] * side
    end, soft = float(rows.max()), float(draw.uniform(0.25, 0.7))
    down, across = _cells(framing, device)
    out = side * down - end  # beyond the breast's end
    if lobe:
        wide, long = float(draw.uniform(8.0, 26.0)), float(draw.uniform(8.0, 26.0))
        thick, lean = float(draw.gamma(3.0, 3.0)) + 2.0, float(draw.normal(0.0, 0.25))
        centre = float(draw.uniform(0.0, 8.0))
        far = torch.hypot(across / wide, (out - centre + lean * across) / long)
        into = (1.0 - far) * min(wide, long)
        rising = 0.6 + 0.4 * (into / 8.0).clamp(0.0, 1.0)
        shape = torch.sigmoid(into / soft) * rising
    else:
        wide, long = float(draw.gamma(3.0, 1.1)) + 1.0, float(draw.uniform(8.0, 26.0))
        thick, start = float(draw.uniform(15.0, 70.0)), float(draw.uniform(-14.0, -4.0))
        lean, bend = float(draw.normal(0.0, 0.25)), float(draw.normal(0.0, 0.8))
        far = (out - start).clamp(min=0.0)
        reach = wide * (far / long).clamp(max=1.0) + lean * far
        reach = reach + bend * torch.sin(far / 2.5)
        shape = torch.sigmoid((reach - across) / soft) * torch.sigmoid((out - start) / soft)
    return _on_picture(thick * shape, framing)


def arm_mm(
    anatomy: Anatomy, framing: Framing, *, seed: int, index: int, visit: int, device: torch.device
) -> torch.Tensor | None:
    """(1, 1, rows, cols) the arm's flesh at the top of an oblique view, in mm; None where none is.

    It hangs into the picture from above with a round, often crisp lower edge.
    """
    draw = stream(seed, index, anatomy.laterality, "arm", visit)
    if framing.angle_deg == 0.0 or draw.random() >= _ARM_SHARE:
        return None
    deep, wide = float(draw.gamma(2.5, 3.0)) + 2.0, float(draw.uniform(14.0, 45.0))
    middle, tilt = float(draw.uniform(0.0, 40.0)), float(draw.normal(0.05, 0.25))
    thick, soft = float(draw.gamma(1.6, 12.0)) + 3.0, float(draw.uniform(0.25, 1.2))
    down, ahead = _cells(framing, device)
    down, across = down + framing.nipple_mm[0], ahead - middle
    swing, phase = float(draw.normal(0.0, 0.7)), float(draw.uniform(0.0, 6.3))
    edge = deep * (1.0 - (across / wide).abs() ** float(draw.uniform(1.5, 2.5))) + tilt * across
    edge = edge + swing * torch.sin(across / float(draw.uniform(5.0, 12.0)) + phase)
    shape = torch.sigmoid((edge - down) / soft) * (0.75 + 0.25 * ((edge - down) / 9.0).clamp(0, 1))
    return _on_picture(thick * shape, framing)


def _cells(framing: Framing, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Both (r, c), of coarse cells: mm below the nipple, and mm from the chest wall's edge."""
    turn = math.radians(framing.angle_deg)
    factor = cell_factor(framing.pixel_mm, _CELL_MM)
    x, v = cell_centres(framing, factor, device).unbind(-1)
    down = x * math.sin(turn) - v * math.cos(turn)
    return down, x * math.cos(turn) + v * math.sin(turn) + framing.nipple_mm[1]


def _on_picture(cells: torch.Tensor, framing: Framing) -> torch.Tensor:
    """(1, 1, rows, cols) what is known of such cells (r, c)."""
    return enlarge(cells[None, None], cell_factor(framing.pixel_mm, _CELL_MM), framing.shape)


# What lies in the picture beside the breast, and how many times the breast's own thickness there
# it may reach: all of it fades with the breast's rim.
FOLDS: tuple[tuple[_Drawn, float], ...] = (
    (fold_mm, 0.35),
    (axillary_fold_mm, 0.35),
    (abdomen_mm, 1.2),
    (corner_mm, 8.0),
    (arm_mm, 4.0),
)
