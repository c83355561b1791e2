"""The Jobs page: what waits and runs, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.ui.models.job_cells import row_text
from metarr_desktop.ui.models.job_filter import JobFilter
from metarr_desktop.ui.models.job_nodes import FamilyNode, MemberNode
from metarr_desktop.ui.models.jobs_model import CAPACITY, JobsModel
from metarr_desktop.ui.panels.jobs_layout import JobsLayout
from metarr_desktop.ui.wording import fill_in, number, plural, tr

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent

    from metarr_desktop.domain.jobs import JobRecord
    from metarr_desktop.ui.bridge import JobBatch
    from metarr_desktop.ui.glance import Facts
    from metarr_desktop.ui.models.job_nodes import Node
    from metarr_desktop.ui.ports import Ports

TICK_MS = 1_000
OPENED_BY_ITSELF = 20
"""With more webhooks than this a new one stays folded."""


class JobsPanel(QWidget):
    """Reads the queue when it comes into sight, and follows it row by row while it is."""

    job_requested = Signal(int)

    def __init__(self, ports: Ports) -> None:
        super().__init__()
        self._queries = ports.queries
        self._tasks = ports.tasks
        self._actions = ports.actions
        self._in_queue = 0
        self._reading = False
        several = ports.queries.on_several_computers()
        self.model = JobsModel(self, several_computers=several)
        self.filter = JobFilter(self.model, parent=self)
        self.ui = JobsLayout(
            self, model=self.filter, types=ports.queries.job_types(), several_computers=several
        )
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        ports.bridge.jobs_changed.connect(self._on_jobs_changed)
        ports.theme.changed.connect(self.model.repaint_icons)
        self.model.lookups_wanted.connect(self._on_lookups_wanted)
        self._connect()
        self._follow_rows()

    # What the window asks

    def show_facts(self, facts: Facts) -> None:
        """Take what the whole program says: the pause and the length of the queue."""
        self._in_queue = facts.queue.pending + facts.queue.processing
        self.ui.show_pause(paused=facts.pause.paused)
        if self.model.show_lanes(facts.lanes):
            self.filter.look_again()
        self.ui.retry_failed.setEnabled(facts.failed > 0)
        if self.isVisible():
            self._follow_rows()

    def refresh(self) -> None:
        """Read the queue anew."""
        if not self._reading:
            self._reading = True
            self.model.begin_sync()
            self._tasks.spawn(self._read(), name="jobs page")

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.ui.text.setFocus()
        self.ui.text.selectAll()

    def clear_filter(self) -> bool:
        """Show everything again; False where everything was shown."""
        was_active = self.filter.is_active
        self.ui.text.clear()
        self.ui.status.setCurrentIndex(0)
        self.ui.type.setCurrentIndex(0)
        return was_active

    def retry(self) -> None:
        """Try what is selected again."""
        self._actions.retry(self._selected_jobs())

    def run_now(self) -> None:
        """Make what is selected due."""
        self._actions.run_now(self._selected_jobs())

    def scan_anyway(self) -> None:
        """Let what is selected run although a video plays."""
        self._actions.scan_anyway(self._selected_jobs())

    def cancel(self) -> None:
        """Cancel what is selected."""
        node = self._selected()
        if node is not None:
            family = node if isinstance(node, FamilyNode) else node.family
            self._actions.cancel(self._selected_jobs(), subject=family.subject)

    def replay(self) -> None:
        """Run the webhook of what is selected again."""
        jobs = self._selected_jobs()
        if jobs and jobs[0].event_id is not None:
            self._actions.replay(jobs[0].event_id)

    def copy(self) -> None:
        """Put the selected row on the clipboard."""
        node = self._selected()
        if node is not None:
            QGuiApplication.clipboard().setText(row_text(node, self.model.around))

    def open_details(self) -> None:
        """Show everything about what is selected."""
        node = self._selected()
        if node is not None:
            self.job_requested.emit(node.id)

    # Sight

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was missed while nobody looked."""
        super().showEvent(event)
        self.refresh()
        self._tick.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page shows fewer columns."""
        super().resizeEvent(event)
        self.ui.fit(event.size().width())

    def hideEvent(self, event: QHideEvent) -> None:
        """Out of sight nothing is followed."""
        super().hideEvent(event)
        self._tick.stop()
        self.model.rest()

    async def _read(self) -> None:
        try:
            self.model.sync(await self._queries.families(limit=CAPACITY))
        except MetarrError:
            self.model.sync(())
        finally:
            self._reading = False
        self._follow_rows()

    def _on_jobs_changed(self, batch: JobBatch) -> None:
        if self.isVisible():
            self.model.apply(batch.jobs)
            self._follow_rows()

    def _on_lookups_wanted(self, roots: list[int]) -> None:
        async def work() -> None:
            for root_id in roots:
                found = await self._queries.family(root_id)
                if found is not None:
                    self.model.learn(found)

        self._tasks.spawn(work(), name="name webhooks")

    def _on_tick(self) -> None:
        """Ages grow, ended webhooks leave, and others come in their place."""
        if self.model.expire():
            self.refresh()
        if self.model.job_count:
            self.ui.view.viewport().update()
        self._follow_rows()

    # Rows

    def _connect(self) -> None:
        ui = self.ui
        ui.text.textChanged.connect(self._on_filter)
        ui.status.currentIndexChanged.connect(self._on_filter)
        ui.type.currentIndexChanged.connect(self._on_filter)
        ui.clear.clicked.connect(self.clear_filter)
        ui.group.toggled.connect(self._on_grouped)
        ui.pause.clicked.connect(self._actions.toggle_pause)
        ui.retry_failed.clicked.connect(self._actions.retry_failed)
        ui.scan.clicked.connect(self._actions.ask_for_scan)
        ui.details.clicked.connect(self.open_details)
        ui.run_now.clicked.connect(self.run_now)
        ui.cancel.clicked.connect(self.cancel)
        ui.copy_payload.clicked.connect(self._on_copy_payload)
        ui.view.activated.connect(self.open_details)
        ui.view.customContextMenuRequested.connect(self._on_menu)
        ui.view.selectionModel().currentRowChanged.connect(self._on_selected)
        ui.view.selectionModel().selectionChanged.connect(self._on_selected)
        self.filter.rowsInserted.connect(self._on_rows_inserted)

    def _on_filter(self) -> None:
        self.filter.show_only(
            text=self.ui.text.text(), shape=self.ui.status.currentData(), type=self.ui.type.currentData()
        )
        self._unfold_all()
        self._follow_rows()

    def _on_grouped(self, grouped: bool) -> None:  # noqa: FBT001 - Qt tells it so
        chosen = self._selected()
        self.model.show_grouped(grouped)
        self.ui.view.setRootIsDecorated(grouped)
        self._unfold_all()
        if isinstance(chosen, MemberNode):
            index = self.filter.mapFromSource(self.model.index_of(chosen.id))
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.ui.view.selectionModel().setCurrentIndex(index, flags)

    def _on_rows_inserted(self, parent: QModelIndex, first: int, last: int) -> None:
        if not parent.isValid() and self.filter.rowCount() <= OPENED_BY_ITSELF:
            for row in range(first, last + 1):
                self.ui.view.expand(self.filter.index(row, 0))

    def _unfold_all(self) -> None:
        if self.filter.is_active or self.filter.rowCount() <= OPENED_BY_ITSELF:
            self.ui.view.expandAll()

    def _selected(self) -> Node | None:
        rows = self.ui.view.selectionModel().selectedRows()
        return self.filter.node(rows[0]) if rows else None

    def _selected_jobs(self) -> list[Job | JobRecord]:
        """The selected job, or all jobs of the selected webhook."""
        node = self._selected()
        if node is None:
            return []
        return [node.job] if isinstance(node, MemberNode) else [member.job for member in node.members]

    def _on_selected(self) -> None:
        node = self._selected()
        family = node.family if isinstance(node, MemberNode) else node
        self.model.pin(() if family is None else (family.id,))
        self._follow_selection()

    def _follow_selection(self) -> None:
        jobs = self._selected_jobs()
        active = [job for job in jobs if isinstance(job, Job)]
        self.ui.details.setEnabled(bool(jobs))
        self.ui.copy_payload.setEnabled(bool(jobs))
        self.ui.run_now.setEnabled(any(job.status is JobStatus.PENDING for job in active))
        self.ui.cancel.setEnabled(bool(active))

    def _follow_rows(self) -> None:
        shown = self.filter.shown_jobs()
        known = max(self.model.job_count, self._in_queue)
        self.ui.show_counts(
            fill_in(tr("{shown} of {all} shown"), shown=number(shown), all=number(known)) if known else "",
            rows=plural("{n} row", "{n} rows", shown),
        )
        self.ui.show_empty(is_empty=self.filter.rowCount() == 0, filtered=self.filter.is_active)
        self._follow_selection()

    def _on_copy_payload(self) -> None:
        node = self._selected()
        if node is not None:
            self._actions.copy_payload(node.id)

    def _on_menu(self, place: QPoint) -> None:
        """The buttons once more, where the pointer is."""
        if self._selected() is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.ui.details, self.ui.run_now, self.ui.cancel, self.ui.copy_payload):
            action = menu.addAction(button.text())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(button.click)
        if any(isinstance(job, Job) and self._queries.may_scan_anyway(job) for job in self._selected_jobs()):
            menu.addAction(tr("Scan anyway")).triggered.connect(self.scan_anyway)
        menu.popup(self.ui.view.viewport().mapToGlobal(place))
