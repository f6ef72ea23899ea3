"""Questions of an evaluation written without their answers, and answers of a file measured."""

import csv
import json
from importlib.resources import files

import pytest

from glam_core.evaluation.answers import listed_peaks, read_answers
from glam_core.scripts import glam
from glam_core.terms import ViewPosition
from tests.core.drawn_pair import place_of, write_pair
from tests.core.evaluation.test_correspondence import BLOBS, write_manifest

OF_A_MAP = {
    "rank_in_band",
    "band_coverage",
    "random_coverage",
    "cycle_error",
    "region90_coverage",
}
TISSUE = ((30.0, 10.0), (50.0, -20.0))  # depth, offset of tracked places


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Three drawn breasts with a lesion in each view and two tracked places."""
    folder = tmp_path_factory.mktemp("drawn")
    rows = []
    for index, blobs in enumerate(BLOBS):
        for row in write_pair(folder, f"p{index}", *blobs, seed=index):
            rows.append({**row, "truth": f"p{index}.json"})
        side = rows[-1]["laterality"]
        dense = {
            view: [place_of(ViewPosition(view), *spot) for spot in TISSUE] for view in ("CC", "MLO")
        }
        truth = {"breasts": {side: {"dense_points": dense}}}
        (folder / f"p{index}.json").write_text(json.dumps(truth), encoding="utf-8")
    write_manifest(folder / "m.csv", rows)
    return folder / "m.csv"


def asked(manifest, *more):
    words = ["evaluate", "correspondence", "--manifest", str(manifest), "--workers", "1"]
    return glam.main([*words, *map(str, more)])


def lines_of(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def write(file, lines):
    file.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def questions(manifest, tmp_path_factory):
    file = tmp_path_factory.mktemp("questions") / "questions.jsonl"
    assert asked(manifest, "--tracked-tissue", 2, "--questions", file) == 0
    return lines_of(file)


@pytest.fixture(scope="module")
def of_geometry(manifest, tmp_path_factory):
    """What the geometry matcher answers, and how that is measured."""
    folder = tmp_path_factory.mktemp("geometry")
    out, said = folder / "out.json", folder / "said.jsonl"
    more = ("--tracked-tissue", 2, "--matcher", "geometry", "--json", out, "--predictions", said)
    assert asked(manifest, *more) == 0
    return json.loads(out.read_text(encoding="utf-8")), lines_of(said)


def measured(manifest, tmp_path, lines, *more):
    out, said = tmp_path / "out.json", tmp_path / "said.jsonl"
    file = write(tmp_path / "mine.jsonl", lines)
    words = ("--answers", file, "--json", out, "--predictions", said)
    assert asked(manifest, *words, *more) == 0
    return json.loads(out.read_text(encoding="utf-8")), lines_of(said)


def test_every_question_names_spot_and_pictures_but_no_answer(manifest, questions, of_geometry):
    assert len({line["id"] for line in questions}) == len(questions) == 6 + 12
    for line in questions:
        assert set(line) == {"id", "kind", "image_a", "image_b", "query"}
    assert [line["kind"] for line in questions] == ["lesion"] * 6 + ["tissue"] * 12
    for question, said in zip(questions, of_geometry[1], strict=True):
        assert question == {name: said[name] for name in question}
    truth = json.loads(manifest.with_name("p0.json").read_text(encoding="utf-8"))
    ((dense),) = (breast["dense_points"] for breast in truth["breasts"].values())
    first = [line["query"] for line in questions if line["kind"] == "tissue"][:4]
    spots = [[query["row"], query["col"]] for query in first]
    assert sorted(spots) == sorted(dense["CC"] + dense["MLO"])


def test_another_spot_is_another_question(manifest, questions, tmp_path):
    moved = json.loads(manifest.with_name("p0.json").read_text(encoding="utf-8"))
    for breast in moved["breasts"].values():
        breast["dense_points"]["CC"] = [[r + 1, c] for r, c in breast["dense_points"]["CC"]]
    for file in manifest.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "p0.json").write_text(json.dumps(moved), encoding="utf-8")
    more = ("--tracked-tissue", 2, "--questions", tmp_path / "again.jsonl")
    assert asked(tmp_path / "m.csv", *more) == 0
    again = {line["id"] for line in lines_of(tmp_path / "again.jsonl")}
    kept = {line["id"] for line in questions} & again
    assert len(kept) == len(questions) - 2


def test_answers_of_the_geometry_matcher_score_as_that_matcher_does(
    manifest, of_geometry, tmp_path
):
    told, said = of_geometry
    content, again = measured(manifest, tmp_path, said, "--tracked-tissue", 2)
    pairs = [
        (content, told),
        (content["tracked_tissue"], told["tracked_tissue"]),
        *(
            (content["by_direction"][way], told["by_direction"][way])
            for way in told["by_direction"]
        ),
    ]
    for own, wanted in pairs:
        for name in ("hit", "pck", "median_error", "top_k", "no_match_rate", "hit_where_matched",
                     "stated_probability", "n_queries"):  # fmt: skip
            assert own[name] == wanted[name]
            if name != "n_queries":
                assert own["ci95"][name] == wanted["ci95"][name]
        for name in OF_A_MAP:
            values = own[name].values() if isinstance(own[name], dict) else [own[name]]
            assert set(values) == {None}
    assert content["matcher"] == "mine.jsonl"
    assert content["unit"] == told["unit"]
    assert set(content["not_measured"]) == OF_A_MAP
    for one, other in zip(again, said, strict=True):
        assert (one["hit"], one["error"], one["peaks"]) == (
            other["hit"], other["error"], other["peaks"]
        )  # fmt: skip
        assert one["rank_in_band"] is None


def test_baselines_stand_beside_answers_as_beside_a_matcher(manifest, of_geometry, tmp_path):
    told, said = of_geometry
    content, _ = measured(manifest, tmp_path, said, "--tracked-tissue", 2)
    beside = {"geometry", "crude", "strip", "arc", "geometry_only"}
    assert set(content["baselines"]) == beside
    assert content["baselines"]["geometry"]["rank_in_band"] == told["rank_in_band"]
    for name in beside - {"geometry"}:
        assert content["baselines"][name] == told["baselines"][name]
    tissue = content["tracked_tissue"]["baselines"]
    assert set(tissue) == {"geometry", "strip", "geometry_only"}


def test_a_missing_answer_is_a_miss_and_is_counted(manifest, of_geometry, tmp_path, capsys):
    _, said = of_geometry
    hits = [line for line in said if line["kind"] == "lesion" and line["hit"]]
    content, _ = measured(manifest, tmp_path, hits[:2])
    assert content["n_queries"] == 6
    assert content["hit"] == pytest.approx(2 / 6, abs=1e-3)
    assert content["n_without_answer"] == 4
    assert content["no_match_rate"] == pytest.approx(4 / 6, abs=1e-3)
    said = capsys.readouterr().err
    assert "No answer for 4 queries, which count as misses: mine.jsonl has no line" in said


def test_places_without_probability_and_a_plain_no_match_will_do(manifest, questions, tmp_path):
    lesions = [line for line in questions if line["kind"] == "lesion"]
    lines = [{"id": line["id"], "peaks": [{"row": 100, "col": 60}]} for line in lesions]
    lines[0] = {"id": lesions[0]["id"], "peaks": [], "matched": False}
    content, said = measured(manifest, tmp_path, lines)
    assert content["stated_probability"] is None
    assert content["no_match_rate"] == pytest.approx(1 / 6, abs=1e-3)
    assert said[1]["peaks"] == [{"row": 100.0, "col": 60.0, "probability": None}]


def test_a_picture_whose_landmarks_are_not_found_can_be_answered_on(manifest, questions, tmp_path):
    """Places alone are compared with the outline; nobody needs a nipple for that."""
    for file in manifest.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    black = next(row for row in rows if row["view"] == "MLO")
    (tmp_path / black["image"]).write_bytes((tmp_path / black["mask"]).read_bytes())
    question = next(q for q in questions if q["image_b"] == black["image"])
    spot = next(q for q in questions if q["image_a"] == black["image"])["query"]
    answer = {"id": question["id"], "peaks": [spot]}
    content, _ = measured(tmp_path / "m.csv", tmp_path, [answer])
    assert content["hit"] == pytest.approx(1 / 6, abs=1e-3)


BROKEN = {
    "no object": ("nonsense", "mine.jsonl, line 2: is no JSON object"),
    "unknown id": ({"id": "lesion-1", "peaks": []}, 'no question has the id "lesion-1"'),
    "no id": ({"peaks": []}, "no question has the id null"),
    "no places": ({"id": 1}, '"peaks" is no list'),
    "no number": ({"id": 1, "peaks": [{"row": "x", "col": 3}]}, '"row" is "x", not a number'),
    "endless": ({"id": 1, "peaks": [{"row": float("nan"), "col": 3}]}, "not a number"),
    "outside": (
        {"id": 1, "peaks": [{"row": 256, "col": 3}]},
        "row 256, col 3 lies outside p0_CC.png of 256 x 256 pixels",
    ),
    "probability": (
        {"id": 1, "peaks": [{"row": 1, "col": 3, "probability": 40}]},
        '"probability" is 40',
    ),
    "matched": ({"id": 1, "peaks": [], "matched": "no"}, '"matched" is neither true nor false'),
    "twice": ({"id": 0, "peaks": []}, "has an answer in line 1 already"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_bad_line_is_named_before_anything_is_measured(
    name, manifest, questions, tmp_path, capsys
):
    line, said = BROKEN[name]
    if isinstance(line, dict) and isinstance(line.get("id"), int):
        line = {**line, "id": questions[line["id"]]["id"]}
    bad = line if isinstance(line, str) else json.dumps(line)
    good = json.dumps({"id": questions[0]["id"], "peaks": []})
    file = tmp_path / "mine.jsonl"
    file.write_text(f"{good}\n{bad}\n", encoding="utf-8")
    assert asked(manifest, "--answers", file) == 3
    err = capsys.readouterr().err
    assert "mine.jsonl, line 2: " in err
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("content", "said"), [("", "holds no answer"), (None, "cannot be read")])
def test_a_file_without_answers_is_refused(content, said, manifest, tmp_path, capsys):
    file = tmp_path / "mine.jsonl"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert asked(manifest, "--answers", file) == 3
    assert said in capsys.readouterr().err


def test_answers_stand_in_place_of_a_matcher(manifest, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        asked(manifest, "--answers", tmp_path / "mine.jsonl", "--matcher", "geometry")
    assert ended.value.code == 2


def test_the_table_says_what_answers_cannot_tell(manifest, of_geometry, tmp_path, capsys):
    lesions = [line for line in of_geometry[1] if line["kind"] == "lesion"]
    assert asked(manifest, "--answers", write(tmp_path / "mine.jsonl", lesions)) == 0
    shown = capsys.readouterr().out
    assert "mine.jsonl" in shown
    assert "needs a probability map or a band" in shown


def test_the_example_of_the_help_page_is_a_question_and_its_answer(questions, tmp_path):
    page = files("resources.help").joinpath("phantom_benchmark.md").read_text(encoding="utf-8")
    shown = [json.loads(line) for line in page.splitlines() if line.startswith("    {")]
    question, answer = shown
    assert list(question) == list(questions[0])
    read = read_answers(write(tmp_path / "mine.jsonl", [answer]), {question["id"]}, listed_peaks)
    assert len(read.by_id[question["id"]].peaks) == len(answer["peaks"]) > 1
