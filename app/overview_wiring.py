"""Joins the study page: what is worked out while it is in front."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.panels.side_column import STUDY
from app.services.overview import OverviewService

if TYPE_CHECKING:
    from app.wiring import Workstation


class OverviewJoints(QObject):
    """The joints of one workstation."""

    def __init__(self, workstation: "Workstation", service: OverviewService) -> None:
        super().__init__(workstation)
        to, column = workstation.controller.overviewing, workstation.window.column
        column.page_shown.connect(lambda page: to.look(page == STUDY))
        service.compared.connect(to.compared)
        service.compare_failed.connect(to.compare_failed)
        service.similar_found.connect(to.similar_found)
        service.similar_failed.connect(to.similar_failed)
        workstation.window.similar_panel.chosen.connect(workstation.controller.open_study)
        # After the questions, which these signals reach first.
        views = workstation.correspondence
        views.view_askable.connect(lambda _: to.ask_anew())
        views.view_failed.connect(lambda *_: to.ask_anew())
        views.matcher_chosen.connect(lambda _: to.ask_anew())
