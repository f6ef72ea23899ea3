"""A small exam drawn by hand, so that files and reports are tested without the generator."""

from dataclasses import replace

import numpy as np

from glam_core.geometry.landmarks import PectoralLine
from glam_core.phantom.place import Place
from glam_core.phantom.truth import (
    Benign,
    BenignKind,
    BenignTruth,
    Box,
    Lesion,
    LesionKind,
    LesionTruth,
    PhantomExam,
    PhantomView,
    WindowSetting,
)
from glam_core.terms import ChestWall, Laterality, PointPx, ViewKey, ViewPosition

SHAPE = (120, 90)
CC, MLO = ViewPosition.CC, ViewPosition.MLO
LEFT, RIGHT = Laterality.LEFT, Laterality.RIGHT

SPICULATED_MASS = Lesion(
    id="L1",
    kind=LesionKind.MASS,
    laterality=RIGHT,
    size_mm=14.0,
    position_mm=(30.0, 20.0, 15.0),
    place=Place(10, "upper outer", "middle", 52.0),
    views=(CC, MLO),
    shape="irregular",
    margin="spiculated",
    density="high",
)
CALCIFICATIONS = Lesion(
    id="L2",
    kind=LesionKind.CALCIFICATION,
    laterality=LEFT,
    size_mm=8.0,
    position_mm=(40.0, -10.0, -15.0),
    place=Place(8, "lower inner", "anterior", 31.0),
    views=(CC, MLO),
    morphology="fine pleomorphic",
    distribution="grouped",
)
ASYMMETRY = Lesion(
    id="L3",
    kind=LesionKind.ASYMMETRY,
    laterality=LEFT,
    size_mm=18.0,
    position_mm=(20.0, 10.0, 25.0),
    place=Place(1, "upper outer", "posterior", 60.0),
    views=(MLO,),
    morphology="asymmetry",
)
LESIONS = (SPICULATED_MASS, CALCIFICATIONS, ASYMMETRY)


def drawn_exam(
    lesions: tuple[Lesion, ...] = LESIONS, *, seed: int = 5, index: int = 0, **changes
) -> PhantomExam:
    """Four views of 120 x 90 pixels with a bright square for each lesion."""
    rng = np.random.default_rng((seed, index))
    views = {
        ViewKey(side, view): _drawn_view(ViewKey(side, view), lesions, rng)
        for side in (RIGHT, LEFT)
        for view in (CC, MLO)
    }
    exam = PhantomExam(
        seed=seed,
        index=index,
        density_class="C",
        style="flat panel",
        views=views,
        lesions=lesions,
        points_mm={side: rng.random((5, 3)).astype(np.float32) for side in Laterality},
        nipple_mm=dict.fromkeys(Laterality, (70.0, 0.0, 0.0)),
        gland_fraction=0.2,
    )
    return replace(exam, **changes)


def with_benign(exam: PhantomExam, *kinds: BenignKind, contrast: float = 0.6) -> PhantomExam:
    """The exam with one benign thing of each kind in each breast, seen in both views."""
    names = {(side, kind): f"{side}-{kind}" for side in (RIGHT, LEFT) for kind in kinds}
    where = PointPx(100.0, 40.0), Box(98, 38, 102, 42)
    views = {
        key: replace(
            view,
            benign=tuple(BenignTruth(names[key[0], kind], *where, contrast) for kind in kinds),
        )
        for key, view in exam.views.items()
    }
    benign = tuple(
        Benign(name, kind, side, 2.0, (30.0, 0.0, 0.0), (CC, MLO))
        for (side, kind), name in names.items()
    )
    return replace(exam, views=views, benign=benign)


def _drawn_view(key: ViewKey, lesions: tuple[Lesion, ...], rng) -> PhantomView:
    pixels = rng.integers(0, 900, SHAPE).astype(np.uint16)
    truths = []
    for number, lesion in enumerate(found for found in lesions if found.laterality is key[0]):
        row, col = 30 + 30 * number, 40
        visible = key.view_position in lesion.views
        if visible:
            pixels[row : row + 8, col : col + 6] = 4000
        truths.append(
            LesionTruth(
                lesion_id=lesion.id,
                centre=PointPx(row + 3.5, col + 2.5),
                box=Box(row, col, row + 7, col + 5) if visible else None,
                mask=np.ones((8, 6), dtype=bool) if visible else None,
                visible=visible,
            )
        )
    side, view = key
    return PhantomView(
        key=key,
        pixels=pixels,
        pixel_mm=0.5,
        photometric="MONOCHROME2",
        bits=12,
        windows=(WindowSetting(2000.0, 1500.0, "NORMAL"), WindowSetting(2000.0, 900.0, "HARDER")),
        nipple=PointPx(60.0, 80.0 if side is LEFT else 9.0),
        nipple_in_profile=True,
        pectoral_line=PectoralLine(0.0, 40.0, 70.0, 0.0, 1.0) if view is MLO else None,
        chest_wall=ChestWall.LEFT if side is LEFT else ChestWall.RIGHT,
        stored_mirrored=False,
        breast_mask=pixels > 0,
        lesions=tuple(truths),
        points=(rng.random((5, 2)) * 80).astype(np.float32),
        points_visible=np.array([True, True, True, view is CC, True]),
        thickness_mm=55.0,
    )
