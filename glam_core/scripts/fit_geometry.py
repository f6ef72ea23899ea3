"""Refit the geometry matcher's weights from a manifest with annotated pairs.

Run as `python -m glam_core.scripts.fit_geometry --manifest M.csv --out weights.json`. The
training patients of the split that every training keeps are fitted on, the validation patients only
check; a quarter of the former sets temperature and confidence limits for a first fit, then all of
them are fitted on. Three fits from different starts are averaged.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from glam_core.data.manifest import Manifest, read_manifest
from glam_core.data.pairs import Pair, pairs_of
from glam_core.data.split import check_no_leak, sets_limits, split_of
from glam_core.errors import GlamError
from glam_core.evaluation.calibration import ViewPair, asked_both_ways, calibrated
from glam_core.evaluation.correspondence import annotated_view
from glam_core.evaluation.correspondence_results import summary
from glam_core.evaluation.geometry_ensemble import averaged
from glam_core.evaluation.geometry_fit import (
    FitData,
    FitSettings,
    alignment_of,
    fit,
    weights_of,
)
from glam_core.evaluation.geometry_samples import (
    TissueSample,
    tissue_samples,
)
from glam_core.inference.geometry_matcher import GeometryMatcher
from glam_core.inference.geometry_weights import (
    UNLIMITED,
    Decision,
    GeometryWeights,
    weights_as_text,
)
from glam_core.scripts.bar import reporting_bar
from glam_core.scripts.output import write_text

_MEMBERS = 3  # fits from different starts, averaged
_ALTERED = 2  # altered versions of each picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--manifest, --out and what the provenance says."""
    parser.add_argument("--manifest", type=Path, required=True, metavar="M.csv")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--version", default="1", help="stated in the provenance")
    parser.add_argument("--trained-on", required=True, help="data, licence and attribution")
    parser.add_argument(
        "--altered", type=int, default=_ALTERED, help="altered versions of each picture"
    )
    parser.add_argument("--epochs", type=int, default=FitSettings().epochs)
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> int:
    """Fit, calibrate, write the weights and print how well they do."""
    patients = FitPatients.of(args.manifest)
    samples = _samples(patients.manifest, args.altered, args.seed)
    settings = FitSettings(epochs=args.epochs, seed=args.seed)
    said = (args.version, args.trained_on)
    first = _first_fit(patients, samples, settings, said)
    found = calibrated(lambda temperature: _at(first, temperature), _view_pairs(patients.held))
    print(found)
    decision = replace(UNLIMITED, temperature=found.temperature, **asdict(found.limits))
    weights = _fitted(samples, patients.tuning, settings, said, decision)
    write_text(args.out, weights_as_text(weights))
    check, pairs = patients.check, patients.tuning + patients.check
    for name, part in (("tuning", patients.tuning), ("check", check), ("all", pairs)):
        if part:
            print(name, _words(weights, _view_pairs(part)), flush=True)
    return 0


def write_first_fit(manifest: Path, out: Path) -> None:
    """Write weights that have not seen the patients on whom limits are set.

    Raises:
        GlamError: No patient is left to fit on, or none to set limits on.
    """
    patients, settings = FitPatients.of(manifest), FitSettings()
    samples = _samples(patients.manifest, _ALTERED, settings.seed)
    said = ("first fit", "the training patients but those who set the limits")
    write_text(out, weights_as_text(_first_fit(patients, samples, settings, said)))


@dataclass(frozen=True)
class FitPatients:
    """The annotated pairs by what they are for: tuning holds those who set the limits (held)."""

    manifest: Manifest
    tuning: list[Pair]
    held: list[Pair]
    check: list[Pair]

    @classmethod
    def of(cls, file: Path) -> "FitPatients":
        """Those of a manifest.

        Raises:
            ManifestError: It cannot be read, or a patient stands on both sides.
            GlamError: Nobody is left to set the limits on.
        """
        manifest = read_manifest(file)
        check_no_leak(manifest.rows)
        pairs = pairs_of(manifest)
        tuning = [pair for pair in pairs if split_of(pair.cc) == "training"]
        held = [pair for pair in tuning if sets_limits(pair.cc)]
        if not held:
            raise GlamError("No training patient is left to set the limits on; add patients.")
        check = [pair for pair in pairs if split_of(pair.cc) == "validation"]
        return cls(manifest, tuning, held, check)


def _first_fit(
    patients: FitPatients,
    samples: dict[int, tuple[TissueSample, ...]],
    settings: FitSettings,
    said: tuple[str, str],
) -> GeometryWeights:
    """A fit without the patients who set the limits."""
    unseen = {pair.patient_id for pair in patients.held}
    seen = {
        row.line: samples[row.line]
        for row in patients.manifest.rows
        if row.line in samples and row.patient_id not in unseen
    }
    return _fitted(seen, patients.tuning, settings, said)


def _at(weights: GeometryWeights, temperature: float) -> GeometryMatcher:
    decision = replace(UNLIMITED, temperature=temperature)
    return GeometryMatcher(replace(weights, decision=decision))


def _samples(manifest: Manifest, altered: int, seed: int) -> dict[int, tuple[TissueSample, ...]]:
    """Samples of the tuning patients' annotated pictures by line of the manifest."""
    random = np.random.default_rng(seed)
    rows = [row for row in manifest.rows if row.mask and split_of(row) == "training"]
    bar = tqdm(rows, unit="picture", file=sys.stderr)
    found = {row.line: tissue_samples(row, random, altered=altered) for row in bar}
    return {line: several for line, several in found.items() if several}


def _fitted(
    samples: dict[int, tuple[TissueSample, ...]],
    pairs: Sequence[Pair],
    settings: FitSettings,
    said: tuple[str, str],
    decision: Decision = UNLIMITED,
) -> GeometryWeights:
    lines = list(samples)
    index = {line: number for number, line in enumerate(lines)}
    used = []
    for pair in pairs:
        if pair.cc.line in index and pair.mlo.line in index:
            cc, mlo = samples[pair.cc.line][0], samples[pair.mlo.line][0]
            known = pair.cc.pixel_spacing_mm is not None
            alignment = alignment_of(cc, mlo, spacing_known=known)
            used.append((index[pair.cc.line], index[pair.mlo.line], alignment))
    if not used:
        raise GlamError("No pair of the tuning patients can be used; a fit needs some hundreds.")
    paired = {number for cc_index, mlo_index, _ in used for number in (cc_index, mlo_index)}
    data = FitData(
        [samples[line] for line in lines], used, [n for n in range(len(lines)) if n not in paired]
    )
    names = samples[lines[0]][0].names
    members = []
    for number in range(_MEMBERS):
        with reporting_bar("step") as report:
            seeded = replace(settings, seed=settings.seed + number)
            fitted = fit(data, seeded, report=report)
        version, trained_on = said
        members.append(weights_of(*fitted, names, decision, version=version, trained_on=trained_on))
    return averaged(members)


def _view_pairs(pairs: Sequence[Pair]) -> list[ViewPair]:
    return [(annotated_view(pair.cc, None), annotated_view(pair.mlo, None)) for pair in pairs]


def _words(weights: GeometryWeights, pairs: Sequence[ViewPair]) -> str:
    figures = summary(asked_both_ways(GeometryMatcher(weights), pairs))
    low, high = figures["ci95"]["hit"]
    return (
        f"{len(pairs)} pairs: hit {figures['hit']:.3f} ({low:.3f}-{high:.3f}), "
        f"PCK@10 {figures['pck']['10']:.3f}, rank in band {figures['rank_in_band']:.3f}, "
        f"90 % region {figures['region90_coverage']:.3f}, no match {figures['no_match_rate']:.3f}"
    )


def main() -> int:
    """Fit from the command line."""
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except GlamError as error:
        print(error, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
