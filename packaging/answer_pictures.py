"""Draws right and wrong answers of a matcher on synthetic exams, for the page on the model.

    glam evaluate correspondence --manifest BENCH/manifest.csv --predictions answers.jsonl
    python packaging/answer_pictures.py BENCH/manifest.csv answers.jsonl OUT.png

No patient's picture belongs here: the picture is committed.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import ManifestRow, read_manifest
from glam_core.data.pairs import single_region
from glam_core.evaluation.correspondence import annotated_view
from glam_core.evaluation.correspondence_queries import AnnotatedView
from glam_core.terms import PointPx

HIT_LENGTH = 5.0  # mm
EACH = 10  # right answers, and as many wrong ones
COLUMNS = 5
VIEW_PX = (160, 210)  # width, height of one view
GAP_PX, HEAD_PX = 10, 20
BACK = 16
ASKED, TRUTH, FIRST, OTHER, WORDS = (
    (90, 200, 255), (110, 220, 110), (255, 90, 80), (255, 180, 70), (200, 205, 210),
)  # fmt: skip
Canvas = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where stored pixels lie on a drawn view."""

    scale: float
    origin: tuple[float, float]

    def at(self, row: float, col: float) -> tuple[int, int]:
        """(x, y) on the drawn view."""
        return (
            round((col - self.origin[1]) * self.scale),
            round((row - self.origin[0]) * self.scale),
        )


def main() -> None:
    """Choose answers evenly, draw them, write one picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    rows = {row.image_name: row for row in read_manifest(args.manifest).rows}
    told = [json.loads(line) for line in args.answers.read_text(encoding="utf-8").splitlines()]
    right, wrong = [], []
    for answer in told:
        if answer["kind"] == "lesion" and answer["peaks"]:
            (right if _is_hit(answer, rows) else wrong).append(answer)
    tiles = [_tile(rows, answer) for part in (right, wrong) for answer in _evenly(part)]
    lines = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(args.out), cv2.cvtColor(np.vstack(lines), cv2.COLOR_RGB2BGR))


def _is_hit(answer: dict[str, Any], rows: dict[str, ManifestRow]) -> bool:
    row = rows[answer["image_b"]]
    region, first = single_region(row), answer["peaks"][0]
    assert region is not None
    spacing = row.pixel_spacing_mm or (1.0, 1.0)  # unknown: px
    return region.distance(PointPx(first["row"], first["col"]), spacing) <= HIT_LENGTH


def _evenly(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`EACH` of them, spread over the list, so that nobody picks."""
    places = np.linspace(0, len(answers) - 1, min(EACH, len(answers)))
    return [answers[int(place)] for place in np.round(places)]


def _tile(rows: dict[str, ManifestRow], answer: dict[str, Any]) -> Canvas:
    asked, at = _drawn(annotated_view(rows[answer["image_a"]], None))
    other, there = _drawn(annotated_view(rows[answer["image_b"]], None))
    query = at.at(answer["query"]["row"], answer["query"]["col"])
    cv2.drawMarker(asked, query, ASKED, cv2.MARKER_CROSS, 13, 2, cv2.LINE_AA)
    for number, peak in reversed(list(enumerate(answer["peaks"][:3], 1))):
        colour = FIRST if number == 1 else OTHER
        place = there.at(peak["row"], peak["col"])
        cv2.circle(other, place, 6, colour, 2, cv2.LINE_AA)
        words = f"{number} {peak['probability']:.0%}"
        _say(other, words, (min(place[0] + 8, VIEW_PX[0] - 46), place[1] + 4))
    head = np.full((HEAD_PX, 2 * VIEW_PX[0] + GAP_PX, 3), BACK, np.uint8)
    views = [rows[answer[name]].view_position.value for name in ("image_a", "image_b")]
    said = "confident" if answer["matched"] else "no confident match"
    _say(head, f"{views[0]} to {views[1]}: {said}", (2, 14))
    between = np.full((VIEW_PX[1], GAP_PX, 3), BACK, np.uint8)
    tile = np.vstack([head, np.hstack([asked, between, other])])
    return np.pad(tile, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=BACK)


def _drawn(shown: AnnotatedView) -> tuple[Canvas, Placement]:
    """The breast alone, as large as it fits, with the outline of the truth."""
    view, region = shown.view, shown.region
    assert view is not None, shown.failure
    inside = np.argwhere(view.mask)
    (top, left), (bottom, right) = inside.min(axis=0), inside.max(axis=0) + 1
    part = view.picture[top:bottom, left:right]
    scale = min(VIEW_PX[0] / part.shape[1], VIEW_PX[1] / part.shape[0])
    size = (max(1, int(part.shape[1] * scale)), max(1, int(part.shape[0] * scale)))
    grey = cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_AREA)
    canvas = np.zeros((VIEW_PX[1], VIEW_PX[0], 3), np.uint8)
    canvas[: size[1], : size[0]] = (np.clip(grey, 0, 1) * 255).astype(np.uint8)[..., None]
    first = view.image_from_picture(PointPx(float(top), float(left)))
    placed = Placement(scale / view.image_px_per_picture_px, (first.row, first.col))
    outlines, _ = cv2.findContours(
        region.inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    for outline in outlines:
        points = [placed.at(region.row0 + y, region.col0 + x) for x, y in outline[:, 0]]
        cv2.polylines(canvas, [np.array(points)], True, TRUTH, 1, cv2.LINE_AA)
    return canvas, placed


def _say(canvas: Canvas, words: str, place: tuple[int, int]) -> None:
    for colour, off in (((0, 0, 0), 1), (WORDS, 0)):  # a shadow, so that it reads on bright tissue
        at = (place[0] + off, place[1] + off)
        cv2.putText(canvas, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)


if __name__ == "__main__":
    main()
