"""Which code runs a job type, and under which rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.jobs import Job
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.retry import RetryPolicy

if TYPE_CHECKING:
    from metarr_desktop.domain.text import Text


class Report(Protocol):
    """Takes how far a job is; it may be told as often as a handler likes."""

    def __call__(self, done: int, total: int, note: Text | None = None) -> None:
        """Tell that ``done`` of ``total`` steps are done."""


Handler = Callable[[Job, Report], Awaitable[Done]]
"""Runs one job. Returns Done or raises from ``domain/errors.py``; the worker turns that into an outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    """One kind of job: its handler, its lane and how often it is tried.

    ``delivers`` marks jobs that stop while deliveries are paused; ``timeout`` ends a run as a failed attempt.
    After a success, jobs of the same merge key wait for ``merge_window`` and then run as one. ``lanes`` are
    all lanes of a type that has several, as they are now; each runs as many jobs as the others.
    """

    type: str
    handler: Handler
    lane: str
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    concurrency: int = 1
    delivers: bool = False
    timeout: timedelta = timedelta(minutes=5)
    merge_window: timedelta | None = None
    lanes: Callable[[], Collection[str]] | None = None

    def all_lanes(self) -> Collection[str]:
        """Return every lane that jobs of this type are in now."""
        return (self.lane,) if self.lanes is None else self.lanes()
