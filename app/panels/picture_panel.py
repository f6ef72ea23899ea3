"""The active picture: its side and view, its windows, and how all pictures are shown."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.greys import is_dragged
from app.panels.parts import (
    SPACE,
    Facts,
    Section,
    label,
    link_button,
    narrow,
    segment_button,
    set_role,
)
from app.state import ImageId, ShownImage, ViewerState
from glam_core.terms import Laterality, ViewPosition

_VIEWS = (ViewPosition.CC, ViewPosition.MLO)
_FACTS = ("File", "Size", "Spacing", "Nipple", "Pectoral line")


class PicturePanel(Section):
    """What the active pane shows, and one click to correct it.

    Signals:
        view_corrected: (image_id, Laterality, ViewPosition).
        window_chosen: (position among the file's windows,).
        switched: (toggle's name, on).
        spacing_wanted: ask the user for the pixel spacing.
        nipple_wanted, line_wanted: the user wants to place a landmark that was not found.
    """

    view_corrected = Signal(str, object, object)
    window_chosen = Signal(int)
    switched = Signal(str, bool)
    spacing_wanted = Signal()
    nipple_wanted = Signal()
    line_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Active picture", parent)
        self._image_id: ImageId | None = None
        self._shown: tuple[object, ...] = ()
        self._sides = {
            side: segment_button(side.value) for side in (Laterality.RIGHT, Laterality.LEFT)
        }
        self._views = {view: segment_button(view.value) for view in _VIEWS}
        self.source = label(role="quiet")
        self.body.addLayout(self._view_row())
        self.confirm = QPushButton("Side and view are right")
        self.confirm.clicked.connect(self._confirm)
        self.body.addWidget(self.confirm)
        self.facts = Facts(_FACTS)
        self.body.addWidget(self.facts)
        self.place_nipple = link_button("Place the nipple (N)")
        self.place_nipple.clicked.connect(self.nipple_wanted)
        self.place_line = link_button("Place the pectoral line (Shift+N)")
        self.place_line.clicked.connect(self.line_wanted)
        self.body.addWidget(self.place_nipple)
        self.body.addWidget(self.place_line)
        self.enter_spacing = link_button("Enter the pixel spacing …")
        self.enter_spacing.clicked.connect(self.spacing_wanted)
        self.body.addWidget(self.enter_spacing)
        self.windows = QComboBox()
        narrow(self.windows)
        self.windows.setToolTip("Windows of the file")
        self.windows.activated.connect(self._choose_window)
        self.body.addSpacing(4)
        self.body.addWidget(label("Window", "quiet"))
        self.body.addWidget(self.windows)
        self._switches = self._switch_boxes()

    def button(self, which: Laterality | ViewPosition) -> QPushButton:
        """The button of a side or a view."""
        return self._sides[which] if isinstance(which, Laterality) else self._views[which]

    def show_state(self, state: ViewerState) -> None:
        """Show the active picture's facts."""
        image_id = state.active_image_id
        shown = state.images.get(image_id) if image_id is not None else None
        key = (image_id, shown, state.toggles)
        if key == self._shown:
            return
        self._shown, self._image_id = key, image_id
        for name, box in self._switches.items():
            box.blockSignals(True)
            box.setChecked(getattr(state.toggles, name))
            box.blockSignals(False)
        enabled = shown is not None
        for button in (*self._sides.values(), *self._views.values()):
            button.setEnabled(enabled)
        self.windows.setEnabled(enabled and shown is not None and shown.grey is not None)
        if shown is None:
            self._show_nothing()
        else:
            self._show_view(shown)
            self._show_facts(shown, privacy=state.toggles.privacy)
            self._show_windows(shown)

    def _view_row(self) -> QVBoxLayout:
        rows = QVBoxLayout()
        rows.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(4)
        for buttons in (self._sides, self._views):
            group = QButtonGroup(self)
            for button in buttons.values():
                group.addButton(button)
                line.addWidget(button)
                button.clicked.connect(self._correct)
            line.addSpacing(SPACE)
        line.addStretch(1)
        rows.addLayout(line)
        rows.addWidget(self.source)
        return rows

    def _switch_boxes(self) -> dict[str, QCheckBox]:
        words = {
            "window_all": "Window all pictures together",
            "inverted": "Invert",
            "linked": "Link pan and zoom",
        }
        boxes = {}
        for name, text in words.items():
            box = boxes[name] = QCheckBox(text)
            box.toggled.connect(lambda on, which=name: self.switched.emit(which, on))
            self.body.addWidget(box)
        return boxes

    def _show_nothing(self) -> None:
        self.source.setText("No picture in the active pane")
        set_role(self.source, "quiet")
        self.confirm.setVisible(False)
        for button in (self.enter_spacing, self.place_nipple, self.place_line):
            button.setVisible(False)
        for name in _FACTS:
            self.facts.show_fact(name, None)
        self.windows.clear()
        for button in (*self._sides.values(), *self._views.values()):
            _press(button, False)

    def _show_view(self, shown: ShownImage) -> None:
        image = shown.image
        for side, button in self._sides.items():
            _press(button, side is image.laterality)
        for view, button in self._views.items():
            _press(button, view is image.view_position)
        words = wording.source_words(image)
        proposed = wording.is_proposed(image)
        extra = "" if image.view_position in (*_VIEWS, None) else f" ({image.view_position})"
        self.source.setText(f"Side and view{extra}: {words}")
        set_role(self.source, "proposed" if proposed or words == "unknown" else "quiet")
        self.confirm.setVisible(proposed and image.view_position in _VIEWS)

    def _show_facts(self, shown: ShownImage, *, privacy: bool) -> None:
        image = shown.image
        self.facts.show_fact("File", wording.HIDDEN if privacy else image.file_name)
        self.facts.show_fact("Size", f"{image.rows} × {image.cols} px, {image.bits} bit")
        words = wording.calibration_words(image)
        self.facts.show_fact("Spacing", words, "value" if image.spacing else "warning")
        self.enter_spacing.setVisible(wording.may_enter_spacing(image))
        found = shown.landmarks
        nipple = found.nipple if found is not None else None
        self.facts.show_fact("Nipple", *wording.landmark_words(shown, nipple, shown.nipple_source))
        line = found.pectoral_line if found is not None else None
        oblique = image.view_position is ViewPosition.MLO
        said = wording.landmark_words(shown, line, shown.pectoral_source)
        self.facts.show_fact("Pectoral line", said[0] if oblique else None, said[1])
        self.place_nipple.setVisible(found is not None and nipple is None)
        self.place_line.setVisible(found is not None and oblique and line is None)

    def _show_windows(self, shown: ShownImage) -> None:
        self.windows.blockSignals(True)
        self.windows.clear()
        windows = shown.grey.windows if shown.grey is not None else ()
        for position, window in enumerate(windows):
            self.windows.addItem(wording.window_choice(window, position), position)
        if shown.window is not None and shown.window in windows:
            self.windows.setCurrentIndex(windows.index(shown.window))
        elif shown.window is not None:
            words = wording.window_words(shown)
            dragged = "Dragged · " if is_dragged(shown.window, shown.grey) else ""
            self.windows.addItem(dragged + words, -1)
            self.windows.setCurrentIndex(self.windows.count() - 1)
        self.windows.blockSignals(False)

    def _choose_window(self, index: int) -> None:
        position = self.windows.itemData(index)
        if position is not None and position >= 0:
            self.window_chosen.emit(position)

    def _correct(self) -> None:
        """One click is enough where the other half is known; otherwise it waits for both."""
        side = next((s for s, button in self._sides.items() if button.isChecked()), None)
        view = next((v for v, button in self._views.items() if button.isChecked()), None)
        if self._image_id is not None and side is not None and view is not None:
            self.view_corrected.emit(self._image_id, side, view)

    def _confirm(self) -> None:
        self._correct()


def _press(button: QPushButton, on: bool) -> None:
    group = button.group()
    if group is not None:
        group.setExclusive(False)
    button.setChecked(on)
    if group is not None:
        group.setExclusive(True)
