"""Judged places as a training manifest, written in the background."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app import judging_wording
from app.arrivals import Corrections
from app.findings import Verdict
from app.judged_boxes import picture_key
from app.judgements import JudgedView, Judgement
from app.opening import corrected_image
from app.services.delivery import Delivery
from glam_core.data.annotated_manifest import AnnotatedPlace, write_annotated_manifest
from glam_core.data.manifest import Box
from glam_core.errors import ManifestError
from glam_core.study import MammogramImage, Study
from glam_core.terms import Laterality, ViewPosition

_EXPORTED = (Verdict.ACCEPTED, Verdict.CORRECTED)
_VIEWS_OF_A_PAIR = 2


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a manifest will hold, and what is left out.

    Attributes:
        rows: One for each place and picture.
        places: Count of judged places among them.
        pairs: Count of breasts' places with a row in CC and one in MLO.
        elsewhere: Judged places of pictures that are not listed.
        zipped: Pictures left out because they lie in a zip archive.
    """

    rows: tuple[AnnotatedPlace, ...]
    places: int
    pairs: int
    elsewhere: int
    zipped: int


class TrainingExport(QObject):
    """Writes manifests; knows no widget.

    Signals:
        exported: (sentence,): what the manifest holds and what it leaves out.
        failed: (sentence,).
    """

    exported = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._delivery = Delivery(self)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="exporting")

    def export(self, file: Path, gathered: Gathered, *, replace: bool = False) -> None:
        """Write `file`; one of the signals follows."""

        def work() -> str:
            if not gathered.rows:
                nothing = judging_wording.NOTHING_TO_EXPORT
                raise ManifestError(f"{nothing} {_left_out(gathered)}".strip())
            write_annotated_manifest(file, gathered.rows, replace=replace)
            said = judging_wording.exported(
                file.name, gathered.places, len(gathered.rows), gathered.pairs
            )
            return f"{said} {_left_out(gathered)}".strip()

        self._delivery.submit(self._executor, work, self.exported.emit, self.failed.emit)

    def close(self) -> None:
        """Wait for what is under way."""
        self._delivery.close()
        self._executor.shutdown(wait=True, cancel_futures=True)


def gather(
    judged: Sequence[Judgement],
    studies: Sequence[Study],
    corrections: Corrections,
    pseudonym: Callable[[str], str],
) -> Gathered:
    """The rows of all accepted and corrected places that lie on pictures of these studies."""
    listed = {picture_key(image): (study, image) for study in studies for image in study.images}
    counts: Counter[tuple[str, str]] = Counter()
    rows: list[AnnotatedPlace] = []
    places, pairs, elsewhere, zipped = 0, 0, 0, 0
    for one in judged:
        if one.verdict not in _EXPORTED:
            continue
        known = [view for view in one.views if view.picture in listed]
        plain = [view for view in known if listed[view.picture][1].member is None]
        elsewhere += not known
        zipped += len(known) - len(plain)
        places += bool(plain)
        for side in Laterality:
            views = [view for view in plain if view.view.startswith(side.value)]
            if not views:
                continue
            study = listed[views[0].picture][0]
            study_id = pseudonym(study.study_uid)
            # One pair of a breast is one place in each view, so further places look like studies.
            counts[study_id, side.value] += 1
            number = counts[study_id, side.value]
            named = study_id if number == 1 else f"{study_id}.{number}"
            patient = pseudonym(study.patient_key)
            rows += [
                _row(one, view, listed[view.picture][1], corrections, (patient, named))
                for view in views
            ]
            pairs += len({view.view for view in views}) == _VIEWS_OF_A_PAIR
    return Gathered(tuple(rows), places, pairs, elsewhere, zipped)


def _row(
    judged: Judgement,
    view: JudgedView,
    image: MammogramImage,
    corrections: Corrections,
    pseudonyms: tuple[str, str],
) -> AnnotatedPlace:
    """One place on one picture, with the landmarks that the user placed there."""
    correction = corrections.of(image)
    return AnnotatedPlace(
        image=image.path,
        patient_id=pseudonyms[0],
        study_id=pseudonyms[1],
        laterality=Laterality(view.view[:1]),
        view_position=ViewPosition(view.view[1:]),
        box=Box(*view.box),
        spacing=corrected_image(image, correction).pixel_lengths_mm,
        nipple=correction.nipple,
        pectoral_line=correction.pectoral_line,
        report=judged.words,
        verdict=judged.verdict.value,
        marked_as=judged.kind.value,
        proposed_by=judged.proposed_by,
    )


def _left_out(gathered: Gathered) -> str:
    return judging_wording.left_out(gathered.elsewhere, gathered.zipped)
