"""Old history goes: in small batches, so that nobody who writes waits for it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.storage.ended_counts import drop_old_counters

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

DONE_DAYS, FAILED_DAYS = 30, 90
LARGEST_BATCH, SMALLEST_BATCH = 500, 20
LONGEST_S = 0.010
"""A batch that held the database longer is followed by one of half its rows."""
WEBHOOK_KEPT = timedelta(days=1)
"""A webhook is never younger when it goes: its job may not have been stored yet."""
WEBHOOKS_AT_ONCE = 2_000
OLDEST = (-1, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedCounts:
    """How many rows went."""

    jobs: int = 0
    attempts: int = 0
    webhooks: int = 0

    def __add__(self, other: RemovedCounts) -> RemovedCounts:
        return RemovedCounts(
            jobs=self.jobs + other.jobs,
            attempts=self.attempts + other.attempts,
            webhooks=self.webhooks + other.webhooks,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What one transaction did, where the next one goes on (None: nothing is left), and how long it took."""

    removed: RemovedCounts
    next: tuple[int, int] | None
    seconds: float


async def _at_once() -> None:
    """Let the loop go round between two batches."""
    await asyncio.sleep(0)


def retention_limits(
    now: datetime, *, done_days: int = DONE_DAYS, failed_days: int = FAILED_DAYS
) -> tuple[datetime, datetime]:
    """Return the instants before which done and failed jobs are too old.

    A day is 24 hours, also where the clocks of the place change in between.
    """
    instant = now.astimezone(UTC)
    return instant - timedelta(days=done_days), instant - timedelta(days=failed_days)


async def remove_old(
    database: Database,
    *,
    done_before: datetime,
    failed_before: datetime,
    now: datetime,
    batch: int = LARGEST_BATCH,
    between: Callable[[], Awaitable[None]] = _at_once,
) -> RemovedCounts:
    """Remove ended jobs, their attempts, webhooks that nothing refers to any more, and old counters.

    A family of which a member still waits or runs keeps all its rows. ``between`` is awaited after every
    transaction; it may be cancelled, and what is left goes next time.
    """
    removed = RemovedCounts()
    size = most = min(batch, LARGEST_BATCH)
    for status in EndStatus:
        before = to_ms(failed_before if status is EndStatus.FAILED else done_before)
        place: tuple[int, int] | None = OLDEST
        while place is not None:
            done = await database.run(_remove_jobs, status.value, before, place, size, now)
            removed += done.removed
            place, size = done.next, _next_size(size, done.seconds, most=most)
            await between()
    place = OLDEST
    while place is not None:
        forgotten, place = await database.read(_forgotten_webhooks, now, place)
        for start in range(0, len(forgotten), size):
            gone = await database.run(_remove_webhooks, forgotten[start : start + size], now)
            removed += RemovedCounts(webhooks=gone)
            await between()
    await database.run(drop_old_counters, now)
    return removed


def _next_size(size: int, seconds: float, *, most: int) -> int:
    if seconds > LONGEST_S:
        return min(most, max(SMALLEST_BATCH, size // 2))
    return min(most, size * 2) if seconds < LONGEST_S / 3 else size


def _remove_jobs(
    db: Sql, status: str, before: int, after: tuple[int, int], limit: int, now: datetime
) -> _Batch:
    began = time.perf_counter()
    rows = db.execute(
        "SELECT completed_at, id, job_id, root_id, event_id FROM job_history"
        " WHERE status = ? AND completed_at < ? AND (completed_at, id) > (?, ?)"
        " ORDER BY completed_at, id LIMIT ?",
        (status, before, *after, limit),
    ).fetchall()
    active = _among(db, "SELECT root_id FROM job_queue WHERE root_id IN", {row[3] for row in rows})
    old = [row for row in rows if row[3] not in active]
    removed = RemovedCounts(
        jobs=_delete(db, "DELETE FROM job_history WHERE id IN", [row[1] for row in old]),
        attempts=_delete(db, "DELETE FROM job_attempts WHERE job_id IN", [row[2] for row in old]),
        webhooks=_remove_webhooks(db, sorted({row[4] for row in old if row[4] is not None}), now),
    )
    last = (rows[-1][0], rows[-1][1]) if len(rows) == limit else None
    return _Batch(removed=removed, next=last, seconds=time.perf_counter() - began)


def _forgotten_webhooks(
    db: Sql, now: datetime, after: tuple[int, int]
) -> tuple[list[int], tuple[int, int] | None]:
    """Webhooks without a job, among the next ones that are old enough; read where nobody who writes waits."""
    rows = db.execute(
        "SELECT received_at, id FROM webhook_events WHERE received_at < ? AND (received_at, id) > (?, ?)"
        " ORDER BY received_at, id LIMIT ?",
        (to_ms(now - WEBHOOK_KEPT), *after, WEBHOOKS_AT_ONCE),
    ).fetchall()
    ids = {row[1] for row in rows}
    for start in range(0, len(rows), LARGEST_BATCH):
        part = {row[1] for row in rows[start : start + LARGEST_BATCH]}
        ids -= _among(db, "SELECT event_id FROM job_history WHERE event_id IN", part)
        ids -= _among(db, "SELECT event_id FROM job_queue WHERE event_id IN", part)
    last = (rows[-1][0], rows[-1][1]) if len(rows) == WEBHOOKS_AT_ONCE else None
    return sorted(ids), last


def _remove_webhooks(db: Sql, ids: Sequence[int], now: datetime) -> int:
    """Remove those of the webhooks that nothing refers to; a job may have come since they were found."""
    used = _among(db, "SELECT event_id FROM job_history WHERE event_id IN", ids)
    used |= _among(db, "SELECT event_id FROM job_queue WHERE event_id IN", ids)
    free = [each for each in ids if each not in used]
    if not free:
        return 0
    return db.execute(
        f"DELETE FROM webhook_events WHERE id IN ({_places(free)}) AND received_at < ?",
        (*free, to_ms(now - WEBHOOK_KEPT)),
    ).rowcount


def _among(db: Sql, select: str, ids: set[int] | Sequence[int]) -> set[int]:
    if not ids:
        return set()
    return {row[0] for row in db.execute(f"{select} ({_places(ids)})", tuple(ids)).fetchall()}


def _delete(db: Sql, delete: str, ids: Sequence[int]) -> int:
    return db.execute(f"{delete} ({_places(ids)})", tuple(ids)).rowcount if ids else 0


def _places(ids: set[int] | Sequence[int]) -> str:
    return ", ".join("?" * len(ids))
