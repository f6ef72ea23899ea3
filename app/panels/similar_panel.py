"""Studies of other patients that a model finds alike to the open one; press one to open it."""

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from app import overview_wording
from app.panels.parts import Section, label, set_role, thin_progress
from app.similar import SimilarCase
from app.state import ViewerState

_UID = int(Qt.ItemDataRole.UserRole)
_ICON_PX = QSize(46, 58)
_ROW_PX = 64


class SimilarPanel(Section):
    """Lists the nearest studies with thumbnails, or says why there are none.

    Signals:
        chosen: (study UID,): open it.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(overview_wording.SIMILAR, parent)
        self.sentence = label(role="quiet", wrap=True)
        self.progress = thin_progress()
        self.list = QListWidget()
        self.list.setIconSize(_ICON_PX)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(lambda item: self.chosen.emit(item.data(_UID)))
        self.list.itemActivated.connect(lambda item: self.chosen.emit(item.data(_UID)))
        self.warning = label(role="warning", wrap=True)
        self.note = label(overview_wording.SIMILAR_NOTE, "faint", wrap=True)
        for widget in (self.sentence, self.progress, self.list, self.warning, self.note):
            self.body.addWidget(widget)
        self._shown: tuple[object, ...] = ()

    def show_state(self, state: ViewerState) -> None:
        """Show what was found so far."""
        similar = state.overview.similar
        key = (similar, state.study_uid, state.toggles.privacy)
        if key == self._shown:
            return
        self._shown = key
        said = overview_wording.similar_sentence(similar) if state.study is not None else ""
        self.sentence.setText(said or overview_wording.NO_STUDY * (state.study is None))
        self.sentence.setVisible(bool(self.sentence.text()))
        set_role(self.sentence, "warning" if similar.refusal else "quiet")
        self.progress.setVisible(similar.under_way)
        self.progress.setRange(0, max(similar.total, 1))
        self.progress.setValue(similar.done)
        self.list.clear()
        for case in similar.cases:
            self._add(case, state)
        self.list.setFixedHeight(_ROW_PX * len(similar.cases) + 4)
        self.list.setVisible(bool(similar.cases))
        self.note.setVisible(bool(similar.cases))
        self.warning.setText(similar.warning)
        self.warning.setVisible(bool(similar.cases and similar.warning))

    def lines(self) -> list[str]:
        """What the rows say."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def _add(self, case: SimilarCase, state: ViewerState) -> None:
        study = next((one for one in state.studies if one.study_uid == case.study_uid), None)
        if study is None:
            return
        words = overview_wording.case_words(case, study, privacy=state.toggles.privacy)
        item = QListWidgetItem(_icon(case), words, self.list)
        item.setData(_UID, case.study_uid)
        item.setSizeHint(QSize(100, _ROW_PX))
        item.setToolTip(overview_wording.case_tip(case))


def _icon(case: SimilarCase) -> QIcon:
    grey = np.ascontiguousarray(case.thumbnail)
    rows, cols = grey.shape
    image = QImage(grey.data, cols, rows, cols, QImage.Format.Format_Grayscale8)
    return QIcon(QPixmap.fromImage(image.copy()))
