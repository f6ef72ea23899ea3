"""`glam report parse`: read the findings of a report (see cli.md for the shape)."""

import argparse
import dataclasses
import json
import sys
from typing import Any

from glam_core.data.report import ParsedReport, parse_report
from glam_core.dicom.report_file import read_report_file, report_from_bytes
from glam_core.scripts.output import add_json_argument, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE (or - for standard input) and --json."""
    parser.add_argument("file", metavar="FILE", help="text, PDF, DICOM SR; - is standard input")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Parse and print."""
    parsed = parse_report(_read(args.file))
    if args.json:
        write_json(as_json(parsed), args.json)
        return 0
    for finding in parsed.findings:
        said = {k: v for k, v in as_json_finding(finding).items() if v not in (None, False, [], "")}
        said.pop("text")
        print("; ".join(f"{key} {value}" for key, value in said.items()))
    print(f"density {parsed.density or 'not said'}; BI-RADS {parsed.birads or 'not said'}")
    for doubt in parsed.doubts:
        print(f"doubtful: {doubt}")
    for sentence in parsed.unparsed:
        print(f"not read: {json.dumps(sentence, ensure_ascii=False)}")
    return 0


def as_json(parsed: ParsedReport) -> dict[str, Any]:
    """The shape that other programs rely on."""
    return {
        "findings": [as_json_finding(finding) for finding in parsed.findings],
        "density": parsed.density,
        "birads": parsed.birads,
        "unparsed": list(parsed.unparsed),
        "doubts": list(parsed.doubts),
    }


def as_json_finding(finding: Any) -> dict[str, Any]:
    """One finding with lists in place of tuples."""
    fields = dataclasses.asdict(finding)
    return {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}


def _read(file: str) -> str:
    if file == "-":
        return report_from_bytes(sys.stdin.buffer.read(), "standard input").text
    return read_report_file(file).text
