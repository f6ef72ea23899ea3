"""`glam match` on drawn pictures: the agreed JSON, exit codes, one sentence for each fault."""

import json

import pytest

from glam_core.scripts import glam
from glam_core.terms import ViewPosition
from tests.core.drawn_pair import drawn_view, write_pair

CC_BLOB, MLO_BLOB = (55.0, 20.0), (57.0, 14.0)
SAID = ["--laterality", "R", "--view-a", "CC", "--view-b", "MLO"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_pair(folder, "one", CC_BLOB, MLO_BLOB)
    return str(folder / "one_CC.png"), str(folder / "one_MLO.png")


def point():
    place = drawn_view(ViewPosition.CC, CC_BLOB).blob
    return f"{place.row},{place.col}"


@pytest.mark.parametrize(("asked", "name"), [([], "demo"), (["--matcher", "geometry"], "geometry")])
def test_the_json_has_the_agreed_shape(drawn, capsys, asked, name):
    assert glam.main(["match", *drawn, "--point", point(), *SAID, *asked, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["matcher"] == name
    assert content["provenance"]["name"] == name
    assert content["matched"] is True
    assert content["unit"] == "px"
    assert {"depth", "half_width"} <= set(content["band"])
    assert {"row0", "col0", "row1", "col1"} <= set(content["region90"])
    assert content["cycle_error"] >= 0
    assert content["model_to_band"] >= 0
    blob = drawn_view(ViewPosition.MLO, MLO_BLOB).blob
    first = content["peaks"][0]
    assert abs(first["row"] - blob.row) < 6
    assert abs(first["col"] - blob.col) < 6
    assert 0 < first["probability"] <= 1


def test_people_are_told_in_words(drawn, capsys, tmp_path):
    assert glam.main(["match", *drawn, "--point", point(), *SAID]) == 0
    assert "not for diagnosis" in capsys.readouterr().out
    out = tmp_path / "answer.json"
    assert glam.main(["match", *drawn, "--point", point(), *SAID, "--json", str(out)]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(out.read_text())["peaks"]


@pytest.mark.parametrize(
    ("spot", "code", "said"),
    [
        ("10", 2, "not ROW,COL"),
        ("a,b", 2, "not ROW,COL"),
        ("nan,1", 2, "not ROW,COL"),
        ("9999,1", 2, "outside"),
    ],
)
def test_a_spot_that_is_none(drawn, capsys, spot, code, said):
    assert glam.main(["match", *drawn, "--point", spot, *SAID, "--json"]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err


def test_two_views_that_are_no_pair(drawn, capsys):
    words = ["--laterality", "R", "--view-a", "CC", "--view-b", "CC"]
    assert glam.main(["match", *drawn, "--point", point(), *words]) == 3
    assert "no pair" in capsys.readouterr().err


def test_a_file_that_is_no_picture(drawn, tmp_path, capsys):
    (tmp_path / "letter.png").write_text("Dear all")
    broken = str(tmp_path / "letter.png")
    assert glam.main(["match", drawn[0], broken, "--point", point(), *SAID]) == 3
    assert "letter.png" in capsys.readouterr().err
    assert glam.main(["match", drawn[0], str(tmp_path / "no.png"), "--point", point()]) == 3
    assert capsys.readouterr().err.count("\n") == 1
