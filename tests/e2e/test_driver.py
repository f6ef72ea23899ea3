"""`--screenshot` needs no display, waits until all is shown, and says what fails."""

import subprocess
import sys

import pytest
from PySide6.QtGui import QImage

from app.__main__ import main
from tests.drawn_study import mass_place

SPOT = "RCC:{},{}".format(*mass_place("RCC"))


def test_a_picture_of_the_answered_click_is_saved(drawn_folder, tmp_path):
    out = tmp_path / "shown.png"
    words = [str(drawn_folder), "--click", SPOT, "--size", "1366x768", "--screenshot", str(out)]
    assert main(words) == 0
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1366, 768)


def test_it_works_as_a_program_without_a_display(drawn_folder, tmp_path):
    out = tmp_path / "shown.png"
    environment = {"PATH": "", "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "app", str(drawn_folder), "--screenshot", str(out)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert out.stat().st_size > 0


def test_with_nothing_to_open_the_first_page_is_shown(tmp_path):
    out = tmp_path / "shown.png"
    assert main(["--size", "1366x768", "--screenshot", str(out)]) == 0
    assert QImage(str(out)).width() == 1366


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--click", "XCC:1,2", "--screenshot", "OUT"], 2, "RCC:ROW,COL"),
        (["--size", "large", "--screenshot", "OUT"], 2, "2560x1440"),
        (["--click", "RCC:1,2"], 2, "--screenshot"),
        (["--click", "RCC:1,2", "--screenshot", "OUT"], 2, "PATH"),
        (["STUDY", "--click", "LXX:1,2", "--screenshot", "OUT"], 2, "RCC:ROW,COL"),
        (["STUDY", "--click", "RCC:100000,2", "--screenshot", "OUT"], 2, "outside RCC"),
        (["STUDY", "--matcher", "nowhere", "--screenshot", "OUT"], 2, "nowhere"),
        (["STUDY", "--find", "the weather", "--screenshot", "OUT"], 2, "Nothing to look for"),
        (["STUDY", "--find", "mass"], 2, "--screenshot"),
        (["--report", "TEXT", "--screenshot", "OUT"], 2, "PATH"),
        (["STUDY", "--report", "NOWHERE", "--screenshot", "OUT"], 3, "nowhere"),
        (["STUDY", "--report", "BLANK", "--screenshot", "OUT"], 3, "is empty"),
        (["NOWHERE", "--screenshot", "OUT"], 3, "nowhere"),
        (["EMPTY", "--screenshot", "OUT"], 3, "No mammogram"),
        (["TEXT", "--screenshot", "OUT"], 3, "notes.txt"),
    ],
)
def test_what_fails_is_one_sentence_and_an_exit_code(
    words, code, said, drawn_folder, tmp_path, capsys
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "notes.txt").write_text("no picture", encoding="utf-8")
    (tmp_path / "blank.txt").write_bytes(b"")
    places = {
        "BLANK": tmp_path / "blank.txt",
        "STUDY": drawn_folder, "NOWHERE": tmp_path / "nowhere", "EMPTY": tmp_path / "empty",
        "TEXT": tmp_path / "text", "OUT": tmp_path / "out.png",
    }  # fmt: skip
    assert main([str(places.get(word, word)) for word in words]) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_a_view_that_the_study_lacks_is_said(tmp_path, capsys):
    from tests.drawn_study import write_drawn_study

    write_drawn_study(tmp_path, views=("LCC", "LMLO"))
    words = [str(tmp_path), "--click", "RCC:10,10", "--screenshot", str(tmp_path / "out.png")]
    assert main(words) == 2
    assert "no RCC picture" in capsys.readouterr().err
