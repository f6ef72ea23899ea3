"""`make bench`: every benchmark, each beside a named peer in the same run, as one Markdown page."""

import argparse
import importlib
import platform
import sys
import traceback

BENCHMARKS = {
    "reading": "Reading: four 13-megapixel views",
    "display": "Display: frames of window/level, pan and zoom",
    "opening": "Opening a study in the viewer",
    "start_up": "Start-up to a usable window",
    "click_to_overlay": "From a click to the painted answer",
    "words_to_overlay": "From typed words to painted findings",
    "landmarks": "Landmarks",
    "preparation": "Preparing pictures for training",
    "matching": "Geometry matcher",
    "training_rate": "A training step",
    "phantom_rate": "Synthetic exams",
    "phantom_gpu_budget": "Synthetic exams on a GPU, estimated",
    "embedding_rate": "Embedding and locating",
}


def main() -> int:
    """Run the benchmarks named on the command line, or all; print their tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}")
    print(f"# Benchmarks\n\n{platform.platform()}, Python {platform.python_version()}\n")
    failed = False
    for name in names:
        print(f"## {BENCHMARKS[name]}\n", flush=True)
        try:
            print(importlib.import_module(f"tests.benchmarks.{name}").run() + "\n", flush=True)
        except Exception:  # noqa: BLE001 - one benchmark must not hide the others
            traceback.print_exc()
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
