"""The History page: what ended, and how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.jobs import EndStatus, JobRecord
from metarr_desktop.ui.models.history_model import HistoryModel, cells
from metarr_desktop.ui.panels.history_layout import HistoryLayout
from metarr_desktop.ui.wording import fill_in, plural, tr

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from metarr_desktop.app.snapshots import HistoryRow
    from metarr_desktop.domain.history import HistoryCursor
    from metarr_desktop.ui.bridge import JobBatch
    from metarr_desktop.ui.ports import Ports

PAGE = 100
FOLLOW_MS = 1_000
TYPING_MS = 250


class HistoryPanel(QWidget):
    """Reads page by page; while it is in sight new rows come on top, at most once a second."""

    job_requested = Signal(int)
    settings_requested = Signal(str)

    def __init__(self, ports: Ports) -> None:
        super().__init__()
        self._queries = ports.queries
        self._tasks = ports.tasks
        self._actions = ports.actions
        self._round = 0
        self._late = False
        self.model = HistoryModel(self)
        self.ui = HistoryLayout(
            self, model=self.model, types=ports.queries.job_types(), sources=ports.queries.event_sources()
        )
        self._follow = self._timer(FOLLOW_MS, self._on_follow)
        self._typing = self._timer(TYPING_MS, self.refresh)
        ports.bridge.jobs_changed.connect(self._on_jobs_changed)
        ports.theme.changed.connect(self.model.repaint_icons)
        self.model.page_wanted.connect(self._on_page_wanted)
        ui = self.ui
        ui.text.textChanged.connect(lambda _text: self._typing.start())
        for box in (ui.status, ui.type, ui.source, ui.when):
            box.currentIndexChanged.connect(self.refresh)
        ui.clear.clicked.connect(self.clear_filter)
        ui.details.clicked.connect(self.open_details)
        ui.retry.clicked.connect(self.retry)
        ui.replay.clicked.connect(self.replay)
        ui.copy_payload.clicked.connect(self._on_copy_payload)
        ui.view.activated.connect(self.open_details)
        ui.view.selectionModel().selectionChanged.connect(self._follow_selection)
        ui.change.clicked.connect(lambda: self.settings_requested.emit("advanced"))
        ports.bridge.settings_changed.connect(self._show_kept)
        self._show_kept()
        self._follow_rows()

    def refresh(self) -> None:
        """Begin anew with the newest rows."""
        self._typing.stop()
        self._round += 1
        self._tasks.spawn(self._begin(self._round), name="history page")

    def show_failed(self) -> None:
        """Show what failed lately and nothing else."""
        self.clear_filter()
        self.ui.status.setCurrentIndex(self.ui.status.findData(EndStatus.FAILED))

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.ui.text.setFocus()
        self.ui.text.selectAll()

    def clear_filter(self) -> bool:
        """Show everything again; False where everything was shown."""
        return self.ui.clear_filter()

    def retry(self) -> None:
        """Try the selected job again."""
        if (row := self._selected()) is not None and self.ui.retry.isEnabled():
            self._actions.retry([row.record])

    def replay(self) -> None:
        """Run the webhook of the selected job again."""
        if (row := self._selected()) is not None and row.record.event_id is not None:
            self._actions.replay(row.record.event_id)

    def copy(self) -> None:
        """Put the selected row on the clipboard."""
        if (row := self._selected()) is not None:
            QGuiApplication.clipboard().setText("  ".join(cell for cell in cells(row) if cell))

    def open_details(self) -> None:
        """Show everything about the selected job."""
        if (row := self._selected()) is not None:
            self.job_requested.emit(row.record.job_id)

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was missed while nobody looked."""
        super().showEvent(event)
        if self.model.rowCount():
            self._on_follow()
        else:
            self.refresh()

    def _timer(self, interval: int, slot: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval)
        timer.timeout.connect(slot)
        return timer

    def _wanted(self) -> HistoryFilter:
        ui = self.ui
        days, status = ui.when.currentData(), ui.status.currentData()
        return HistoryFilter(
            text=ui.text.text().strip(),
            status=EndStatus(status) if status else None,
            type=ui.type.currentData(),
            source=ui.source.currentData(),
            since=None if days is None else datetime.now(tz=UTC) - timedelta(days=days),
        )

    async def _begin(self, turn: int) -> None:
        page = await self._queries.history(self._wanted(), limit=PAGE)
        if turn == self._round:
            self.model.replace(page)
            self._follow_rows()

    def _on_page_wanted(self, before: HistoryCursor) -> None:
        self._tasks.spawn(self._go_on(before, self._round), name="history page")

    async def _go_on(self, before: HistoryCursor, turn: int) -> None:
        try:
            page = await self._queries.history(self._wanted(), before=before, limit=PAGE)
        except MetarrError:
            self.model.give_up()
            raise
        if turn == self._round:
            self.model.append(page)
            self._follow_rows()

    def _on_jobs_changed(self, batch: JobBatch) -> None:
        ended = [job for job in batch.jobs if isinstance(job, JobRecord)]
        if ended and self.isVisible():
            self._late = self._late or not all(self.model.is_newer(record) for record in ended)
            if not self._follow.isActive():
                self._follow.start()

    def _on_follow(self) -> None:
        self._tasks.spawn(self._read_newer(self._round), name="history page")

    async def _read_newer(self, turn: int) -> None:
        limit, self._late = max(PAGE, self.model.rowCount()) if self._late else PAGE, False
        page = await self._queries.history(self._wanted(), limit=limit)
        if turn == self._round:
            if not self.model.merge(page):
                self.model.replace(page)
            self._follow_rows()

    def _selected(self) -> HistoryRow | None:
        rows = self.ui.view.selectionModel().selectedRows()
        return self.model.row(rows[0].row()) if rows else None

    def _follow_selection(self) -> None:
        row = self._selected()
        self.ui.details.setEnabled(row is not None)
        self.ui.copy_payload.setEnabled(row is not None)
        self.ui.retry.setEnabled(row is not None and row.record.status is not EndStatus.COMPLETED)
        self.ui.replay.setEnabled(row is not None and row.record.event_id is not None)

    def _follow_rows(self) -> None:
        rows = self.model.rowCount()
        self.ui.view.setAccessibleDescription(plural("{n} row", "{n} rows", rows))
        self.ui.show_empty(is_empty=rows == 0)
        self._follow_selection()

    def _show_kept(self) -> None:
        settings = self._queries.settings()
        done, failed = (
            plural("{n} day", "{n} days", days)
            for days in (settings.keep_done_days, settings.keep_failed_days)
        )
        words = fill_in(tr("Done jobs are kept {done}, failed jobs {failed}."), done=done, failed=failed)
        self.ui.kept.setText(words)
        self.ui.change.setAccessibleDescription(words)

    def _on_copy_payload(self) -> None:
        if (row := self._selected()) is not None:
            self._actions.copy_payload(row.record.job_id)
