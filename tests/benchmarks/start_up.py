"""Start-up to a usable window, beside a bare pyqtgraph window in the same run."""

import os
import subprocess
import sys
import time

import numpy as np

TURNS = 5
_OURS = """
from PySide6.QtWidgets import QApplication
from app.theme import apply_theme
from app.wiring import Workstation
application = QApplication([])
apply_theme(application)
workstation = Workstation(remember=False)
workstation.window.resize(2560, 1440)
workstation.window.show()
application.processEvents()
import sys
print("torch" in sys.modules, flush=True)
workstation.dispose()
"""
_PEER = """
import pyqtgraph as pg
application = pg.mkQApp()
window = pg.ImageView()
window.resize(2560, 1440)
window.show()
application.processEvents()
print(False, flush=True)
"""


def run() -> str:
    """A Markdown table: seconds from the start of the process to the shown, usable window."""
    ours, peer = _median(_OURS), _median(_PEER)
    return "\n".join(
        (
            "| from starting the process (median of five) | seconds | beside the peer |",
            "|---|---:|---:|",
            f"| our window, ready for a click on Open | {ours:.2f} s | {peer / ours:.1f} x |",
            f"| pyqtgraph ImageView, empty | {peer:.2f} s | |",
        )
    )


def _median(code: str) -> float:
    return float(np.median([_seconds(code) for _ in range(TURNS)]))


def _seconds(code: str) -> float:
    """Until the first line is printed; the process then ends on its own."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        taken = time.perf_counter() - start
        process.stdout.read()
    if process.returncode != 0 or first_line.strip() != "False":
        raise RuntimeError("The window did not open, or it imported torch")
    return taken
