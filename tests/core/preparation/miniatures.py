"""Small copies of published layouts, with their quirks; every picture is drawn."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.dicom_files import drawn_breast, write_mammogram

SHAPE = (200, 160)
CBIS_TABLES = {
    "mass": [
        "patient_id",
        "breast_density",
        "left or right breast",
        "image view",
        "abnormality id",
        "abnormality type",
        "mass shape",
        "mass margins",
        "assessment",
        "pathology",
        "subtlety",
        "image file path",
        "cropped image file path",
        "ROI mask file path",
    ],
    "calc": [
        "patient_id",
        "breast density",
        "left or right breast",
        "image view",
        "abnormality id",
        "abnormality type",
        "calc type",
        "calc distribution",
        "assessment",
        "pathology",
        "subtlety",
        "image file path",
        "cropped image file path",
        "ROI mask file path",
    ],
}
NO_HEADER_VIEW = {"ViewPosition": None, "ImageLaterality": None, "ViewCodeSequence": None,
                  "PatientOrientation": None}  # fmt: skip


def write_table(
    file: Path, header: Sequence[str], rows: Sequence[Mapping[str, Any]], **options: Any
) -> Path:
    """A CSV table; cells that a row does not name stay empty."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, restval="", **options)
        writer.writeheader()
        writer.writerows(rows)
    return file


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV table."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# --- EMBED ------------------------------------------------------------------------------------

EMBED_METADATA = [
    "", "empi_anon", "acc_anon", "study_date_anon", "StudyDescription", "FinalImageType",
    "ImageLateralityFinal", "ViewPosition", "spot_mag", "num_roi", "ROI_coords", "match_level",
    "anon_dicom_path", "BreastImplantPresent",
]  # fmt: skip
EMBED_CLINICAL = [
    "empi_anon", "acc_anon", "study_date_anon", "desc", "side", "asses", "tissueden", "numfind",
    "massshape", "massmargin", "massdens", "calcfind", "calcdistri", "bside", "path_severity",
    "age_at_study", "RACE_DESC", "ETHNIC_GROUP_DESC", "implanfind",
]  # fmt: skip
ELSEWHERE = "/mnt/NAS2/mammo/anon_dicom/cohort_1"


def write_embed(root: Path, patients: int = 12) -> Path:
    """Screening exams of `patients` women, four views each, and one of every special picture."""
    metadata: list[dict[str, Any]] = []
    clinical: list[dict[str, Any]] = []
    for number in range(patients):
        patient, accession = str(1000 + number), str(7_000_000 + number)
        for place, view in enumerate(("RCC", "LCC", "RMLO", "LMLO")):
            name = f"{patient}/{accession}/1.2.{number}.{place}.dcm"
            write_mammogram(root / "images/cohort_1" / name, view=view, number=place + 1,
                            patient=patient)  # fmt: skip
            metadata.append(_embed_row(patient, accession, name, view))
        clinical.append(
            {"empi_anon": patient, "acc_anon": accession, "side": "", "asses": "N",
             "tissueden": f"{number % 5 + 1}.0", "desc": "MG Screening Bilateral",
             "age_at_study": "57.0", "RACE_DESC": "Asian"}
        )  # fmt: skip
    first = {"empi_anon": "1000", "acc_anon": "7000000", "desc": "MG Screening Bilateral",
             "tissueden": "2.0"}  # fmt: skip
    clinical[0] = {**first, "side": "L", "asses": "A", "massshape": "X", "massmargin": "S",
                   "massdens": "+", "bside": "L", "path_severity": "0.0"}  # fmt: skip
    clinical.append({**first, "side": "R", "asses": "B", "calcfind": "V", "massshape": "?"})
    metadata[1] |= {"num_roi": "1", "ROI_coords": "[[40, 20, 80, 70]]", "match_level": "[1]"}
    metadata[3] |= {"num_roi": "2", "ROI_coords": "[[50, 30, 90, 75], [60, 500, 80, 900]]"}
    metadata[5] |= {"num_roi": "1", "ROI_coords": "[[not a list"}
    special = [
        {"FinalImageType": "cview"}, {"FinalImageType": "C-view"}, {"spot_mag": "1.0"},
        {"ViewPosition": "XCCL"}, {"ViewPosition": ""}, {"ImageLateralityFinal": ""},
        {"anon_dicom_path": f"{ELSEWHERE}/1000/7000000/gone.dcm"},
        {"anon_dicom_path": metadata[0]["anon_dicom_path"]},
    ]  # fmt: skip
    metadata += [{**metadata[0], **change} for change in special]
    write_table(root / "tables/EMBED_OpenData_metadata.csv", EMBED_METADATA, metadata)
    write_table(root / "tables/EMBED_OpenData_clinical.csv", EMBED_CLINICAL, clinical)
    write_table(
        root / "tables/AWS_Open_Data_Clinical_Legend.csv",
        ["Header in export", "Discription", "Code", "Meaning"],
        [{"Header in export": "massshape", "Code": "X", "Meaning": "Irregular"}],
    )
    return root


def _embed_row(patient: str, accession: str, name: str, view: str) -> dict[str, Any]:
    return {
        "empi_anon": patient, "acc_anon": accession, "study_date_anon": "2014-02-03 00:00:00",
        "StudyDescription": "MG Screening Bilateral", "FinalImageType": "2D",
        "ImageLateralityFinal": view[0], "ViewPosition": view[1:], "spot_mag": "", "num_roi": "0",
        "ROI_coords": "()", "anon_dicom_path": f"{ELSEWHERE}/{name}", "BreastImplantPresent": "NO",
    }  # fmt: skip


# --- VinDr-Mammo ------------------------------------------------------------------------------

VINDR_BREASTS = [
    "study_id", "series_id", "image_id", "laterality", "view_position", "height", "width",
    "breast_birads", "breast_density", "split",
]  # fmt: skip
VINDR_FINDINGS = [*VINDR_BREASTS[:-1], "finding_categories", "finding_birads", "xmin", "ymin",
                  "xmax", "ymax", "split"]  # fmt: skip


def write_vindr(root: Path, studies: int = 10) -> Path:
    """Four-view studies, the last two of the official test set, in MONOCHROME1 JPEG 2000."""
    breasts: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    for number in range(studies):
        study = f"{number:032x}"
        for place, view in enumerate(("RCC", "LCC", "RMLO", "LMLO")):
            image = f"{number * 4 + place:08x}"
            right = view[0] == "R"
            dark = 4095 - drawn_breast(*SHAPE, right=right, seed=number)
            write_mammogram(
                root / "images" / study / f"{image}.dicom",
                dark, syntax="explicit" if number else "jpeg-2000-lossless",
                view=view, number=place + 1, patient=study,
                changes={"PhotometricInterpretation": "MONOCHROME1",
                         "PresentationLUTShape": "INVERSE"},
            )  # fmt: skip
            row = {
                "study_id": study, "series_id": "s", "image_id": image, "laterality": view[0],
                "view_position": view[1:], "height": SHAPE[0], "width": SHAPE[1],
                "breast_birads": f"BI-RADS {number % 5 + 1}",
                "breast_density": f"DENSITY {'ABCD'[number % 4]}",
                "split": "test" if number >= studies - 2 else "training",
            }  # fmt: skip
            breasts.append(row)
            found = number % 2 == 0 and not right
            box = {"xmin": -3.5, "ymin": 60, "xmax": 40.25, "ymax": 110} if found else {}
            kind = "['Mass', 'Skin Thickening']" if found else "['No Finding']"
            findings.append(
                {**row, **box, "finding_categories": kind,
                 "finding_birads": "BI-RADS 4" if found else ""}
            )  # fmt: skip
    breasts.append({**breasts[0], "image_id": "gone"})
    write_table(root / "breast-level_annotations.csv", VINDR_BREASTS, breasts)
    write_table(root / "finding_annotations.csv", VINDR_FINDINGS, findings)
    return root


# --- RSNA -------------------------------------------------------------------------------------

RSNA = [
    "site_id",
    "patient_id",
    "image_id",
    "laterality",
    "view",
    "age",
    "cancer",
    "biopsy",
    "invasive",
    "BIRADS",
    "implant",
    "density",
    "machine_id",
    "difficult_negative_case",
]


def write_rsna(root: Path, patients: int = 8) -> Path:
    """Files whose header says neither side nor view; one PNG, one LM view, one unreadable file."""
    rows: list[dict[str, Any]] = []
    for number in range(patients):
        for place, view in enumerate(("LCC", "LMLO", "RCC", "RMLO")):
            patient, image = str(10_000 + number), str(462_000 + number * 4 + place)
            file = root / "train_images" / patient / f"{image}.dcm"
            if place == 3:
                picture = (drawn_breast(*SHAPE, bits=8, right=True)).astype(np.uint8)
                file.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(file.with_suffix(".png")), picture)
            else:
                write_mammogram(file, view=view, number=place + 1, changes=NO_HEADER_VIEW,
                                syntax="jpeg-lossless-70", patient=patient)  # fmt: skip
            cancer = number == 0 and view[0] == "L"
            rows.append(
                {"site_id": 2, "patient_id": patient, "image_id": image, "laterality": view[0],
                 "view": view[1:], "age": "61.0", "cancer": int(cancer), "biopsy": int(cancer),
                 "invasive": 0, "BIRADS": "0.0" if cancer else "", "implant": int(number == 1),
                 "density": "B" if number % 2 else "", "machine_id": 29,
                 "difficult_negative_case": "False"}
            )  # fmt: skip
    rows.append({**rows[0], "image_id": 1, "view": "LM"})
    rows.append({**rows[0], "image_id": 2})
    broken = root / "train_images" / "10000" / "3.dcm"
    broken.write_bytes(b"\0" * 128 + b"DICM" + b"damaged" * 40)
    rows.append({**rows[0], "image_id": 3})
    rows.append(dict(rows[0]))
    write_table(root / "train.csv", RSNA, rows)
    return root


# --- CBIS-DDSM --------------------------------------------------------------------------------


def write_cbis(root: Path, patients: int = 8, *, described: bool = False) -> Path:
    """Films with masks; every second row of the tables has crop and mask swapped.

    Args:
        root: The data set's folder.
        patients: Patient 1 stands in the mass training and in the calcification test table, with
            the same film.
        described: Folders named by date and description instead of by UID.
    """
    tables: dict[str, list[dict[str, Any]]] = {}
    for number in range(patients):
        test = number >= patients - 2
        kind = "Calc" if number % 3 == 2 else "Mass"
        name = f"{kind}-{'Test' if test else 'Training'}"
        table = f"{kind.lower()}_case_description_{'test' if test else 'train'}_set"
        rows = tables.setdefault(table, [])
        rows += _cbis_films(root, name, kind, number, described, findings=1 + (number == 0))
        if number == 1:
            both = tables.setdefault("calc_case_description_test_set", [])
            both += _cbis_films(root, "Calc-Test", "Calc", number, described, findings=1)
    for table, rows in tables.items():
        header = CBIS_TABLES[table.split("_")[0]]
        write_table(root / f"{table}.csv", header, rows)
    return root


def _cbis_films(
    root: Path, name: str, kind: str, number: int, described: bool, findings: int
) -> list[dict[str, Any]]:
    patient, side = f"P_{number + 1:05d}", "LEFT" if number % 2 else "RIGHT"
    rows = []
    for view in ("CC", "MLO"):
        top = f"{name}_{patient}_{side}_{view}"
        pixels = drawn_breast(*SHAPE, bits=16, right=side == "RIGHT", seed=number)
        film = _cbis_place(top, f"1.3.{number}.1", f"1.3.{number}.2", "full mammogram images",
                           described)  # fmt: skip
        options: dict[str, Any] = {"bits": 16, "changes": {**NO_HEADER_VIEW, "WindowCenter": None,
                                                           "WindowWidth": None}}  # fmt: skip
        write_mammogram(root / film, pixels, number=1, patient=top, **options)
        for finding in range(1, findings + 1):
            spot = np.zeros(SHAPE, np.uint8)
            col = 20 if side == "LEFT" else SHAPE[1] - 40
            spot[80 + 15 * finding : 92 + 15 * finding, col : col + 20] = 255
            own = f"{top}_{finding}"
            uids = (f"1.4.{number}.{finding}", f"1.5.{number}.{finding}.{view}")
            description = "ROI mask images"
            place = (root / _cbis_place(own, *uids, description, described)).parent
            swapped = (number + finding) % 2 == 0
            mask_name, crop_name = ("1-1.dcm", "1-2.dcm") if swapped else ("1-2.dcm", "1-1.dcm")
            write_mammogram(place / mask_name, spot, bits=8, number=2, patient=own,
                            changes={**NO_HEADER_VIEW, "WindowCenter": None,
                                     "WindowWidth": None})  # fmt: skip
            write_mammogram(place / crop_name, pixels[70:120, :60], number=3, patient=own,
                            **options)  # fmt: skip
            written = f"{own}/{uids[0]}/{uids[1]}/00000%d.dcm"
            crop, mask = (written % 1, written % 0) if swapped else (written % 0, written % 1)
            rows.append(
                {"patient_id": patient, "breast_density": 3, "breast density": 3,
                 "left or right breast": side, "image view": view, "abnormality id": finding,
                 "abnormality type": "mass" if kind == "Mass" else "calcification",
                 "mass shape": "IRREGULAR-ARCHITECTURAL_DISTORTION", "mass margins": "SPICULATED",
                 "calc type": "PLEOMORPHIC", "calc distribution": "CLUSTERED",
                 "assessment": 4 if finding == 1 else 2, "subtlety": 4,
                 "pathology": "MALIGNANT" if number % 2 else "BENIGN_WITHOUT_CALLBACK",
                 "image file path": f"{top}/1.3.{number}.1/1.3.{number}.2.{view}/000000.dcm",
                 "cropped image file path": f"{crop}\n", "ROI mask file path": f"{mask}\n"}
            )  # fmt: skip
    header = CBIS_TABLES["mass" if kind == "Mass" else "calc"]
    return [{key: row[key] for key in header} for row in rows]


def _cbis_place(top: str, study: str, series: str, description: str, described: bool) -> str:
    view = top.split("_")[4] if len(top.split("_")) > 4 else ""
    if described:
        middle = f"07-20-2016-DDSM-NA-9/1.000000-{description}-1"
    else:
        middle = (
            f"{study}/{series}" if description.startswith("ROI") else f"{study}/{series}.{view}"
        )
    return f"CBIS-DDSM/{top}/{middle}/1-1.dcm"


# --- CDD-CESM ---------------------------------------------------------------------------------

CESM = [
    "Image_name", "Patient_ID", "Side", "Type", "Age", "Breast density (ACR)", "BIRADS",
    "Findings", "View", "Tags", "Machine", "Pathology Classification/ Follow up",
]  # fmt: skip


def write_cesm(root: Path, patients: int = 6) -> Path:
    """Low-energy and subtracted JPEG pictures; names with blanks, several findings with $."""
    rows: list[dict[str, Any]] = []
    outlines: list[dict[str, Any]] = []
    for number in range(1, patients + 1):
        for side in ("L", "R"):
            for view in ("CC", "MLO"):
                pixels = drawn_breast(*SHAPE, bits=8, right=side == "R", seed=number)
                for kind, folder in (("DM", "Low energy"), ("CM", "Subtracted")):
                    name = f"P{number}_{side}_{kind}_{view}"
                    place = root / f"{folder} images of CDD-CESM" / f"{name}.jpg"
                    place.parent.mkdir(parents=True, exist_ok=True)
                    cv2.imwrite(str(place), pixels)
                    ill = number == 1 and side == "L"
                    rows.append(
                        {"Image_name": f" {name} ", "Patient_ID": number, "Side": side,
                         "Type": "CESM" if kind == "CM" else "DM", "Age": 51, "View": view,
                         "Breast density (ACR)": "_" if kind == "CM" else "C",
                         "BIRADS": "5$2" if ill else "1",
                         "Findings": "Mass$Heterogenous enhancement" if ill else "Normal",
                         "Tags": "spiculated mass" if ill else "",
                         "Pathology Classification/ Follow up": "Malignant" if ill else "Normal"}
                    )  # fmt: skip
                    if ill:
                        shape = {"name": "ellipse", "cx": 50, "cy": 90, "rx": 12, "ry": 8,
                                 "theta": 0.3}  # fmt: skip
                        outlines.append(
                            {"#filename": f"{name} .jpg", "region_count": 1,
                             "region_shape_attributes": json.dumps(shape)}
                        )  # fmt: skip
    outlines.append({"#filename": "P1_L_DM_CC.jpg", "region_shape_attributes": '{"name": "?"}'})
    write_table(root / "Radiology-manual-annotations.csv", CESM, rows, delimiter=";")
    write_table(
        root / "Radiology_hand_drawn_segmentations_v2.csv",
        ["#filename", "file_size", "region_count", "region_shape_attributes"],
        outlines,
    )
    return root
