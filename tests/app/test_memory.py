"""What the user corrected is kept, without any name, and never stands in the way."""

import json

from app.arrivals import Correction
from app.services.memory import CorrectionMemory
from glam_core.terms import Laterality, PointPx, ViewPosition
from tests.app.fakes import image

FULL = Correction(
    Laterality.LEFT,
    ViewPosition.MLO,
    PointPx(10.5, 20.0),
    (PointPx(0.0, 90.0), PointPx(200.0, 0.0)),
    0.085,
)


def test_a_correction_is_there_in_the_next_run(tmp_path):
    file = tmp_path / "deep" / "corrections.json"
    CorrectionMemory(file).remember(image("RCC"), FULL)
    assert CorrectionMemory(file).of(image("RCC")) == FULL
    assert CorrectionMemory(file).of(image("LCC")) == Correction()


def test_the_file_names_neither_patient_nor_uid(tmp_path):
    file = tmp_path / "corrections.json"
    one = image("RCC")
    CorrectionMemory(file).remember(one, FULL)
    text = file.read_text("utf-8")
    assert one.sop_instance_uid not in text
    assert one.path.name not in text


def test_taking_everything_back_forgets_the_picture(tmp_path):
    file = tmp_path / "corrections.json"
    memory = CorrectionMemory(file)
    memory.remember(image("RCC"), FULL)
    memory.remember(image("RCC"), Correction())
    assert json.loads(file.read_text("utf-8"))["pictures"] == {}


def test_a_damaged_file_counts_as_empty_and_is_written_anew(tmp_path):
    file = tmp_path / "corrections.json"
    for text in ("", "{", '{"format": 1, "pictures": {"a": {"laterality": "X"}}}', "[]", "null"):
        file.write_text(text, encoding="utf-8")
        assert CorrectionMemory(file).of(image("RCC")) == Correction()
    CorrectionMemory(file).remember(image("RCC"), FULL)
    assert CorrectionMemory(file).of(image("RCC")) == FULL


def test_a_folder_that_cannot_be_written_keeps_corrections_for_this_run(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    memory = CorrectionMemory(tmp_path / "file" / "corrections.json")
    memory.remember(image("RCC"), FULL)
    assert memory.of(image("RCC")) == FULL
