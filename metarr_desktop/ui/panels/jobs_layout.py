"""The widgets of the Jobs page and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.models.job_cells import JobsColumn
from metarr_desktop.ui.progress_delegate import ProgressDelegate, RoomyRows
from metarr_desktop.ui.wording import job_name, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QAbstractItemModel

FILTER_WIDTH = 140
INDENTATION = 16
NARROW = 640
TYPE_LENGTH = 8


class JobsLayout:
    """Filters above, the tree, buttons below; an empty tree gives way to a sentence."""

    def __init__(
        self,
        panel: QWidget,
        *,
        model: QAbstractItemModel,
        types: Sequence[str],
        several_computers: bool = False,
    ) -> None:
        self.text = filter_line(tr("Filter jobs"))
        self.status = QComboBox()
        for shape, title in (
            ("", tr("All")),
            ("waiting", tr("Waiting")),
            ("running", tr("Running")),
            ("retrying", tr("Retrying")),
            ("done", tr("Done")),
            ("failed", tr("Failed")),
            ("skipped", tr("Skipped")),
            ("cancelled", tr("Cancelled")),
        ):
            self.status.addItem(title, shape)
        self.type = QComboBox()
        self.type.addItem(tr("All"), "")
        for kind in types:
            self.type.addItem(job_name(kind), kind)
        self.group = QCheckBox(tr("Group by webhook"))
        self.group.setChecked(True)
        self.pause = QPushButton(tr("Pause"))
        self.retry_failed = QPushButton(tr("Retry failed"))
        self.scan = QPushButton(tr("Scan a path..."))
        self.view = _make_view(model, several_computers=several_computers)
        self.empty = QLabel()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.clear = QPushButton(tr("Clear filter"))
        self.details = QPushButton(tr("Details"))
        self.run_now = QPushButton(tr("Run now"))
        self.cancel = QPushButton(tr("Cancel"))
        self.copy_payload = QPushButton(tr("Copy payload"))
        self.counts = QLabel()
        self._stack = QStackedWidget()
        self._lay_out(panel)

    def show_pause(self, *, paused: bool) -> None:
        """Offer to pause or to resume."""
        words = tr("Resume") if paused else tr("Pause")
        if self.pause.accessibleName() != words:
            self.pause.setText(f"&{words}")
            self.pause.setAccessibleName(words)

    def fit(self, width: int) -> None:
        """Leave out what a narrow page has no room for."""
        for column in (JobsColumn.PRIORITY, JobsColumn.ATTEMPTS, JobsColumn.WORKER):
            self.view.setColumnHidden(column, width < NARROW)

    def show_counts(self, text: str, *, rows: str) -> None:
        """Tell how many rows there are, in words and to assistive technology."""
        if self.counts.text() != text:
            self.counts.setText(text)
            self.view.setAccessibleDescription(rows)

    def show_empty(self, *, is_empty: bool, filtered: bool) -> None:
        """Show the tree, or why there is nothing in it."""
        self._stack.setCurrentIndex(1 if is_empty else 0)
        self.empty.setText(tr("No jobs match this filter.") if filtered else tr("Nothing in the queue."))
        self.clear.setVisible(filtered)

    def _lay_out(self, panel: QWidget) -> None:
        top = FlowLayout()
        top.addWidget(self.text)
        for title, box in ((tr("Status"), self.status), (tr("Type"), self.type)):
            top.addWidget(labelled(title, box))
        self.type.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.type.setMinimumContentsLength(TYPE_LENGTH)
        self.type.view().setMinimumWidth(self.type.view().sizeHintForColumn(0) + TYPE_LENGTH)
        for widget in (self.group, self.pause, self.retry_failed, self.scan):
            top.addWidget(widget)
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.addStretch(1)
        middle.addWidget(self.empty)
        middle.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(1)
        self._stack.addWidget(self.view)
        self._stack.addWidget(nothing)
        bottom = QHBoxLayout()
        for button in (self.details, self.run_now, self.cancel, self.copy_payload):
            bottom.addWidget(button)
        bottom.addStretch(1)
        bottom.addWidget(self.counts)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
        column.addLayout(bottom)
        give_mnemonics(panel)


def filter_line(name: str) -> QLineEdit:
    """A line to filter a list with."""
    line = QLineEdit()
    line.setPlaceholderText(tr("Filter"))
    line.setAccessibleName(name)
    line.setClearButtonEnabled(True)
    line.setMinimumWidth(FILTER_WIDTH)
    return line


def labelled(title: str, box: QComboBox) -> QWidget:
    """A choice with its label before it, kept together."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    box.setAccessibleName(title)
    label = QLabel(title)
    label.setBuddy(box)
    pair = QWidget()
    row = QHBoxLayout(pair)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(label)
    row.addWidget(box)
    return pair


def _make_view(model: QAbstractItemModel, *, several_computers: bool) -> QTreeView:
    view = QTreeView()
    view.setModel(model)
    view.setAccessibleName(tr("Jobs"))
    view.setUniformRowHeights(True)
    view.setItemDelegate(RoomyRows(view))
    view.setItemDelegateForColumn(JobsColumn.WORKER, ProgressDelegate(view))
    view.setIndentation(INDENTATION)
    view.setAllColumnsShowFocus(True)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setExpandsOnDoubleClick(False)
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    view.setTabKeyNavigation(False)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    header = view.header()
    header.setStretchLastSection(False)
    header.setSectionsMovable(False)
    for column in (JobsColumn.JOB, JobsColumn.STATUS):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
    header.setMinimumSectionSize(48)
    metrics = view.fontMetrics()
    for column, sample in (
        (JobsColumn.PRIORITY, "Priority"),
        (JobsColumn.ATTEMPTS, "Attempts"),
        (JobsColumn.NEXT_TRY, "Next try"),
        (JobsColumn.AGE, "0:00:00"),
        (JobsColumn.WORKER, "a computer and its bar" if several_computers else "5 of 10 bar"),
    ):
        header.resizeSection(column, metrics.horizontalAdvance(sample) + 18)
    return view
