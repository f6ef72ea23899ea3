"""A plain folder of mammograms with a table of reports: a hospital's own data.

The table (`--reports FILE.csv`) has a column `report` and at least one of `accession_number`,
`study_uid` and `patient_id`; a column `laterality` keeps a line to one breast. Further columns
that are known: breast_density, birads, cancer, pathology, split.

Patients and studies are numbered, and no date is written, unless the ids are asked for: what is
made for training should tell no more of a person than it must.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glam_core.data.source_picture import SourceListing, SourcePicture, SourceTools
from glam_core.data.source_table import (
    SourceRow,
    birads_of,
    check_folder,
    density_of,
    read_table,
    side_of,
)
from glam_core.errors import ManifestError
from glam_core.study import MammogramImage, SkippedFile, Study
from glam_core.terms import Laterality, Source

_KEYS = ("accession_number", "accession", "study_uid", "study_instance_uid", "patient_id")
_COLUMNS = ("breast_density", "birads", "cancer", "pathology", "split", "laterality")
_SPLITS = {
    "train": "train", "training": "train", "val": "validation", "validation": "validation",
    "test": "test",
}  # fmt: skip
_EMPTY = SourceRow({}, 0)


@dataclass
class _Reports:
    """Lines of the table by accession number, study and patient."""

    by_accession: dict[str, list[SourceRow]]
    by_study: dict[str, list[SourceRow]]
    by_patient: dict[str, list[SourceRow]]
    used: set[int]
    ambiguous: int = 0
    names_sides: bool = False

    def of(self, study: Study, image: MammogramImage, alone: bool) -> SourceRow:
        """The line for a picture: by accession, else by study, else by patient.

        Args:
            study: Of the picture.
            image: The picture; a line with another laterality does not count.
            alone: Whether the patient has only this study: otherwise a line for the patient does
                not say which study it speaks of.
        """
        accession = image.identifiers.get("Accession number", "")
        lines = self.by_accession.get(accession) or self.by_study.get(study.study_uid)
        if not lines:
            lines = self.by_patient.get(study.patient_id or "")
            if lines and not alone:
                self.ambiguous += 1
                return _EMPTY
        fitting = [line for line in lines or () if _is_of(line, image.laterality)]
        if len(fitting) > 1:
            self.ambiguous += 1
        if len(fitting) != 1:
            return _EMPTY
        self.used.add(fitting[0].line)
        return fitting[0]


def read_folder(source: Path, tools: SourceTools) -> SourceListing:
    """List the standard views of all studies below a folder, joined with their reports.

    Raises:
        ManifestError: The folder or the table is missing, or the table has no key column.
    """
    check_folder(source)
    reports, lines = _reports(tools.reports)
    found = tools.scan(source)
    skipped = list(found.skipped)
    studies_of: dict[str, int] = defaultdict(int)
    for study in found.studies:
        studies_of[study.patient_key] += 1
    numbers = _numbers([study.patient_key for study in found.studies])
    pictures: list[SourcePicture] = []
    for study in found.studies:
        kept = _standard(study.images, source, skipped)
        for image in kept:
            if image.laterality is None and reports.names_sides:
                image = tools.propose(image)
            line = reports.of(study, image, studies_of[study.patient_key] == 1)
            number = numbers[study.patient_key]
            pictures.append(_picture(source, study, image, line, number, tools.keep_ids))
    return SourceListing(
        tuple(pictures), tuple(skipped), (*found.notices, *_notices(reports, lines, pictures))
    )


def _reports(file: Path | None) -> tuple[_Reports, int]:
    reports = _Reports(defaultdict(list), defaultdict(list), defaultdict(list), set())
    if file is None:
        return reports, 0
    if not file.is_file():
        raise ManifestError(f"{file}: the table of reports is not there; check the path.")
    rows = read_table(file, ("report",), (*_KEYS, *_COLUMNS))
    if rows and not any(name in rows[0].cells for name in _KEYS):
        raise ManifestError(
            f"{file.name}: has no column that says whose report it is; add accession_number, "
            "study_uid or patient_id."
        )
    for row in rows:
        if row["split"] and row["split"].lower() not in _SPLITS:
            raise ManifestError(
                f"{file.name}, line {row.line}, column 'split': {row['split'][:40]!r} is not "
                "train, validation or test."
            )
        accession = row["accession_number"] or row["accession"]
        study = row["study_uid"] or row["study_instance_uid"]
        reports.names_sides |= side_of(row["laterality"]) is not None
        # The narrowest key that a line has is the one it speaks for.
        if accession:
            reports.by_accession[accession].append(row)
        elif study:
            reports.by_study[study].append(row)
        elif row["patient_id"]:
            reports.by_patient[row["patient_id"]].append(row)
    return reports, len(rows)


def _is_of(line: SourceRow, side: Laterality | None) -> bool:
    said = side_of(line["laterality"])
    return said is None or said is side


def _numbers(keys: Sequence[str]) -> dict[str, int]:
    """A number for each patient, in an order that tells nothing."""
    ordered = sorted(set(keys), key=lambda key: hashlib.sha256(key.encode()).digest())
    return {key: number for number, key in enumerate(ordered, start=1)}


def _standard(
    images: Sequence[MammogramImage], source: Path, skipped: list[SkippedFile]
) -> list[MammogramImage]:
    """Whole breasts in CC or MLO view, or of unknown view, one frame each."""
    shown = {image.view_key for image in images if not image.for_processing}
    kept = []
    for image in images:
        reason = None
        special = sorted(set(image.view_modifiers) - {"ID"})
        if image.member is not None:
            reason = "inside a zip archive; unpack it first"
        elif image.frames > 1:
            reason = f"has {image.frames} frames (tomosynthesis), not a 2D mammogram"
        elif special:
            reason = f"a special view ({', '.join(special)}), not a whole breast"
        elif image.view_position is not None and image.view_position.partner is None:
            reason = f"its view {image.view_position.value} is neither CC nor MLO"
        elif image.for_processing and image.view_key is not None and image.view_key in shown:
            reason = "raw pixels (for processing); the same view is there for presentation"
        if reason is None:
            kept.append(image)
        else:
            skipped.append(SkippedFile(_name(source, image), reason))
    return kept


def _name(source: Path, image: MammogramImage) -> str:
    name = image.path.relative_to(source).as_posix()
    return name if image.member is None else f"{name}!{image.member}"


def _picture(
    source: Path,
    study: Study,
    image: MammogramImage,
    line: SourceRow,
    number: int,
    keep_ids: bool,
) -> SourcePicture:
    digest = hashlib.sha256(image.sop_instance_uid.encode()).hexdigest()[:16]
    said = image.view_source is Source.HEADER and image.laterality_source is Source.HEADER
    study_digest = hashlib.sha256(study.study_uid.encode()).hexdigest()[:12]
    owner = study.patient_id or study.patient_key
    return SourcePicture(
        key=f"image-{digest}",
        file=image.path,
        source_name=_name(source, image),
        patient_id=owner if keep_ids else f"patient-{number:06d}",
        laterality=image.laterality,
        view_position=image.view_position,
        split_id=study.patient_key,
        study_id=study.study_uid if keep_ids else f"study-{study_digest}",
        official_split=_SPLITS.get(line["split"].lower()),
        report=line["report"],
        columns={
            "breast_density": density_of(line["breast_density"]),
            "birads": birads_of(line["birads"]),
            "cancer": line.whole("cancer"),
            "pathology": line["pathology"],
            "view_source": "header" if said else "proposed",
            "implant": "1" if "ID" in image.view_modifiers else "",
        },
    )


def _notices(reports: _Reports, lines: int, pictures: Sequence[SourcePicture]) -> tuple[str, ...]:
    if not lines:
        return ()
    told = sum(bool(picture.report) for picture in pictures)
    notices = [f"{told} of {len(pictures)} pictures have a report."]
    if len(reports.used) < lines:
        notices.append(
            f"{lines - len(reports.used)} of {lines} lines of the table belong to no picture here."
        )
    if reports.ambiguous:
        notices.append(
            f"For {reports.ambiguous} pictures the table does not say which of several studies or "
            "lines is meant; give accession_number, study_uid or laterality."
        )
    return tuple(notices)
