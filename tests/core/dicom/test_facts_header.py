"""Spacing with its source, technique with its units, identifiers apart."""

import pytest
from pydicom.dataset import Dataset

from glam_core.dicom.facts_header import (
    acquired_of,
    identifiers_of,
    readable_date,
    spacing_of,
    technique_of,
)
from glam_core.dicom.header import Header


def header(**values):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return Header(dataset)


IMAGER = {"ImagerPixelSpacing": [0.07, 0.07]}


@pytest.mark.parametrize(
    ("values", "length", "source"),
    [
        (IMAGER, 0.07, "at detector"),
        (IMAGER | {"PixelSpacing": [0.07, 0.07]}, 0.07, "at detector"),
        (IMAGER | {"PixelSpacing": [0.066, 0.066]}, 0.066, "image plane"),
        (
            IMAGER | {"PixelSpacing": [0.07, 0.07], "PixelSpacingCalibrationType": "GEOMETRY"},
            0.07,
            "image plane",
        ),
        ({"PixelSpacing": [0.1, 0.1]}, 0.1, "image plane"),
        (
            IMAGER | {"EstimatedRadiographicMagnificationFactor": 1.75},
            0.04,
            "magnification-corrected",
        ),
        (IMAGER | {"EstimatedRadiographicMagnificationFactor": 1}, 0.07, "at detector"),
        (IMAGER | {"EstimatedRadiographicMagnificationFactor": 90}, 0.07, "at detector"),
        ({"NominalScannedPixelSpacing": [0.05, 0.05]}, 0.05, "at detector"),
    ],
)
def test_spacing_names_its_source(values, length, source):
    spacing = spacing_of(header(**values))
    assert (spacing.row_mm, spacing.col_mm) == pytest.approx((length, length))
    assert spacing.source == source


@pytest.mark.parametrize("pair", [[0, 0], [0.07], [-0.07, 0.07], [70, 70]])
def test_senseless_spacing_is_unknown(pair):
    assert spacing_of(header(ImagerPixelSpacing=pair)) is None
    assert spacing_of(header()) is None


def test_rows_and_columns_keep_their_own_spacing():
    spacing = spacing_of(header(ImagerPixelSpacing=[0.07, 0.1]))
    assert (spacing.row_mm, spacing.col_mm) == (0.07, 0.1)


def test_technique_names_its_units():
    facts = technique_of(
        header(
            KVP="29",
            ExposureInuAs=71400,
            AnodeTargetMaterial="RHODIUM",
            FilterMaterial="SILVER",
            CompressionForce="100.04",
            BodyPartThickness="53",
            PositionerPrimaryAngle="45",
            OrganDose="0.0123",
        )
    )
    assert facts == {
        "kVp": "29", "mAs": "71.4", "Anode/filter": "Rhodium/Silver", "Force": "100 N",
        "Thickness": "53 mm", "Angle": "45°", "Organ dose": "1.23 mGy",
    }  # fmt: skip


def test_identifiers_are_kept_apart_from_technique():
    asked = header(PatientName="A^B", PatientID="1", InstitutionName="Clinic", KVP="29")
    assert set(identifiers_of(asked)) == {"Patient name", "Patient ID", "Institution"}
    assert set(technique_of(asked)) == {"kVp"}


def test_dates_for_people():
    assert readable_date("20150929") == "2015-09-29"
    assert readable_date("2015.09.29") == "2015-09-29"
    assert readable_date(None) is None
    assert (
        acquired_of(header(AcquisitionDate="20150929", AcquisitionTime="121002.5"))
        == "2015-09-29 12:10:02"
    )
    assert acquired_of(header(AcquisitionDateTime="20150929121002")) == "2015-09-29 12:10:02"
    assert acquired_of(header(ContentDate="20150929")) is None
