"""Stored values to screen values as DICOM says; air and padding black whatever happens."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from glam_core.dicom.decode import read_pixels
from glam_core.dicom.grey import GreyScale, Window, WindowFunction, read_grey_scale
from glam_core.dicom.scan import scan
from glam_core.dicom.voi import VoiLut, voi_values
from tests.dicom_files import MG_PROCESSING, drawn_breast, write_mammogram

EVERY = settings(derandomize=True, deadline=None, database=None)


def opened(tmp_path, values=None, **more):
    path = write_mammogram(tmp_path / "a.dcm", values, **more)
    image = scan([path]).studies[0].images[0]
    return image, read_grey_scale(image)


def at(table, *stored):
    return [int(table[value & 0xFFFF]) for value in stored]


def lut_item(first, entries, bits, words, signed_first=False):
    item = Dataset()
    item.add_new(0x00283002, "SS" if signed_first else "US", [len(entries), first, bits])
    item.LUTExplanation = words
    item.add_new(0x00283006, "US", list(entries))
    return item


def test_the_linear_window_as_the_standard_writes_it(tmp_path):
    """PS3.3 C.11.2.1.2.1: width 4096 and centre 2048 span exactly 0 to 4095."""
    _, grey = opened(tmp_path)
    table = grey.table()
    assert grey.default_window == Window("window 1", WindowFunction.LINEAR, 2048, 4096)
    assert at(table, 0, 2048, 4095, 5000) == [0, 128, 255, 255]
    narrow = Window("n", WindowFunction.LINEAR, 100.5, 1)
    assert at(grey.table(narrow), 100, 101) == [0, 255]


def test_linear_exact_and_sigmoid(tmp_path):
    _, grey = opened(
        tmp_path, changes={"VOILUTFunction": "SIGMOID", "WindowCenter": 1000, "WindowWidth": 400}
    )
    assert grey.default_window.function is WindowFunction.SIGMOID
    wanted = [round(255 / (1 + np.exp(-4 * (x - 1000) / 400))) for x in (600, 900, 1000, 1300)]
    assert at(grey.table(), 600, 900, 1000, 1300) == wanted
    exact = Window("e", WindowFunction.LINEAR_EXACT, 1000, 400)
    assert at(grey.table(exact), 800, 900, 1000, 1200) == [0, 64, 128, 255]


def test_all_windows_and_luts_are_offered_by_their_words(tmp_path):
    changes = {
        "WindowCenter": [2653, 2713, 2569, 2653], "WindowWidth": [900, 750, 1050, 900],
        "WindowCenterWidthExplanation": ["NORMAL", "HARDER", "", "NORMAL"],
        "VOILUTFunction": "SIGMOID",
        "VOILUTSequence": [lut_item(100, range(0, 4096, 16), 12, "CURVE")],
    }  # fmt: skip
    _, grey = opened(tmp_path, changes=changes)
    assert [w.explanation for w in grey.windows] == ["NORMAL", "HARDER", "window 3", "CURVE"]
    assert grey.windows[3].function is WindowFunction.LUT
    assert at(grey.table(grey.windows[3]), 0, 100, 228, 355, 9000) == [0, 0, 128, 254, 254]


def test_a_curve_beats_a_linear_stopgap(tmp_path):
    _, grey = opened(tmp_path, changes={"VOILUTSequence": [lut_item(0, range(256), 8, "CURVE")]})
    assert [w.explanation for w in grey.windows] == ["CURVE", "window 1"]


def test_a_stretched_curve_keeps_its_shape():
    lut = VoiLut(10, np.linspace(0, 1, 100, dtype=np.float32) ** 2)
    own = Window("c", WindowFunction.LUT, 60, 100, 0)
    wider = Window("c", WindowFunction.LUT, 60, 200, 0)
    values = np.arange(10, 110, dtype=np.float32)
    np.testing.assert_array_equal(voi_values(own, values, (lut,)), lut.values)
    stretched = voi_values(wider, (values - 60) * 2 + 60, (lut,))
    np.testing.assert_allclose(stretched, lut.values, atol=1e-6)


def test_rescale_comes_before_the_window(tmp_path):
    changes = {
        "RescaleSlope": 2,
        "RescaleIntercept": -1000,
        "WindowCenter": 0,
        "WindowWidth": 1000,
        "VOILUTFunction": "LINEAR_EXACT",
    }
    _, grey = opened(tmp_path, changes=changes)
    assert at(grey.table(), 250, 500, 750) == [0, 128, 255]


def test_modality_lut_comes_before_the_window(tmp_path):
    lut = Dataset()
    lut.add_new(0x00283002, "US", [3, 100, 16])
    lut.ModalityLUTType = "US"
    lut.add_new(0x00283006, "US", [0, 500, 1000])
    changes = {
        "ModalityLUTSequence": [lut],
        "WindowCenter": 500,
        "WindowWidth": 1000,
        "VOILUTFunction": "LINEAR_EXACT",
    }
    _, grey = opened(tmp_path, changes=changes)
    assert at(grey.table(), 0, 100, 101, 102, 4000) == [0, 0, 128, 255, 255]


def test_signed_values_index_by_their_pattern(tmp_path):
    values = np.array([[-100, 0], [100, 50]], np.int16)
    changes = {"WindowCenter": 0, "WindowWidth": 200, "VOILUTFunction": "LINEAR_EXACT"}
    image, grey = opened(tmp_path, values, changes=changes)
    assert at(grey.table(), -200, -100, 0, 100) == [0, 0, 128, 255]
    np.testing.assert_allclose(grey.density(read_pixels(image).values), [[0, 0.5], [1, 0.75]])


@pytest.mark.parametrize("changes", [
    {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
    {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": None},
    {"PhotometricInterpretation": "MONOCHROME2", "PresentationLUTShape": "INVERSE"},
])  # fmt: skip
def test_low_values_are_bright(tmp_path, changes):
    image, grey = opened(tmp_path, 4095 - drawn_breast(), changes=changes)
    assert grey.inverted
    table = grey.table()
    assert table[0] == 255
    assert table[4095] == 0
    density = grey.density(read_pixels(image).values)
    assert density[100, 5] > 0.3
    assert density[0, 159] == 0


@pytest.mark.parametrize("right_way_round", [True, False])
@pytest.mark.parametrize("invert", [True, False])
def test_padding_and_air_are_black_under_every_window(tmp_path, right_way_round, invert):
    values = drawn_breast()
    values[values == 0] = 40
    values[-20:] = 0
    changes = {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 5}
    if not right_way_round:
        values = 4095 - values
        changes = {
            "PixelPaddingValue": 4095,
            "PixelPaddingRangeLimit": 4090,
            "PhotometricInterpretation": "MONOCHROME1",
        }
    image, grey = opened(tmp_path, values, changes=changes)
    assert grey.padding == ((0, 5) if right_way_round else (4090, 4095))
    known = grey.with_statistics(read_pixels(image).values)
    for window in (
        known.default_window,
        Window("w", WindowFunction.LINEAR, 10, 20),
        Window("v", WindowFunction.SIGMOID, 4000, 50),
    ):
        shown = known.table(window, invert=invert)[values]
        assert (shown[-20:] == 0).all()
        assert (shown[0] == 0).all()
    assert known.table(invert=True)[values][90, 5] == 255 - known.table()[values][90, 5]


def test_padding_that_would_hide_the_whole_picture_is_not_believed(tmp_path):
    values = drawn_breast()
    image, grey = opened(
        tmp_path, values, changes={"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 4095}
    )
    known = grey.with_statistics(read_pixels(image).values)
    assert known.padding is None
    assert known.table()[values].max() > 100


def test_a_picture_full_of_tissue_has_no_air(tmp_path):
    noise = np.random.default_rng(0).normal(2000, 300, (120, 90)).clip(0, 4095).astype(np.uint16)
    image, grey = opened(tmp_path, noise)
    assert grey.with_statistics(read_pixels(image).values).air is None


def test_a_picture_without_windows_gets_one_from_its_tissue(tmp_path):
    values = drawn_breast()
    image, grey = opened(tmp_path, values, changes={"WindowCenter": None, "WindowWidth": None})
    assert grey.default_window.explanation == "full range"
    known = grey.with_statistics(read_pixels(image).values)
    assert [w.explanation for w in known.windows] == ["from the picture", "full range"]
    tissue = known.table()[values[values > 0]]
    assert np.percentile(tissue, 2) < 40
    assert np.percentile(tissue, 98) > 215


def test_raw_data_for_processing_become_a_usable_picture(tmp_path):
    """Detector counts fall exponentially with tissue: dense must be bright, air black."""
    density = drawn_breast().astype(float) / 4095
    counts = np.rint(12000 * np.exp(-3 * density)).astype(np.uint16)
    changes = {
        "SOPClassUID": MG_PROCESSING, "PresentationIntentType": "FOR PROCESSING",
        "PixelIntensityRelationship": "LIN", "PixelIntensityRelationshipSign": 1,
        "PresentationLUTShape": None, "WindowCenter": 8192, "WindowWidth": 16384,
    }  # fmt: skip
    image, grey = opened(tmp_path, counts, bits=14, changes=changes)
    assert image.for_processing
    known = grey.with_statistics(read_pixels(image).values)
    shown = known.density(read_pixels(image).values)
    inside = density > 0
    assert (shown[~inside] == 0).mean() > 0.99
    assert np.corrcoef(shown[inside], density[inside])[0, 1] > 0.95
    assert np.percentile(shown[inside], 95) > 0.7


@pytest.mark.parametrize("changes", [
    {"WindowWidth": 0}, {"WindowWidth": -5}, {"WindowCenter": [1, 2, 3], "WindowWidth": None},
    {"RescaleSlope": 0}, {"VOILUTFunction": "CURLY"}, {"BitsStored": 9},
    {"VOILUTSequence": [Dataset()]}, {"ModalityLUTSequence": []},
])  # fmt: skip
def test_nonsense_in_the_header_still_shows_a_picture(tmp_path, changes):
    values = drawn_breast(bits=8).astype(np.uint16)
    image, grey = opened(tmp_path, values, changes=changes)
    known = grey.with_statistics(read_pixels(image).values)
    assert known.windows
    for window in known.windows:
        assert known.table(window).shape == (65536,)


def test_an_all_black_picture(tmp_path):
    image, grey = opened(
        tmp_path, np.zeros((50, 40), np.uint16), changes={"WindowCenter": None, "WindowWidth": None}
    )
    known = grey.with_statistics(read_pixels(image).values)
    assert known.density(read_pixels(image).values).max() == 0
    assert known.default_window.width > 0


def plain_scale(**more):
    modality = np.arange(65536, dtype=np.float32)
    window = Window("w", WindowFunction.LINEAR, 2048, 4096)
    return GreyScale((window,), more.pop("inverted", False), more.pop("padding", None), modality)


@EVERY
@given(
    st.sampled_from([WindowFunction.LINEAR, WindowFunction.LINEAR_EXACT, WindowFunction.SIGMOID]),
    st.floats(-1e5, 1e5), st.floats(-10, 1e5), st.booleans(), st.booleans(),
)  # fmt: skip
def test_tables_rise_or_fall_but_never_turn(function, centre, width, inverted, invert):
    table = plain_scale(inverted=inverted).table(
        Window("w", function, centre, width), invert=invert
    )
    steps = np.diff(table.astype(int))
    assert (steps <= 0).all() if inverted != invert else (steps >= 0).all()


@EVERY
@given(st.integers(0, 4095), st.integers(0, 4095), st.booleans(), st.booleans())
def test_padding_is_black_for_every_range(low, high, inverted, invert):
    low, high = sorted((low, high))
    table = plain_scale(inverted=inverted, padding=(low, high)).table(invert=invert)
    assert (table[low : high + 1] == 0).all()
