"""Who an exam claims to be: no two women and no two pictures under one name."""

import itertools

import pydicom
import pytest

from glam_core.phantom import identity
from glam_core.phantom.demo import DEMO_EXAMS
from glam_core.phantom.exam import make_exam
from glam_core.phantom.identity import identity_of
from glam_core.phantom.manifest_rows import split_of
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.study_folder import ExamWords, read_truth, write_exam
from glam_core.phantom.truth import LesionKind
from glam_core.terms import Laterality
from tests.core.phantom.drawn_exam import drawn_exam

_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "AccessionNumber")


def headers_of(folder):
    return {
        path.stem: pydicom.dcmread(path, stop_before_pixels=True) for path in folder.glob("*.dcm")
    }


def uids_of(folder):
    return {str(header.get(word)) for header in headers_of(folder).values() for word in _UIDS}


def test_pictures_that_differ_share_no_uid(tmp_path):
    mass = LesionRequest(LesionKind.MASS, Laterality.LEFT)
    made = [
        make_exam(5, 0, pixel_mm=pixel_mm, request=request)
        for pixel_mm, request in (
            (5.0, None),
            (4.0, None),
            (5.0, ExamRequest(style="silicon")),
            (5.0, ExamRequest((mass,), style="silicon")),
            (5.0, ExamRequest((mass,), style="silicon", visit=1)),
        )
    ]
    folders = [
        write_exam(exam, tmp_path / "exams" / str(number)) for number, exam in enumerate(made)
    ]
    for one, other in itertools.combinations(folders, 2):
        assert not uids_of(one) & uids_of(other)
    patients = [read_truth(folder)["patient_id"] for folder in folders]
    assert patients[0] == patients[1] == patients[2]
    assert patients[2] != patients[3] == patients[4]


def test_the_views_of_one_exam_are_one_study_of_four_pictures(tmp_path):
    headers = list(headers_of(write_exam(drawn_exam(), tmp_path / "exams" / "one")).values())
    counts = [len({str(header.get(word)) for header in headers}) for word in _UIDS]
    assert counts == [1, 1, 4, 1]


def test_the_same_arguments_give_the_same_uids(tmp_path):
    folders = [
        write_exam(make_exam(5, 0, pixel_mm=5.0), tmp_path / "exams" / name) for name in "ab"
    ]
    assert uids_of(folders[0]) == uids_of(folders[1])


def test_another_generator_has_other_patients_and_uids_but_the_same_splits(tmp_path, monkeypatch):
    told, splits = [], []
    for number in (7, 8):
        monkeypatch.setattr(identity, "GENERATOR", number)
        folder = write_exam(drawn_exam(), tmp_path / "exams" / str(number))
        told.append(uids_of(folder) | {read_truth(folder)["patient_id"]})
        splits.append(read_truth(folder)["split"])
    assert not told[0] & told[1]
    assert splits == [split_of(5, 0)] * 2


def test_a_visit_years_before_is_another_study_of_the_same_patient(tmp_path):
    now = write_exam(drawn_exam(), tmp_path / "exams" / "now")
    before = write_exam(drawn_exam(), tmp_path / "exams" / "before", ExamWords(years_back=2))
    assert not uids_of(now) & uids_of(before)
    assert read_truth(now)["patient_id"] == read_truth(before)["patient_id"]


@pytest.mark.parametrize("exam", DEMO_EXAMS, ids=lambda exam: exam.name)
def test_a_demo_woman_is_none_of_a_series_of_the_same_seed(tmp_path, exam):
    mark = exam.task(tmp_path).request.woman_mark
    shown = identity_of(exam.seed, 0, woman_mark=mark)
    assert shown.patient_id != identity_of(exam.seed, 0).patient_id
