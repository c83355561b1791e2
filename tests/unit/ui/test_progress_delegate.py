from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QTreeView

from metarr_desktop.domain.jobs import JobStatus, Progress
from metarr_desktop.ui.models.job_cells import JobsColumn
from metarr_desktop.ui.models.jobs_model import JobsModel
from metarr_desktop.ui.progress_delegate import ProgressDelegate, share_of
from tests.unit.ui.models.test_jobs_model import job

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QImage

WIDTH = 100


@pytest.mark.parametrize(
    ("done", "total", "share"), [(5, 10, 0.5), (0, 0, 0.0), (12, 10, 1.0), (-1, 10, 0.0), (1, -1, 0.0)]
)
def test_whatever_a_handler_tells_the_bar_stays_a_bar(done: int, total: int, share: float) -> None:
    assert share_of(Progress(done=done, total=total)) == share


def painted(done: int, *, mirrored: bool = False, several: bool = False) -> tuple[QImage, QColor]:
    model = JobsModel(several_computers=several)
    model.show_grouped(grouped=False)
    progress = Progress(done=done, total=10)
    model.apply([replace(job(1), status=JobStatus.PROCESSING, progress=progress, worker="nas-1-a")])
    view = QTreeView()
    view.setModel(model)
    view.setItemDelegateForColumn(JobsColumn.WORKER, ProgressDelegate(view))
    for column in JobsColumn:
        view.setColumnHidden(column, column != JobsColumn.WORKER)
    view.setRootIsDecorated(False)
    if mirrored:
        view.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    view.header().hide()
    view.resize(WIDTH, 40)
    image = view.viewport().grab().toImage()
    colour = view.palette().color(QPalette.ColorRole.Accent)
    view.deleteLater()
    return image, colour


def columns(image: QImage, colour: QColor) -> list[int]:
    return [
        x
        for x in range(image.width())
        if any(image.pixelColor(x, y) == colour for y in range(image.height()))
    ]


def test_half_of_the_bar_is_filled_from_where_text_begins(qapp: QApplication) -> None:
    half, whole = columns(*painted(5)), columns(*painted(10))
    assert abs(len(half) * 2 - len(whole)) <= 2
    assert half[0] == whole[0]
    assert columns(*painted(5, mirrored=True))[-1] > whole[-1] - 3
    assert columns(*painted(0)) == []


def test_a_name_leaves_room_for_the_bar(qapp: QApplication) -> None:
    assert 20 < len(columns(*painted(10, several=True))) < len(columns(*painted(10)))
