"""8-bit PNG whose values are the grey that a model sees, marked so that nobody stretches them.

A plain picture is shown between its own darkest and brightest tissue, since nobody knows what its
values mean. A picture that this program made from a mammogram has been through the mammogram's own
VOI LUT already: a note in the file (PNG text chunk, ISO/IEC 15948, 11.3.4.3) says so, and every
reader takes its values as they are.
"""

import zlib

import imagecodecs
import numpy as np
import numpy.typing as npt

_NOTE = b"glam-density\x000 air, 255 densest; VOI LUT applied"
_AFTER_HEADER = 33  # signature (8) and IHDR (25)
_LEVEL = 1


def density_png(values: npt.NDArray[np.float32]) -> bytes:
    """A picture as the bytes of a PNG file.

    Args:
        values: (rows, cols) in 0..1, denser is brighter, air 0.
    """
    eight = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    plain = bytes(imagecodecs.png_encode(eight, level=_LEVEL))
    chunk = b"tEXt" + _NOTE
    note = len(_NOTE).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return plain[:_AFTER_HEADER] + note + plain[_AFTER_HEADER:]


def says_density(start: bytes) -> bool:
    """Whether a file that begins so was written by `density_png`."""
    return start[_AFTER_HEADER + 8 :].startswith(_NOTE)
