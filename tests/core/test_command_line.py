"""The command line's frame: help, unknown words, lazy imports, exit codes."""

import importlib.util
import subprocess
import sys

import pytest

from glam_core.phantom.presets import PRESETS
from glam_core.scripts import glam


def test_help_lists_every_command_and_says_research_use(capsys):
    assert glam.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in glam.COMMANDS)
    assert "never for diagnosis" in shown


@pytest.mark.parametrize("words", [[], ["brew", "coffee"], ["evaluate"]])
def test_unknown_words_are_bad_arguments(words, capsys):
    assert glam.main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Usage: glam COMMAND" in shown.err


@pytest.mark.parametrize("word", ["finetune", "evaluate"])
def test_the_first_word_of_several_commands_lists_them(word, capsys):
    assert glam.main([word, "--help"]) == 0
    shown = capsys.readouterr().out
    told = {name for name in glam.COMMANDS if f"  {name}  " in shown}
    assert told == {name for name in glam.COMMANDS if name.startswith(f"{word} ")}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("pretrain", "60; lite 20"),
        ("finetune correspondence", "16; tiny 20"),
        ("finetune classification", "10"),
        ("evaluate table", "10"),
    ],
)
def test_the_help_tells_the_defaults_that_the_command_takes(command, said, capsys):
    with pytest.raises(SystemExit):
        glam.main([*command.split(), "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert f"--epochs X ({said}" in shown


def test_the_help_says_what_exams_and_seed_a_preset_takes(capsys):
    with pytest.raises(SystemExit):
        glam.main(["phantom", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "--exams N number of four-view exams (no default: needed unless --preset fixes" in shown
    assert "--seed S equal seeds give equal exams (no default: needed unless --preset" in shown
    preset = PRESETS["benchmark-v1"]
    assert f"{preset.exams} exams, seed {preset.seed}, {preset.pixel_mm} mm pixels" in shown


@pytest.mark.parametrize("name", sorted(glam.COMMANDS))
def test_every_listed_command_exists_and_explains_itself(name, capsys):
    assert importlib.util.find_spec(f"glam_core.scripts.{glam.COMMANDS[name][0]}")
    with pytest.raises(SystemExit) as ended:
        glam.main([*name.split(), "--help"])
    assert ended.value.code == 0
    assert f"glam {name}" in capsys.readouterr().out


def test_the_frame_itself_imports_nothing_heavy():
    code = (
        "import sys, glam_core.scripts.glam; print('torch' in sys.modules or 'cv2' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_the_panes_import_neither_torch_nor_pydicom():
    code = (
        "import sys, pkgutil, importlib, app.panes\n"
        "for part in pkgutil.iter_modules(app.panes.__path__, 'app.panes.'):\n"
        "    importlib.import_module(part.name)\n"
        "print({'torch', 'pydicom', 'transformers'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
