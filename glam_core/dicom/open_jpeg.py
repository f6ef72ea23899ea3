"""JPEG 2000 at a reduced resolution without holding the interpreter's lock.

Pillow carries the OpenJPEG library but keeps the lock while it decodes, so that a window would
stand still. Called by ctypes the same library leaves the lock free. Where Pillow's copy is not
found as a library of its own, Pillow itself does the work, with the lock held.
"""

import ctypes
import functools
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL
from PIL import Image

_CODESTREAM, _JP2 = 0, 2
_STREAM_CHUNK = 1 << 20
_PARAMETER_ROOM = 1 << 15  # the parameter block is near 8.3 kB; only the library fills it
_FAILED_READ = ctypes.c_size_t(-1).value


_COMPONENT_NUMBERS = (
    "dx", "dy", "w", "h", "x0", "y0", "prec", "bpp", "sgnd", "resno", "factor",
)  # fmt: skip


class _Component(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in _COMPONENT_NUMBERS),
        ("data", ctypes.POINTER(ctypes.c_int32)),
        ("alpha", ctypes.c_uint16),
    )


class _Image(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in ["x0", "y0", "x1", "y1", "numcomps"]),
        ("color_space", ctypes.c_int),
        ("comps", ctypes.POINTER(_Component)),
        ("icc_profile_buf", ctypes.c_void_p),
        ("icc_profile_len", ctypes.c_uint32),
    )


_Read = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
_Skip = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
_Seek = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int64, ctypes.c_void_p)
_P = ctypes.c_void_p
_SIGNATURES = {
    "opj_create_decompress": (_P, [ctypes.c_int]),
    "opj_set_default_decoder_parameters": (None, [_P]),
    "opj_setup_decoder": (ctypes.c_int, [_P, _P]),
    "opj_stream_create": (_P, [ctypes.c_size_t, ctypes.c_int]),
    "opj_stream_set_read_function": (None, [_P, _Read]),
    "opj_stream_set_skip_function": (None, [_P, _Skip]),
    "opj_stream_set_seek_function": (None, [_P, _Seek]),
    "opj_stream_set_user_data": (None, [_P, _P, _P]),
    "opj_stream_set_user_data_length": (None, [_P, ctypes.c_uint64]),
    "opj_read_header": (ctypes.c_int, [_P, _P, ctypes.POINTER(ctypes.POINTER(_Image))]),
    "opj_set_decoded_resolution_factor": (ctypes.c_int, [_P, ctypes.c_uint32]),
    "opj_decode": (ctypes.c_int, [_P, _P, _P]),
    "opj_stream_destroy": (None, [_P]),
    "opj_destroy_codec": (None, [_P]),
    "opj_image_destroy": (None, [_P]),
}


class ReducedDecodeError(ValueError):
    """The stream cannot be decoded at this resolution (it may have too few levels)."""


@functools.cache
def _library() -> ctypes.CDLL | None:
    package = Path(PIL.__file__).parent
    found = sorted(
        path
        for folder in (package.parent / "pillow.libs", package / ".dylibs")
        for path in folder.glob("libopenjp2*")
    )
    for path in found:
        try:
            library = ctypes.CDLL(str(path))
            library.opj_version.restype = ctypes.c_char_p
            if not library.opj_version().startswith(b"2."):
                continue
            for name, (result, arguments) in _SIGNATURES.items():
                function = getattr(library, name)
                function.restype, function.argtypes = result, arguments
        except (OSError, AttributeError):
            continue
        return library
    return None


def frees_the_lock() -> bool:
    """Whether a reduced decode leaves the interpreter's lock free on this machine."""
    return _library() is not None


class _Stream:
    """The callbacks through which the library reads `data`; to be kept while it is used."""

    def __init__(self, data: bytes) -> None:
        self._data = ctypes.c_char_p(data)
        self._address = ctypes.cast(self._data, _P).value or 0
        self._length = len(data)
        self._at = 0
        self.read, self.skip, self.seek = _Read(self._read), _Skip(self._skip), _Seek(self._seek)

    def _read(self, buffer: int, wanted: int, _: int) -> int:
        count = min(wanted, self._length - self._at)
        if count <= 0:
            return _FAILED_READ
        ctypes.memmove(buffer, self._address + self._at, count)
        self._at += count
        return count

    def _skip(self, count: int, _: int) -> int:
        target = min(max(self._at + count, 0), self._length)
        moved, self._at = target - self._at, target
        return moved if moved or not count else -1

    def _seek(self, target: int, _: int) -> int:
        if not 0 <= target <= self._length:
            return 0
        self._at = target
        return 1


def decode_reduced(data: bytes, levels: int) -> npt.NDArray[np.int32]:
    """Decode a one-component picture, leaving out the finest wavelet levels.

    Args:
        data: A JPEG 2000 (also High-Throughput) codestream or JP2 file.
        levels: How often the size is halved, 0 to 5.

    Returns:
        (rows, cols) int32, ceil(size / 2**levels); sample n lies at stored pixel n * 2**levels.

    Raises:
        ReducedDecodeError: If the stream is broken or has fewer levels.
    """
    library = _library()
    if library is None:
        return _decode_by_pillow(data, levels)
    kind = _CODESTREAM if data[:2] == b"\xff\x4f" else _JP2
    codec = library.opj_create_decompress(kind)
    stream = library.opj_stream_create(_STREAM_CHUNK, 1)
    image = ctypes.POINTER(_Image)()
    try:
        return _decoded(library, codec, stream, image, data, levels)
    finally:
        library.opj_stream_destroy(stream)
        library.opj_destroy_codec(codec)
        if image:
            library.opj_image_destroy(image)


def _decoded(
    library: ctypes.CDLL,
    codec: int,
    stream: int,
    image: "ctypes._Pointer[_Image]",
    data: bytes,
    levels: int,
) -> npt.NDArray[np.int32]:
    parameters = ctypes.create_string_buffer(_PARAMETER_ROOM)
    library.opj_set_default_decoder_parameters(parameters)
    source = _Stream(data)
    library.opj_stream_set_read_function(stream, source.read)
    library.opj_stream_set_skip_function(stream, source.skip)
    library.opj_stream_set_seek_function(stream, source.seek)
    library.opj_stream_set_user_data(stream, None, None)
    library.opj_stream_set_user_data_length(stream, len(data))
    done = (
        library.opj_setup_decoder(codec, parameters)
        and library.opj_read_header(stream, codec, ctypes.byref(image))
        and library.opj_set_decoded_resolution_factor(codec, levels)
        and library.opj_decode(codec, stream, image)
    )
    if not done or image.contents.numcomps < 1 or not image.contents.comps[0].data:
        raise ReducedDecodeError(f"no decode at {levels} levels less")
    component = image.contents.comps[0]
    values = np.ctypeslib.as_array(component.data, (component.h, component.w))
    return np.array(values, dtype=np.int32)


def _decode_by_pillow(data: bytes, levels: int) -> npt.NDArray[np.int32]:
    """Pillow spreads 9 to 15 bits over 16; this is taken back by the picture's own precision."""
    precision, signed = _precision(data)
    if signed:
        raise ReducedDecodeError("Pillow reads unsigned samples only")
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.reduce = levels  # type: ignore[method-assign, assignment]
            picture.load()
            values = np.asarray(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ReducedDecodeError(str(error)) from error
    if values.ndim != 2:
        raise ReducedDecodeError("more than one component")
    shift = 16 - precision if precision > 8 else 0
    return values.astype(np.int32) >> shift


def _precision(data: bytes) -> tuple[int, bool]:
    """Bits of a sample and whether it is signed, from the SIZ segment (ISO 15444-1, A.5.1)."""
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0 or len(data) < at + 43:
        raise ReducedDecodeError("no codestream")
    depth = data[at + 42]
    return (depth & 0x7F) + 1, bool(depth & 0x80)
