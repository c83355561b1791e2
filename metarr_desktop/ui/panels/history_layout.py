"""The widgets of the History page and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.models.history_model import HistoryColumn
from metarr_desktop.ui.panels.jobs_layout import filter_line, labelled
from metarr_desktop.ui.wording import end_word, job_name, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QAbstractItemModel

DAY, WEEK, MONTH = 1, 7, 30


class HistoryLayout:
    """Filters above, the table, buttons below; an empty table gives way to a sentence."""

    def __init__(
        self,
        panel: QWidget,
        *,
        model: QAbstractItemModel,
        types: Sequence[str],
        sources: Sequence[tuple[str, str]],
    ) -> None:
        everything = tr("All")
        self.text = filter_line(tr("Filter history"))
        self.status = _choice((None, everything), *((status, end_word(status)) for status in EndStatus))
        self.type = _choice(("", everything), *((kind, job_name(kind)) for kind in types))
        self.source = _choice(("", everything), *sources)
        self.when = _choice(
            (WEEK, tr("Last 7 days")),
            (DAY, tr("Last 24 hours")),
            (MONTH, tr("Last 30 days")),
            (None, everything),
        )
        self.view = _make_view(model)
        self.empty = QLabel()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.clear = QPushButton(tr("Clear filter"))
        self.details = QPushButton(tr("Details"))
        self.retry = QPushButton(tr("Retry"))
        self.replay = QPushButton(tr("Replay webhook"))
        self.copy_payload = QPushButton(tr("Copy payload"))
        self.kept = QLabel()
        self.change = QPushButton(tr("Change"))
        self.change.setAccessibleName(tr("Change how long jobs are kept"))
        self._stack = QStackedWidget()
        self._lay_out(panel)

    @property
    def is_filtered(self) -> bool:
        """Whether a person chose to leave anything out."""
        boxes = (self.status, self.type, self.source, self.when)
        return bool(self.text.text()) or any(box.currentIndex() > 0 for box in boxes)

    def clear_filter(self) -> bool:
        """Choose nothing; False where nothing was chosen."""
        was_filtered = self.is_filtered
        self.text.clear()
        for box in (self.status, self.type, self.source, self.when):
            box.setCurrentIndex(0)
        return was_filtered

    def show_empty(self, *, is_empty: bool) -> None:
        """Show the table, or why there is nothing in it."""
        self._stack.setCurrentIndex(1 if is_empty else 0)
        filtered = self.is_filtered
        nothing = tr("No jobs ended in the last 7 days.")
        self.empty.setText(tr("No jobs match this filter.") if filtered else nothing)
        self.clear.setVisible(filtered)

    def _lay_out(self, panel: QWidget) -> None:
        top = FlowLayout()
        top.addWidget(self.text)
        for title, box in (
            (tr("Status"), self.status),
            (tr("Type"), self.type),
            (tr("Source"), self.source),
            (tr("When"), self.when),
        ):
            top.addWidget(labelled(title, box))
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.addStretch(1)
        middle.addWidget(self.empty)
        middle.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(1)
        self._stack.addWidget(self.view)
        self._stack.addWidget(nothing)
        bottom = FlowLayout(spread=True)
        for button in (self.details, self.retry, self.replay, self.copy_payload):
            bottom.addWidget(button)
        keeping = QWidget()
        row = QHBoxLayout(keeping)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.kept)
        row.addWidget(self.change)
        bottom.addWidget(keeping)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
        column.addLayout(bottom)
        give_mnemonics(panel)


def _choice(*choices: tuple[object, str]) -> QComboBox:
    box = QComboBox()
    for value, title in choices:
        box.addItem(title, value)
    return box


def _make_view(model: QAbstractItemModel) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(tr("History"))
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.verticalHeader().hide()
    metrics = view.fontMetrics()
    view.verticalHeader().setDefaultSectionSize(metrics.height() + 8)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setMinimumSectionSize(48)
    header.setStretchLastSection(True)
    for column, sample in (
        (HistoryColumn.FINISHED, "Yesterday 00:00:00  "),
        (HistoryColumn.JOB, "Notify Pushover  "),
        (HistoryColumn.SUBJECT, "A film of some length (1999)"),
        (HistoryColumn.STATUS, "Skipped - because  "),
        (HistoryColumn.ATTEMPTS, "Attempts "),
        (HistoryColumn.TOOK, "1 min 12 s "),
    ):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(column, metrics.horizontalAdvance(sample) + 16)
    return view
