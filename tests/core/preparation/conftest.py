"""The real command, run in this process with one worker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from glam_core.scripts.glam import main

Prepare = Callable[..., tuple[int, str]]


@pytest.fixture
def prepare(capsys: pytest.CaptureFixture[str]) -> Prepare:
    """`prepare(dataset, source, out, *options)` gives the exit code and all that was said."""

    def run(dataset: str, source: Path, out: Path, *options: str) -> tuple[int, str]:
        code = main(["prepare", dataset, str(source), str(out), "--workers", "1", *options])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run
