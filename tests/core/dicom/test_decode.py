"""Stored pixels come out as they went in, whatever the transfer syntax."""

import numpy as np
import pytest

from glam_core.dicom.decode import averaged, decodes_reduced, read_pixels
from glam_core.dicom.scan import scan
from glam_core.errors import UnreadableFileError
from tests.dicom_files import LOSSY, SYNTAXES, WITHOUT_SIGN, drawn_breast, write_mammogram


def only_image(path):
    found = scan([path])
    assert found.skipped == ()
    return found.studies[0].images[0]


def cases():
    for syntax in SYNTAXES:
        for bits, signed in (
            (8, False),
            (10, False),
            (12, False),
            (12, True),
            (16, False),
            (16, True),
        ):
            if syntax == "jpeg-baseline" and bits != 8:
                continue
            if syntax == "jpeg-extended" and bits not in (8, 12):
                continue
            if signed and syntax in (*WITHOUT_SIGN, "jpeg-ls-near"):
                continue
            yield pytest.param(syntax, bits, signed, id=f"{syntax}-{bits}{'s' if signed else ''}")


@pytest.mark.parametrize(("syntax", "bits", "signed"), list(cases()))
def test_every_transfer_syntax(tmp_path, syntax, bits, signed):
    values = drawn_breast(61, 47, bits=bits)
    if signed:
        values = (values.astype(np.int32) - (1 << (bits - 1))).astype(np.int16)
    image = only_image(write_mammogram(tmp_path / "a.dcm", values, syntax=syntax, bits=bits))
    assert image.transfer_syntax == SYNTAXES[syntax]
    assert (image.rows, image.cols, image.bits) == (61, 47, bits)
    read = read_pixels(image)
    assert read.values.dtype == values.dtype
    allowed = LOSSY.get(syntax, 0) * max(1, (1 << bits) / 4096) * 6 if syntax in LOSSY else 0
    assert np.abs(read.values.astype(int) - values.astype(int)).max() <= allowed
    if syntax not in LOSSY:
        np.testing.assert_array_equal(read.values, values)


@pytest.mark.parametrize(
    "syntax", ["explicit", "jpeg-2000-lossless", "htj2k-lossless", "jpeg-lossless-70"]
)
@pytest.mark.parametrize("reduction", [2, 4, 8])
def test_reduced_pictures_lie_where_averages_lie(tmp_path, syntax, reduction):
    """A slope shows a shift of a fraction of a pixel, which a picture would hide."""
    row, col = np.mgrid[:203, :165]
    values = (500 + 8 * row + 5 * col).astype(np.uint16)
    image = only_image(write_mammogram(tmp_path / "a.dcm", values, syntax=syntax))
    read = read_pixels(image, reduction=reduction)
    assert read.reduction == reduction
    assert read.values.shape == (-(-203 // reduction), -(-165 // reduction))
    inner = (slice(2, -3), slice(2, -3))
    wanted = (
        500
        + 13 * (reduction - 1) / 2
        + 8 * row[::reduction, ::reduction]
        + 5 * col[::reduction, ::reduction]
    )
    assert np.abs(read.values[inner] - wanted[inner]).max() <= 1.0


def test_a_wavelet_stream_of_few_levels_is_averaged(tmp_path, monkeypatch):
    import imagecodecs

    from tests import dicom_files

    def one_level(frame, bits):
        return bytes(
            imagecodecs.jpeg2k_encode(
                frame,
                codecformat="j2k",
                reversible=True,
                resolutions=2,
                level=0,
                bitspersample=bits,
            )
        )

    monkeypatch.setitem(dicom_files._ENCODERS, "jpeg-2000-lossless", one_level)
    values = drawn_breast(64, 48)
    image = only_image(write_mammogram(tmp_path / "a.dcm", values, syntax="jpeg-2000-lossless"))
    np.testing.assert_array_equal(read_pixels(image, reduction=8).values, averaged(values, 8))


def test_only_wavelets_promise_a_cheap_reduced_picture(tmp_path):
    for syntax, cheap in (
        ("explicit", False),
        ("jpeg-ls", False),
        ("jpeg-2000", True),
        ("htj2k", True),
    ):
        image = only_image(
            write_mammogram(tmp_path / f"{syntax}.dcm", drawn_breast(32, 32), syntax=syntax)
        )
        assert decodes_reduced(image) is cheap


@pytest.mark.parametrize(
    "syntax",
    [
        "explicit",
        "big-endian",
        "deflated",
        "rle",
        "jpeg-ls",
        "jpeg-lossless-70",
        "jpeg-2000-lossless",
    ],
)
@pytest.mark.parametrize(("fragments", "table"), [(1, True), (3, True), (1, False)])
def test_frames_of_multi_frame_files(tmp_path, syntax, fragments, table):
    frames = [drawn_breast(40, 32, seed=seed) for seed in range(3)]
    path = write_mammogram(
        tmp_path / "a.dcm", frames, syntax=syntax, fragments=fragments, offset_table=table
    )
    image = only_image(path)
    assert image.frames == 3
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(read_pixels(image, frame=number).values, frame)
    with pytest.raises(UnreadableFileError, match=r"^a\.dcm: has 3 frames, none of number 3\.$"):
        read_pixels(image, frame=3)


def test_frames_in_fragments_without_an_offset_table(tmp_path):
    """Told apart by the end marks of the streams, as PS3.5 leaves no other way."""
    frames = [drawn_breast(40, 32, seed=seed) for seed in range(3)]
    path = write_mammogram(
        tmp_path / "a.dcm", frames, syntax="jpeg-lossless-70", fragments=3, offset_table=False
    )
    image = only_image(path)
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(read_pixels(image, frame=number).values, frame)


def test_one_frame_in_fragments(tmp_path):
    values = drawn_breast(80, 64)
    for syntax in ("jpeg-2000-lossless", "jpeg-ls", "rle"):
        path = write_mammogram(
            tmp_path / f"{syntax}.dcm", values, syntax=syntax, fragments=4, offset_table=False
        )
        np.testing.assert_array_equal(read_pixels(only_image(path)).values, values)


def test_overlay_bits_above_the_stored_ones_are_cut_off(tmp_path):
    values = drawn_breast(40, 32)
    marked = values | np.uint16(0x8000)
    image = only_image(write_mammogram(tmp_path / "a.dcm", marked, bits=12))
    np.testing.assert_array_equal(read_pixels(image).values, values)


def test_stored_bits_at_the_upper_end_of_the_word(tmp_path):
    values = drawn_breast(40, 32)
    path = write_mammogram(tmp_path / "a.dcm", values << 4, bits=12, changes={"HighBit": 15})
    np.testing.assert_array_equal(read_pixels(only_image(path)).values, values)


def test_signed_values_of_twelve_bits_get_their_sign(tmp_path):
    values = np.array([[-2048, -1], [0, 2047]], np.int16)
    unextended = (values & 0x0FFF).astype(np.int16)
    image = only_image(write_mammogram(tmp_path / "a.dcm", unextended, bits=12))
    np.testing.assert_array_equal(read_pixels(image).values, values)


def test_eight_bits_in_big_endian_words(tmp_path):
    values = drawn_breast(40, 33, bits=8)
    path = write_mammogram(tmp_path / "a.dcm", values, syntax="big-endian", bits=8)
    np.testing.assert_array_equal(read_pixels(only_image(path)).values, values)
    data = path.read_bytes()
    at = data.rindex(b"\x7f\xe0\x00\x10OB")
    swapped = np.frombuffer(data[at + 12 :], np.uint8).reshape(-1, 2)[:, ::-1].tobytes()
    path.write_bytes(data[: at + 4] + b"OW" + data[at + 6 : at + 12] + swapped)
    np.testing.assert_array_equal(read_pixels(only_image(path)).values, values)


def test_a_stream_of_more_bits_than_the_header_says_is_believed(tmp_path):
    values = drawn_breast(40, 32, bits=14)
    path = write_mammogram(
        tmp_path / "a.dcm",
        values,
        syntax="jpeg-ls",
        bits=14,
        changes={"BitsStored": 12, "HighBit": 11},
    )
    np.testing.assert_array_equal(read_pixels(only_image(path)).values, values)


def test_a_reduction_that_is_no_power_of_two_is_refused(tmp_path):
    image = only_image(write_mammogram(tmp_path / "a.dcm"))
    with pytest.raises(ValueError, match="reduction is 3"):
        read_pixels(image, reduction=3)


def test_one_pixel(tmp_path):
    for syntax in ("explicit", "rle", "jpeg-2000-lossless", "jpeg-ls", "jpeg-lossless-70"):
        path = write_mammogram(
            tmp_path / f"{syntax}.dcm", np.array([[7]], np.uint16), syntax=syntax
        )
        image = only_image(path)
        assert read_pixels(image).values.tolist() == [[7]]
        assert read_pixels(image, reduction=8).values.shape == (1, 1)
