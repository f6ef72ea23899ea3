"""`glam calibrate`: set temperature and limits of a model on patients that it has not seen."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from glam_core.data.manifest import read_manifest
from glam_core.data.pairs import Pair, pairs_of
from glam_core.data.split import sets_limits
from glam_core.errors import ManifestError
from glam_core.evaluation.calibration import ViewPair, calibrated
from glam_core.evaluation.correspondence import annotated_view
from glam_core.inference.geometry_matcher import GeometryMatcher
from glam_core.inference.geometry_weights import read_weights
from glam_core.inference.learned_matcher import LearnedMatcher
from glam_core.inference.session import Session
from glam_core.model.checkpoint import CONFIG_FILE
from glam_core.model.config import ReadingConfig
from glam_core.model.config_file import config_to_json, read_config
from glam_core.scripts.output import write_text

# On the patients who set the limits 0, 0.25 and 0.5 gave the same hits, 1 fewer. A part keeps the
# answer near what depth and offset allow on pictures that the model does not know.
GEOMETRY_SHARE = 0.25
# No hit was lost on the patients who set the limits, and plain tissue gained most of what it can.
PLAIN_BELOW, SALIENT_ABOVE = 0.7, 0.85


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("model", type=Path, help="trained with --for_limits=true")
    parser.add_argument("--manifest", type=Path, required=True, metavar="M.csv")
    parser.add_argument(
        "--into", type=Path, metavar="MODEL", help="the model that keeps the numbers (the same one)"
    )
    parser.add_argument("--geometry-share", type=float, default=GEOMETRY_SHARE, metavar="X")
    parser.add_argument("--plain-below", type=float, default=PLAIN_BELOW, metavar="X")
    parser.add_argument("--salient-above", type=float, default=SALIENT_ABOVE, metavar="X")
    parser.add_argument(
        "--geometry",
        type=Path,
        metavar="WEIGHTS.json",
        help="geometry weights that have not seen these patients either (those that ship)",
    )
    parser.add_argument("--calibrated-on", default="", help="stated in the config")


def run(args: argparse.Namespace) -> int:
    """Calibrate and write the config; 0."""
    target = args.into or args.model
    config = read_config(target / CONFIG_FILE)
    pairs = [pair for pair in pairs_of(read_manifest(args.manifest)) if sets_limits(pair.cc)]
    if not pairs:
        raise ManifestError(f"{args.manifest.name}: no annotated pair sets limits; add patients.")
    session = Session.open(args.model)
    geometry = GeometryMatcher(read_weights(args.geometry) if args.geometry else None)
    shown = session.model.config
    mixed = ReadingConfig(
        geometry_share=args.geometry_share,
        plain_below=args.plain_below,
        salient_above=args.salient_above,
    )

    def at(temperature: float) -> LearnedMatcher:
        reading = replace(mixed, temperature=temperature, least_certainty=-1e6)
        session.model.config = replace(shown, reading=reading)
        return LearnedMatcher(session, geometry)

    found = calibrated(at, _view_pairs(pairs))
    reading = replace(
        mixed,
        temperature=found.temperature,
        **asdict(found.limits),
        calibrated_on=args.calibrated_on or f"{len(pairs)} pairs of {args.manifest.name}",
    )
    write_text(target / CONFIG_FILE, config_to_json(replace(config, reading=reading)))
    print(
        f"Temperature {found.temperature:g}; the 90 % region holds {found.coverage:.0%} of the "
        f"true places; no confident match in {found.no_match_real:.0%} of true pairs and "
        f"{found.no_match_shuffled:.0%} of shuffled ones ({len(pairs)} pairs).",
        file=sys.stderr,
    )
    return 0


def _view_pairs(pairs: Sequence[Pair]) -> list[ViewPair]:
    return [(annotated_view(pair.cc, None), annotated_view(pair.mlo, None)) for pair in pairs]
