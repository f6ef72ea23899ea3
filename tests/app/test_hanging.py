"""Pictures hang as radiologists expect, and none is out of reach."""

import pytest

from app.hanging import extra_images, first_hanging, partner_of
from app.state import Hanging
from glam_core.terms import ChestWall, Laterality, Source, ViewPosition
from tests.app.fakes import Desk, image, study


def _shown(desk):
    images = desk.state.images
    return [
        images[slot.image_id].image.view_key.short if slot.image_id else None
        for slot in desk.state.slots
    ]


def test_four_views_hang_back_to_back_right_breast_at_the_left():
    desk = Desk().opened(study("LMLO", "RCC", "RMLO", "LCC"))
    assert _shown(desk) == ["RCC", "LCC", "RMLO", "LMLO"]
    assert [(slot.row, slot.col) for slot in desk.state.slots] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    walls = [slot.wall for slot in desk.state.slots]
    assert walls == [ChestWall.RIGHT, ChestWall.LEFT, ChestWall.RIGHT, ChestWall.LEFT]


@pytest.mark.parametrize(
    ("views", "hanging"),
    [
        (("RCC", "LCC", "RMLO"), Hanging.FOUR_UP),
        (("RCC", "RMLO"), Hanging.RIGHT_PAIR),
        (("LCC", "LMLO"), Hanging.LEFT_PAIR),
        (("LCC",), Hanging.SINGLE),
        (("?", "?"), Hanging.FOUR_UP),
    ],
)
def test_a_study_opens_on_what_it_has(views, hanging):
    assert first_hanging(study(*views)) is hanging


def test_a_missing_view_leaves_its_place_empty():
    desk = Desk().opened(study("RCC", "LCC", "RMLO"))
    assert _shown(desk) == ["RCC", "LCC", "RMLO", None]


def test_of_two_pictures_of_a_view_the_plain_latest_one_hangs_and_the_other_is_reachable():
    spot = image("RCC", number=9, modifiers=("S", "M"))
    older, newer = image("RCC", number=1), image("RCC", number=2)
    one = study("LCC")
    desk = Desk().opened(_with(one, spot, older, newer))
    desk.controller.hang(Hanging.FOUR_UP)
    shown = desk.state.images[desk.state.slots[0].image_id].image
    assert shown.sop_instance_uid == newer.sop_instance_uid
    extra = extra_images(desk.state)
    assert len(extra) == 2
    desk.controller.put_image(extra[0])
    assert desk.state.slots[0].image_id == extra[0]


def test_a_picture_that_is_shown_already_is_gone_to_not_shown_twice():
    desk = Desk().opened()
    desk.controller.put_image(desk.id_of("LMLO"))
    assert desk.state.active == 3
    assert _shown(desk) == ["RCC", "LCC", "RMLO", "LMLO"]


def test_pictures_of_unknown_view_stand_in_empty_panes():
    desk = Desk().opened(study("RCC", "LCC", "?"), ready=False)
    unknown = desk.state.slots[2].image_id
    assert unknown is not None
    assert desk.state.images[unknown].image.view_key is None


def test_a_proposed_view_hangs_in_its_place_once_the_pixels_have_spoken():
    from tests.app.fakes import analysis

    desk = Desk().opened(study("RCC", "LCC", "?"), ready=False)
    one = desk.state.images[desk.state.slots[2].image_id].image
    found = analysis(one, laterality=Laterality.LEFT, view_position=ViewPosition.MLO)
    desk.controller.analysed(found)
    assert _shown(desk) == ["RCC", "LCC", None, "LMLO"]
    assert desk.state.images[desk.state.slots[3].image_id].image.view_source is Source.PROPOSED


def test_hanging_steps_go_round_and_take_the_prior_only_where_there_is_one():
    desk = Desk().opened()
    seen = []
    for _ in range(5):
        desk.controller.step_hanging(1)
        seen.append(desk.state.hanging)
    assert seen[-1] is Hanging.FOUR_UP
    assert Hanging.WITH_PRIOR not in seen


def test_the_prior_hangs_below_the_current_study():
    now = study(number=2, date="20240304")
    before = study(number=1, date="20220101")
    desk = Desk().opened(now, before)
    assert desk.state.study_uid == now.study_uid
    desk.controller.hang(Hanging.WITH_PRIOR)
    assert _shown(desk) == ["RCC", "LCC", "RMLO", "LMLO"] * 2
    assert [slot.prior for slot in desk.state.slots] == [False] * 4 + [True] * 4


def test_without_a_prior_the_user_is_told_so():
    desk = Desk().opened()
    desk.controller.hang(Hanging.WITH_PRIOR)
    assert desk.state.hanging is Hanging.FOUR_UP
    assert "no earlier study" in desk.state.notices[-1]


def test_the_partner_is_the_other_view_of_the_same_breast_in_the_same_study():
    now = study(number=2, date="20240304")
    desk = Desk().opened(now, study(number=1, date="20220101"))
    for asked, wanted in (("RCC", "RMLO"), ("LMLO", "LCC")):
        partner = partner_of(desk.state, desk.id_of(asked))
        assert desk.state.images[partner].image.view_key.short == wanted
        assert "_2_" in partner


def test_extra_views_have_no_partner():
    desk = Desk().opened(study("RCC", "RMLO", "RXCCL"))
    assert partner_of(desk.state, desk.id_of("RXCCL")) is None


def test_one_pane_is_shown_alone_and_back():
    desk = Desk().opened()
    desk.controller.maximise(2)
    assert _shown(desk) == ["RMLO"]
    desk.controller.maximise(0)
    assert desk.state.hanging is Hanging.FOUR_UP


def _with(one, *images):
    from dataclasses import replace

    return replace(one, images=(*one.images, *images))
