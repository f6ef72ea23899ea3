"""From a rendered view to what a file holds: detector, side, labels, and truth in its pixels."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from glam_core.geometry.landmarks import PectoralLine
from glam_core.phantom.benign_truth import benign_in_view
from glam_core.phantom.breast import BreastSetup
from glam_core.phantom.envelope import breast_window
from glam_core.phantom.framing import Framing
from glam_core.phantom.markers import add_film_edge, add_label, add_skin_marker, is_marked
from glam_core.phantom.presentation import display_values, stored_values, windows
from glam_core.phantom.render import BreastTissue
from glam_core.phantom.request import ExamRequest
from glam_core.phantom.streams import field_stream, stream
from glam_core.phantom.styles import ScannerStyle, exposed
from glam_core.phantom.tissue_mask import in_tissue, longest_part_in_tissue
from glam_core.phantom.truth import BenignTruth, Box, LesionTruth, Marker, PhantomView
from glam_core.phantom.view import DrawnLesion, DrawnView, draw_view, view_setup
from glam_core.terms import ChestWall, Laterality, PointPx, ViewKey, ViewPosition


def stored_view(
    breast: BreastSetup,
    tissue: BreastTissue,
    view: ViewPosition,
    where: torch.Tensor,
    style: ScannerStyle,
    wishes: ExamRequest,
    device: torch.device,
) -> PhantomView:
    """One view of a breast as it would be stored.

    Args:
        where: (1, N, 3) tracked tissue in anatomical mm.
    """
    seed, index, visit = breast.seed, breast.index, breast.visit
    side = breast.anatomy.laterality
    key = ViewKey(side, view)
    framing = breast.framings[view]
    row0, row1, cols = breast_window(framing)
    setup = view_setup(breast, view, framing.cropped(row0, 0, row1 - row0, cols), device)
    fields = field_stream(device, seed, index, side, view, "noise", visit)
    drawn = draw_view(breast, tissue, setup, fields)
    marked = wishes.skin_markers
    if marked is None:
        marked = is_marked(seed, index, side, visit)
    marker = None
    if marked:
        marker = add_skin_marker(drawn.extra, breast.anatomy, setup, seed, index)
    style = exposed(style, stream(seed, index, side, view, "exposure", visit))
    display = display_values(
        drawn,
        setup.pose.thickness_mm,
        style,
        pixel_mm=framing.pixel_mm,
        oblique=view is ViewPosition.MLO,
        generator=fields,
    )
    values = stored_values(display, drawn.envelope.inside_mm, style, fields)
    pixels, mask = _on_detector(values, drawn, style, framing, row0, breast, view)
    markers = () if marker is None else _shown_marker(marker, row0, mask)

    benign = benign_in_view(breast, view, mask)
    mirrored = bool(stream(seed, index, "mirrored", visit).random() < style.mirrored_share)
    on_left = (side is Laterality.LEFT) is not mirrored
    chest_wall = ChestWall.LEFT if on_left else ChestWall.RIGHT
    if not on_left:
        pixels, mask = pixels[:, ::-1].copy(), mask[:, ::-1].copy()
    markers = tuple(
        Marker(each.kind, _flip_point(each.centre, framing, on_left),
               _flip_box(each.box, framing, on_left))
        for each in markers
    )  # fmt: skip
    draw = stream(seed, index, key.short, "label", visit)
    markers += add_label(pixels, key, style, chest_wall, framing.pixel_mm, draw)
    film = stream(seed, index, side, view, "film edge", visit)
    markers += add_film_edge(pixels, style, chest_wall, framing.pixel_mm, film)
    if style.photometric == "MONOCHROME1":
        pixels = (2**style.bits - 1 - pixels).astype(np.uint16)
    seen = framing.picture_from_view(breast.maps[view].view_from_anatomy(where))[0].numpy()
    return PhantomView(
        key=key,
        pixels=pixels,
        pixel_mm=framing.pixel_mm,
        photometric=style.photometric,
        bits=style.bits,
        windows=windows(style),
        nipple=_flip_point(_nipple(framing), framing, on_left),
        nipple_in_profile=breast.in_profile[view],
        pectoral_line=_pectoral_line(framing, view, on_left, mask),
        chest_wall=chest_wall,
        stored_mirrored=mirrored,
        breast_mask=mask,
        lesions=tuple(_lesion_truth(each, framing, row0, on_left) for each in drawn.lesions),
        points=_flip_places(seen, framing, on_left),
        points_visible=in_tissue(_flip_places(seen, framing, on_left), mask),
        thickness_mm=setup.pose.thickness_mm,
        markers=markers,
        benign=tuple(_benign_truth(each, framing, on_left) for each in benign),
    )


def _on_detector(
    values: torch.Tensor,
    drawn: DrawnView,
    style: ScannerStyle,
    framing: Framing,
    row0: int,
    breast: BreastSetup,
    view: ViewPosition,
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.bool_]]:
    """The rendered part on the whole picture, chest wall left, and the breast's mask."""
    part = values[0, 0].cpu().numpy().astype(np.uint16)
    pixels = np.full(framing.shape, style.air, dtype=np.uint16)
    if style.air_noise:
        side = breast.anatomy.laterality
        draw = stream(breast.seed, breast.index, side, view, "air", breast.visit)
        grain = draw.standard_normal(framing.shape, dtype=np.float32) * style.air_noise
        pixels = np.rint(style.air + grain).clip(0).astype(np.uint16)
    mask = np.zeros(framing.shape, dtype=bool)
    rows, cols = part.shape
    pixels[row0 : row0 + rows, :cols] = part
    mask[row0 : row0 + rows, :cols] = (drawn.envelope.inside_mm[0, 0] > 0).cpu().numpy()
    return pixels, mask


def _shown_marker(marker: Marker, row0: int, mask: npt.NDArray[np.bool_]) -> tuple[Marker, ...]:
    """The skin marker, cut to the picture, where its centre lies in it and in the breast."""
    rows, cols = mask.shape
    row, col = marker.centre.row + row0, marker.centre.col
    if not in_tissue(np.array([[row, col]]), mask)[0]:
        return ()
    top, left, bottom, right = marker.box
    box = Box(max(0, top + row0), max(0, left), min(rows - 1, bottom + row0), min(cols - 1, right))
    return (Marker(marker.kind, PointPx(row, col), box),)


def _nipple(framing: Framing) -> PointPx:
    return PointPx(*(length / framing.pixel_mm for length in framing.nipple_mm))


def _flip_point(point: PointPx, framing: Framing, on_left: bool) -> PointPx:
    return point if on_left else PointPx(point.row, framing.cols - 1 - point.col)


def _flip_box(box: Box, framing: Framing, on_left: bool) -> Box:
    if on_left:
        return box
    return Box(box.row0, framing.cols - 1 - box.col1, box.row1, framing.cols - 1 - box.col0)


def _flip_places(
    places: npt.NDArray[np.float64], framing: Framing, on_left: bool
) -> npt.NDArray[np.float32]:
    flipped = places.astype(np.float32)
    if not on_left:
        flipped[:, 1] = framing.cols - 1 - flipped[:, 1]
    return flipped


def _pectoral_line(
    framing: Framing, view: ViewPosition, on_left: bool, mask: npt.NDArray[np.bool_]
) -> PectoralLine | None:
    """The part of the muscle's edge that runs through tissue; `mask` is as stored."""
    if view is not ViewPosition.MLO:
        return None
    row0, col0, row1, col1 = framing.muscle_edge_px()
    upper = _flip_point(PointPx(row0, col0), framing, on_left)
    lower = _flip_point(PointPx(row1, col1), framing, on_left)
    ends = longest_part_in_tissue(upper, lower, mask)
    return None if ends is None else PectoralLine(*ends[0], *ends[1], confidence=1.0)


def _lesion_truth(drawn: DrawnLesion, framing: Framing, row0: int, on_left: bool) -> LesionTruth:
    centre = _flip_point(PointPx(drawn.row + row0, drawn.col), framing, on_left)
    name = drawn.lesion.plan.id
    if drawn.box is None or drawn.mask is None:
        return LesionTruth(name, centre, None, None, visible=False)
    top, left, bottom, right = drawn.box
    mask = drawn.mask.numpy()
    if not on_left:
        mask = mask[:, ::-1].copy()
    box = _flip_box(Box(top + row0, left, bottom + row0, right), framing, on_left)
    return LesionTruth(name, centre, box, mask, visible=drawn.visible)


def _benign_truth(drawn: BenignTruth, framing: Framing, on_left: bool) -> BenignTruth:
    return replace(
        drawn,
        centre=_flip_point(drawn.centre, framing, on_left),
        box=_flip_box(drawn.box, framing, on_left),
    )
