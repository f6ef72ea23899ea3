"""The count of a blind reading."""

import pytest

from tests.benchmarks.blind_reading import _read_answers, score

KEY = {1: "real", 2: "synthetic", 3: "synthetic", 4: "real"}


def test_a_reading_counts_right_answers_and_what_was_taken_for_real() -> None:
    said = score(KEY, {1: "real", 2: "real", 3: "synthetic", 4: "synthetic"})
    assert said.startswith("Right: 2 of 4, 0.50 (0.15 to 0.85)")
    assert "real ones taken for real: 1 of 2, synthetic ones taken for real: 1 of 2" in said


def test_a_picture_without_an_answer_is_left_out() -> None:
    assert score(KEY, {2: "synthetic"}).startswith("Right: 1 of 1")


def test_answers_to_another_sheet_are_said_to_be_none() -> None:
    assert score(KEY, {9: "real"}) == "No answer is to a picture of this sheet."


def test_answers_are_read_line_by_line(tmp_path) -> None:
    answers = tmp_path / "answers.txt"
    answers.write_text("1 real\n\n 12  Synthetic\n", encoding="utf-8")
    assert _read_answers(answers) == {1: "real", 12: "synthetic"}


@pytest.mark.parametrize("line", ["2 fake", "2", "real 2", "2 real film", "two real", "-2 real"])
def test_a_line_that_is_no_answer_is_named(line, tmp_path) -> None:
    answers = tmp_path / "answers.txt"
    answers.write_text(f"1 real\n{line}\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=f'answers.txt, line 2: "{line}" is not'):
        _read_answers(answers)
