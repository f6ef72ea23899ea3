"""Samples of tissue that the geometry matcher's weights are fitted to."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import ManifestRow
from glam_core.data.pairs import read_mask
from glam_core.errors import GlamError
from glam_core.evaluation.manifest_views import view_of_row
from glam_core.geometry.depth_profile import DepthProfile, depth_profile
from glam_core.geometry.frames import TYPICAL_ANGLE_DEG, frame_from_landmarks
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.inference.appearance import tissue_features
from glam_core.inference.geometry_scores import SPOT_RADIUS
from glam_core.inference.match_view import MatchView
from glam_core.inference.search_grid import search_grid
from glam_core.terms import ViewPosition

FloatArray = npt.NDArray[np.float32]

INSIDE, OUTSIDE = 150, 1000


@dataclass(frozen=True, eq=False)
class TissueSample:
    """One view: all of a lesion's pixels and a share of the others, at most INSIDE + OUTSIDE.

    Attributes:
        view_position: CC or MLO.
        names: Of the features.
        features: (n, f) float16, pixels of the annotated region first.
        places: (n, 2) depth and offset in grid lengths.
        log_weight: (n,) log of the count of pixels that each one stands for.
        inside: Count of pixels of the region.
        spot_features: (f,) mean over the region's centre.
        spot_place: (2,) depth and offset of the centre.
        profile: How tissue is spread along the depth.
        unit_per_grid: Length of a grid length in the profile's unit.
        zoom: How much an altered version is enlarged; 1 for the plain one.
    """

    view_position: ViewPosition
    names: tuple[str, ...]
    features: npt.NDArray[np.float16]
    places: FloatArray
    log_weight: FloatArray
    inside: int
    spot_features: FloatArray
    spot_place: FloatArray
    profile: DepthProfile
    unit_per_grid: float
    zoom: float = 1.0


def tissue_samples(
    row: ManifestRow, random: np.random.Generator, *, altered: int = 0
) -> tuple[TissueSample, ...]:
    """Sample one annotated picture; () where its lesion or its landmarks cannot be used.

    Args:
        row: A row with a mask.
        random: Draws the pixels and the alterations.
        altered: Further versions with the picture turned, zoomed and re-toned a little, and its
            landmarks misplaced a little.
    """
    try:
        view = view_of_row(row)
        mask = read_mask(row).astype(np.float32)
    except GlamError:
        return ()
    plain = _sampled(view, mask, random)
    if plain is None:
        return ()
    found = [plain]
    for _ in range(altered):
        zoom = float(np.exp(random.uniform(-0.14, 0.14)))
        sample = _sampled(*altered_view(view, mask, zoom, random), random, zoom, plain.profile)
        if sample is not None:
            found.append(sample)
    return tuple(found)


def _sampled(
    view: MatchView,
    mask: FloatArray,
    random: np.random.Generator,
    zoom: float = 1.0,
    profile: DepthProfile | None = None,
) -> TissueSample | None:
    grid = search_grid(view)
    shape = grid.tissue.shape
    region = cv2.resize(mask, shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    if not (region & grid.tissue).any():
        return None
    names, features = tissue_features(grid)
    places = np.stack([grid.depth[grid.tissue], grid.offset[grid.tissue]], axis=1)
    here = region[grid.tissue]
    inside, outside = np.flatnonzero(here), np.flatnonzero(~here)
    if outside.size == 0:
        return None
    taken = random.permutation(inside)[:INSIDE], random.permutation(outside)[:OUTSIDE]
    index = np.concatenate(taken)
    counts = (inside.size / taken[0].size, outside.size / taken[1].size)
    weight = np.repeat(np.log(counts), [taken[0].size, taken[1].size])
    centre = np.argwhere(region).mean(axis=0)
    away = np.hypot(*(np.argwhere(grid.tissue) - centre).T)
    near = np.flatnonzero(away <= max(SPOT_RADIUS, float(away.min())))
    return TissueSample(
        view_position=view.view_position,
        names=names,
        features=features[index].astype(np.float16),
        places=places[index].astype(np.float32),
        log_weight=weight.astype(np.float32),
        inside=int(taken[0].size),
        spot_features=features[near].mean(axis=0),
        spot_place=places[int(np.argmin(away))].astype(np.float32),
        profile=depth_profile(view) if profile is None else profile,
        unit_per_grid=grid.unit_per_grid,
        zoom=zoom,
    )


def altered_view(
    view: MatchView, mask: FloatArray, zoom: float, random: np.random.Generator
) -> tuple[MatchView, FloatArray]:
    """The picture turned, zoomed and re-toned about the chest wall, landmarks moved along."""
    rows, cols = view.picture.shape
    angle = float(random.normal(0, 4))
    wall = 0.0 if view.landmarks.chest_wall == "left" else cols - 1.0
    turn = np.asarray(cv2.getRotationMatrix2D((wall, (rows - 1) / 2), angle, zoom), np.float64)
    turned = np.clip(cv2.warpAffine(view.picture, turn, (cols, rows)), 0, 1)
    picture: FloatArray = np.asarray(turned ** random.uniform(0.75, 1.35), dtype=np.float32)
    breast = cv2.warpAffine(view.mask.astype(np.float32), turn, (cols, rows)) > 0.5
    if random.random() < 0.4:
        blurred = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.3, 0.9))
        picture = np.asarray(blurred, dtype=np.float32)
    small = cv2.resize(mask, (cols, rows), interpolation=cv2.INTER_AREA)
    landmarks = _moved(view, turn, random)
    spacing = view.frame.length_per_px if view.frame.unit == "mm" else None
    frame = frame_from_landmarks(
        landmarks,
        laterality=view.laterality,
        view=view.view_position,
        spacing=spacing,
        assumed_angle_deg=TYPICAL_ANGLE_DEG,
    )
    changed = replace(
        view,
        picture=picture,
        mask=np.asarray(breast, dtype=bool),
        landmarks=landmarks,
        frame=frame,
    )
    return changed, np.asarray(cv2.warpAffine(small, turn, (cols, rows)), dtype=np.float32)


def _moved(
    view: MatchView, turn: npt.NDArray[np.float64], random: np.random.Generator
) -> Landmarks:
    scale = view.image_px_per_picture_px

    def place(row: float, col: float, noise: float) -> tuple[float, float]:
        at = np.array([(col + 0.5) / scale - 0.5, (row + 0.5) / scale - 0.5, 1.0])
        x, y = turn @ at + random.normal(0, noise, 2) * max(view.picture.shape) / 256
        return float((y + 0.5) * scale - 0.5), float((x + 0.5) * scale - 0.5)

    marks = view.landmarks
    nipple, line = marks.nipple, marks.pectoral_line
    if nipple is not None:
        nipple = NippleMark(*place(nipple.row, nipple.col, 2.0), nipple.confidence)
    if line is not None:
        ends = (*place(line.row0, line.col0, 1.5), *place(line.row1, line.col1, 3.0))
        line = PectoralLine(*ends, line.confidence)
    return Landmarks(marks.chest_wall, nipple, line, marks.failures)
