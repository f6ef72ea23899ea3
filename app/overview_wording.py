"""Sentences and labels of the study page, in one place."""

from collections.abc import Sequence

from app import wording
from app.answers import MatcherWords
from app.similar import SimilarCase, SimilarCases
from glam_core.study import Study

HEADING = "Density and BI-RADS, zero-shot"
WARNING = (
    "A model compares the pictures with sentences. The figures are shares among the classes, not "
    "calibrated on patients: no assessment, not for diagnosis."
)
WAITING = "Comparing the study with sentences …"
NOT_READY = "The views of this study are being prepared …"
NO_STUDY = "Open a study first."
NO_VIEWS = "This study has no CC or MLO view that can be compared."
SIMILAR = "Similar studies"
SIMILAR_NOTE = (
    "Alike to the model as whole pictures, other patients only. Similar pictures may show "
    "different findings."
)
PLACES_ONLY = (
    "The model {name} learned places, not whole pictures with words, so this order means little."
)
NO_OTHERS = (
    "No study of another patient is listed; open a folder with more studies, and the most alike "
    "are shown here."
)
DENSITY, RIGHT, LEFT = "Density", "BI-RADS, right breast", "BI-RADS, left breast"

DENSITY_WORDS = {
    "A": "almost entirely fatty",
    "B": "scattered density",
    "C": "heterogeneously dense",
    "D": "extremely dense",
}
BIRADS_WORDS = {
    "1": "negative",
    "2": "benign",
    "3": "probably benign",
    "4": "suspicious",
    "5": "highly suggestive",
}
_CLEAR = 1.5  # times the share that each class would have by chance
_SMALLEST = 0.001  # distance that is written out
_NEAR = 0.8  # of the first share; a second one above it is as likely


def is_told_apart(shares: Sequence[tuple[str, float]]) -> bool:
    """Whether the first class is clearly above chance."""
    return max(share for _, share in shares) >= _CLEAR / len(shares)


def sentence(shares: Sequence[tuple[str, float]]) -> str:
    """What the shares say, for example "More like heterogeneously dense than any other, 0.41"."""
    (first, most), (second, next_most) = sorted(shares, key=lambda one: -one[1])[:2]
    if not is_told_apart(shares):
        return f"Not told apart: even the first, {first}, has only {most:.2f}."
    if next_most > _NEAR * most:
        return f"As much like {first}, {most:.2f}, as like {second}, {next_most:.2f}."
    return f"More like {first} than any other, {most:.2f}."


def reader_line(reader: MatcherWords) -> str:
    """Who compared, with training data."""
    trained_on = reader.trained_on.rstrip(".")
    return (
        f"Compared by the model {reader.name} {reader.version}, trained on: {trained_on}. "
        f"{reader.notice.rstrip('.')}."
    )


def similar_sentence(similar: SimilarCases) -> str:
    """How far the search is, or why there is nothing; empty where the rows say it all."""
    if similar.refusal:
        return similar.refusal
    if similar.under_way:
        return f"Looking at studies of other patients, {similar.done} of {similar.total} …"
    if not similar.total:
        return NOT_READY
    left_out = similar.left_out
    if left_out:
        studies = "study" if left_out == 1 else "studies"
        return f"{left_out} of {similar.total} listed {studies} cannot be compared."
    return ""


def case_words(case: SimilarCase, study: Study, *, privacy: bool) -> str:
    """Patient, date and distance of a similar study."""
    date = "" if privacy else f"\n{wording.date_words(study.date)}"
    return f"{wording.patient_words(study, privacy=privacy)}{date}\ndistance {_distance(case)}"


def _distance(case: SimilarCase) -> str:
    return f"{case.distance:.3f}" if case.distance >= _SMALLEST else f"< {_SMALLEST}"


def case_tip(case: SimilarCase) -> str:
    """What the distance is."""
    views = f"{case.views} view{'s' * (case.views != 1)}"
    return f"1 - cosine of the pictures' embeddings, mean of {views}. Press to open the study."
