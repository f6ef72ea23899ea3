"""A blind reading: numbered thumbnails, half of them synthetic, and a count of right answers.

python -m tests.benchmarks.blind_reading make FOLDER [--pictures 40] [--seed 1] [--side 256]
python -m tests.benchmarks.blind_reading score FOLDER ANSWERS

`make` needs the real films beside the checkout and writes into FOLDER, which must lie outside it:
sheet.png, and key.csv for who asks. ANSWERS is a text with one line a picture, "7 real" or
"7 synthetic". Half right is a coin. --side is the pictures' size in px: 80 is that of the viewer's
study browser.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from glam_core.phantom.batch import pair_batch
from tests.real_data import REAL_DATA

_SIDE, _GAP, _HEAD, _COLUMNS = 256, 8, 22, 8
_LEAST_SIDE = 48
_STYLE = "digitised film"
_KINDS = ("real", "synthetic")
_Picture = npt.NDArray[np.uint8]


def make(folder: Path, pictures: int, seed: int, side: int = _SIDE) -> None:
    """Write the sheet and its key: one view of a breast each, `side` px wide and high."""
    draw = np.random.default_rng(seed)
    kinds = draw.permutation(np.arange(pictures) % 2)
    views = ["CC" if each else "MLO" for each in draw.integers(0, 2, pictures)]
    films = _films(draw)
    shown, rows = [], []
    for number, (kind, view) in enumerate(zip(kinds, views, strict=True), start=1):
        shown.append(_synthetic(seed, 2 * number, view) if kind else next(films[view]))
        rows.append((number, view, _KINDS[kind]))
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "sheet.png"), _sheet([_reduced(each, side) for each in shown]))
    with (folder / "key.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("number", "view", "kind"), *rows])


def score(key: Mapping[int, str], answers: Mapping[int, str]) -> str:
    """Right answers with their 95 % interval (Wilson), and those of each kind."""
    asked = [(kind, answers[number]) for number, kind in key.items() if number in answers]
    if not asked:
        return "No answer is to a picture of this sheet."
    right = sum(kind == said for kind, said in asked)
    found = binomtest(right, len(asked)).proportion_ci(method="wilson")
    taken = {kind: [said == "real" for true, said in asked if true == kind] for kind in _KINDS}
    shares = ", ".join(
        f"{kind} ones taken for real: {sum(said)} of {len(said)}" for kind, said in taken.items()
    )
    return (
        f"Right: {right} of {len(asked)}, {right / len(asked):.2f} "
        f"({found.low:.2f} to {found.high:.2f}); a coin 0.50. {shares}."
    )


def _films(draw: np.random.Generator) -> dict[str, Iterator[_Picture]]:
    """By view: real films of women in random order, each woman once."""
    if REAL_DATA is None:
        sys.exit("The real films (../shared/data) are not on this machine.")
    folder = REAL_DATA / "cbis-ddsm"
    with (folder / "findings.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    women = draw.permutation(sorted({row["patient_id"] for row in rows}))
    turn = {woman: place for place, woman in enumerate(women)}
    once = {row["patient_id"]: row for row in draw.permutation(np.array(rows))}
    ordered = sorted(once.values(), key=lambda row: turn[row["patient_id"]])
    by_view = {
        view: [folder / row["image"] for row in ordered if row["view"] == view]
        for view in ("CC", "MLO")
    }
    return {view: map(_grey, paths) for view, paths in by_view.items()}


def _grey(path: Path) -> _Picture:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def _synthetic(seed: int, breast: int, view: str) -> _Picture:
    batch = pair_batch(seed, [breast], side=_SIDE, pixel_mm=0.5, points=1, style=_STYLE)
    picture = batch.cc if view == "CC" else batch.mlo
    return np.asarray(np.round(picture[0, 0].numpy() * 255), dtype=np.uint8)


def _reduced(picture: _Picture, side: int) -> _Picture:
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _sheet(pictures: Sequence[_Picture]) -> _Picture:
    """(rows, cols) numbered pictures side by side, all of one size."""
    rows, side = -(-len(pictures) // _COLUMNS), len(pictures[0])
    high, wide = side + _HEAD + _GAP, side + _GAP
    sheet = np.full((rows * high, _COLUMNS * wide), 40, np.uint8)
    for place, picture in enumerate(pictures):
        row, col = place // _COLUMNS * high, place % _COLUMNS * wide
        sheet[row + _HEAD : row + _HEAD + side, col : col + side] = picture
        where = (col + 4, row + 16)
        cv2.putText(sheet, str(place + 1), where, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)
    return sheet


def _read_key(path: Path) -> dict[int, str]:
    with path.open(newline="", encoding="utf-8") as file:
        return {int(row["number"]): row["kind"] for row in csv.DictReader(file)}


def _read_answers(path: Path) -> dict[int, str]:
    answers = {}
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        words = line.lower().split()
        if not words:
            continue
        if len(words) != 2 or not words[0].isdecimal() or words[1] not in _KINDS:
            sys.exit(f'{path.name}, line {at}: "{line}" is not a number and "real" or "synthetic".')
        answers[int(words[0])] = words[1]
    return answers


def main() -> None:
    """Make a sheet, or score the answers to one."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.blind_reading")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make")
    making.add_argument("folder", type=Path)
    making.add_argument("--pictures", type=int, default=40)
    making.add_argument("--seed", type=int, default=1)
    making.add_argument("--side", type=int, default=_SIDE)
    scoring = commands.add_parser("score")
    scoring.add_argument("folder", type=Path)
    scoring.add_argument("answers", type=Path)
    asked = parser.parse_args()
    if asked.command == "make":
        if not _LEAST_SIDE <= asked.side <= _SIDE:
            parser.error(f"--side lies between {_LEAST_SIDE} and {_SIDE} px.")
        make(asked.folder, asked.pictures, asked.seed, asked.side)
    else:
        print(score(_read_key(asked.folder / "key.csv"), _read_answers(asked.answers)))


if __name__ == "__main__":
    main()
