"""Brings changes of the core to the window: merged, and at most ten times a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from PySide6.QtCore import QObject, QTimer, Signal

from metarr_desktop.domain.changes import (
    EventStored,
    JobChanged,
    JobEnded,
    LaneChanged,
    ListenerChanged,
    PauseChanged,
    ServiceChanged,
    SettingsChanged,
    StorageChanged,
    WebhookRefused,
)

if TYPE_CHECKING:
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.jobs import Job, JobRecord

FLUSH_MS = 100
BUSY, BUSY_FLUSH_MS = 50, 250
"""While so many jobs change from one batch to the next, nobody can read them: batches come less often."""
GLANCE_MS = 500


@dataclass(frozen=True, slots=True)
class JobBatch:
    """The last state of every job that changed since the batch before, oldest change first."""

    jobs: tuple[Job | JobRecord, ...]


class Bridge(QObject):
    """Signals for the ui. A timer runs only while something waits to be told.

    ``jobs_changed`` carries a JobBatch. ``glance_changed`` follows everything, at most twice a second,
    for what shows counts and states. The others say that something of their kind changed.
    """

    jobs_changed = Signal(object)
    service_changed = Signal()
    settings_changed = Signal()
    glance_changed = Signal()

    def __init__(self, bus: Bus, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[int, Job | JobRecord] = {}
        self._services = False
        self._settings = False
        self._flush = self._timer(FLUSH_MS, self.flush)
        self._glance = self._timer(GLANCE_MS, self.glance_changed.emit)
        self._unsubscribe = bus.subscribe(self._on_change)

    def close(self) -> None:
        """Hear and tell nothing more."""
        self._unsubscribe()
        self._flush.stop()
        self._glance.stop()

    def flush(self) -> None:
        """Tell what waits to be told."""
        jobs, services, settings = self._jobs, self._services, self._settings
        self._jobs, self._services, self._settings = {}, False, False
        self._flush.setInterval(BUSY_FLUSH_MS if len(jobs) > BUSY else FLUSH_MS)
        if jobs:
            self.jobs_changed.emit(JobBatch(tuple(jobs.values())))
        if services:
            self.service_changed.emit()
        if settings:
            self.settings_changed.emit()

    def _timer(self, interval: int, told: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval)
        timer.timeout.connect(told)
        return timer

    def _on_change(self, change: Change) -> None:
        match change:
            case JobChanged(job):
                self._jobs[job.id] = job
            case JobEnded(record):
                self._jobs[record.job_id] = record
            case ServiceChanged() | LaneChanged():
                self._services = True
            case SettingsChanged() | StorageChanged() | ListenerChanged():
                self._settings = True
            case PauseChanged() | EventStored():
                pass
            case WebhookRefused():
                return
            case _:
                assert_never(change)
        if not self._flush.isActive():
            self._flush.start()
        if not self._glance.isActive():
            self._glance.start()
