"""Exact, invertible maps between the stored picture, the model's square canvas and its patches."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.terms import ChestWall

Places = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class CanvasTransform:
    """A square canvas over a picture: chest wall at the left, one scale for both axes, padded.

    Pixel centres lie at integers in all three systems.

    Attributes:
        image_cols: Width of the stored picture, in its pixels.
        mirrored: Whether the canvas mirrors the picture left to right.
        image_px_per_canvas_px: Stored pixels in one canvas pixel.
        origin_row_px, origin_col_px: Place of the canvas's upper left corner (not pixel centre), in
            stored pixels of the picture after mirroring; negative where the canvas is padded there.
        size_px: Side of the canvas.
        patch_px: Side of one patch; `size_px` is a multiple of it.
    """

    image_cols: int
    mirrored: bool
    image_px_per_canvas_px: float
    origin_row_px: float
    origin_col_px: float
    size_px: int
    patch_px: int

    def __post_init__(self) -> None:
        if self.patch_px < 1 or self.size_px % self.patch_px:
            raise ValueError(f"A canvas of {self.size_px} px has no whole patches of this size.")
        if not self.image_px_per_canvas_px > 0:
            raise ValueError("A canvas needs a positive scale.")

    @property
    def patches_per_side(self) -> int:
        """Patches along one side of the canvas."""
        return self.size_px // self.patch_px

    def canvas_from_image(self, points: npt.ArrayLike) -> Places:
        """(..., 2) stored-pixel places (row, col) to canvas places."""
        upright = self._mirror(np.asarray(points, dtype=float))
        origin = (self.origin_row_px, self.origin_col_px)
        return np.asarray((upright + 0.5 - origin) / self.image_px_per_canvas_px - 0.5)

    def image_from_canvas(self, points: npt.ArrayLike) -> Places:
        """(..., 2) canvas places (row, col) to stored-pixel places."""
        corner = (np.asarray(points, dtype=float) + 0.5) * self.image_px_per_canvas_px
        origin = np.array([self.origin_row_px, self.origin_col_px])
        return self._mirror(corner + origin - 0.5)

    def patch_from_canvas(self, points: npt.ArrayLike) -> Places:
        """(..., 2) canvas places to patch places; a patch's centre is an integer."""
        return np.asarray((np.asarray(points, dtype=float) + 0.5) / self.patch_px - 0.5)

    def canvas_from_patch(self, points: npt.ArrayLike) -> Places:
        """(..., 2) patch places to canvas places."""
        return np.asarray((np.asarray(points, dtype=float) + 0.5) * self.patch_px - 0.5)

    def patch_from_image(self, points: npt.ArrayLike) -> Places:
        """(..., 2) stored-pixel places to patch places."""
        return self.patch_from_canvas(self.canvas_from_image(points))

    def image_from_patch(self, points: npt.ArrayLike) -> Places:
        """(..., 2) patch places to stored-pixel places."""
        return self.image_from_canvas(self.canvas_from_patch(points))

    def _mirror(self, points: Places) -> Places:
        if not self.mirrored:
            return points
        flipped = points.copy()
        flipped[..., 1] = (self.image_cols - 1) - flipped[..., 1]
        return flipped


def canvas_for(
    image_shape: tuple[int, int],
    chest_wall: ChestWall,
    *,
    size_px: int,
    patch_px: int,
    image_px_per_canvas_px: float | None = None,
    centre_row_px: float | None = None,
) -> CanvasTransform:
    """The canvas for one picture, its chest wall at the canvas's left edge.

    Args:
        image_shape: (rows, cols) of the stored picture.
        chest_wall: Edge of the stored picture at which the chest wall lies.
        size_px: Side of the canvas.
        patch_px: Side of one patch.
        image_px_per_canvas_px: The scale, so that both views of a breast share one; None fits the
            picture's long side to the canvas.
        centre_row_px: Stored row that comes to the canvas's middle; None takes the picture's own.
    """
    scale = image_px_per_canvas_px or max(image_shape) / size_px
    middle = (image_shape[0] - 1) / 2 if centre_row_px is None else centre_row_px
    return CanvasTransform(
        image_cols=image_shape[1],
        mirrored=chest_wall is ChestWall.RIGHT,
        image_px_per_canvas_px=scale,
        origin_row_px=middle + 0.5 - scale * size_px / 2,
        origin_col_px=0.0,
        size_px=size_px,
        patch_px=patch_px,
    )


def draw_on_canvas(
    picture: npt.NDArray[np.float32],
    canvas: CanvasTransform,
    *,
    image_px_per_picture_px: float = 1.0,
    nearest: bool = False,
) -> npt.NDArray[np.float32]:
    """The picture resampled onto the canvas, 0 where the canvas is padded.

    Args:
        picture: (rows, cols), the stored picture reduced by `image_px_per_picture_px`.
        canvas: The transform over stored pixels.
        image_px_per_picture_px: Stored pixels in one pixel of `picture`.
        nearest: Take the nearest pixel (for masks) instead of a weighted mean.

    Returns:
        (size_px, size_px) float32.
    """
    ratio = canvas.image_px_per_canvas_px / image_px_per_picture_px
    values = np.asarray(picture, dtype=np.float32)
    if ratio > 1.0 and not nearest:
        blurred = cv2.GaussianBlur(values, (0, 0), 0.4 * ratio)  # against aliasing
        values = np.asarray(blurred, dtype=np.float32)
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    places = (canvas.image_from_canvas(corners) + 0.5) / image_px_per_picture_px - 0.5
    picture_from_canvas = cv2.getAffineTransform(
        corners[:, ::-1].astype(np.float32), places[:, ::-1].astype(np.float32)
    )
    flags = (cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    size = (canvas.size_px, canvas.size_px)
    drawn = cv2.warpAffine(values, picture_from_canvas, size, flags=flags, borderValue=0.0)
    return np.asarray(drawn, dtype=np.float32)
