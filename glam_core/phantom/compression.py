"""How a breast is turned, pressed and displaced for one view: one map moves everything.

Anatomical frame (x anterior, y lateral, z cranial) to the view's frame, both in mm. The view's
frame has its origin at the nipple: x forward along the AP axis (depth = -x), v across it in the
picture (CC: lateral, MLO: cranial), b along the beam.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.streams import stream
from glam_core.phantom.transfer import sent
from glam_core.terms import ViewPosition

_WAVES = 24
_DISPLACEMENT_MM = 7.4
_HELD_BY_SKIN = 0.6
_DISPLACEMENT_LENGTH_MM = 35.0
# Of the rounds of the inverse: their step, and how much of an error each may leave at most.
_STEP, _SLOWEST = 0.7, 0.93
_LATTICE = 11
_MLO_DEG = 45.0
_TENSORS = ("nipple", "radii", "rotation", "stretch", "waves", "phases", "amplitudes")
_DERIVED = ("_at_nipple", "_one", "_to_skin")  # cached properties
_ALIKE = (0.6, 0.74, 0.30)  # spread of thickness by woman, by her view, by side and visit
_THICKNESS_MM = {ViewPosition.CC: (55.0, 9.0), ViewPosition.MLO: (58.0, 9.0)}


@dataclass(frozen=True)
class ViewMap:
    """The map of one view, or of a batch of views (leading dimension B everywhere).

    Attributes:
        nipple: (B, 3) mm.
        radii: (B, 4) depth, lateral, up and down radius of the envelope.
        rotation: (B, 3, 3) view axes from anatomical axes.
        stretch: (B, 3) lengthening along x, v and b.
        waves: (B, K, 3) wave vectors of the displacement, phases (B, K), amplitudes (B, K, 3).
    """

    nipple: torch.Tensor
    radii: torch.Tensor
    rotation: torch.Tensor
    stretch: torch.Tensor
    waves: torch.Tensor
    phases: torch.Tensor
    amplitudes: torch.Tensor

    def view_from_anatomy(self, points: torch.Tensor) -> torch.Tensor:
        """(B, N, 3) anatomical mm to (B, N, 3) view mm (x, v, b)."""
        moved = points + self.displacement(points) - self.nipple[:, None]
        return torch.einsum("bij,bnj->bni", self.rotation, moved) * self.stretch[:, None]

    def undisplaced(self, moved: torch.Tensor, *, rounds: int) -> torch.Tensor:
        """(B, N, 3) anatomical mm of what the displacement has brought to `moved` (B, N, 3).

        Each of the rounds comes nearer everywhere (see `unfolded`).
        """
        found = moved
        for _ in range(rounds):
            here, kept = self._push(found)
            found = torch.lerp(found, torch.addcmul(moved, here, kept, value=-1.0), _STEP)
        return found

    def unfolded(self) -> "ViewMap":
        """The same map; its displacement is weakened where it would fold the tissue.

        Tissue that is folded has two places in a view, and the rounds of the inverse find neither.
        """
        slope = self._slope()
        still = (1 - _STEP) * torch.eye(3, dtype=slope.dtype, device=slope.device)
        kept = 1.0
        while _exceeds(still - _STEP * kept * slope, _SLOWEST):
            kept *= 0.9
        return replace(self, amplitudes=kept * self.amplitudes)

    def _slope(self) -> torch.Tensor:
        """(M, 3, 3) change of the displacement by mm at places all over the breast."""
        depth, side, up, down = self.radii[0]
        ticks = torch.linspace(-1, 1, _LATTICE, dtype=depth.dtype, device=depth.device)
        x, y, z = torch.meshgrid(depth * (ticks + 1) / 2, side * ticks, ticks, indexing="ij")
        places = torch.stack([x, y, torch.where(z >= 0, up * z, down * z)], dim=-1).view(1, -1, 3)
        places = places[self.skin_radius(places) < 1][None]
        here, kept = self._push(places)
        phase = torch.baddbmm(self.phases[:, None], places, self.waves.mT)
        by_wave = (self.amplitudes[0, :, :, None] * self.waves[0, :, None]).flatten(1)
        steep = (phase[0].sin_() @ by_wave).view(-1, 3, 3)
        high = torch.where(places[0, :, 2] >= 0, up, down)
        radii = torch.stack([depth.expand_as(high), side.expand_as(high), high], dim=-1)
        outwards = (2.0 * _HELD_BY_SKIN) * places[0] / radii.square()
        return -(kept[0, :, :, None] * steep + here[0, :, :, None] * outwards[:, None])

    def displacement(self, points: torch.Tensor) -> torch.Tensor:
        """(B, N, 3) smooth displacement in mm: zero at the nipple, small at the skin."""
        here, kept = self._push(points)
        return here * kept

    def _push(self, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, N, 3) what the waves move by, and (B, N, 1) the share that the skin lets be."""
        phase = torch.baddbmm(self.phases[:, None], points, self.waves.mT)
        here = torch.baddbmm(self._at_nipple, phase.cos_(), self.amplitudes, beta=-1)
        out = self.skin_radius(points)[..., None]
        return here, torch.addcmul(self._one, out, out, value=-_HELD_BY_SKIN).clamp_(min=0.0)

    @cached_property
    def _at_nipple(self) -> torch.Tensor:
        """(B, 1, 3) what the waves would move the nipple by."""
        phase = torch.baddbmm(self.phases[:, None], self.nipple[:, None], self.waves.mT)
        return phase.cos_() @ self.amplitudes

    @cached_property
    def _one(self) -> torch.Tensor:
        return torch.ones_like(self.nipple[:, :1, None])

    @cached_property
    def _to_skin(self) -> torch.Tensor:
        """(B, 3, 4) from a place to what it is of the radii: x, y, z upwards, z downwards."""
        shares = torch.diag_embed(1.0 / self.radii[:, :3])
        downwards = torch.zeros_like(shares[..., :1])
        downwards[:, 2, 0] = -1.0 / self.radii[:, 3]
        return torch.cat([shares, downwards], dim=-1)

    def skin_radius(self, points: torch.Tensor) -> torch.Tensor:
        """(B, N) 0 in the middle of the chest wall, 1 on the envelope."""
        shares = points @ self._to_skin
        shares[..., 2:].clamp_(min=0.0)
        radius: torch.Tensor = torch.linalg.vector_norm(shares, dim=-1)
        return radius

    def middle(self) -> float:
        """v of the envelope's middle, as displaced; of the first view of a batch."""
        depth, side, up, down = self.radii[0].tolist()
        x, y, z = 0.35 * depth, 0.45 * side, 0.45 * 0.5 * (up + down)
        around = [[x, y, 0.0], [x, -y, 0.0], [x, 0.0, z], [x, 0.0, -z]]
        places = torch.tensor(around, dtype=self.nipple.dtype, device=self.nipple.device)
        return float(self.view_from_anatomy(places[None])[0, :, 1].mean())

    @staticmethod
    def together(maps: Sequence["ViewMap"]) -> "ViewMap":
        """One batch of several."""
        return ViewMap(*(torch.cat([getattr(each, name) for each in maps]) for name in _TENSORS))

    def apart(self) -> list["ViewMap"]:
        """Each of a batch, as a batch of one."""
        each = []
        for number in range(len(self.nipple)):
            rows = {name: getattr(self, name)[number : number + 1] for name in _TENSORS}
            one = ViewMap(**rows)
            one.__dict__.update(
                {name: getattr(self, name)[number : number + 1] for name in _DERIVED}
            )
            each.append(one)
        return each

    def to(self, device: torch.device, dtype: torch.dtype = torch.float32) -> "ViewMap":
        """The same map elsewhere or in another precision; it crosses to another device at once."""
        names = (*_TENSORS, *_DERIVED)
        tensors = sent([getattr(self, name) for name in names], device, dtype)
        moved = ViewMap(*tensors[: len(_TENSORS)])
        moved.__dict__.update(zip(_DERIVED, tensors[len(_TENSORS) :], strict=True))
        return moved


def _exceeds(matrices: torch.Tensor, most: float) -> bool:
    """Whether any of (M, 3, 3) lengthens something by more than the factor `most`."""
    may = matrices[matrices.square().sum((1, 2)) > most**2]
    return len(may) > 0 and bool(torch.linalg.matrix_norm(may, ord=2).max() > most)


@dataclass(frozen=True, slots=True)
class Pose:
    """How one breast stood in one view.

    Attributes:
        thickness_mm: Under the paddle.
        turn_deg: Of the beam about x: 0 in CC, 45 in MLO, plus roll.
        tilt_deg: In the picture's plane, about the nipple.
        stretch: Lengthening along x, v and b.
        pectoral_deg: Angle of the muscle's edge from the vertical; 0 in CC.
    """

    view: ViewPosition
    thickness_mm: float
    turn_deg: float
    tilt_deg: float
    stretch: tuple[float, float, float]
    pectoral_deg: float


def draw_pose(anatomy: Anatomy, view: ViewPosition, seed: int, index: int, visit: int) -> Pose:
    """Positioning of one view: thickness, roll, tilt and pectoral angle."""
    draw = stream(seed, index, anatomy.laterality, view, "pose", visit)
    woman, paddle = stream(seed, index, "muscle"), stream(seed, index, "paddle")
    kept = stream(seed, index, anatomy.laterality, "muscle")
    oblique = view is ViewPosition.MLO
    mean, spread = _THICKNESS_MM[view]
    by_size = 0.35 * (anatomy.radius_mm - 46.0)
    usual = _ALIKE[0] * paddle.normal() + _ALIKE[1] * paddle.normal(size=2)[int(oblique)]
    off = 0.85 * spread * (usual + _ALIKE[2] * draw.normal())
    thickness = float(np.clip(mean + by_size + off, 25, 95))
    squeeze = float(np.clip(thickness / (2 * anatomy.radius_mm), 0.35, 0.95))
    angle = woman.normal(22.0, 4.8) + kept.normal(0, 2.0) + draw.normal(0, 2.5)
    return Pose(
        view=view,
        thickness_mm=thickness,
        turn_deg=(_MLO_DEG if oblique else 0.0) + float(draw.normal(0, 10)),
        tilt_deg=float(draw.normal(0, 4)),
        stretch=(squeeze**-0.3, squeeze**-0.7, squeeze),
        pectoral_deg=float(np.clip(angle, 8, 40)) if oblique else 0.0,
    )


def view_map(anatomy: Anatomy, pose: Pose, seed: int, index: int, visit: int) -> ViewMap:
    """The map of one view as float64 tensors with a batch dimension of 1."""
    woman = stream(seed, index, pose.view, "displacement")
    draw = stream(seed, index, anatomy.laterality, pose.view, "displacement", visit)
    waves = np.clip(woman.normal(size=(_WAVES, 3)), -1.5, 1.5) / _DISPLACEMENT_LENGTH_MM
    amplitudes = 0.86 * woman.normal(size=(_WAVES, 3)) + 0.51 * draw.normal(size=(_WAVES, 3))
    amplitudes = amplitudes * _DISPLACEMENT_MM * math.sqrt(2 / _WAVES)
    phases = woman.uniform(0, 2 * math.pi, _WAVES)
    radii = (
        anatomy.depth_mm,
        anatomy.radius_mm,
        anatomy.radius_up_mm,
        anatomy.radius_down_mm,
    )
    drawn = ViewMap(
        nipple=_batch_of_one(anatomy.nipple_mm),
        radii=_batch_of_one(radii),
        rotation=_batch_of_one(_rotation(pose)),
        stretch=_batch_of_one(pose.stretch),
        waves=_batch_of_one(waves),
        phases=_batch_of_one(phases),
        amplitudes=_batch_of_one(amplitudes),
    )
    return drawn.unfolded()


def _rotation(pose: Pose) -> npt.NDArray[np.float64]:
    """Rows are the view's axes: CC sees (x, y) along z; MLO sees (x, (y + z) / sqrt 2)."""
    turn, tilt = math.radians(pose.turn_deg), math.radians(pose.tilt_deg)
    across = np.array([0.0, math.cos(turn), math.sin(turn)])
    beam = np.array([0.0, math.sin(turn), -math.cos(turn)])
    forward = np.array([1.0, 0.0, 0.0])
    return np.stack(
        [
            math.cos(tilt) * forward + math.sin(tilt) * across,
            -math.sin(tilt) * forward + math.cos(tilt) * across,
            beam,
        ]
    )


def _batch_of_one(values: object) -> torch.Tensor:
    return torch.as_tensor(np.asarray(values, dtype=np.float64), device="cpu")[None]
