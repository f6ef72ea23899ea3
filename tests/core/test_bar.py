"""The bar of a long command: it appears with the first report and says how far the work is."""

import pytest

from glam_core.errors import CancelledError
from glam_core.scripts.bar import reporting_bar


def test_a_bar_shows_what_is_done_of_what_there_is(capsys):
    with reporting_bar("exam") as report:
        assert capsys.readouterr().err == ""  # a refusal may still be said on a clean line
        report(2, 8)  # of an earlier run
        report(8, 8)
    said = capsys.readouterr().err
    assert "2/8" in said
    assert "8/8" in said
    assert "exam" in said


def test_a_silent_bar_says_nothing(capsys):
    with reporting_bar("exam", silent=True) as report:
        report(8, 8)
    assert capsys.readouterr().err == ""


def test_an_interruption_says_what_is_kept():
    with (
        pytest.raises(CancelledError, match="nothing is kept"),
        reporting_bar("exam", silent=True, stopped="Stopped: nothing is kept."),
    ):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), reporting_bar("exam", silent=True):
        raise KeyboardInterrupt
