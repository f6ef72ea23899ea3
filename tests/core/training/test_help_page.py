"""The help page's table of keys tells every key with the default that the command takes."""

import re
from dataclasses import fields
from importlib.resources import files

import pytest

from glam_core.training.config import TrainingConfig
from glam_core.training.starts import CORRESPONDENCE_KEYS

TAKEN = {
    **{entry.name: entry.default for entry in fields(TrainingConfig)},
    **CORRESPONDENCE_KEYS["lite"],
}


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    page = files("resources.help").joinpath("training.md").read_text(encoding="utf-8")
    found = {}
    for line in page.splitlines():
        if line.startswith("| `--"):
            names, defaults, *_ = line.strip("| ").split("|")
            keys = re.findall(r"--(\w+)", names)
            found.update(zip(keys, re.split(r",\s*", defaults.strip()), strict=True))
    return found


@pytest.mark.parametrize("key", TAKEN)
def test_every_key_is_told_with_its_default(key, told):
    wanted, said = TAKEN[key], told[key]
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        assert float(said) == wanted
    else:
        assert said == str(wanted).lower()
