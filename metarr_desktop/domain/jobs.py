"""Jobs: the durable rows of the queue, and what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from metarr_desktop.domain.text import Text

CRITICAL, HIGH, NORMAL, LOW = 1, 3, 5, 8
"""The four priorities we give; 1-2 are critical, 3-4 high, 5-7 normal and 8-10 low."""

WEBHOOK_RECEIVED = "webhook-received"
INTAKE_LANE = "intake"
SCAN_MOVIE = "scan-movie"
SCAN_LANE = "scan"
CATCH_UP = "catch-up"
CATCH_UP_LANE = "catch-up"
CONFIRM_LANE = "confirm"


class JobStatus(StrEnum):
    """Where a row of the queue stands."""

    PENDING = "pending"
    PROCESSING = "processing"


class EndStatus(StrEnum):
    """How a job ended, as the history keeps it."""

    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class AttemptOutcome(StrEnum):
    """How one run of a job ended."""

    DONE = "done"
    SKIPPED = "skipped"
    RETRY = "retry"
    DEFERRED = "deferred"
    BLOCKED = "blocked"
    FAILED = "failed"
    CRASHED = "crashed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """How long jobs wait for more like them: ``quiet`` after the last one, ``at_most`` after the first."""

    quiet: timedelta
    at_most: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to insert.

    ``waits_for`` names a job type among its siblings, or nothing. Of a ``dedupe_key`` at most one job waits;
    a second one joins it. Waiting jobs of one lane and ``merge_key`` run as one request; with a ``gathering``
    each that comes lets those that were not tried yet wait for more. ``reason`` is why it waits from the
    beginning. What still waits after ``expires_after`` fails.
    """

    type: str
    lane: str
    priority: int
    payload: Mapping[str, Any] = field(default_factory=dict)
    max_retries: int = 3
    parent_id: int | None = None
    root_id: int | None = None
    event_id: int | None = None
    retry_of: int | None = None
    waits_for: str | None = None
    waits_at_most: timedelta | None = None
    dedupe_key: str | None = None
    merge_key: str | None = None
    gathering: Gathering | None = None
    reason: Text | None = None
    expires_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a running job is: ``done`` of ``total`` steps, and what it is at."""

    done: int
    total: int
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of the queue; times are aware UTC, ``payload`` is what the handler gets.

    ``starts`` counts the runs since the last settlement: more than one means that it crashed. ``worker`` is
    the process that runs it. A job that was claimed leads ``merged``, which are settled with it. A ``probe``
    tries whether its lane, where nobody answered, works again.
    """

    id: int
    type: str
    lane: str
    priority: int
    status: JobStatus
    payload: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    run_after: datetime
    root_id: int
    max_retries: int = 3
    retry_count: int = 0
    starts: int = 0
    deferrals: int = 0
    rate_limits: int = 0
    error: Text | None = None
    reason: Text | None = None
    started_at: datetime | None = None
    parent_id: int | None = None
    event_id: int | None = None
    waits_for: int | None = None
    retry_of: int | None = None
    attempts: int = 0
    dedupe_key: str | None = None
    merge_key: str | None = None
    expires_at: datetime | None = None
    progress: Progress | None = None
    worker: str | None = None
    merged_into: int | None = None
    merged: tuple[Job, ...] = ()
    probe: bool = False


class QueuePlace(Protocol):
    """A place in the order of the queue: that of a job, whether it is there still or not."""

    @property
    def priority(self) -> int:
        """The lowest goes first."""

    @property
    def run_after(self) -> datetime:
        """Of one priority, the earliest goes first."""

    @property
    def id(self) -> int:
        """Of one time, the lowest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One ended job, as the history keeps it."""

    id: int
    job_id: int
    type: str
    lane: str
    priority: int
    status: EndStatus
    payload: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime
    duration: timedelta
    root_id: int
    retry_count: int = 0
    max_retries: int = 3
    error: Text | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    parent_id: int | None = None
    event_id: int | None = None
    retry_of: int | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of a job; ``number`` counts from 1."""

    job_id: int
    number: int
    started_at: datetime
    duration: timedelta
    outcome: AttemptOutcome
    detail: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """How much there is to do; ``oldest_pending_at`` is the creation of the oldest waiting job."""

    pending: int
    processing: int
    oldest_pending_at: datetime | None


def computer_of(worker: str) -> str:
    """Name of the computer a process runs on, which begins the name of the process."""
    return worker.rsplit("-", 2)[0]


def priority_band(priority: int) -> str:
    """Name of a priority as people read it: 1-2 Critical, 3-4 High, 5-7 Normal, 8-10 Low."""
    if priority <= 2:  # noqa: PLR2004 - the bands are the definition itself
        return "Critical"
    if priority <= 4:  # noqa: PLR2004
        return "High"
    return "Normal" if priority <= 7 else "Low"  # noqa: PLR2004
