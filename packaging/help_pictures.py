"""Renews the pictures of the window in resources/help/images: an answered click, and findings.

    QT_QPA_PLATFORM=offscreen python packaging/help_pictures.py

The click is that of `glam-viewer --demo --click demo`, the findings are those of a synthetic exam
and its own report. No patient's picture is used: the phantom generator makes the exams.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.completeness import is_complete
from app.driver import ScreenshotDriver
from app.findings import Verdict
from app.theme import apply_theme
from app.wiring import Workstation
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.study_folder import ExamWords, truth_folder_of
from glam_core.phantom.truth import LesionKind
from glam_core.phantom.worker import ExamTask, write_one_exam
from glam_core.terms import Laterality

IMAGES = Path(__file__).parents[1] / "resources" / "help" / "images"
CLICK_WINDOW_PX = (1600, 900)
WINDOW_PX = (1366, 768)
FRAME_PX = (820, 461)
SEED = 211
LESIONS = (
    LesionRequest(
        LesionKind.MASS, Laterality.RIGHT, size_mm=17.0, shape="irregular", margin="spiculated",
        density="high", place_words="upper outer",
    ),
    LesionRequest(
        LesionKind.CALCIFICATION, Laterality.LEFT, size_mm=22.0, morphology="fine pleomorphic",
        distribution="segmental", place_words="upper outer",
    ),
    LesionRequest(
        LesionKind.MASS, Laterality.LEFT, size_mm=13.0, shape="oval", margin="circumscribed",
        density="equal", place_words="lower inner",
    ),
)  # fmt: skip


def main() -> None:
    """Ask about the demo exam's spot; make an exam, paste its report; save the window each time."""
    application = QApplication([])
    apply_theme(application)
    with tempfile.TemporaryDirectory() as root:
        _photograph_click(application, Path(root) / "demo-data")
        exam = Path(root) / "exams" / "three-findings"
        exam.parent.mkdir()
        request = ExamRequest(
            lesions=LESIONS, density_class="B", style="flat panel", implants=False,
            skin_markers=False,
        )  # fmt: skip
        words = ExamWords(split="test", patient_words="EXAM")
        refused = write_one_exam(ExamTask(exam, SEED, 0, 0.1, request=request, words=words))
        assert refused is None, refused
        report = (truth_folder_of(exam) / "report.txt").read_text(encoding="utf-8")
        _photograph(exam, report)


def _photograph_click(application: QApplication, data_folder: Path) -> None:
    workstation = Workstation(data_folder=data_folder, remember=False)
    driver = ScreenshotDriver(workstation, IMAGES / "click-answered.png", click="demo", demo=True)
    workstation.window.resize(*CLICK_WINDOW_PX)
    workstation.window.show()
    workstation.start()
    workstation.controller.open_demo()
    application.exec()
    workstation.dispose()
    assert driver.exit_code == 0, driver.sentence


def _photograph(exam: Path, report: str) -> None:
    workstation = Workstation(data_folder=exam.parents[1] / "data", remember=False)
    window, controller = workstation.window, workstation.controller
    searches = controller.searches
    window.resize(*WINDOW_PX)
    window.show()
    workstation.start()
    controller.open_places([exam])
    _until(lambda: is_complete(controller.state))
    window.column.show_page(1)
    window.query_bar.open()
    QTest.keyClicks(window.query_bar.line, "spiculated mass, right upper ou")
    frames = [_seen(window)]
    window.query_bar.close_bar()
    searches.read_text(report)
    _until(lambda: is_complete(controller.state) and bool(controller.state.findings.rows))
    frames.append(_seen(window))
    frames[-1].save(str(IMAGES / "report-matched.png"), "PNG")
    first = controller.state.findings.rows[0].number
    searches.select(first)
    frames.append(_seen(window))
    searches.judge(Verdict.ACCEPTED, first)
    last = controller.state.findings.rows[-1].number
    searches.begin_placing(last)
    frames.append(_seen(window))
    _strip(frames).save(str(IMAGES / "findings-steps.png"), "PNG")
    workstation.dispose()


def _seen(window: object) -> QImage:
    for _ in range(3):
        window.show_panels()  # type: ignore[attr-defined]
        QApplication.processEvents()
    return window.grab().toImage()  # type: ignore[attr-defined, no-any-return]


def _strip(frames: list[QImage]) -> QImage:
    """Four frames in two rows, numbered by their order."""
    width, height = FRAME_PX
    made = QImage(2 * width + 8, 2 * height + 8, QImage.Format.Format_RGB32)
    made.fill(Qt.GlobalColor.black)
    painter = QPainter(made)
    smooth = Qt.TransformationMode.SmoothTransformation
    for index, frame in enumerate(frames):
        small = frame.scaled(width, height, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        painter.drawImage((index % 2) * (width + 8), (index // 2) * (height + 8), small)
    painter.end()
    return made


def _until(condition: Callable[[], bool]) -> None:
    waking = QTimer()
    waking.start(50)
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


if __name__ == "__main__":
    main()
