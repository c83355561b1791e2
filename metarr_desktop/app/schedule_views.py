"""Recurring work as the window and the command line show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.snapshots import ScheduleSnapshot

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from metarr_desktop.domain.jobs import EndStatus, JobStatus
    from metarr_desktop.domain.schedules import Schedule
    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.history_store import HistoryStore
    from metarr_desktop.storage.job_store import JobStore
    from metarr_desktop.storage.schedule_store import ScheduleRow, ScheduleStore


async def read_schedules(
    schedules: Iterable[Schedule],
    *,
    store: ScheduleStore,
    job_store: JobStore,
    history: HistoryStore,
    now: datetime,
) -> tuple[ScheduleSnapshot, ...]:
    """Read every schedule this program knows, in its order."""
    rows = await store.rows()
    found = list[ScheduleSnapshot]()
    for schedule in schedules:
        row = rows.get(schedule.name)
        job_id = None if row is None else row.last_job_id
        status, detail = await _last(job_id, job_store=job_store, history=history)
        found.append(
            ScheduleSnapshot(
                name=schedule.name,
                title=schedule.title,
                purpose=schedule.purpose,
                rule=schedule.default if row is None else row.rule or schedule.default,
                default=schedule.default,
                next_at=_next_at(schedule, row, now),
                last_at=None if row is None else row.last_at,
                last_job_id=job_id,
                last_status=status,
                last_detail=detail,
            )
        )
    return tuple(found)


def _next_at(schedule: Schedule, row: ScheduleRow | None, now: datetime) -> datetime:
    """Return when it will be due, also where no scheduler looked at the row since the clock was set."""
    if row is None:
        return schedule.default.next_after(now)
    return min(row.next_at, (row.rule or schedule.default).at_latest(now, last_at=row.last_at))


async def _last(
    job_id: int | None, *, job_store: JobStore, history: HistoryStore
) -> tuple[EndStatus | JobStatus | None, Text | None]:
    if job_id is None:
        return None, None
    job = await job_store.job(job_id)
    if job is not None:
        return job.status, job.error
    record = await history.record(job_id)
    if record is None:
        return None, None
    runs = (await history.attempts([job_id])).get(job_id, ())
    return record.status, record.error or (runs[-1].detail if runs else None)
