"""`glam ground`: find on the pictures what words say (see cli.md for the shape)."""

import argparse
from pathlib import Path
from typing import Any

from glam_core.inference.grounders import grounder
from glam_core.inference.grounding import GroundedView, phrases_of
from glam_core.inference.matcher_names import MATCHER_CHOICES, default_matcher
from glam_core.scripts.one_image import only_image, view_of
from glam_core.scripts.output import add_json_argument, write_json
from glam_core.terms import Laterality


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """IMAGE..., --text, and what the files do not say."""
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path)
    parser.add_argument("--text", required=True, help='for example "spiculated mass, 2 o\'clock"')
    parser.add_argument("--laterality", choices=[side.value for side in Laterality])
    parser.add_argument("--view", choices=["CC", "MLO"], help="where the files do not say")
    parser.add_argument("--model", default=default_matcher(), metavar="NAME", help=MATCHER_CHOICES)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Ground and print."""
    phrases = phrases_of(args.text)
    wanted = next((phrase for phrase in phrases if not phrase.negated), phrases[0])
    views = [view_of(only_image(path), args.laterality, args.view) for path in args.images]
    paths = {id(view): path for view, path in zip(views, args.images, strict=True)}
    found = grounder(args.model).ground(views, wanted)
    rows = [_as_json(paths[id(answer.view)], answer) for answer in found]
    if args.json:
        write_json({"text": args.text, "views": rows}, args.json)
        return 0
    for row, answer in zip(rows, found, strict=True):
        place = f"row {row['row']:.0f}, col {row['col']:.0f}, " if row["found"] else ""
        print(f"{row['file']}: {place}{answer.reason}")
        for note in answer.notes:
            print(f"  {note}")
    return 0


def _as_json(path: Path, answer: GroundedView) -> dict[str, Any]:
    region = answer.region
    return {
        "file": str(path),
        "laterality": answer.view.laterality.value,
        "view": answer.view.view_position.value,
        "found": answer.found,
        "row": answer.row,
        "col": answer.col,
        "score": round(answer.score, 4),
        "region": None
        if region is None
        else {"row0": region.row0, "col0": region.col0, "row1": region.row1, "col1": region.col1},
        "reason": answer.reason,
        "notes": list(answer.notes),
    }
