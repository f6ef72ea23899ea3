"""From typed words to painted findings, beside pyqtgraph setting two overlays per breast."""

import tempfile
import time
from pathlib import Path

import numpy as np

from app.completeness import is_complete
from app.query_completion import suggestions
from app.state import ViewerState
from glam_core.data.lexicon import lexicon
from glam_core.inference.matcher_names import GEOMETRY, default_matcher
from tests.benchmarks import window_clock  # sets the platform before Qt is imported
from tests.benchmarks.click_to_overlay import pyqtgraph_overlay
from tests.benchmarks.large_study import write_large_study

QUERIES = (
    "mass, right breast",
    "spiculated mass, left upper outer",
    "grouped calcifications, right breast at 9 o'clock",
    "focal asymmetry, left breast, middle depth",
    "oval mass, right lower inner, 4 cm from the nipple",
    "mass",
)
ROUNDS = 10
TYPED = ("spic", "spiculated mass, upper ou", "right breast 11 o'cl", "spicualted", "gro")


def run() -> str:
    """A Markdown table: p50 and p95 in ms, and the peer's repaint of overlays without a search."""
    application = window_clock.application()
    with tempfile.TemporaryDirectory() as folder:
        study = write_large_study(Path(folder), "explicit")
        painted, both = _ours(study, default_matcher())
        by_geometry, _ = _ours(study, GEOMETRY)
    peer = pyqtgraph_overlay(application)
    completed = _completions()
    lines = [
        "| four views of 13 MP on 2560 x 1440 | p50 | p95 | beside pyqtgraph (p95) |",
        "|---|---:|---:|---:|",
        _row("words of one breast to painted places, the model that ships", painted, peer),
        _row("the same, both breasts searched", both, peer),
        _row("words of one breast to painted places, geometry", by_geometry, peer),
        _row("completion of a query", completed, None),
        _row("pyqtgraph: one overlay set and painted (no search)", peer, None),
    ]
    return "\n".join(lines)


def _row(name: str, taken: list[float], peer: list[float] | None) -> str:
    p50, p95 = np.percentile(taken, (50, 95))
    ratio = f"{np.percentile(peer, 95) / p95:.1f} x" if peer is not None else ""
    return f"| {name} | {p50:.1f} ms | {p95:.1f} ms | {ratio} |"


def _ours(folder: Path, matcher_name: str) -> tuple[list[float], list[float]]:
    """Times of one breast's queries and of the one that names no side; the first round warms up."""
    workstation = window_clock.open_window(matcher_name)
    controller = workstation.controller
    controller.open_places([folder])
    window_clock.until(lambda: is_complete(controller.state))
    panes = workstation.window.grid.panes
    clocks = [window_clock.PaintClock(pane) for pane in panes]
    found_at = [0.0]  # when the state last came to hold every place

    def note(old: ViewerState, new: ViewerState) -> None:
        if _all_found(new) and not _all_found(old):
            found_at[0] = time.perf_counter()

    controller.add_screen(note)
    one: list[float] = []
    both: list[float] = []
    for turn in range(ROUNDS + 1):
        for query in QUERIES:
            controller.searches.clear()
            window_clock.until(lambda: not workstation.window.panels_are_due)
            start = time.perf_counter()
            controller.searches.find(query)
            window_clock.until(lambda: _all_found(controller.state))
            index = next(i for i, pane in enumerate(panes) if pane.content.findings is not None)
            window_clock.until(lambda at=index: clocks[at].painted > found_at[0])
            if turn:
                taken = (clocks[index].painted - start) * 1000
                (one if "right" in query or "left" in query else both).append(taken)
            workstation.window.show_panels()
    workstation.dispose()
    return one, both


def _all_found(state: ViewerState) -> bool:
    return bool(state.findings.rows) and not state.findings.busy


def _completions() -> list[float]:
    words = lexicon()
    taken = []
    for typed in TYPED * ROUNDS:
        start = time.perf_counter()
        suggestions(typed, words, ())
        taken.append((time.perf_counter() - start) * 1000)
    return taken
