"""Answers of a method that is no part of this program, read from a file and measured alike."""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from glam_core.errors import AnswersError, UnreadableFileError
from glam_core.evaluation.correspondence import OWN, SHUFFLED, Results
from glam_core.evaluation.correspondence_queries import with_places, without_answer
from glam_core.evaluation.correspondence_results import QueryResult
from glam_core.evaluation.manifest_views import image_of_row, spacing_of_row
from glam_core.evaluation.questions import Question
from glam_core.inference.correspondence import Peak
from glam_core.inference.matcher_names import GEOMETRY


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of a file of answers.

    Attributes:
        line: Line number in the file, the first being 1.
        peaks: Best first, in stored pixels of the searched picture; probability nan where unstated.
        matched: False where the method says that it has no confident match.
    """

    line: int
    peaks: tuple[Peak, ...]
    matched: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """A file of answers, by the id of their question."""

    file: Path
    by_id: Mapping[str, Answer]

    def check_inside(self, answer: Answer, image_name: str, shape: tuple[int, int]) -> None:
        """Refuse places that are not on the picture.

        Args:
            shape: (rows, cols) of the stored picture.

        Raises:
            AnswersError: A place lies outside.
        """
        for peak in answer.peaks:
            if not all(
                -0.5 <= at <= size - 0.5 for at, size in zip(peak.point, shape, strict=True)
            ):
                raise AnswersError(
                    self.file,
                    answer.line,
                    f"row {peak.row:g}, col {peak.col:g} lies outside {image_name} of "
                    f"{shape[0]} x {shape[1]} pixels; give stored pixels, row down, col right",
                )


def read_answers(
    file: Path,
    asked: Collection[str],
    peaks_of: Callable[[Mapping[str, Any]], tuple[Peak, ...]],
) -> Answers:
    """Read one JSON line an answer; further keys of a line are left unread.

    Args:
        file: UTF-8 text; empty lines are skipped.
        asked: Ids of all questions of the evaluation.
        peaks_of: The places of one line; raises ValueError with what is wrong.

    Raises:
        UnreadableFileError: There is no such text file, or it holds no answer.
        AnswersError: A line is broken, its id unknown or given twice.
    """
    found: dict[str, Answer] = {}
    for line, record in _records(file):
        name = record.get("id")
        if not isinstance(name, str) or name not in asked:
            raise AnswersError(
                file,
                line,
                f"no question has the id {json.dumps(name)[:60]}; write the questions with "
                "--questions and otherwise the same options, and copy their ids",
            )
        if name in found:
            raise AnswersError(
                file, line, f"{name!r} has an answer in line {found[name].line} already; keep one"
            )
        try:
            found[name] = Answer(line, peaks_of(record), _matched(record))
        except ValueError as error:
            raise AnswersError(file, line, str(error)) from None
    if not found:
        raise UnreadableFileError(file, "holds no answer; write one JSON line a question")
    return Answers(file, found)


def _records(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise UnreadableFileError(file, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UnreadableFileError(file, "is not UTF-8 text; save it as UTF-8") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise AnswersError(file, number, 'is no JSON object such as {"id": ..., ...}')
        yield number, record


def listed_peaks(record: Mapping[str, Any]) -> tuple[Peak, ...]:
    """The places of an answer about correspondence: a list "peaks", best first, may be empty.

    Raises:
        ValueError: What is wrong with it.
    """
    listed = record.get("peaks")
    if not isinstance(listed, list) or not all(isinstance(peak, dict) for peak in listed):
        raise ValueError('"peaks" is no list of {"row": ..., "col": ...}; give [] for no place')
    return tuple(
        Peak(_number(peak, "row"), _number(peak, "col"), _probability(peak)) for peak in listed
    )


def single_peak(record: Mapping[str, Any]) -> tuple[Peak, ...]:
    """The one place of an answer about words; null for row and col is no place.

    Raises:
        ValueError: What is wrong with it.
    """
    if "row" in record and record["row"] is None and record.get("col") is None:
        return ()
    return (Peak(_number(record, "row"), _number(record, "col"), math.nan),)


def _number(record: Mapping[str, Any], name: str) -> float:
    value = record.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e9:
        raise ValueError(f'"{name}" is {json.dumps(value)[:40]}, not a number')
    return float(value)


def _probability(peak: Mapping[str, Any]) -> float:
    if peak.get("probability") is None:
        return math.nan
    value = _number(peak, "probability")
    if not 0 <= value <= 1:
        raise ValueError(f'"probability" is {value:g}, which does not lie between 0 and 1')
    return value


def _matched(record: Mapping[str, Any]) -> bool:
    matched = record.get("matched", True)
    if not isinstance(matched, bool):
        raise ValueError('"matched" is neither true nor false')
    return matched


def measured_answers(
    questions: Sequence[Question], answers: Answers, image_unit_mm: float | None = None
) -> list[QueryResult]:
    """The answers measured as those of a matcher are; a question without one is a miss.

    Landmarks are not needed, so none are looked for.

    Args:
        questions: Of the evaluation; results come in their order.
        image_unit_mm: Length of a stored pixel where the manifest gives none.

    Raises:
        AnswersError: A place lies outside its picture.
    """
    return [_measured(question, answers, image_unit_mm) for question in questions]


def _measured(question: Question, answers: Answers, image_unit_mm: float | None) -> QueryResult:
    row, answer = question.answering, answers.by_id.get(question.id)
    failure = "the answer names no place"
    if answer is None:
        failure = f"{answers.file.name} has no line for them"
    missed = without_answer(question.asked, row, question.point, failure)
    missed = replace(missed, of_places=True)
    if answer is None or not answer.peaks:
        return missed
    try:
        image = image_of_row(row)
    except UnreadableFileError as error:
        return replace(missed, failure=str(error))
    answers.check_inside(answer, row.image_name, (image.rows, image.cols))
    length = spacing_of_row(row, image, image_unit_mm) or (1.0, 1.0)
    placed = with_places(missed, answer.peaks, answer.matched, question.truth, length)
    return replace(placed, failure="")


def beside_baselines(of_geometry: Results, own: list[QueryResult]) -> Results:
    """The baselines of an evaluation of the geometry matcher, which is one of them here.

    The control with a shuffled partner is left out: nobody was asked about such a partner.
    """
    baselines = {name: of_geometry[name] for name in of_geometry if name not in (OWN, SHUFFLED)}
    return {OWN: own, **baselines, GEOMETRY: of_geometry[OWN]}
