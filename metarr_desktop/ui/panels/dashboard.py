"""The Dashboard: receiving, queue and today at a glance, the last webhooks, and numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from metarr_desktop.ui.mnemonics import give_mnemonics, literal
from metarr_desktop.ui.models.recent_model import RecentColumn, RecentModel, cells
from metarr_desktop.ui.panels.first_page import FirstPage
from metarr_desktop.ui.panels.statistics import StatisticsPanel, rows_of_services, rows_of_types
from metarr_desktop.ui.wording import day_time, duration_text, fill_in, plural, tr

if TYPE_CHECKING:
    from metarr_desktop.ui.glance import Facts
    from metarr_desktop.ui.ports import Ports


class DashboardPanel(QWidget):
    """Before the first webhook it says how to connect a sender."""

    job_requested = Signal(int)
    failed_requested = Signal()
    settings_requested = Signal(str)

    def __init__(self, ports: Ports) -> None:
        super().__init__()
        self._actions = ports.actions
        self.model = RecentModel(self)
        self.receiving = Block(tr("Receiving"), button=tr("Copy address"))
        self.queue = Block(tr("Queue"), button=tr("Pause"))
        self.today = Block(tr("Today"), button=tr("Show failed"))
        menu = QMenu(self.receiving.button)
        for key, title in ports.queries.usual_sources():
            menu.addAction(literal(title)).triggered.connect(partial(ports.actions.copy_address, key))
        self.receiving.button.setMenu(menu)
        self.queue.button.clicked.connect(ports.actions.toggle_pause)
        self.today.button.clicked.connect(self.failed_requested)
        self.view = _make_view(self.model)
        self.view.activated.connect(self.open_details)
        ports.theme.changed.connect(self.model.repaint_icons)
        self.first_page = FirstPage(ports)
        self.first_page.settings_requested.connect(self.settings_requested)
        self.types = StatisticsPanel(
            ports, name=tr("Statistics by job"), heading=tr("Job"), rows=rows_of_types
        )
        self.services = StatisticsPanel(
            ports, name=tr("Statistics by service"), heading=tr("Service"), rows=rows_of_services
        )
        self.tabs = QTabWidget()
        self._stack = QStackedWidget()
        self._lay_out()

    def show_facts(self, facts: Facts) -> None:
        """Bring everything up to date."""
        if facts.listening is None:
            listening = tr("Not receiving webhooks")
        else:
            host = facts.listening.host
            address = f"[{host}]" if ":" in host else host
            listening = fill_in(tr("Listening on {address}"), address=f"{address}:{facts.port}")
        last = ""
        if facts.today.last_source is not None and facts.today.last_at is not None:
            values = {"source": facts.today.last_source, "time": day_time(facts.today.last_at)}
            last = fill_in(tr("Last webhook: {source}, {time}"), **values)
        self.receiving.show_lines(listening, last)
        waiting = ""
        if facts.pause.paused:
            waiting = facts.paused_text()
        elif facts.queue.oldest_pending is not None:
            span = duration_text(facts.queue.oldest_pending)
            waiting = fill_in(tr("Oldest waiting: {time}"), time=span)
        self.queue.show_lines(facts.counts(), waiting)
        self.queue.show_button(tr("Resume") if facts.pause.paused else tr("Pause"))
        failed = plural("{n} failed", "{n} failed", facts.today.failed)
        done = plural("{n} done", "{n} done", facts.today.done)
        webhooks = plural("{n} webhook", "{n} webhooks", facts.today.webhooks)
        self.today.show_lines(webhooks, f"{done}, {failed}")
        self.model.show(facts.recent)
        self.view.setAccessibleDescription(plural("{n} row", "{n} rows", len(facts.recent)))
        self._stack.setCurrentIndex(1 if facts.recent else 0)

    def open_details(self) -> None:
        """Show the job of the selected webhook."""
        rows = self.view.selectionModel().selectedRows()
        if rows:
            self.job_requested.emit(self.model.family(rows[0].row()).root_id)

    def replay(self) -> None:
        """Run the selected webhook again."""
        rows = self.view.selectionModel().selectedRows()
        event = self.model.family(rows[0].row()).event if rows else None
        if event is not None:
            self._actions.replay(event.id)

    def copy(self) -> None:
        """Put the selected row on the clipboard."""
        rows = self.view.selectionModel().selectedRows()
        if rows:
            texts = cells(self.model.family(rows[0].row()))
            QGuiApplication.clipboard().setText("  ".join(text for text in texts if text))

    def _lay_out(self) -> None:
        blocks = QHBoxLayout()
        for block in (self.receiving, self.queue, self.today):
            blocks.addWidget(block, 1)
        self.tabs.setDocumentMode(True)
        for part in (self.tabs, self.tabs.tabBar()):
            part.setAccessibleName(tr("Webhooks and statistics"))
        self.tabs.addTab(self.view, tr("Recent webhooks"))
        self.tabs.addTab(self.types, tr("By job"))
        self.tabs.addTab(self.services, tr("By service"))
        hint = QLabel(tr("Enter: details"))
        self.tabs.setCornerWidget(hint)
        self.tabs.currentChanged.connect(lambda at: hint.setVisible(at == 0))
        self._stack.addWidget(self.first_page)
        self._stack.addWidget(self.tabs)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addLayout(blocks)
        outer.addWidget(self._stack, 1)
        give_mnemonics(self)


class Block(QFrame):
    """A heading, two lines and one button."""

    def __init__(self, title: str, *, button: str) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._lines = [_plain_label(), _plain_label()]
        self.button = QPushButton(button)
        self.button.setAccessibleName(button)
        self.button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.addWidget(_heading(title))
        for line in self._lines:
            column.addWidget(line)
        column.addStretch(1)
        column.addWidget(self.button)

    def show_lines(self, first: str, second: str) -> None:
        """Say two things."""
        for label, text in zip(self._lines, (first, second), strict=True):
            if label.text() != text:
                label.setText(text)

    def show_button(self, words: str) -> None:
        """Name the button anew; its letter stays the first one that it had."""
        if self.button.accessibleName() != words:
            self.button.setText(f"&{words}")
            self.button.setAccessibleName(words)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def _plain_label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def _make_view(model: RecentModel) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(tr("Recent webhooks"))
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    metrics = view.fontMetrics()
    view.verticalHeader().setDefaultSectionSize(metrics.height() + 8)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setMinimumSectionSize(40)
    for column, sample in (
        (RecentColumn.TIME, "Yesterday 12:00"),
        (RecentColumn.SOURCE, "Radarr "),
        (RecentColumn.TITLE, "A film of ordinary length"),
    ):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(column, metrics.horizontalAdvance(sample) + 16)
    header.setSectionResizeMode(RecentColumn.EVENT, QHeaderView.ResizeMode.Fixed)
    header.setStretchLastSection(True)

    def fit() -> None:
        """Give "Downloaded (recovered)" its room: the header's own way looks at new rows too early."""
        view.resizeColumnToContents(RecentColumn.EVENT)

    for news in (model.rowsInserted, model.dataChanged, model.modelReset):
        news.connect(fit)
    return view
