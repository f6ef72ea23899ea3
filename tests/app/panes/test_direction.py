"""Panes stay light: they bring in no heavy library."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("heavy", ["torch", "pydicom", "transformers", "app.services"])
def test_panes_leave_heavy_libraries_out(heavy):
    code = f"import app.panes.image_pane, sys; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
