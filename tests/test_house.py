"""The house rules that no linter knows."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listed.stdout.splitlines()]


def test_the_top_level_holds_what_it_should():
    allowed = {"app", "glam_core", "resources", "tests", "packaging", ".ci", ".gitignore"}
    allowed |= {"pyproject.toml", "README.md", "LICENSE", "CONTEXT.md", "Makefile"}
    assert {path.relative_to(ROOT).parts[0] for path in _tracked()} <= allowed


def test_locks_name_packages_and_versions_only():
    for lock in (ROOT / "packaging").glob("requirements*.lock"):
        for line in lock.read_text(encoding="utf-8").splitlines():
            assert re.fullmatch(r"[A-Za-z0-9_.\-]+==[A-Za-z0-9_.\-!]+", line), (lock.name, line)


def test_tests_never_sleep():
    found = [
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        if "benchmarks" not in path.parts
        and path.name != Path(__file__).name
        and re.search(
            r"\b(time\.sleep|qtbot\.wait|QTest\.qWait|QThread\.m?sleep)\(", path.read_text("utf-8")
        )
    ]
    assert found == []
