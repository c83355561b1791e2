"""A table of numbers on the Dashboard, read only while somebody looks at it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.models.statistics_model import StatisticsColumn, StatisticsModel, StatisticsRow
from metarr_desktop.ui.wording import job_name, plural, tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QShowEvent

    from metarr_desktop.domain.statistics import Statistics, Tally
    from metarr_desktop.ui.ports import Ports

FOLLOW_MS = 1_000
WAITING_MS = 10_000
"""So often the time of the oldest waiting job is looked at anew where nothing else happens."""


class StatisticsPanel(QWidget):
    """Reads when it comes into sight and, while it is, after changes: at most once a second."""

    def __init__(
        self,
        ports: Ports,
        *,
        name: str,
        heading: str,
        rows: Callable[[Statistics], Sequence[StatisticsRow]],
    ) -> None:
        super().__init__()
        self._queries = ports.queries
        self._tasks = ports.tasks
        self._rows = rows
        self._reading = False
        self.model = StatisticsModel(heading, self)
        self.view = _make_view(self.model, name=name)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        ports.bridge.glance_changed.connect(self._on_news)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)

    def refresh(self) -> None:
        """Read anew, where somebody looks."""
        self._timer.stop()
        if not self.isVisible():
            return
        if self._reading:
            self._timer.start(FOLLOW_MS)
            return
        self._reading = True
        self._tasks.spawn(self._read(), name="statistics")

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was missed while nobody looked."""
        super().showEvent(event)
        self.refresh()

    def _on_news(self) -> None:
        if self.isVisible() and not 0 <= self._timer.remainingTime() <= FOLLOW_MS:
            self._timer.start(FOLLOW_MS)

    async def _read(self) -> None:
        try:
            statistics = await self._queries.statistics()
        except MetarrError:
            # The banner tells why. What is shown stays, and is read again.
            self._timer.start(WAITING_MS)
            return
        finally:
            self._reading = False
        self.model.show(self._rows(statistics))
        self.view.setAccessibleDescription(plural("{n} row", "{n} rows", self.model.rowCount()))
        if statistics.total.waiting and not self._timer.isActive():
            self._timer.start(WAITING_MS)


def rows_of_types(statistics: Statistics) -> list[StatisticsRow]:
    """All jobs together, then each type."""
    types = ((job_name(kind), tally) for kind, tally in statistics.types.items())
    return [_row(name, tally, statistics) for name, tally in ((tr("All jobs"), statistics.total), *types)]


def rows_of_services(statistics: Statistics) -> list[StatisticsRow]:
    """Each service, in the order of the registry."""
    return [
        _row(statistics.titles.get(key, key), tally, statistics) for key, tally in statistics.services.items()
    ]


def _row(name: str, tally: Tally, statistics: Statistics) -> StatisticsRow:
    oldest = tally.oldest_waiting
    span = None if oldest is None else max(statistics.at - oldest, timedelta(0))
    return StatisticsRow(name=name, tally=tally, oldest=span)


def _make_view(model: StatisticsModel, *, name: str) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(name)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(view.fontMetrics().height() + 8)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(StatisticsColumn.NAME, QHeaderView.ResizeMode.Stretch)
    return view
