"""Every patient stands on one side, always the same one."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from glam_core.data.manifest import ManifestRow
from glam_core.data.split import assigned_splits, check_no_leak, split_by_hash, split_of
from glam_core.terms import Laterality, ViewPosition

OFFICIAL = st.sampled_from(["train", "validation", "test", None])


@given(st.lists(st.tuples(st.text("abc0123", min_size=1, max_size=4), OFFICIAL), max_size=60))
def test_no_patient_leaks_and_test_patients_stay_test_patients(pictures):
    splits = assigned_splits(pictures).by_patient
    rows = [
        ManifestRow("a", Path("a"), patient, Laterality.LEFT, ViewPosition.CC,
                    split=splits[patient])
        for patient, _ in pictures
    ]  # fmt: skip
    check_no_leak(rows)
    for patient, official in pictures:
        if official == "test":
            assert splits[patient] == "test"
    assert assigned_splits(list(reversed(pictures))).by_patient == splits


def test_the_hash_never_changes():
    first = {name: split_by_hash(name) for name in ("P_00001", "P_00004", "10006", "1000")}
    assert first == {"P_00001": "train", "P_00004": "test", "10006": "train", "1000": "train"}


def test_the_hash_divides_as_it_says():
    counted = Counter(split_by_hash(f"patient {number}") for number in range(20_000))
    shares = {name: count / 20_000 for name, count in counted.items()}
    assert abs(shares["train"] - 0.68) < 0.01
    assert abs(shares["validation"] - 0.20) < 0.01
    assert abs(shares["test"] - 0.12) < 0.01


def test_validation_patients_are_those_of_a_manifest_without_splits():
    for number in range(500):
        patient = f"P_{number:05d}"
        row = ManifestRow("a", Path("a"), patient, Laterality.LEFT, ViewPosition.CC)
        assert (split_by_hash(patient) == "validation") == (split_of(row) == "validation")
        official = assigned_splits([(patient, "train"), ("other", "test")]).by_patient[patient]
        assert (official == "validation") == (split_of(row) == "validation")


def test_a_patient_on_two_sides_is_told_without_a_name():
    splits = assigned_splits([("P_1", "train"), ("P_1", "test"), ("P_2", "train")])
    assert splits.by_patient["P_1"] == "test"
    assert len(splits.notices) == 1
    assert "1 patient stands in more than one" in splits.notices[0]
    assert "P_1" not in splits.notices[0]
