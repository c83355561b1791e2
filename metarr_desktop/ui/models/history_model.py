"""Ended jobs as a table that grows as it is scrolled, newest first."""

from __future__ import annotations

from bisect import bisect
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.ui.icons import StatusIcons
from metarr_desktop.ui.wording import (
    day_time,
    duration_text,
    named_job,
    one_line,
    record_status_text,
    say,
    status_shape,
    tr,
)

if TYPE_CHECKING:
    from metarr_desktop.app.snapshots import HistoryPage, HistoryRow
    from metarr_desktop.domain.history import HistoryCursor
    from metarr_desktop.domain.jobs import JobRecord

ModelIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class HistoryColumn(IntEnum):
    """The columns, in the order they are shown."""

    FINISHED = 0
    JOB = 1
    SUBJECT = 2
    STATUS = 3
    ATTEMPTS = 4
    TOOK = 5
    ERROR = 6


class HistoryModel(QAbstractTableModel):
    """``page_wanted`` asks for the rows after a HistoryCursor; ``append`` brings them."""

    page_wanted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[HistoryRow] = []
        self._next: HistoryCursor | None = None
        self._asked = False
        self._icons = StatusIcons()

    def row(self, row: int) -> HistoryRow:
        """What a row shows."""
        return self._rows[row]

    def replace(self, page: HistoryPage) -> None:
        """Begin anew with the first page."""
        self.beginResetModel()
        self._rows = list(page.rows)
        self._next = page.next_before
        self._asked = False
        self.endResetModel()

    def append(self, page: HistoryPage) -> None:
        """Go on with the next page."""
        self._asked = False
        self._next = page.next_before
        if not page.rows:
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(page.rows) - 1)
        self._rows.extend(page.rows)
        self.endInsertRows()

    def give_up(self) -> None:
        """The page asked for does not come; it may be asked for again."""
        self._asked = False

    def merge(self, page: HistoryPage) -> bool:
        """Put new rows where they belong; False where the first page does not reach down to what is shown.

        That is the top, unless the clock was set back.
        """
        shown = {row.record.id for row in self._rows}
        fresh = [row for row in page.rows if row.record.id not in shown]
        if len(fresh) == len(page.rows) and page.next_before is not None:
            return False
        last = None if self._next is None else _place(self._rows[-1])
        runs: dict[int, list[HistoryRow]] = {}
        for row in fresh:
            if last is None or _place(row) < last:
                runs.setdefault(bisect(self._rows, _place(row), key=_place), []).append(row)
        for at, run in sorted(runs.items(), reverse=True):
            self.beginInsertRows(QModelIndex(), at, at + len(run) - 1)
            self._rows[at:at] = run
            self.endInsertRows()
        return True

    def is_newer(self, record: JobRecord) -> bool:
        """Whether a job ended after everything that is shown."""
        return not self._rows or record.completed_at >= self._rows[0].record.completed_at

    def repaint_icons(self) -> None:
        """Draw the icons anew, after the colours changed."""
        self._icons.forget()

    def canFetchMore(self, parent: ModelIndex) -> bool:
        """Whether there is another page that was not asked for yet."""
        return not parent.isValid() and self._next is not None and not self._asked

    def fetchMore(self, parent: ModelIndex) -> None:
        """Ask for the next page."""
        if self.canFetchMore(parent) and self._next is not None:
            self._asked = True
            self.page_wanted.emit(self._next)

    def rowCount(self, parent: ModelIndex = ROOT) -> int:
        """How many rows were read so far."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: ModelIndex = ROOT) -> int:
        """As many as there are titles."""
        return 0 if parent.isValid() else len(HistoryColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        """The titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = (
            tr("Finished"), tr("Job"), tr("Subject"), tr("Status"), tr("Attempts"), tr("Took"), tr("Error"),
        )  # fmt: skip
        return titles[section]

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        """One cell."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return cells(row)[index.column()]
            case Qt.ItemDataRole.ToolTipRole:
                return tool_tip(row, index.column())
            case Qt.ItemDataRole.DecorationRole if index.column() == HistoryColumn.STATUS:
                return self._icons.get(status_shape(row.record))
        return None


def _place(row: HistoryRow) -> tuple[int, int]:
    """Where a row stands: smaller is higher up."""
    return -to_ms(row.record.completed_at), -row.record.id


def cells(row: HistoryRow) -> tuple[str, ...]:
    """What the columns show of a row."""
    record = row.record
    failed = record.status is EndStatus.FAILED and record.error is not None
    return (
        day_time(record.completed_at, seconds=True),
        named_job(record.type, record.payload),
        one_line(row.subject),
        record_status_text(record),
        str(len(row.attempts) or record.attempts),
        "" if record.started_at is None else duration_text(record.duration),
        one_line(say(record.error)) if failed and record.error is not None else "",
    )


def tool_tip(row: HistoryRow, column: int) -> str | None:
    """The whole of what a cell may cut off."""
    if column in {HistoryColumn.STATUS, HistoryColumn.ERROR} and row.record.error is not None:
        return say(row.record.error)
    return row.subject if column == HistoryColumn.SUBJECT else None
