"""What became of a job, as one of five messages; the stream of the API tells them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from metarr_desktop.domain.changes import JobChanged, JobEnded
from metarr_desktop.domain.jobs import EndStatus, JobStatus

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.jobs import Job, JobRecord

DONE = frozenset({EndStatus.COMPLETED, EndStatus.SKIPPED})


class MessageKind(StrEnum):
    """The five things that happen to a job; its ``status`` says more."""

    CREATED = "created"
    STARTED = "started"
    PROGRESS = "progress"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMessage:
    """One thing that happened to a job, and the job as it was then."""

    kind: MessageKind
    at: datetime
    job: Job | JobRecord


class JobMessages:
    """Names what happens to jobs; it remembers those that it saw, until they end.

    A job that was put back to wait is told as ``progress``, and so is a second look at one that runs.
    """

    def __init__(self) -> None:
        self._seen: dict[int, datetime | None] = {}

    def read(self, change: Change, *, at: datetime) -> JobMessage | None:
        """Return what this change tells of a job; None where it is about something else."""
        match change:
            case JobEnded(record):
                self._seen.pop(record.job_id, None)
                kind = MessageKind.COMPLETED if record.status in DONE else MessageKind.FAILED
                return JobMessage(kind=kind, at=at, job=record)
            case JobChanged(job):
                return JobMessage(kind=self._changed(job), at=at, job=job)
            case _:
                return None

    def _changed(self, job: Job) -> MessageKind:
        new = job.id not in self._seen
        if job.status is JobStatus.PENDING:
            self._seen.setdefault(job.id, None)
            return MessageKind.CREATED if new and _untouched(job) else MessageKind.PROGRESS
        told = self._seen.get(job.id)
        self._seen[job.id] = job.started_at
        begun = new or job.started_at != told
        return MessageKind.STARTED if begun and job.progress is None else MessageKind.PROGRESS


def _untouched(job: Job) -> bool:
    """Whether nothing happened to a waiting job since it was inserted."""
    tried = job.starts or job.attempts or job.deferrals or job.rate_limits
    return not tried and job.updated_at == job.created_at
