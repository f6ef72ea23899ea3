"""Words as the grounding thread sees them: read, searched for, described; no Qt here."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from app.answers import MatcherWords
from app.descriptions import AskedPlace, PlaceWords
from app.findings import FindingWords, FoundPlace, Reading
from app.panes.content import FindingShape, FloatArray
from app.panes.outlines import mask_outlines
from app.services.answering import matcher_words
from app.services.description_words import place_words
from app.services.match_desk import MatchDesk
from app.state import ImageId
from glam_core.data.lexicon import lexicon
from glam_core.data.report import parse_report
from glam_core.data.report_findings import Finding
from glam_core.dicom.report_file import (
    ReportFile,
    is_dicom_report,
    read_report_file,
    report_from_bytes,
)
from glam_core.errors import GlamError
from glam_core.inference.correspondence import Matcher
from glam_core.inference.geometry_matcher import AROUND
from glam_core.inference.grounders import GeometryGrounder, grounder_of
from glam_core.inference.grounding import GroundedView, Grounder, Phrase, phrases_of
from glam_core.inference.location_prior import LocationWords
from glam_core.inference.peaks import region_holding
from glam_core.terms import Laterality, PointPx, ViewKey

_LIKELY_SHARE = 0.5
_ALLOWED_SHARE = 0.8
_SMOOTH_PX = 2.0  # of the map, about 1.4 mm
_MOST_LABEL_WORDS = 2
_MOST_TELLING = ("margin.", "morphology.", "distribution.", "shape.")
_IN_ORDER = ("distribution.", "shape.", "margin.", "morphology.")


class GroundingDesk:
    """Reads words, and finds them on the views that the match desk keeps."""

    def __init__(self, desk: MatchDesk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._grounder: tuple[Matcher, Grounder] | None = None

    def search(
        self, words: FindingWords, images: Sequence[ImageId]
    ) -> tuple[tuple[FoundPlace, ...], MatcherWords]:
        """Where each view shows the words, and who says so.

        Raises:
            GlamError: The breast that the words name is not among the views.
        """
        chosen = self._desk.chosen
        grounder = self._grounder_for(chosen)
        views = self._desk.views(images)
        phrase = phrase_of(words)
        found = grounder.ground(list(views.values()), phrase)
        ids = {id(view): image_id for image_id, view in views.items()}
        places = tuple(_place(ids[id(answer.view)], answer, phrase.location) for answer in found)
        return places, self._who(grounder, chosen, "searches")

    def describe(self, asked: AskedPlace) -> PlaceWords:
        """The words of the lexicon that fit a place.

        Raises:
            GlamError: The view is gone, the place lies outside the breast, or nothing compares.
        """
        chosen = self._desk.chosen
        grounder = self._grounder_for(chosen)
        view = self._desk.views([asked.image_id]).get(asked.image_id)
        if view is None:
            raise GlamError("The view is not ready yet; ask again in a moment.")
        return place_words(grounder, view, asked, self._who(grounder, chosen, "compares"))

    def _who(self, grounder: Grounder, chosen: Matcher, does: str) -> MatcherWords:
        """Whose words these are, and why it is not the matcher that was chosen."""
        words = matcher_words(grounder.provenance)
        if chosen is not self._desk.geometry and isinstance(grounder, GeometryGrounder):
            because = f"{chosen.provenance.name} reads no words, so geometry {does}."
            words = replace(words, device=because)
        return words

    def _grounder_for(self, chosen: Matcher) -> Grounder:
        with self._lock:
            if self._grounder is None or self._grounder[0] is not chosen:
                self._grounder = (chosen, grounder_of(chosen, self._desk.geometry))
            return self._grounder[1]


def read_query(text: str) -> Reading:
    """What typed words look for.

    Raises:
        GlamError: Nothing in the text names a finding or a place.
    """
    return Reading(
        tuple(_words_of_phrase(phrase) for phrase in phrases_of(text)), source="query", typed=True
    )


def read_report(text: str, source: str) -> Reading:
    """What a report says, from its words.

    Raises:
        GlamError: It is empty, binary or far too long.
    """
    return _reading(report_from_bytes(text.encode("utf-8", "replace"), "The text"), source)


def read_file(path: Path) -> Reading:
    """What a report says, from a file.

    Raises:
        GlamError: It is missing, no report, binary, locked or far too long.
    """
    file = read_report_file(path)
    return _reading(file, {"text": "a text file", "PDF": "a PDF"}.get(file.kind, file.kind))


def read_if_report(path: Path) -> Reading | None:
    """As `read_file`, where the header says that it is a DICOM document; None for others."""
    return read_file(path) if is_dicom_report(path) else None


def _reading(file: ReportFile, source: str) -> Reading:
    parsed = parse_report(file.text)
    return Reading(
        findings=tuple(map(_words_of_finding, parsed.findings)),
        unparsed=parsed.unparsed,
        doubts=parsed.doubts,
        density=parsed.density,
        birads=parsed.birads,
        source=source,
        patient_id=file.patient_id,
        study_uid=file.study_uid,
    )


def phrase_of(words: FindingWords) -> Phrase:
    """The phrase that looks for a finding."""
    side = Laterality(words.laterality) if words.laterality in ("L", "R") else None
    return Phrase(
        text=words.text,
        type=words.kind,
        descriptors=words.descriptors,
        laterality=side,
        location=LocationWords(words.quadrant, words.clock, words.depth, words.distance_mm),
        views=words.views,
        negated=words.negated,
    )


def _words_of_phrase(phrase: Phrase) -> FindingWords:
    place = phrase.location
    return FindingWords(
        text=phrase.text,
        kind=phrase.type,
        descriptors=phrase.descriptors,
        laterality=phrase.laterality,
        quadrant=place.quadrant,
        clock=place.clock,
        depth=place.depth,
        distance_mm=place.distance_mm,
        views=phrase.views,
        negated=phrase.negated,
        label=_label(phrase.text, phrase.type, phrase.descriptors),
    )


def _words_of_finding(finding: Finding) -> FindingWords:
    return FindingWords(
        text=finding.text,
        kind=finding.type,
        descriptors=finding.descriptors,
        laterality=finding.laterality,
        quadrant=finding.quadrant,
        clock=finding.clock,
        depth=finding.depth,
        distance_mm=finding.distance_mm,
        size_mm=finding.size_mm,
        views=finding.views,
        negated=finding.negated,
        uncertain=finding.uncertain,
        label=_label(finding.text, finding.type, finding.descriptors),
    )


def _label(text: str, kind: str | None, descriptors: Sequence[str]) -> str:
    """A few words in the lexicon's spelling and order, for example "irregular spiculated mass"."""
    if kind is None:
        return "place"
    words = lexicon()
    named = kind.replace("_", " ")
    for hit in words.findings_pattern.finditer(text):
        term = words.term_of(hit[0])
        if term is not None and term.finding == kind:
            named = term.label
            break
    known = [d for d in descriptors if d in words.by_id]
    telling = sorted(known, key=lambda d: _rank(d, _MOST_TELLING))[:_MOST_LABEL_WORDS]
    labels = [words.by_id[d].label for d in sorted(telling, key=lambda d: _rank(d, _IN_ORDER))]
    return " ".join((*(word for word in labels if word not in named), named))


def _rank(term_id: str, order: Sequence[str]) -> int:
    return next((i for i, start in enumerate(order) if term_id.startswith(start)), len(order))


def _place(image_id: ImageId, answer: GroundedView, words: LocationWords) -> FoundPlace:
    scale = answer.image_px_per_map_px
    point: PointPx | None = None
    likely: tuple[FloatArray, ...] = ()
    allowed: tuple[FloatArray, ...] = ()
    if answer.found and answer.row is not None and answer.col is not None:
        point = PointPx(answer.row, answer.col)
        likely = mask_outlines(_likely(answer.probability, point, scale), scale)
    outside = False
    if not words.is_empty:
        area = region_holding(answer.location, _ALLOWED_SHARE)
        allowed = mask_outlines(area, scale)
        outside = point is not None and not _holds(area, point, scale)
    view = answer.view
    return FoundPlace(
        image_id=image_id,
        view=ViewKey(view.laterality, view.view_position).short,
        point=point,
        score=answer.score,
        shape=FindingShape(likely, allowed),
        reason=answer.reason,
        notes=answer.notes,
        outside_words=outside,
    )


def _holds(mask: npt.NDArray[np.bool_], point: PointPx, scale: float) -> bool:
    row, col = (round((at + 0.5) / scale - 0.5) for at in point)
    rows, cols = mask.shape
    return bool(mask[min(max(row, 0), rows - 1), min(max(col, 0), cols - 1)])


def _likely(
    probability: npt.NDArray[np.float32], point: PointPx, scale: float
) -> npt.NDArray[np.bool_]:
    rows, cols = np.ogrid[: probability.shape[0], : probability.shape[1]]
    row, col = (point.row + 0.5) / scale - 0.5, (point.col + 0.5) / scale - 0.5
    near = np.hypot(rows - row, cols - col) <= AROUND
    part = np.where(near, probability, 0.0).astype(np.float32)
    # Smoothed, so that the outline is one calm shape and not a handful of splinters.
    smooth = np.asarray(cv2.GaussianBlur(part, (0, 0), _SMOOTH_PX), dtype=np.float32)
    return region_holding(smooth, _LIKELY_SHARE)
