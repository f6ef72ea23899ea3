"""Damaged files: one sentence with the file's name, the rest opens, nothing crashes."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from glam_core.dicom.decode import read_pixels
from glam_core.dicom.grey import read_grey_scale
from glam_core.dicom.picture import analysis_picture
from glam_core.dicom.scan import scan
from glam_core.errors import UnreadableFileError
from tests.dicom_files import SYNTAXES, drawn_breast, save, write_mammogram, write_study

FUZZED = settings(derandomize=True, deadline=None, database=None, max_examples=60)
# CharLS may brood for many seconds over damaged JPEG-LS pixels, so that these are left out here.
COMPRESSED = (
    "rle", "jpeg-extended", "jpeg-lossless-57", "jpeg-lossless-70", "jpeg-2000-lossless",
    "jpeg-2000", "htj2k-lossless",
)  # fmt: skip


def only_reason(path):
    found = scan([path])
    assert found.studies == ()
    (skipped,) = found.skipped
    assert skipped.file == str(path)
    return skipped.reason


@pytest.mark.parametrize("syntax", sorted(set(SYNTAXES) - {"deflated", "jpeg-baseline"}))
def test_every_cut_of_a_file_is_told(tmp_path, syntax):
    data = write_mammogram(tmp_path / "whole.dcm", syntax=syntax).read_bytes()
    path = tmp_path / "cut.dcm"
    for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
        path.write_bytes(data[: int(len(data) * share)])
        assert any(
            words in only_reason(path)
            for words in ("cut short", "damaged", "copy it again", "pixel data")
        )


def test_a_file_cut_after_the_scan_is_told_when_it_is_read(tmp_path):
    for syntax in ("explicit", "jpeg-2000-lossless", "jpeg-lossless-70", "deflated", "rle"):
        path = write_mammogram(tmp_path / f"{syntax}.dcm", syntax=syntax)
        image = scan([path]).studies[0].images[0]
        path.write_bytes(path.read_bytes()[:-2000])
        with pytest.raises(UnreadableFileError, match=rf"^{syntax}\.dcm: .*[a-z]\.$"):
            read_pixels(image)


def test_a_file_that_went_away(tmp_path):
    path = write_mammogram(tmp_path / "a.dcm")
    image = scan([path]).studies[0].images[0]
    path.unlink()
    with pytest.raises(UnreadableFileError, match=r"^a\.dcm: cannot be read \(no such file"):
        read_pixels(image)
    with pytest.raises(UnreadableFileError, match=r"^a\.dcm: cannot be read \(no such file"):
        read_grey_scale(image)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"Rows": 900},
            "its pixel data hold 64,000 bytes but its header asks for 288,000; export it again",
        ),
        (
            {"Rows": 100},
            "its pixel data hold 64,000 bytes but its header asks for 32,000; export it again",
        ),
        (
            {"NumberOfFrames": 2},
            "its pixel data hold 64,000 bytes but its header asks for 128,000; export it again",
        ),
        ({"Columns": 65535, "Rows": 65535}, "65535 x 65535 px are too many to open"),
        ({"Rows": 0}, "its header gives no size of a picture"),
        ({"Columns": None}, "its header gives no size of a picture"),
        ({"BitsAllocated": 32}, "32 bits allocated for a pixel are not supported"),
        ({"BitsStored": 17}, "its header says 17 bits stored in 16 allocated"),
        ({"HighBit": 3}, "its header says high bit 3 for 12 bits stored"),
    ],
)
def test_headers_that_do_not_fit_their_pixels(tmp_path, changes, reason):
    assert only_reason(write_mammogram(tmp_path / "a.dcm", changes=changes)) == reason


def test_a_compressed_picture_of_another_size(tmp_path):
    path = write_mammogram(tmp_path / "a.dcm", syntax="jpeg-ls", changes={"Rows": 201})
    image = scan([path]).studies[0].images[0]
    with pytest.raises(UnreadableFileError) as told:
        read_pixels(image)
    assert str(told.value) == (
        "a.dcm: its compressed picture has 160 x 200 px but its header says 160 x 201."
    )


def test_an_unknown_transfer_syntax_is_named(tmp_path):
    path = write_mammogram(tmp_path / "a.dcm", syntax="explicit")
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0"))
    assert only_reason(path) == (
        "its transfer syntax 1.2.840.10008.9.9.9 is not supported; export it again uncompressed"
    )


def test_a_file_without_pixels(tmp_path):
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.2", "1.2.3"
    header.Modality, header.Rows, header.Columns = "MG", 4, 4
    assert only_reason(save(tmp_path / "a.dcm", header)) == "it holds no pixel data; copy it again"


def test_files_without_preamble_or_meta_information_open(tmp_path):
    path = write_mammogram(tmp_path / "a.dcm", syntax="implicit")
    data = path.read_bytes()
    path.write_bytes(data[data.index(b"\x08\0\x05\0") :])
    image = scan([path]).studies[0].images[0]
    np.testing.assert_array_equal(read_pixels(image).values, drawn_breast())


def test_twenty_thousand_pixels_square_open_reduced(tmp_path):
    """As a stream of next to no bytes, so that the test stays small."""
    values = np.zeros((20_000, 2_000), np.uint8)
    values[100:, 100:] = 200
    path = write_mammogram(tmp_path / "a.dcm", values, syntax="jpeg-2000-lossless", bits=8)
    image = scan([path]).studies[0].images[0]
    assert read_pixels(image, reduction=8).values.shape == (2500, 250)


def test_the_rest_of_a_study_opens(tmp_path):
    paths = write_study(tmp_path)
    paths[1].write_bytes(paths[1].read_bytes()[:-500])
    paths[2].write_bytes(b"")
    found = scan([tmp_path])
    assert [image.view_key.short for image in found.studies[0].images] == ["RCC", "LMLO"]
    assert len(found.skipped) == 2


WRONG = ["x" * 70, "1\\2\\3", "-", "nan", "1e999", "", "ÿ", "12abc"]


KEYWORDS = (
    "Rows", "BitsStored", "KVP", "ImagerPixelSpacing", "WindowCenter", "WindowWidth",
    "RescaleSlope", "StudyDate", "AcquisitionTime", "PatientName", "ViewPosition",
    "ImageLaterality", "InstanceNumber", "PixelPaddingValue", "ViewCodeSequence",
    "SOPInstanceUID", "NumberOfFrames", "Modality",
)  # fmt: skip


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_values_of_the_wrong_kind_never_escape(tmp_path, keyword):
    """The element is written with text that it cannot hold, under another representation."""
    group, element = divmod(tag_for_keyword(keyword), 1 << 16)
    tag = struct.pack("<HH", group, element)
    data = write_mammogram(tmp_path / "whole.dcm", drawn_breast(20, 16)).read_bytes()
    at, pixels = data.find(tag), data.rindex(b"\xe0\x7f\x10\0")
    for number, text in enumerate(WRONG):
        raw = text.encode()[:64]
        written = tag + b"LO" + struct.pack("<H", len(raw)) + raw
        path = tmp_path / f"{number}.dcm"
        if at >= 0 and keyword != "ViewCodeSequence":
            (length,) = struct.unpack_from("<H", data, at + 6)
            path.write_bytes(data[:at] + written + data[at + 8 + length :])
        else:
            path.write_bytes(data[:pixels] + written + data[pixels:])
        endure(path)


def endure(path):
    """Whatever lies there: a scan that tells, and pixels or one sentence."""
    found = scan([path])
    assert found.studies or found.skipped
    sentences = []
    for study in found.studies:
        for image in study.images:
            try:
                for reduction in (1, 4):
                    values = read_pixels(image, reduction=reduction).values
                scale = read_grey_scale(image).with_statistics(values)
                for window in scale.windows:
                    assert scale.table(window).shape == (65536,)
                analysis_picture(image, longest_px=16)
            except UnreadableFileError as told:
                sentences.append(str(told))
    assert all(sentence.startswith(path.name) for sentence in sentences)


def mutated(data, places, cut):
    changed = bytearray(data)
    for place, value in places:
        changed[place % len(changed)] = value
    return bytes(changed[: len(changed) - cut % len(changed)] if cut else changed)


PLACES = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    values = drawn_breast(40, 32)
    return {
        syntax: write_mammogram(folder / f"{syntax}.dcm", values, syntax=syntax).read_bytes()
        for syntax in (*COMPRESSED, "explicit", "implicit", "big-endian", "deflated")
    }


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    return tmp_path_factory.mktemp("spoilt") / "a.dcm"


@pytest.mark.parametrize(
    "syntax", ["explicit", "implicit", "big-endian", "deflated", "jpeg-lossless-70"]
)
@FUZZED
@given(places=PLACES, cut=st.one_of(st.just(0), st.integers(0, 4000)))
def test_spoilt_headers(originals, spoilt, syntax, places, cut):
    data = originals[syntax]
    header = data.rfind(b"\xe0\x7f\x10\0") if syntax != "deflated" else len(data)
    head = [(132 + place % max(header - 132, 1), value) for place, value in places]
    spoilt.write_bytes(mutated(data, head, cut))
    endure(spoilt)


@pytest.mark.parametrize("syntax", COMPRESSED)
@FUZZED
@given(places=PLACES)
def test_spoilt_pixels(originals, spoilt, syntax, places):
    data = originals[syntax]
    begin = data.rfind(b"\xe0\x7f\x10\0") + 12
    spoilt.write_bytes(mutated(data, [(begin + p % (len(data) - begin), v) for p, v in places], 0))
    endure(spoilt)


@FUZZED
@given(
    st.binary(max_size=600),
    st.sampled_from(
        [
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"II*\0",
            b"\xff\xd8\xff",
            b"\x93NUMPY\x01\0",
            b"PK\x03\x04",
            bytes(128) + b"DICM",
            b"\x08\0\x05\0",
        ]
    ),
)
def test_noise_behind_every_known_beginning(spoilt, noise, begin):
    spoilt.write_bytes(begin + noise)
    endure(spoilt)
