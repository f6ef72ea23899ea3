"""The demo exams: made on first run in seconds, kept, and made again when they are out of date."""

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from glam_core import __version__
from glam_core.disk import disk_sentence
from glam_core.errors import CancelledError
from glam_core.phantom.identity import identity_of
from glam_core.phantom.report import PriorExam
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.series import Cancelled, Report, SeriesError
from glam_core.phantom.study_folder import (
    EXAMS_FOLDER,
    TRUTH_FOLDER,
    ExamWords,
    is_complete,
    read_truth,
    remove_folder,
    remove_leftovers,
)
from glam_core.phantom.truth import LesionKind
from glam_core.phantom.truth_file import FORMAT
from glam_core.phantom.worker import ExamTask, outcomes
from glam_core.terms import Laterality, ViewPosition

_STAMP_NAME = "demo.json"
_WORKERS = 2
_YEARS_BETWEEN = 2
_GROWTH_BEFORE = 0.5
_MASS_SIZE_MM = 17.0
_FINE_MM, _QUICK_MM = 0.1, 0.2

_MASS = LesionRequest(
    LesionKind.MASS,
    Laterality.RIGHT,
    size_mm=_MASS_SIZE_MM,
    shape="irregular",
    margin="spiculated",
    density="high",
    place_words="upper outer",
)
_CALCIFICATIONS = LesionRequest(
    LesionKind.CALCIFICATION,
    Laterality.LEFT,
    size_mm=22.0,
    morphology="fine pleomorphic",
    distribution="segmental",
    place_words="upper outer",
)
_ONE_VIEW_ASYMMETRY = LesionRequest(
    LesionKind.ASYMMETRY,
    Laterality.LEFT,
    size_mm=18.0,
    morphology="asymmetry",
    only_view=ViewPosition.MLO,
    place_words="upper inner",
)
_HIDDEN_MASS = LesionRequest(
    LesionKind.MASS,
    Laterality.RIGHT,
    size_mm=14.0,
    shape="oval",
    margin="obscured",
    density="equal",
    place_words="lower outer",
)


@dataclass(frozen=True, slots=True)
class DemoExam:
    """One demo exam; the folder's name says what it shows."""

    name: str
    seed: int
    lesions: tuple[LesionRequest, ...]
    density_class: str
    style: str
    pixel_mm: float
    is_prior: bool = False

    def task(self, folder: Path) -> ExamTask:
        """How to make it below `folder`."""
        return ExamTask(
            folder=folder / EXAMS_FOLDER / self.name,
            seed=self.seed,
            index=0,
            pixel_mm=self.pixel_mm,
            request=ExamRequest(
                lesions=self.lesions,
                density_class=self.density_class,
                style=self.style,
                growth=_GROWTH_BEFORE if self.is_prior else 1.0,
                visit=1 if self.is_prior else 0,
                implants=False,
                skin_markers=False,
            ),
            words=ExamWords(
                split="test",
                years_back=_YEARS_BETWEEN if self.is_prior else 0,
                prior=self._prior(),
                patient_words=f"DEMO {self.name[0]}",
            ),
        )

    def _prior(self) -> PriorExam | None:
        if self.seed != _MASS_SEED or self.is_prior:
            return None
        before = identity_of(self.seed, 0, years_back=_YEARS_BETWEEN)
        return PriorExam(before.study_date, {"L1": _MASS_SIZE_MM * _GROWTH_BEFORE})


_MASS_SEED = 114
DEMO_EXAMS = (
    DemoExam("1-spiculated-mass", _MASS_SEED, (_MASS,), "B", "flat panel", _FINE_MM),
    DemoExam("1-spiculated-mass-prior", _MASS_SEED, (_MASS,), "B", "flat panel", _FINE_MM, True),
    DemoExam("2-calcifications", 138, (_CALCIFICATIONS,), "C", "flat panel", _QUICK_MM),
    DemoExam("3-one-view-asymmetry", 148, (_ONE_VIEW_ASYMMETRY,), "B", "flat panel", _QUICK_MM),
    DemoExam("4-dense-breasts", 158, (_HIDDEN_MASS,), "D", "flat panel", _QUICK_MM),
    DemoExam("5-normal", 198, (), "A", "flat panel", _QUICK_MM),
)


def write_demo_study(
    folder: Path, *, report: Report | None = None, cancelled: Cancelled | None = None
) -> Path:
    """Make the demo exams below `folder`, or find them there; a stale set is made anew.

    Args:
        folder: A cache folder of this program's own; one folder an exam appears in its exams/.
        report: Called with (exams done, exams in all) after each that is made; those that are
            missing are begun in the order of `DEMO_EXAMS`, two at a time.
        cancelled: Polled between exams.

    Returns:
        The folder to open: that of the six exams' pictures.

    Raises:
        SeriesError: In one sentence, where the folder cannot be written.
        CancelledError: Where `cancelled` said so; the next call goes on.
    """
    try:
        _claim(folder)
        tasks = [exam.task(folder) for exam in DEMO_EXAMS]
        missing = [task for task in tasks if not is_complete(task.folder)]
        done = len(tasks) - len(missing)
        for error in outcomes(missing, _WORKERS, cancelled):
            if error is not None:
                raise SeriesError(f"{error.rstrip('.')}.")
            done += 1
            if report is not None:
                report(done, len(tasks))
    except OSError as error:
        raise SeriesError(disk_sentence(error, folder)) from error
    if done < len(tasks):
        raise CancelledError(f"Stopped after {done} of {len(tasks)} demo exams.")
    return folder / EXAMS_FOLDER


def first_demo_study(folder: Path) -> Path:
    """The folder of the exam to open first; it may be there before the others are."""
    return DEMO_EXAMS[0].task(folder).folder


def demo_click(folder: Path) -> str:
    """The first exam's lesion as "RCC:ROW,COL", in pixels of the stored picture.

    Raises:
        SeriesError: If the first exam is not there.
    """
    first = first_demo_study(folder)
    try:
        truth = read_truth(first)
    except (OSError, ValueError) as error:
        raise SeriesError(f"The demo exam is not at {first}; make it first.") from error
    for view in truth["views"]:
        for lesion in view["lesions"]:
            if lesion["visible"]:
                centre = lesion["centre"]
                name = view["laterality"] + view["view"]
                return f"{name}:{centre['row']:.0f},{centre['col']:.0f}"
    raise SeriesError(f"No picture of the demo exam at {first} shows a lesion.")


def _claim(folder: Path) -> None:
    """Make the folder; throw away demo exams of another version."""
    (folder / EXAMS_FOLDER).mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder / EXAMS_FOLDER)
    if _stamp_of(folder) == _stamp():
        return
    try:
        for name in (EXAMS_FOLDER, TRUTH_FOLDER):
            remove_folder(folder / name)
    except OSError as error:
        raise SeriesError(
            f"The demo exams at {folder} are of another version and cannot be replaced "
            f"({error.strerror or error}); close every program that shows them, or remove that "
            "folder, and try again."
        ) from error
    temporary = folder / f"{_STAMP_NAME}.partial"
    temporary.write_text(json.dumps(_stamp()), encoding="utf-8")
    temporary.replace(folder / _STAMP_NAME)


def _stamp() -> dict[str, str | int]:
    return {"format": FORMAT, "program": __version__, "generator": _generator_print()}


def _generator_print() -> str:
    """A fingerprint of the generator's own text; a packaged program has its version alone."""
    digest = hashlib.sha256()
    for part in sorted(files("glam_core.phantom").iterdir(), key=lambda part: part.name):
        if part.name.endswith(".py"):
            digest.update(part.read_bytes())
    return digest.hexdigest()[:16]


def _stamp_of(folder: Path) -> object:
    try:
        return json.loads((folder / _STAMP_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
