"""Fails where a source file has outgrown its room (see README, "House rules")."""

import sys
from pathlib import Path

LIMIT_LINES = 500
ROOMS = ("app", "glam_core", "resources", "tests", "packaging")


def main() -> int:
    """Print every Python file above the limit; return 1 if there is one."""
    too_long = [
        (len(path.read_text(encoding="utf-8").splitlines()), path)
        for room in ROOMS
        for path in sorted(Path(room).rglob("*.py"))
    ]
    too_long = [(lines, path) for lines, path in too_long if lines > LIMIT_LINES]
    for lines, path in too_long:
        sys.stderr.write(
            f"{path}: {lines} lines, more than {LIMIT_LINES}; split it along an idea\n"
        )
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
