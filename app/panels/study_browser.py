"""Studies at the left: search, list, and the open study's pictures."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.hanging import wall_of
from app.icons import icon
from app.panels.parts import MARGIN, SPACE, label, rule, thin_progress
from app.panels.study_list import StudyDelegate, StudyList
from app.panels.thumbnails import THUMBNAIL_PX, thumbnail
from app.state import ImageId, ShownImage, ViewerState, image_id_of

_IMAGE_ID = int(Qt.ItemDataRole.UserRole)


class StudyBrowser(QWidget):
    """Finds, lists and opens studies.

    Signals:
        study_chosen: (study UID,).
        image_chosen: (image id,): show it in the active pane.
        scan_cancelled: stop looking.
    """

    study_chosen = Signal(str)
    image_chosen = Signal(str)
    scan_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search name, date, view")
        self.search.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setClearButtonEnabled(True)
        self.studies = StudyList(self)
        self.list = QListView()
        self.list.setModel(self.studies)
        self.list.setItemDelegate(StudyDelegate(self.list))
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.clicked.connect(self._choose_study)
        self.list.activated.connect(self._choose_study)
        self.count = label(role="heading")
        self.pictures = _PictureList()
        self.pictures.itemClicked.connect(lambda item: self.image_chosen.emit(item.data(_IMAGE_ID)))
        self.pictures_heading = label("Pictures", "heading")
        self.working = _Working()
        self.working.cancel.clicked.connect(self.scan_cancelled)
        self._lay_out()
        # Typing searches once the keys rest for a moment of the event loop.
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(60)
        self._typed.timeout.connect(self._search_now)
        self.search.textChanged.connect(self._typed.start)
        self._shown_studies: object = None
        self._shown_list: tuple[object, ...] = ()

    def show_state(self, state: ViewerState) -> None:
        """List the studies and the open one's pictures."""
        if state.studies is not self._shown_studies:
            self._shown_studies = state.studies
            self.studies.set_studies(state.studies)
            self._count()
        key = (state.study_uid, state.toggles.privacy, state.studies)
        if key != self._shown_list:
            self._shown_list = key
            self.studies.set_shown(open_uid=state.study_uid, privacy=state.toggles.privacy)
            row = self.studies.row_of(state.study_uid)
            if row is not None:
                self.list.scrollTo(self.studies.index(row))
        self.pictures.show_state(state)
        self.pictures_heading.setVisible(state.study is not None)
        self.working.show_state(state)

    def _search_now(self) -> None:
        self.studies.search(self.search.text())
        self._count()

    def _count(self) -> None:
        count = self.studies.rowCount()
        self.count.setText(f"{count} stud{'y' if count == 1 else 'ies'}")

    def _choose_study(self, index: object) -> None:
        study = self.studies.study_at(index)  # type: ignore[arg-type]
        if study is not None:
            self.study_chosen.emit(study.study_uid)

    def _lay_out(self) -> None:
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, MARGIN, 0, 0)
        rows.setSpacing(SPACE)
        top = QVBoxLayout()
        top.setContentsMargins(MARGIN, 0, MARGIN, 0)
        top.setSpacing(SPACE)
        top.addWidget(self.search)
        top.addWidget(self.working)
        top.addWidget(self.count)
        rows.addLayout(top)
        rows.addWidget(self.list, 3)
        rows.addWidget(rule())
        bottom = QVBoxLayout()
        bottom.setContentsMargins(MARGIN, SPACE, MARGIN, 0)
        bottom.addWidget(self.pictures_heading)
        rows.addLayout(bottom)
        rows.addWidget(self.pictures, 4)


class _PictureList(QListWidget):
    """Thumbnails of the open study's pictures; the extra views are reachable here."""

    def __init__(self) -> None:
        super().__init__()
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setMovement(QListWidget.Movement.Static)
        self.setIconSize(QSize(*THUMBNAIL_PX))
        self.setGridSize(QSize(THUMBNAIL_PX[0] + 22, THUMBNAIL_PX[1] + 30))
        self.setWordWrap(True)
        self.setSpacing(0)
        self._items: dict[ImageId, QListWidgetItem] = {}
        self._drawn: dict[ImageId, tuple[object, ...]] = {}

    def show_state(self, state: ViewerState) -> None:
        """Show the open study's pictures."""
        study = state.study
        ids = tuple(map(image_id_of, study.images)) if study is not None else ()
        if ids != tuple(self._items):
            self.clear()
            self._items, self._drawn = {}, {}
            for image_id in ids:
                item = self._items[image_id] = QListWidgetItem("", self)
                item.setData(_IMAGE_ID, image_id)
                item.setSizeHint(self.gridSize())
                item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
        for image_id, item in self._items.items():
            shown = state.images.get(image_id)
            if shown is not None:
                self._draw(image_id, item, shown)

    def _draw(self, image_id: ImageId, item: QListWidgetItem, shown: ShownImage) -> None:
        image = shown.image
        wall = shown.landmarks.chest_wall if shown.landmarks is not None else None
        key = (image, shown.is_sharp, shown.pyramid is None, shown.failure, wall)
        if self._drawn.get(image_id) == key:
            return
        self._drawn[image_id] = key
        words = wording.view_label(image)
        item.setText(f"{words} ?" if wording.is_proposed(image) else words)
        item.setToolTip(shown.failure or f"Side and view: {wording.source_words(image)}")
        if shown.failure:
            item.setIcon(icon("warning"))
            return
        small = thumbnail(shown, wall_of(image.laterality))
        if small is not None:
            item.setIcon(QIcon(small))


class _Working(QWidget):
    """A scan or the demo's making under way, with its bar and a way to stop it."""

    def __init__(self) -> None:
        super().__init__()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        line = QHBoxLayout()
        self.words = label(role="quiet", wrap=True)
        self.cancel = QPushButton("Cancel")
        line.addWidget(self.words, 1)
        line.addWidget(self.cancel)
        rows.addLayout(line)
        self.bar = thin_progress()
        rows.addWidget(self.bar)
        self.setVisible(False)

    def show_state(self, state: ViewerState) -> None:
        """Show what is under way; a scan before the demo."""
        progress = state.scan or state.demo
        self.setVisible(progress is not None)
        self.cancel.setVisible(state.scan is not None)
        if progress is not None:
            self.words.setText(wording.progress_words(progress))
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
