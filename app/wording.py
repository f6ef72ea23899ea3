"""All sentences and labels of the window, in one place."""

from pathlib import Path

from app.answers import Answer, MatcherWords
from app.greys import Window
from app.state import Framing, Hanging, Progress, ShownImage, ViewerState
from glam_core.study import MammogramImage, SkippedFile, Study
from glam_core.terms import Source

_LONGEST_KEY = 20
_MOST_FACTS = 6
_LONGEST_LINE = 27  # letters; fits a pane of a four-view hanging on a small screen
_STANDARD_VIEWS = {"RCC", "LCC", "RMLO", "LMLO"}
PROGRAM = "GLAM Workstation"
RESEARCH_ONLY = "Research use only"
NOT_FOR_DIAGNOSIS = "Research use only, not for diagnosis"
HIDDEN = "Hidden"

ABOUT = (
    "GLAM Workstation shows where a spot of one mammographic view lies in the other view of the "
    "same breast. Research use only, not for diagnosis."
)
MOUSE_ROWS = (
    ("Click", "ask where the spot lies in the other view"),
    ("Shift + drag", "ask about a box"),
    ("Left drag", "grey levels: up and down the centre, left and right the width"),
    ("Middle drag", "pan"),
    ("Right drag, wheel", "zoom; the wheel steps through a tomosynthesis, Ctrl + wheel zooms"),
    ("Right click", "menu of the picture; describes the place in words"),
    ("Drag a landmark", "correct the nipple or the pectoral line"),
    ("M held", "magnifier lens"),
)
EMPTY_TITLE = "Open a mammography study"
EMPTY_LINES = (
    "Drop a folder, files, a DICOMDIR or a zip archive here.",
    "DICOM, PNG, TIFF, JPEG and NPY are read; nothing is ever written into them.",
)
ASK_HINT = "Click a spot in one view; the other view of the same breast answers here."
NO_PARTNER = "The other view of this breast is not in the study, so there is nothing to compare."
NOT_A_PAIR = "Only CC and MLO views of the same breast answer each other."
VIEW_UNKNOWN = "Side and view of this picture are unknown; choose them in the panel at the right."
UNCALIBRATED = "uncalibrated, lengths in px"
SPACING_ENTERED = "entered by user"
NO_MAMMOGRAMS = "No mammogram was found there."
TRUE_SIZE_UNKNOWN = "True size needs the pixel spacing of the file and the screen's resolution."
NO_PRIOR = "There is no earlier study of this patient among the open ones."

HANGING_WORDS = {
    Hanging.FOUR_UP: "Four views",
    Hanging.FOUR_IN_A_ROW: "Four in a row",
    Hanging.RIGHT_PAIR: "Right breast",
    Hanging.LEFT_PAIR: "Left breast",
    Hanging.SINGLE: "One picture",
    Hanging.WITH_PRIOR: "Current and prior",
}
FRAMING_WORDS = {
    Framing.FIT_BREAST: "Fit breast",
    Framing.FIT_PICTURE: "Fit picture",
    Framing.SAME_SIZE: "Same size",
    Framing.ONE_TO_ONE: "1:1 pixels",
    Framing.TRUE_SIZE: "True size",
}


def length(value: float, unit: str) -> str:
    """A length with its unit; px say that they are not calibrated elsewhere."""
    return f"{value:.0f} {unit}" if unit == "px" or value >= 10 else f"{value:.1f} {unit}"


def per_cent(share: float) -> str:
    """A probability in per cent; small ones are not rounded to nothing."""
    if 0 < share < 0.01:
        return "< 1 %"
    return f"{100 * share:.0f} %"


def zoom_mode(state: ViewerState, moved: bool, scale: float) -> str:
    """The mode and the magnification, for the picture's corner."""
    mode = "Free" if moved else FRAMING_WORDS[state.framing]
    return f"{mode} · {100 * scale:.0f} %"


def view_label(image: MammogramImage) -> str:
    """Short code with modifiers, for example "RMLO ID"; "?" where unknown."""
    side = image.laterality.value if image.laterality is not None else "?"
    view = image.view_position.value if image.view_position is not None else "?"
    return " ".join((side + view, *image.view_modifiers))


def is_proposed(image: MammogramImage) -> bool:
    """Whether side or view is not read from the header nor said by the user."""
    return Source.PROPOSED in (image.laterality_source, image.view_source)


def source_words(image: MammogramImage) -> str:
    """Where side and view are known from."""
    sources = {image.laterality_source, image.view_source}
    if None in sources:
        return "unknown"
    if Source.PROPOSED in sources:
        return "proposed"
    return "set by you" if Source.USER in sources else "from the file"


def date_words(date: str | None) -> str:
    """A DICOM date as 2024-03-05."""
    if date and len(date) == 8 and date.isdigit():
        return f"{date[:4]}-{date[4:6]}-{date[6:]}"
    return date or "Undated"


def patient_words(study: Study, *, privacy: bool) -> str:
    """The patient as the browser lists them."""
    if privacy:
        return HIDDEN
    name = (study.patient_name or "").replace("^", " ").strip()
    if name or study.patient_id:
        return name or study.patient_id or ""
    # Research files carry a short key in their names; a long one is only a UID.
    return study.patient_key if 0 < len(study.patient_key) <= _LONGEST_KEY else "Unnamed patient"


def may_enter_spacing(image: MammogramImage) -> bool:
    """The file gives no spacing, so the user may."""
    return image.spacing is None or image.spacing.source == SPACING_ENTERED


def title(state: ViewerState) -> str:
    """The main window's title."""
    study = state.study
    if study is None or state.toggles.privacy:
        return PROGRAM
    return f"{patient_words(study, privacy=False)} · {date_words(study.date)} — {PROGRAM}"


def window_words(shown: ShownImage) -> str:
    """Name, centre and width of the window shown."""
    window = shown.window
    if window is None:
        return ""
    name = f"{window.explanation} · " if window.explanation else ""
    return f"{name}C {window.centre:.0f} W {window.width:.0f}"


def calibration_words(image: MammogramImage) -> str:
    """The pixel's length and what it is calibrated to."""
    spacing = image.spacing
    if spacing is None:
        return UNCALIBRATED
    return f"{spacing.col_mm:.3f} mm/px {spacing.source}"


def technique_lines(image: MammogramImage) -> tuple[str, ...]:
    """Tube, filter, force and thickness in short lines, as far as the file says."""
    lines: list[str] = []
    for name, value in list(image.technique.items())[:_MOST_FACTS]:
        fact = f"{name} {value}"
        if lines and len(lines[-1]) + len(fact) <= _LONGEST_LINE:
            lines[-1] += f" · {fact}"
        else:
            lines.append(fact)
    return tuple(lines)


def spacing_warning(state: ViewerState) -> str:
    """Said beside every length where the unit is px."""
    asked = state.images.get(state.question.asked_id) if state.question else None
    return UNCALIBRATED if asked is not None and asked.image.spacing is None else ""


def verdict(answer: Answer) -> str:
    """The answer in one line."""
    if not answer.matched:
        return "No confident match"
    return f"{len(answer.candidates)} candidate{'s' * (len(answer.candidates) != 1)}"


def band_words(answer: Answer) -> str:
    """The band's depth behind the nipple and its width."""
    if answer.band_depth is None or answer.band_half_width is None:
        return "no band (a landmark is missing)"
    return f"{answer.band_depth:.0f} ± {length(answer.band_half_width, answer.unit)}"


def to_band_words(answer: Answer) -> str:
    """How the first candidate lies to the band: geometry and model against each other."""
    if answer.model_to_band is None:
        return "unknown"
    if answer.model_to_band == 0:
        return "inside the band"
    return f"{length(answer.model_to_band, answer.unit)} outside the band"


def optional_length(value: float | None, unit: str) -> str:
    """A length, or "unknown"."""
    return length(value, unit) if value is not None else "unknown"


def progress_words(progress: Progress) -> str:
    """Work under way with its share."""
    if progress.total:
        return f"{progress.what} {progress.done} of {progress.total}"
    return f"{progress.what} …"


def skipped_words(skipped: SkippedFile, *, privacy: bool) -> str:
    """A file that is left out, with the reason."""
    name = "A file" if privacy else Path(skipped.file).name
    return f"{name}: {skipped.reason.rstrip('.')}."


def missing_words(label: str, *, prior: bool) -> str:
    """For an empty pane."""
    return f"No {label} in the {'prior' if prior else 'study'}"


def images_words(count: int) -> str:
    """A count of pictures."""
    return f"{count} picture{'s' * (count != 1)}"


def demo_words(progress: Progress) -> str:
    """While the demo exams are made."""
    return f"Making synthetic demo exams {progress.done} of {progress.total}"


def window_choice(window: Window, position: int) -> str:
    """A window of the file, by its explanation."""
    name = window.explanation or f"Window {position + 1}"
    return f"{name} · C {window.centre:.0f} W {window.width:.0f}"


def landmark_words(shown: ShownImage, mark: object | None, source: Source) -> tuple[str, str]:
    """Whether a landmark is there, and the role its words are shown in."""
    if mark is not None:
        if source is Source.USER:
            return "placed by you", "value"
        confidence = getattr(mark, "confidence", 0.0)
        return f"found, confidence {100 * confidence:.0f} %", "value"
    if not shown.analysed:
        return "looking …", "quiet"
    return "not found", "warning"


def matcher_choice(name: str, called: str = "") -> str:
    """A matcher as the list offers it."""
    return "Geometry" if name == "geometry" else called or Path(name).name


def provenance_words(words: MatcherWords) -> str:
    """Who answers, with version and training data."""
    said = f"{words.name} {words.version}. Trained on: {words.trained_on.rstrip('.')}."
    return f"{said} {words.device}" if words.device else said


def prepared_words(done: int, total: int, failed: int) -> str:
    """How far the views are prepared."""
    if done < total:
        return f"Preparing views, {done} of {total} ready …"
    if failed:
        return f"{total - failed} of {total} views can be asked."
    return f"All {total} views can be asked." if total > 1 else "The view can be asked."


def private_sentence(sentence: str, *, privacy: bool) -> str:
    """A sentence about a file without the file's name, which may name the patient."""
    _name, colon, rest = sentence.partition(": ")
    if not (privacy and colon):
        return sentence
    return f"A file: {rest}"


def study_line(study: Study, *, privacy: bool) -> str:
    """Date and views of a study, for the browser's second line."""
    known = [image.view_key.short for image in study.images if image.view_key is not None]
    views = " ".join(dict.fromkeys(known)) or images_words(len(study.images))
    if set(known) == _STANDARD_VIEWS:
        views = "4 views" if len(known) == len(study.images) else images_words(len(study.images))
    return views if privacy or not study.date else f"{date_words(study.date)} · {views}"


def mode_words(state: ViewerState) -> str:
    """The framing for the status line."""
    if state.study is None:
        return "No study open"
    moved = any(image_id in state.viewports for image_id in state.shown_ids)
    linked = "linked" if state.toggles.linked else "not linked"
    return f"{'Free' if moved else FRAMING_WORDS[state.framing]}, {linked}"


def place_words(label: str, row: float, col: float, value: int | None) -> str:
    """Where the cursor is, and the stored value there."""
    said = f"{label}  row {row:.0f}, col {col:.0f}"
    return said if value is None else f"{said} · value {value}"
