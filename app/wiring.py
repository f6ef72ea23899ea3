"""The only place where services, controller and window are made and joined."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import platformdirs
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu

from app import describing_wording, wording
from app.actions import Actions
from app.controller import Controller
from app.describing import region_at
from app.finding_wiring import FindingJoints
from app.findings import Verdict
from app.judging_wiring import JudgingJoints
from app.main_window import MainWindow
from app.menus import fill
from app.overview_wiring import OverviewJoints
from app.panels.help_dialog import show_help
from app.panes.content import Tool
from app.panes.image_pane import ImagePane
from app.panes.viewport import PaneSize
from app.services.correspondence import CorrespondenceService
from app.services.demo import DemoService
from app.services.grounding import GroundingService
from app.services.judgement_memory import JudgementMemory
from app.services.memory import CorrectionMemory
from app.services.overview import OverviewService
from app.services.picture_store import PictureStore
from app.services.study import StudyService
from app.services.training import TrainingService
from app.services.training_export import TrainingExport
from app.state import Framing, Hanging
from app.training_wiring import TrainingJoints
from glam_core.inference.matcher_names import default_matcher, ships
from glam_core.terms import PointPx

PROGRAM_FOLDER = "glam-workstation"
_MENU = (
    ("tool.correlate", "tool.nipple", "place_line", "tool.length", "clear_lengths"),
    ("switch.inverted", "flip", "turn", "reset"),
    ("switch.overlays", "switch.landmarks", "switch.texts", "switch.privacy"),
    ("export_picture",),
)
_MM_PER_INCH = 25.4


class Workstation(QObject):
    """A window with everything behind it; `close` ends every thread.

    Args:
        data_folder: Where corrections and the demo exams are kept; None takes the user's own.
        remember: False keeps corrections for this run only.
    """

    def __init__(self, *, data_folder: Path | None = None, remember: bool = True) -> None:
        super().__init__()
        folder = data_folder or platformdirs.user_data_path(PROGRAM_FOLDER, appauthor=False)
        self.store = PictureStore()
        self.studies = StudyService(self.store, self)
        self.correspondence = CorrespondenceService(self.store, self)
        self.words = GroundingService(self.correspondence, self)
        self.demo_folder = folder / "demo"
        self.demo = DemoService(self.demo_folder, self)
        self.export_service = TrainingExport(self)
        self.overview = OverviewService(self.correspondence, self)
        memory = CorrectionMemory(folder / "corrections.json" if remember else None)
        judgements = JudgementMemory(folder / "judged_places.jsonl" if remember else None)
        self.controller = Controller(
            studies=self.studies,
            correspondence=self.correspondence,
            demo=self.demo,
            memory=memory,
            words=self.words,
            judgements=judgements,
            overview=self.overview,
        )
        self.actions = Actions(self._act, self)
        self.window = MainWindow(self.actions)
        self._join_services()  # first: the joints below rely on the state after an arrival
        self.findings = FindingJoints(self, self.words)
        self.study_page = OverviewJoints(self, self.overview)
        self.training_service = TrainingService(
            folder / "training_run.json" if remember else None, self
        )
        self.training = TrainingJoints(self, self.training_service)
        self.judging = JudgingJoints(self, judgements, memory, self.export_service)
        self.handlers = self._handlers_by_name() | self.findings.handlers
        self._closed = False
        self._demo_opened = False
        self._join_panels()
        self.window.grid.pane_added.connect(self._join_pane)
        self.window.grid.sizes_changed.connect(self._resized)
        self.window.closing.connect(self.close)
        self.controller.add_screen(self.window.render_state)

    def start(self, matcher_name: str = default_matcher()) -> None:
        """Load what the first study will need, once the window is on the screen."""
        QTimer.singleShot(0, self, partial(self._start, matcher_name))

    def close(self) -> None:
        """End all work and wait for what is under way."""
        if self._closed:
            return
        self._closed = True
        training = (self.training_service, self.training)
        asking = (self.words, self.overview, self.export_service, *training)
        for service in (self.studies, *asking, self.correspondence, self.demo):
            service.close()

    def dispose(self) -> None:
        """Close everything and delete the window, so that nothing of it stays behind."""
        self.close()
        self.window.close()
        for thing in (self.window, self):
            thing.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def _start(self, matcher_name: str) -> None:
        if not self._closed:
            self.studies.warm_up()
            self.words.warm_up()
            is_folder = not ships(matcher_name) and Path(matcher_name).is_dir()
            name = str(Path(matcher_name).resolve()) if is_folder else matcher_name
            self.controller.questions.choose_matcher(name)
            self.correspondence.list_models()

    # Services to controller

    def _join_services(self) -> None:
        to = self.controller
        studies = self.studies
        studies.scan_progressed.connect(to.scan_progressed)
        studies.scanned.connect(to.scanned)
        studies.scan_failed.connect(to.scan_ended)
        studies.scan_stopped.connect(to.scan_ended)
        studies.pixels_arrived.connect(to.pixels_arrived)
        studies.picture_failed.connect(to.picture_failed)
        studies.analysed.connect(to.analysed)
        answers = self.correspondence
        answers.models_found.connect(to.questions.models_found)
        answers.matcher_chosen.connect(to.questions.matcher_chosen)
        answers.matcher_failed.connect(to.questions.matcher_failed)
        answers.view_askable.connect(to.questions.view_askable)
        answers.view_prepared.connect(to.questions.view_prepared)
        answers.view_failed.connect(to.questions.view_failed)
        answers.answered.connect(to.questions.answered)
        answers.refused.connect(to.questions.refused)
        self.demo.progressed.connect(to.demo_progressed)
        self.demo.failed.connect(to.demo_ended)
        self.demo.first_ready.connect(self._open_first_demo)
        self.demo.ready.connect(self._open_all_demos)

    def _open_first_demo(self, folder: Path) -> None:
        self._demo_opened = True
        self.controller.open_places([folder])

    def _open_all_demos(self, folder: Path) -> None:
        """List all demo exams; the first stays open where it is open already."""
        self.controller.demo_ended()
        self.controller.open_places([folder], keep_open=self._demo_opened)
        self._demo_opened = False

    # Panels and panes to controller

    def _join_panels(self) -> None:
        window, to = self.window, self.controller
        window.empty_page.folder_wanted.connect(self._ask_folder)
        window.empty_page.demo_wanted.connect(to.open_demo)
        browser = window.browser
        browser.study_chosen.connect(to.open_study)
        browser.image_chosen.connect(to.put_image)
        browser.scan_cancelled.connect(to.cancel_scan)
        window.match_panel.candidate_chosen.connect(to.go_to_candidate)
        window.match_panel.question_cleared.connect(to.questions.clear_question)
        window.picture_panel.view_corrected.connect(to.questions.correct_view)
        window.picture_panel.window_chosen.connect(to.choose_window)
        window.picture_panel.switched.connect(to.switch)
        window.picture_panel.spacing_wanted.connect(self._ask_spacing)
        window.picture_panel.nipple_wanted.connect(lambda: to.choose_tool(Tool.NIPPLE))
        window.picture_panel.line_wanted.connect(to.questions.place_pectoral_line)
        window.matcher_panel.matcher_chosen.connect(to.questions.choose_matcher)
        window.matcher_panel.folder_wanted.connect(self._ask_model_folder)
        window.notices_panel.dismissed.connect(to.dismiss_notices)

    def _join_pane(self, index: int, pane: ImagePane) -> None:
        to, ask = self.controller, self.controller.questions
        pane.activated.connect(lambda: to.activate(index))
        pane.point_clicked.connect(lambda row, col: self._clicked(index, PointPx(row, col)))
        pane.box_drawn.connect(lambda *box: ask.ask(index, *_centre_and_half(*box)))
        pane.nipple_placed.connect(lambda row, col: ask.place_nipple(index, PointPx(row, col)))
        pane.window_dragged.connect(lambda centre, width: to.drag_window(index, centre, width))
        pane.viewport_requested.connect(lambda viewport: to.move(index, viewport))
        pane.landmark_moved.connect(lambda *moved: ask.move_landmark(index, *moved))
        pane.drag_finished.connect(lambda: ask.remember_landmarks(index))
        pane.length_measured.connect(
            lambda r0, c0, r1, c1: to.measure(index, PointPx(r0, c0), PointPx(r1, c1))
        )
        pane.frame_wheel.connect(lambda step: to.step_frame(index, step))
        pane.hovered.connect(lambda row, col, inside: self._hovered(index, row, col, inside))
        pane.context_menu_requested.connect(
            lambda at, row, col, inside: self._show_menu(
                at, index, PointPx(row, col) if inside else None
            )
        )

    def _clicked(self, index: int, point: PointPx) -> None:
        image_id = self.controller.state.image_in(index)
        judging = self.controller.judging
        if not self.findings.clicked(index, point) and not judging.clicked(image_id, point):
            self.controller.questions.ask(index, point)

    def _hovered(self, index: int, row: float, col: float, inside: bool) -> None:
        state = self.controller.state
        image_id = state.image_in(index)
        shown = state.images.get(image_id or "")
        words = ""
        if inside and shown is not None and shown.pyramid is not None:
            value = shown.pyramid.value_at(row, col)
            words = wording.place_words(wording.view_label(shown.image), row, col, value)
        self.window.show_place(words)

    def _resized(self, sizes: tuple[PaneSize, ...]) -> None:
        self.controller.panes_resized(sizes, self._screen_px_per_mm())

    def _screen_px_per_mm(self) -> float | None:
        """Device pixels per mm where the screen says how large it is."""
        screen = self.window.screen()
        if QGuiApplication.platformName() in ("offscreen", "minimal") or screen is None:
            return None
        if screen.physicalSize().width() <= 0:
            return None
        return screen.physicalDotsPerInchX() * screen.devicePixelRatio() / _MM_PER_INCH

    def _show_menu(self, place: QPoint, index: int, point: PointPx | None) -> None:
        menu = QMenu(self.window)
        image_id = self.controller.state.image_in(index)
        if point is not None and image_id is not None:
            region = region_at(self.controller.state, image_id, point)[1]
            words = describing_wording.MENU_REGION if region else describing_wording.MENU_SPOT
            describe = menu.addAction(words)
            describe.triggered.connect(lambda: self.controller.describing.describe(image_id, point))
            menu.addSeparator()
        fill(menu, self.actions, _MENU)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    # Actions

    def _act(self, name: str, checked: bool) -> None:
        group, _, member = name.partition(".")
        if member and group == "hanging":
            self.controller.hang(Hanging(member))
        elif member and group == "framing":
            self.controller.frame(Framing(member))
        elif member and group == "tool":
            self.controller.choose_tool(Tool(member))
        elif member and group == "switch":
            self.controller.switch(member, checked)
        else:
            self.handlers[name](checked)
        self.window.show_panels()

    def _handlers_by_name(self) -> dict[str, Callable[[bool], None]]:
        to = self.controller
        return {
            "open_folder": lambda _: self._ask_folder(),
            "open_files": lambda _: self._ask_files(),
            "open_demo": lambda _: to.open_demo(),
            "export_picture": lambda _: self._ask_export(),
            "training": lambda _: self._show_training(),
            "export_manifest": lambda _: self.judging.ask_manifest(),
            "accept_finding": lambda _: self.judging.judge(Verdict.ACCEPTED),
            "reject_finding": lambda _: self.judging.judge(Verdict.REJECTED),
            "correct_finding": lambda _: self.judging.correct(),
            "quit": lambda _: self._close_window(),
            "next_hanging": lambda _: to.step_hanging(1),
            "previous_hanging": lambda _: to.step_hanging(-1),
            "next_study": lambda _: to.step_study(1),
            "previous_study": lambda _: to.step_study(-1),
            "reset": lambda _: to.reset(),
            "flip": lambda _: to.flip_active(),
            "turn": lambda _: to.turn_active(),
            "clear_question": lambda _: to.step_back(),
            "clear_lengths": lambda _: to.clear_lengths(),
            "place_line": lambda _: to.questions.place_pectoral_line(),
            "full_screen": self._full_screen,
            "browser": lambda on: self.window.show_browser(on),
            "side_panel": lambda on: self.window.show_side(on),
            "alone": lambda _: to.maximise(to.state.active),
            "help": lambda _: self._show_help(),
        }

    def _show_help(self) -> None:
        show_help(self.window)

    def _show_training(self) -> None:
        self.training.show()

    def _full_screen(self, on: bool) -> None:
        self.window.showFullScreen() if on else self.window.showNormal()

    def _close_window(self) -> None:
        self.window.close()

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self.window, "Open folder")
        if chosen:
            self.controller.open_places([Path(chosen)])

    def _ask_files(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self.window, "Open files, DICOMDIR or zip")
        self.controller.open_places([Path(name) for name in chosen])

    def _ask_model_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self.window, "Choose a model folder")
        if chosen:
            self.controller.questions.choose_matcher(chosen)

    def _ask_spacing(self) -> None:
        words = "Length of one pixel in mm, for the pictures of this study without a spacing:"
        spacing, accepted = QInputDialog.getDouble(
            self.window, "Pixel spacing", words, 0.1, 0.005, 5.0, 4
        )
        if accepted:
            self.controller.questions.enter_spacing(spacing)

    def _ask_export(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self.window, "Save what is shown", "mammogram.png", "PNG (*.png)"
        )
        if chosen and not self.export(Path(chosen)):
            self.controller.notice(f"{Path(chosen).name}: the picture cannot be written there.")

    def export(self, path: Path) -> bool:
        """Save the panes as they are shown; privacy mode hides identifiers there too."""
        return self.window.grid.grab().save(str(path), "PNG")


def _centre_and_half(
    row0: float, col0: float, row1: float, col1: float
) -> tuple[PointPx, tuple[float, float]]:
    centre = PointPx((row0 + row1) / 2, (col0 + col1) / 2)
    return centre, ((row1 - row0) / 2, (col1 - col0) / 2)


def paths_of(words: Sequence[str]) -> list[Path]:
    """Paths from the command line."""
    return [Path(word).expanduser() for word in words]
