"""What the phantom writes is what the reading part reads, for every scanner style."""

import numpy as np
import pytest

from glam_core.dicom.decode import read_pixels
from glam_core.dicom.grey import read_grey_scale
from glam_core.dicom.scan import scan
from glam_core.phantom.identity import identity_of
from glam_core.phantom.study_folder import ExamWords, write_exam
from glam_core.phantom.styles import STYLES
from tests.core.phantom.drawn_exam import CC, drawn_exam


@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_study_of_four_standard_views_with_exact_pixels_and_spacing(tmp_path, style):
    exam = drawn_exam(style=style)
    found = scan([write_exam(exam, tmp_path / "exams" / "one")])
    [study] = found.studies
    assert found.skipped == ()
    assert {image.view_key for image in study.images} == set(exam.views)
    assert study.patient_id == identity_of(5, 0).patient_id
    for image in study.images:
        view = exam.views[image.view_key]
        assert image.is_standard_view
        assert image.spacing.row_mm == pytest.approx(view.pixel_mm)
        assert image.spacing.col_mm == pytest.approx(view.pixel_mm)
        assert np.array_equal(read_pixels(image).values, view.pixels)


def test_the_windows_and_their_words_arrive(tmp_path):
    found = scan([write_exam(drawn_exam(), tmp_path / "exams" / "one")])
    image = next(i for i in found.studies[0].images if i.view_position is CC)
    windows = read_grey_scale(image).windows
    assert [window.explanation for window in windows] == ["NORMAL", "HARDER"]
    assert windows[0].function == "SIGMOID"
    assert (windows[0].centre, windows[0].width) == (2000.0, 1500.0)


def test_a_study_and_its_prior_are_two_studies_of_one_patient(tmp_path):
    write_exam(drawn_exam(), tmp_path / "exams" / "now")
    write_exam(drawn_exam(), tmp_path / "exams" / "before", ExamWords(years_back=2))
    studies = scan([tmp_path / "exams"]).studies
    assert len(studies) == 2
    assert len({study.patient_key for study in studies}) == 1
