"""`glam report parse`: read the findings of a report (see cli.md for the shape)."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from glam_core.data.report import ParsedReport, parse_report
from glam_core.errors import UnreadableFileError
from glam_core.scripts.output import add_json_argument, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE (or - for standard input) and --json."""
    parser.add_argument("file", metavar="FILE", help="plain text; - reads standard input")
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
    }


def as_json_finding(finding: Any) -> dict[str, Any]:
    """One finding with lists in place of tuples."""
    fields = dataclasses.asdict(finding)
    return {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}


def _read(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFileError(file, "not UTF-8 text; save the report as UTF-8") from None
    except OSError as error:
        raise UnreadableFileError(file, f"cannot be read ({error.strerror})") from None
