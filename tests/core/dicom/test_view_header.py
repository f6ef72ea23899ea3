"""Side and view from codes, words and orientation, in this order; never from free text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from glam_core.dicom.header import Header, quiet_pydicom
from glam_core.dicom.view_header import (
    file_name_view,
    laterality_of,
    name_before_view,
    view_modifiers_of,
    view_position_of,
)
from glam_core.terms import Laterality, ViewPosition


def item(**values):
    dataset = Dataset()
    with quiet_pydicom():  # some words are not allowed in their element, yet they are met
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
    return dataset


def header(**values):
    return Header(item(**values))


def code(value, **more):
    return item(CodeValue=value, **more)


@pytest.mark.parametrize(
    ("value", "view"),
    [
        ("399162004", ViewPosition.CC),
        ("R-10242", ViewPosition.CC),
        ("399368009", ViewPosition.MLO),
        ("R-10226", ViewPosition.MLO),
        ("399260004", ViewPosition.ML),
        ("399192008", ViewPosition.XCCL),
        ("R-1024B", ViewPosition.XCCM),
    ],
)
def test_view_codes_beat_the_written_view(value, view):
    asked = header(ViewCodeSequence=[code(value)], ViewPosition="LM", SeriesDescription="R MLO")
    assert view_position_of(asked) is view


@pytest.mark.parametrize(
    ("word", "view", "modifiers"),
    [
        ("MLO", ViewPosition.MLO, ()),
        ("cc", ViewPosition.CC, ()),
        ("RMLO", ViewPosition.MLO, ()),
        ("MLOID", ViewPosition.MLO, ("ID",)),
        ("LCCM", ViewPosition.CC, ("M",)),
        ("CRANIO-CAUDAL", ViewPosition.CC, ()),
        ("AP", None, ()),
        ("", None, ()),
    ],
)
def test_the_written_view(word, view, modifiers):
    asked = header(ViewPosition=word)
    assert view_position_of(asked) is view
    assert view_modifiers_of(asked) == modifiers


def test_free_text_is_never_asked():
    asked = header(SeriesDescription="L CC", ProtocolName="L CC", StudyDescription="L CC")
    assert view_position_of(asked) is None
    assert laterality_of(asked) is None


def test_modifiers_stand_in_the_customary_order():
    view = code(
        "399368009",
        ViewModifierCodeSequence=[code("399163009"), code("R-102D7"), code("399209000")],
    )
    assert view_modifiers_of(header(ViewCodeSequence=[view])) == ("ID", "S", "M")


def test_stereotactic_pictures_are_told_from_the_standard_views():
    asked = header(ViewPosition="CC", ImageType=["DERIVED", "PRIMARY", "STEREO", "LEFT"])
    assert view_modifiers_of(asked) == ("STEREO",)


def test_side_from_image_frame_region_and_series():
    group = code("", FrameAnatomySequence=[item(FrameLaterality="R")])
    assert laterality_of(header(ImageLaterality="L", Laterality="R")) is Laterality.LEFT
    assert laterality_of(header(SharedFunctionalGroupsSequence=[group])) is Laterality.RIGHT
    assert laterality_of(header(AnatomicRegionSequence=[code("80248007")])) is Laterality.LEFT
    assert laterality_of(header(Laterality="R")) is Laterality.RIGHT
    assert laterality_of(header(ImageLaterality="B", Laterality="R")) is None


@pytest.mark.parametrize(
    ("orientation", "side"),
    [
        (["P", "FL"], Laterality.RIGHT),
        (["A", "FR"], Laterality.LEFT),
        (["A", "HL"], Laterality.LEFT),
        (["FL", "P"], Laterality.RIGHT),
        (["A", "R"], None),  # a craniocaudal view may be stored upside down
        (["A"], None),
    ],
)
def test_oblique_views_show_their_side_by_orientation(orientation, side):
    assert laterality_of(header(PatientOrientation=orientation)) is side


@settings(derandomize=True, deadline=None, database=None)
@given(st.sampled_from("LR"), st.sampled_from(["CC", "MLO"]), st.sampled_from(["_", "-", " ", "."]))
def test_clear_file_names(side, view, separator):
    name = separator.join(("P", "00021", side, view)) + ".png"
    assert file_name_view(name) == (Laterality(side), ViewPosition(view))
    assert name_before_view(name) == separator.join(("P", "00021")).strip("_- .")


@settings(derandomize=True, deadline=None, database=None)
@given(st.text(max_size=40))
def test_any_file_name_is_endured(name):
    file_name_view(name)
    name_before_view(name)
