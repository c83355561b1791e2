"""The last webhooks and what became of them, one line each."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from metarr_desktop.domain.jobs import WEBHOOK_RECEIVED, EndStatus, Job, JobRecord, JobStatus
from metarr_desktop.ui.icons import StatusIcons
from metarr_desktop.ui.models.job_nodes import event_of, id_of, kind_of
from metarr_desktop.ui.wording import (
    day_time,
    end_word,
    event_name,
    one_line,
    record_status_text,
    short_job_name,
    status_shape,
    tr,
    with_recovered,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.app.snapshots import EventSnapshot, FamilySnapshot

ModelIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
WORST_FIRST = ("failed", "blocked", "retrying", "running", "waiting", "cancelled", "done", "skipped")


class RecentColumn(IntEnum):
    """The columns, in the order they are shown."""

    TIME = 0
    SOURCE = 1
    EVENT = 2
    TITLE = 3
    OUTCOME = 4


class RecentModel(QAbstractTableModel):
    """Rows come on top and leave at the end; those between change in place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[FamilySnapshot] = []
        self._icons = StatusIcons()

    def family(self, row: int) -> FamilySnapshot:
        """The webhook of a row."""
        return self._rows[row]

    def show(self, families: Sequence[FamilySnapshot]) -> None:
        """Show these, moving no row that stays."""
        wanted = {family.root_id for family in families}
        for row in reversed(range(len(self._rows))):
            if self._rows[row].root_id not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._rows[row]
                self.endRemoveRows()
        for row, family in enumerate(families):
            if row < len(self._rows) and self._rows[row].root_id == family.root_id:
                if self._rows[row] != family:
                    self._rows[row] = family
                    self.dataChanged.emit(self.index(row, 0), self.index(row, len(RecentColumn) - 1))
            else:
                self.beginInsertRows(QModelIndex(), row, row)
                self._rows.insert(row, family)
                self.endInsertRows()
        surplus = len(self._rows) - len(families)
        if surplus > 0:
            self.beginRemoveRows(QModelIndex(), len(families), len(self._rows) - 1)
            del self._rows[len(families) :]
            self.endRemoveRows()

    def repaint_icons(self) -> None:
        """Draw the icons anew, after the colours changed."""
        self._icons.forget()

    def rowCount(self, parent: ModelIndex = ROOT) -> int:
        """How many webhooks there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: ModelIndex = ROOT) -> int:
        """As many as there are titles."""
        return 0 if parent.isValid() else len(RecentColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        """The titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (tr("Time"), tr("Source"), tr("Event"), tr("Title"), tr("Jobs"))[section]

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        """One cell."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        family = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return cells(family)[index.column()]
            case Qt.ItemDataRole.ToolTipRole:
                return cells(family)[index.column()] or None
            case Qt.ItemDataRole.DecorationRole if index.column() == RecentColumn.OUTCOME:
                shapes = {status_shape(job) for job in told_jobs(family)}
                worst = next((shape for shape in WORST_FIRST if shape in shapes), None)
                return None if worst is None else self._icons.get(worst)
        return None


def members(family: FamilySnapshot) -> list[Job | JobRecord]:
    """All jobs of a webhook in the order they were made."""
    jobs: list[Job | JobRecord] = [*family.jobs, *family.records]
    return sorted(jobs, key=id_of)


def told_jobs(family: FamilySnapshot) -> list[Job | JobRecord]:
    """The jobs that say what became of a webhook: it has been read where there are others."""
    jobs = members(family)
    return [job for job in jobs if job.type != WEBHOOK_RECEIVED] or jobs


def cells(family: FamilySnapshot) -> tuple[str, str, str, str, str]:
    """What the columns show of a webhook."""
    event = family.event
    if event is None:
        return "", "", "", "", outcome(family)
    events = (event_of(job.payload) for job in members(family))
    told = next((each for each in events if each is not None), None)
    return (
        day_time(event.received_at),
        event.source_title,
        with_recovered(
            event_name(event.event_type if told is None else kind_of(told)), recovered=event.recovered
        ),
        one_line(event.title),
        outcome(family),
    )


def outcome(family: FamilySnapshot) -> str:
    """``Scan: Done  Kodi: Retrying``; what was of no interest tells so."""
    jobs = told_jobs(family)
    if any(job.type != WEBHOOK_RECEIVED for job in jobs):
        return "   ".join(f"{short_job_name(job.type)}: {_word(job)}" for job in jobs)
    root = next(iter(jobs), None)
    if isinstance(root, JobRecord):
        if root.status is EndStatus.SKIPPED and is_test(family.event):
            return tr("Connected")
        if root.status in {EndStatus.COMPLETED, EndStatus.SKIPPED}:
            return tr("Nothing to do")
        return record_status_text(root)
    return tr("Waiting") if root is not None else ""


def is_test(event: EventSnapshot | None) -> bool:
    """Whether a sender only tried whether it is heard."""
    return event is not None and event.event_type.casefold() in {"test", "test_notification"}


def _word(job: Job | JobRecord) -> str:
    if isinstance(job, JobRecord):
        return end_word(job.status)
    if job.status is JobStatus.PROCESSING:
        return tr("Running")
    return tr("Retrying") if status_shape(job) == "retrying" else tr("Waiting")
