"""Fit the look of terms from manifests with outlines and words.

Run as `python -m glam_core.scripts.fit_terms --manifest findings.csv --manifest series/manifest.csv
--out term_weights.safetensors --trained-on "..."`. Validation and test patients of each manifest
are left out (see `glam_core.data.split`). Fits from different starts are averaged.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from tqdm import tqdm

from glam_core.data.manifest import read_manifest
from glam_core.data.split import check_no_leak, split_of
from glam_core.errors import GlamError
from glam_core.evaluation.term_fit import TYPES, TermFitSettings, fit_terms
from glam_core.evaluation.term_samples import Names, TermSample, term_samples
from glam_core.inference.term_weights import averaged, write_term_weights
from glam_core.scripts.bar import reporting_bar


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--manifest, --out and what the provenance says."""
    parser.add_argument("--manifest", type=Path, required=True, action="append", metavar="M.csv")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--version", default="1", help="stated in the provenance")
    parser.add_argument("--trained-on", required=True, help="data, licence and attribution")
    parser.add_argument("--altered", type=int, default=1, help="altered versions of each picture")
    parser.add_argument("--epochs", type=int, default=TermFitSettings().epochs)
    parser.add_argument("--members", type=int, default=2, help="fits that are averaged")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> int:
    """Measure, fit, write."""
    samples: list[TermSample] = []
    names: Names | None = None
    random = np.random.default_rng(args.seed)
    for path in args.manifest:
        manifest = read_manifest(path)
        check_no_leak(manifest.rows)
        rows = [
            row for row in manifest.rows if (row.mask or row.boxes) and split_of(row) == "training"
        ]
        bar = tqdm(rows, unit="picture")
        for sample, measured in term_samples(bar, random, args.altered):
            names = measured
            if sample.kind in TYPES:
                samples.append(sample)
    if not samples or names is None:
        raise GlamError("No training picture has one outline and words for it.")
    members = []
    for number in range(args.members):
        settings = replace(TermFitSettings(), epochs=args.epochs, seed=args.seed + number)
        said = (args.version, args.trained_on)
        with reporting_bar("step") as report:
            members.append(fit_terms(samples, names, settings, said, report=report))
    write_term_weights(averaged(members), args.out)
    return 0


def main() -> int:
    """Fit from the command line."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except GlamError as error:
        print(error, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
