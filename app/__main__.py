"""`glam-viewer`: opens the window, or makes a picture of it where no display is needed."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from app.click_words import parse_click
from glam_core.inference.matcher_names import MATCHER_CHOICES, default_matcher
from glam_core.terms import PointPx, ViewKey

EXIT_ARGUMENTS = 2
EXIT_UNREADABLE = 3
_SIZE = re.compile(r"(\d{3,5})x(\d{3,5})")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the viewer; 0 on success, 2 on bad arguments, 3 on unreadable input."""
    try:
        args = _parser().parse_args(argv)
    except SystemExit as stopped:
        return int(stopped.code or 0)
    asked = next((name for name in ("click", "find", "report") if getattr(args, name)), "")
    if asked and args.screenshot is None:
        sys.stderr.write(f"glam-viewer: --{asked} needs --screenshot.\n")
        return EXIT_ARGUMENTS
    args.demo = args.demo or args.click == "demo"
    if asked and not (args.paths or args.demo):
        sys.stderr.write(f"glam-viewer: --{asked} needs a PATH to open, or --demo.\n")
        return EXIT_ARGUMENTS
    if args.screenshot is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return _run(args)


def _run(args: argparse.Namespace) -> int:
    from PySide6.QtWidgets import QApplication

    from app.driver import ScreenshotDriver
    from app.theme import apply_theme
    from app.wiring import Workstation, paths_of
    from app.wording import PROGRAM

    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(["glam-viewer"])
    application.setApplicationDisplayName(PROGRAM)
    apply_theme(application)
    workstation = Workstation(remember=args.screenshot is None)
    driver = None
    if args.screenshot is not None:
        demo, opens = args.demo, bool(args.paths or args.demo)
        driver = ScreenshotDriver(
            workstation,
            args.screenshot,
            click=args.click,
            find=args.find,
            report=args.report,
            demo=demo,
            opens=opens,
        )
    workstation.window.resize(*args.size)
    workstation.window.show()
    workstation.start(args.matcher)
    if args.demo:
        workstation.controller.open_demo()
    workstation.controller.open_places(paths_of(args.paths))
    try:
        application.exec()
        exit_code, sentence = (0, "") if driver is None else (driver.exit_code, driver.sentence)
    finally:
        workstation.dispose()
    if sentence:
        sys.stderr.write(sentence + "\n")
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glam-viewer", description="Mammography viewer. Research use only, not for diagnosis."
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="folders, files, DICOMDIR or zip")
    parser.add_argument("--demo", action="store_true", help="open synthetic demo exams")
    parser.add_argument(
        "--click", type=_click, metavar="RCC:ROW,COL", help='ask about this spot, or "demo"'
    )
    parser.add_argument("--find", metavar="TEXT", help="find these words on the pictures")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="find a report's findings (TXT, PDF, DICOM SR)"
    )
    parser.add_argument(
        "--matcher", default=default_matcher(), metavar="NAME", help=MATCHER_CHOICES
    )
    parser.add_argument("--size", type=_size, default=(1600, 1000), metavar="WxH")
    parser.add_argument(
        "--screenshot", type=Path, metavar="OUT.png", help="save a picture and exit"
    )
    return parser


def _click(words: str) -> tuple[ViewKey, PointPx] | str:
    if words == "demo":
        return words
    try:
        return parse_click(words)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _size(words: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(words)
    if found is None:
        raise argparse.ArgumentTypeError(f"{words!r} is not of the form 2560x1440")
    return int(found[1]), int(found[2])


if __name__ == "__main__":
    sys.exit(main())
