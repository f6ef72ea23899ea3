"""What a scan finds, groups, sorts and leaves out with a reason."""

import os
import shutil
import zipfile

import pytest
from pydicom.dataset import Dataset

from glam_core.dicom import listing
from glam_core.dicom.decode import read_pixels
from glam_core.dicom.grey import read_grey_scale
from glam_core.dicom.header import quiet_pydicom
from glam_core.dicom.scan import scan
from glam_core.errors import CancelledError
from glam_core.terms import Laterality, Source, ViewKey, ViewPosition
from tests.dicom_files import drawn_breast, save, write_mammogram, write_study


def reasons(found):
    return {
        skipped.file.replace("\\", "/").rsplit("/", 1)[-1]: skipped.reason
        for skipped in found.skipped
    }


def keys(study):
    return [image.view_key.short for image in study.images]


def test_studies_by_patient_and_date_with_standard_views_first(tmp_path):
    write_study(tmp_path / "deep" / "er", patient="P2", study=2)
    write_study(tmp_path / "deep", patient="P2", study=1)
    write_study(tmp_path, patient="P1")
    write_mammogram(tmp_path / "x.dcm", view="RML", patient="P1", number=9)
    found = scan([tmp_path])
    assert found.skipped == ()
    assert [(s.patient_id, s.date) for s in found.studies] == [
        ("P1", "2021-03-04"), ("P2", "2021-03-04"), ("P2", "2022-03-04"),
    ]  # fmt: skip
    assert keys(found.studies[0]) == ["RCC", "LCC", "RMLO", "LMLO", "RML"]
    image = found.studies[0].images[0]
    assert (image.laterality_source, image.view_source) == (Source.HEADER, Source.HEADER)
    assert image.technique["kVp"] == "29"
    assert image.identifiers["Patient ID"] == "P1"
    assert image.acquired == "2021-03-04 10:15:00"


def test_modified_views_come_after_the_standard_ones(tmp_path):
    magnified = Dataset()
    magnified.CodeValue, magnified.CodingSchemeDesignator = "399163009", "SCT"
    view = Dataset()
    view.CodeValue, view.ViewModifierCodeSequence = "399162004", [magnified]
    write_mammogram(tmp_path / "a.dcm", view="RCC", number=7, changes={"ViewCodeSequence": [view]})
    write_study(tmp_path)
    images = scan([tmp_path]).studies[0].images
    assert images[4].view_modifiers == ("M",)
    assert not images[4].is_standard_view


def test_all_that_is_no_mammogram_is_listed_with_its_reason(tmp_path):
    write_study(tmp_path)
    ct = {"Modality": "CT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "ViewCodeSequence": None}
    write_mammogram(tmp_path / "ct.dcm", number=11, changes=ct)
    write_mammogram(tmp_path / "silent_ct.dcm", number=12, changes=ct | {"Modality": None})
    write_mammogram(tmp_path / "chest.dcm", number=13, changes={
        "Modality": "DX", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1", "ViewPosition": "AP",
        "ViewCodeSequence": None, "BodyPartExamined": "CHEST"})  # fmt: skip
    write_mammogram(
        tmp_path / "colour.dcm",
        number=14,
        changes={"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3},
    )
    report = Dataset()
    report.SOPClassUID, report.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.3"
    report.Modality = "SR"
    save(tmp_path / "report.dcm", report)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7 ...")
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "zeros.dcm").write_bytes(bytes(500))
    (tmp_path / "noise.dcm").write_bytes(bytes(range(256)) * 4)
    found = scan([tmp_path])
    assert keys(found.studies[0]) == ["RCC", "LCC", "RMLO", "LMLO"]
    assert reasons(found) == {
        "ct.dcm": "CT, not a mammogram",
        "silent_ct.dcm": "CT Image Storage, not a mammogram",
        "chest.dcm": "DX, not a mammogram",
        "colour.dcm": "a colour picture (RGB), not a mammogram",
        "report.dcm": "SR, not a mammogram",
        "notes.txt": "a text file",
        "letter.pdf": "a PDF document",
        "empty.dcm": "empty (0 bytes); copy it again",
        "zeros.dcm": "only zero bytes; copy it again",
        "noise.dcm": "neither DICOM nor a known picture",
    }


def test_almost_empty_headers_open_as_mammograms(tmp_path):
    gone = dict.fromkeys((
        "Modality", "SOPClassUID", "ViewPosition", "ViewCodeSequence", "ImagerPixelSpacing",
        "PatientOrientation", "ImageLaterality", "StudyDate", "PatientName",
    ))  # fmt: skip
    write_mammogram(tmp_path / "1874946579.dcm", changes=gone)
    write_mammogram(tmp_path / "R_MLO_12.dcm", number=2, changes=gone)
    first, second = sorted(scan([tmp_path]).studies[0].images, key=lambda image: image.file_name)
    assert (first.view_key, first.view_source, first.spacing) == (None, None, None)
    assert second.view_key == ViewKey(Laterality.RIGHT, ViewPosition.MLO)
    assert (second.laterality_source, second.view_source) == (Source.PROPOSED, Source.PROPOSED)


def test_a_name_that_contradicts_the_header_is_not_believed(tmp_path):
    path = write_mammogram(
        tmp_path / "R_CC.dcm", view="LMLO", changes={"ViewPosition": None, "ViewCodeSequence": None}
    )
    image = scan([path]).studies[0].images[0]
    assert (image.laterality, image.view_position) == (Laterality.LEFT, None)


def test_corrections_of_the_user_come_back(tmp_path):
    path = write_mammogram(tmp_path / "a.dcm", view="LCC")
    uid = scan([path]).studies[0].images[0].sop_instance_uid
    key = ViewKey(Laterality.RIGHT, ViewPosition.MLO)
    image = scan([path], corrections={uid: key}).studies[0].images[0]
    assert image.view_key == key
    assert image.view_source is Source.USER


def test_the_second_of_two_same_pictures_names_the_first(tmp_path):
    first = write_mammogram(tmp_path / "a.dcm")
    shutil.copy(first, tmp_path / "b.dcm")
    found = scan([tmp_path])
    assert len(found.studies[0].images) == 1
    assert reasons(found) == {"b.dcm": "the same picture as a.dcm"}


def test_a_path_named_twice_counts_once(tmp_path):
    path = write_mammogram(tmp_path / "a.dcm")
    found = scan([path, tmp_path, path])
    assert (len(found.studies[0].images), found.skipped) == (1, ())


def test_names_in_other_scripts(tmp_path):
    write_mammogram(tmp_path / "a.dcm", patient="J", changes={
        "SpecificCharacterSet": ["", "ISO 2022 IR 87"],
        "PatientName": "Yamada^Tarou=山田^太郎"})  # fmt: skip
    write_mammogram(tmp_path / "b.dcm", patient="G", changes={
        "SpecificCharacterSet": "ISO_IR 126", "PatientName": "Διονυσιος"})  # fmt: skip
    write_mammogram(tmp_path / "ж.dcm", patient="R", changes={"PatientName": "Люкceмбypг"})
    names = {study.patient_id: study.patient_name for study in scan([tmp_path]).studies}
    assert names == {"J": "Yamada^Tarou=山田^太郎", "G": "Διονυσιος", "R": "Люкceмбypг"}


def test_an_unknown_character_set_does_not_hide_the_picture(tmp_path):
    path = write_mammogram(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(b"ISO_IR 192", b"ISO_IR 999"))
    assert keys(scan([path]).studies[0]) == ["LCC"]


def test_one_patient_id_with_two_names_is_said_without_the_names(tmp_path):
    write_mammogram(tmp_path / "a.dcm")
    write_mammogram(tmp_path / "b.dcm", number=2, changes={"PatientName": "Other^Person"})
    (notice,) = scan([tmp_path]).notices
    assert notice == "One patient ID stands under different names; check whose pictures these are."


def test_zip_members_are_read_where_they_lie(tmp_path):
    paths = write_study(tmp_path / "s", syntax="jpeg-lossless-70")
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in paths:
            zipped.write(path, f"inner/{path.name}")
        zipped.writestr("inner/readme.txt", "hello")
        zipped.writestr("inner/inner.zip", archive.read_bytes()[:0] + b"PK\x03\x04")
    before = sorted(tmp_path.iterdir())
    found = scan([archive])
    assert keys(found.studies[0]) == ["RCC", "LCC", "RMLO", "LMLO"]
    image = found.studies[0].images[1]
    assert (image.path, image.member) == (archive, "inner/P1_1_2.dcm")
    assert (read_pixels(image).values == drawn_breast()).all()
    assert read_grey_scale(image).windows
    assert reasons(found) == {
        "readme.txt": "a text file",
        "inner.zip": "an archive inside an archive; unpack it first",
    }
    assert sorted(tmp_path.iterdir()) == before


def test_damaged_and_locked_zips(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(write_mammogram(tmp_path / "s" / "a.dcm"), "a.dcm")
    data = archive.read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    locked = bytearray(data)
    locked[6] |= 1
    locked[data.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    found = scan([tmp_path / "cut.zip", tmp_path / "locked.zip"])
    assert found.studies == ()
    assert reasons(found) == {
        "cut.zip": "a damaged or incomplete zip archive; copy it again",
        "locked.zip!a.dcm": "locked with a password; unpack the archive first",
    }


def test_a_zip_bomb_is_refused_by_its_size(tmp_path):
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("huge.dcm", bytes(1000))
    data = bytearray(archive.read_bytes())
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = (0xF0000000).to_bytes(4, "little")
    archive.write_bytes(data)
    assert reasons(scan([archive])) == {
        "bomb.zip!huge.dcm": "unpacks to 3.8 GiB; unpack the archive first"
    }


def write_directory(folder, file_ids):
    directory = Dataset()
    directory.SOPClassUID, directory.SOPInstanceUID = "1.2.840.10008.1.3.10", "1.2.3.4"
    directory.DirectoryRecordSequence = []
    for file_id in file_ids:
        record = Dataset()
        with quiet_pydicom():
            record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", file_id
        directory.DirectoryRecordSequence.append(record)
    with quiet_pydicom():
        return save(folder / "DICOMDIR", directory)


def test_a_dicom_directory_names_its_files(tmp_path):
    write_mammogram(tmp_path / "IMG" / "A1")
    write_mammogram(tmp_path / "img2" / "b2", view="LMLO", number=2)
    write_mammogram(tmp_path / "IMG" / "UNNAMED", view="RMLO", number=3)
    directory = write_directory(
        tmp_path, [["IMG", "A1"], ["IMG2", "B2"], ["IMG", "GONE"], ["..", "etc", "passwd"]]
    )
    found = scan([directory])
    assert keys(found.studies[0]) == ["LCC", "LMLO"]
    assert reasons(found) == {
        "GONE": "named by the DICOM directory but not there",
        "passwd": "named by the DICOM directory but not there",
    }
    assert len(scan([tmp_path]).studies[0].images) == 3


def test_missing_paths_and_unreadable_folders_are_named(tmp_path, monkeypatch):
    write_mammogram(tmp_path / "a.dcm")
    (tmp_path / "secret").mkdir()
    real = os.scandir

    def refusing(path="."):
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(listing.os, "scandir", refusing)
    found = scan([tmp_path, tmp_path / "nowhere"])
    assert len(found.studies) == 1
    assert reasons(found) == {
        "secret": "this folder cannot be read (permission denied)",
        "nowhere": "there is no such file or folder",
    }


def test_an_unreadable_file_is_named(tmp_path, monkeypatch):
    write_mammogram(tmp_path / "a.dcm")
    write_mammogram(tmp_path / "b.dcm", number=2)
    real = type(tmp_path).open

    def refusing(self, *args, **kwargs):
        if self.name == "b.dcm":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(type(tmp_path), "open", refusing)
    assert reasons(scan([tmp_path])) == {"b.dcm": "cannot be read (permission denied)"}


def test_progress_runs_from_none_to_all(tmp_path):
    write_study(tmp_path)
    told = []
    scan([tmp_path], report=lambda done, total: told.append((done, total)))
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_every_moment_is_right_to_cancel(tmp_path):
    """Whichever time it is asked, a yes ends the scan; only noes let it return."""
    write_study(tmp_path)
    asked = []
    scan([tmp_path], cancelled=lambda: bool(asked.append(1)))
    assert len(asked) >= 4 + 2
    for moment in range(1, len(asked) + 1):
        count = []

        def cancelled(moment=moment, count=count):
            count.append(1)
            return len(count) >= moment

        with pytest.raises(CancelledError, match="was stopped"):
            scan([tmp_path], cancelled=cancelled)
        assert len(count) == moment
    told = []
    with pytest.raises(CancelledError):
        scan([tmp_path], report=lambda *both: told.append(both), cancelled=lambda: (4, 4) in told)


def test_pixels_are_not_read(tmp_path):
    path = write_mammogram(tmp_path / "a.dcm")
    data = path.read_bytes()
    path.write_bytes(data[:-100] + bytes(100))
    assert len(scan([path]).studies) == 1
