"""Where the real mammograms lie, if they are here: beside the checkout, never in it."""

from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL_DATA: Path | None = _BESIDE if _BESIDE.is_dir() else None

needs_real_data = pytest.mark.skipif(
    REAL_DATA is None, reason="the real mammograms (../shared/data) are not on this machine"
)
