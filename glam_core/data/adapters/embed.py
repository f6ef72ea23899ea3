"""EMBED (Emory Breast Imaging Dataset), as its Open Data release lies on disk.

    SOURCE/tables/EMBED_OpenData_metadata.csv     one line a file (or the _reduced table)
    SOURCE/tables/EMBED_OpenData_clinical.csv     one line a finding (or the _reduced table)
    SOURCE/images/cohort_1/PATIENT/STUDY/SOP.dcm

Source: Jeong et al., Radiol Artif Intell 5(1):e220047 (2023), and the release's own description.
"""

import ast
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from glam_core.data.adapters.embed_codes import BIRADS, LEGEND_NAMES, SHAPES, Legend
from glam_core.data.adapters.relocation import Relocation
from glam_core.data.manifest import Box
from glam_core.data.source_picture import SourceListing, SourcePicture, SourceTools
from glam_core.data.source_table import (
    SourceRow,
    density_of,
    find_table,
    key_of,
    most_concerning,
    read_table,
    side_of,
    standard_view_of,
    table_if_there,
    table_rows,
)
from glam_core.study import SkippedFile
from glam_core.terms import Laterality

_METADATA = ("EMBED_OpenData_metadata.csv", "EMBED_OpenData_metadata_reduced.csv")
_CLINICAL = ("EMBED_OpenData_clinical.csv", "EMBED_OpenData_clinical_reduced.csv")
_FOLDERS = ("tables",)
_METADATA_NEEDED = (
    "empi_anon", "acc_anon", "anon_dicom_path", "FinalImageType", "ImageLateralityFinal",
    "ViewPosition", "spot_mag", "ROI_coords",
)  # fmt: skip
_METADATA_WANTED = (
    "num_roi", "match_level", "study_date_anon", "StudyDescription", "ManufacturerModelName",
    "BreastImplantPresent",
)  # fmt: skip
_CLINICAL_NEEDED = ("empi_anon", "acc_anon", "side", "asses", "tissueden")
_CLINICAL_WANTED = (
    "desc", "bside", "path_severity", "massshape", "massmargin", "massdens", "calcfind",
    "calcdistri", "implanfind", "age_at_study", "RACE_DESC", "ETHNIC_GROUP_DESC", "numfind",
)  # fmt: skip
_CANCER_SEVERITIES, _BENIGN_SEVERITIES = ("0", "1"), ("2", "3", "4", "5")
_SEVERITY_WORDS = {
    "0": "invasive cancer", "1": "non-invasive cancer", "2": "high-risk lesion",
    "3": "borderline lesion", "4": "benign", "5": "negative", "6": "non-breast cancer",
}  # fmt: skip


def read_embed(source: Path, tools: SourceTools) -> SourceListing:
    """List EMBED's full-field 2D pictures in CC and MLO view.

    A clinical finding belongs to the pictures of its side; side B or none belongs to both.

    Raises:
        ManifestError: A table or a column is missing, or no picture is where the table says.
    """
    metadata = table_rows(
        find_table(source, _METADATA, folders=_FOLDERS), _METADATA_NEEDED, _METADATA_WANTED
    )
    clinical = read_table(
        find_table(source, _CLINICAL, folders=_FOLDERS), _CLINICAL_NEEDED, _CLINICAL_WANTED
    )
    legend = Legend(table_if_there(source, LEGEND_NAMES, folders=_FOLDERS))
    findings: dict[tuple[str, str], list[SourceRow]] = defaultdict(list)
    for row in clinical:
        findings[row.whole("empi_anon"), row.whole("acc_anon")].append(row)
    relocation = Relocation(source, ("", "images"))
    pictures: list[SourcePicture] = []
    skipped: list[SkippedFile] = []
    seen: set[Path] = set()
    damaged_rois = 0
    for row in metadata:
        name = row["anon_dicom_path"]
        reason = _reason_to_skip(row)
        place = None if reason else relocation.found(name)
        if reason is None and place is None:
            reason = "named by the metadata table but not there; copy the missing cohort"
        elif reason is None and place in seen:
            reason = "named twice by the metadata table; its first line counts"
        if reason is not None or place is None:
            skipped.append(SkippedFile(relocation.short(name), reason or ""))
            continue
        seen.add(place)
        exam = findings.get((row.whole("empi_anon"), row.whole("acc_anon")), [])
        boxes, all_read = _boxes(row)
        damaged_rois += not all_read
        pictures.append(_picture(row, place, relocation.short(name), exam, boxes, legend))
    notices = _notices(pictures, legend, damaged_rois)
    return SourceListing(tuple(pictures), tuple(skipped), notices)


def _reason_to_skip(row: SourceRow) -> str | None:
    kind = row["FinalImageType"]
    if kind != "2D":
        words = {"C-VIEW": "a synthetic picture (C-view)", "3D": "tomosynthesis"}
        return f"{words.get(kind.upper(), f'of type {kind!r}')}, not a 2D mammogram"
    if row.whole("spot_mag") not in ("", "0"):
        return "a spot or magnification view, not a whole breast"
    if standard_view_of(row["ViewPosition"]) is None:
        return f"its view {row['ViewPosition']!r} is neither CC nor MLO"
    if side_of(row["ImageLateralityFinal"]) is None:
        return "its side is not known"
    return None


def _picture(
    row: SourceRow,
    place: Path,
    name: str,
    exam: Sequence[SourceRow],
    boxes: tuple[Box, ...],
    legend: Legend,
) -> SourcePicture:
    side = side_of(row["ImageLateralityFinal"])
    assert side is not None
    patient, accession = row.whole("empi_anon"), row.whole("acc_anon")
    breast = [finding for finding in exam if _is_of(finding["side"], side)]
    return SourcePicture(
        key=key_of(patient, accession, place.stem),
        file=place,
        source_name=name,
        patient_id=patient,
        laterality=side,
        view_position=standard_view_of(row["ViewPosition"]),
        study_id=accession,
        study_date=row["study_date_anon"][:10],  # shifted by the data set itself
        boxes=boxes,
        columns=_columns(row, exam, breast, side, legend),
    )


def _is_of(finding_side: str, side: Laterality) -> bool:
    return finding_side.upper() in ("", "B", side.value)


def _columns(
    row: SourceRow,
    exam: Sequence[SourceRow],
    breast: Sequence[SourceRow],
    side: Laterality,
    legend: Legend,
) -> dict[str, str]:
    first = exam[0] if exam else SourceRow({}, 0)
    words = {
        "abnormality": [_abnormality(f, legend) for f in breast],
        "mass_shape": [legend.words("massshape", f["massshape"], SHAPES) for f in breast],
        "mass_margins": [legend.words("massmargin", f["massmargin"]) for f in breast],
        "mass_density": [legend.words("massdens", f["massdens"]) for f in breast],
        "calc_type": [legend.words("calcfind", f["calcfind"]) for f in breast],
        "calc_distribution": [legend.words("calcdistri", f["calcdistri"]) for f in breast],
    }
    named = [place for place, finding in enumerate(words["abnormality"]) if finding]
    procedure = row["StudyDescription"] or first["desc"]
    implant = row["BreastImplantPresent"].upper() == "YES" or any(f["implanfind"] for f in exam)
    severity = _severity(breast, side)
    return {
        "breast_density": most_seen([density_of(f["tissueden"]) for f in breast or exam]),
        "birads": most_concerning(BIRADS.get(f["asses"].upper(), "") for f in breast),
        "cancer": _cancer(severity, [f["asses"].upper() for f in breast]),
        "pathology": _SEVERITY_WORDS.get(severity, ""),
        **{name: ";".join(said[place] for place in named) for name, said in words.items()},
        "procedure": procedure,
        "reason": _reason(procedure),
        "age": first.whole("age_at_study"),
        "race": first["RACE_DESC"],
        "ethnicity": first["ETHNIC_GROUP_DESC"],
        "implant": "1" if implant else "0",
        "machine": row["ManufacturerModelName"],
        "roi_match_level": row["match_level"],
    }


def _abnormality(finding: SourceRow, legend: Legend) -> str:
    shape = legend.words("massshape", finding["massshape"])
    if not shape and (finding["massmargin"] or finding["massdens"]):
        shape = "mass"
    calcified = bool(finding["calcfind"] or finding["calcdistri"])
    if shape and calcified:
        return f"{shape} with calcifications"
    return shape or ("calcifications" if calcified else "")


def most_seen(values: Sequence[str]) -> str:
    """The value that most of them have, "" where none says anything."""
    counted = Counter(value for value in values if value)
    return counted.most_common(1)[0][0] if counted else ""


def _severity(breast: Sequence[SourceRow], side: Laterality) -> str:
    """The worst pathology of this breast; a result of the other side does not count."""
    found = [
        finding.whole("path_severity")
        for finding in breast
        if finding["path_severity"] and _is_of(finding["bside"], side)
    ]
    return min(found, default="")


def _cancer(severity: str, assessments: Sequence[str]) -> str:
    """1, 0, or "" where there is neither a result nor a clearly negative assessment."""
    if severity in _CANCER_SEVERITIES:
        return "1"
    if severity in _BENIGN_SEVERITIES:
        return "0"
    negative = bool(assessments) and all(letter in ("N", "B") for letter in assessments)
    return "0" if negative and not severity else ""


def _reason(procedure: str) -> str:
    words = procedure.lower()
    if "screen" in words:
        return "screening"
    return "diagnostic" if "diag" in words else ""


def _boxes(row: SourceRow) -> tuple[tuple[Box, ...], bool]:
    """ROI_coords, a written list of [ymin, xmin, ymax, xmax]; whether all of it could be read."""
    if row.whole("num_roi") == "0" or not row["ROI_coords"]:
        return (), True
    try:
        written = ast.literal_eval(row["ROI_coords"])
        found = [tuple(float(value) for value in roi) for roi in written]
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return (), False
    boxes = tuple(
        Box(roi[0], roi[1], roi[2], roi[3])
        for roi in found
        if len(roi) == 4 and all(map(math.isfinite, roi)) and roi[2] > roi[0] and roi[3] > roi[1]
    )
    return boxes, len(boxes) == len(found)


def _notices(
    pictures: Sequence[SourcePicture], legend: Legend, damaged_rois: int
) -> tuple[str, ...]:
    notices = []
    if legend.unknown:
        column, code = min(legend.unknown)
        notices.append(
            f"{len(legend.unknown)} code(s) of the clinical table are in no legend and were left "
            f"out, such as {code!r} of {column}."
        )
    if damaged_rois:
        notices.append(f"ROI_coords of {damaged_rois} picture(s) could not be read in full.")
    implants = sum(picture.columns["implant"] == "1" for picture in pictures)
    if implants:
        notices.append(f"{implants} picture(s) are of patients with implants (column 'implant').")
    return tuple(notices)
