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

from glam_core.data.manifest import Manifest, ManifestRow, read_manifest
from glam_core.data.pairs import Pair, pairs_of
from glam_core.evaluation.manifest_views import view_of_row
from glam_core.terms import PointPx

HIT_MM = 5.0
EACH = 10  # right answers, and as many wrong ones
COLUMNS = 5
VIEW_PX = (190, 250)  # width, height of one view
GAP_PX, HEAD_PX = 10, 20
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
    manifest = read_manifest(args.manifest)
    told = [json.loads(line) for line in args.answers.read_text(encoding="utf-8").splitlines()]
    answered = [one for one in told if one["peaks"]]
    right = [one for one in answered if one["outside"][0] <= HIT_MM]
    wrong = [one for one in answered if one["outside"][0] > HIT_MM]
    pairs = {row.image_name: pair for pair in pairs_of(manifest) for row in (pair.cc, pair.mlo)}
    tiles = [_tile(manifest, pairs, one) for part in (right, wrong) for one in _evenly(part)]
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(args.out), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def _evenly(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`EACH` of them, spread over the list, so that nobody picks."""
    places = np.linspace(0, len(answers) - 1, min(EACH, len(answers)))
    return [answers[int(place)] for place in np.round(places)]


def _tile(manifest: Manifest, pairs: dict[str, Pair], answer: dict[str, Any]) -> Canvas:
    rows = {row.image_name: row for row in manifest.rows}
    pair = pairs[answer["image_a"]]
    asked, at = _drawn(rows[answer["image_a"]])
    other, there = _drawn(rows[answer["image_b"]])
    answers_cc = rows[answer["image_b"]] is pair.cc
    _outline(asked, at, pair.mlo_region if answers_cc else pair.cc_region)
    _outline(other, there, pair.cc_region if answers_cc else pair.mlo_region)
    cv2.drawMarker(asked, at.at(*answer["query"]), ASKED, cv2.MARKER_CROSS, 13, 2, cv2.LINE_AA)
    for number, (row, col, share) in reversed(list(enumerate(answer["peaks"][:3], 1))):
        colour = FIRST if number == 1 else OTHER
        place = there.at(row, col)
        cv2.circle(other, place, 6, colour, 2, cv2.LINE_AA)
        _say(other, f"{number} {share:.0%}", (min(place[0] + 8, VIEW_PX[0] - 46), place[1] + 4))
    head = np.full((HEAD_PX, 2 * VIEW_PX[0] + GAP_PX, 3), 16, np.uint8)
    said = "confident" if answer["matched"] else "no confident match"
    _say(head, f"{answer['direction'].replace('->', ' to ')}: {said}", (2, 14))
    between = np.full((VIEW_PX[1], GAP_PX, 3), 16, np.uint8)
    tile = np.vstack([head, np.hstack([asked, between, other])])
    return np.pad(tile, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=16)


def _drawn(row: ManifestRow) -> tuple[Canvas, Placement]:
    """The breast alone, as large as it fits."""
    view = view_of_row(row)
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
    return canvas, placed


def _outline(canvas: Canvas, placement: Placement, region: Any) -> None:
    outlines, _ = cv2.findContours(
        region.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    for outline in outlines:
        points = [placement.at(region.row + y, region.col + x) for x, y in outline[:, 0]]
        cv2.polylines(canvas, [np.array(points)], True, TRUTH, 1, cv2.LINE_AA)


def _say(canvas: Canvas, words: str, place: tuple[int, int]) -> None:
    for colour, width in (((0, 0, 0), 3), (WORDS, 1)):
        cv2.putText(canvas, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, width, cv2.LINE_AA)


if __name__ == "__main__":
    main()
