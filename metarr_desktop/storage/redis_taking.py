"""What the database is asked and told when jobs are taken from Redis, end, or are taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.jobs import EndStatus, Job, JobRecord, JobStatus
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.text import text
from metarr_desktop.storage import orphans, settlement, sharing
from metarr_desktop.storage.claiming import EXPIRED, LONGEST_WINDOW_MS, WAITED_LONGEST
from metarr_desktop.storage.ending import end_job
from metarr_desktop.storage.lane_rows import LaneView, look_at_lanes, view_lanes
from metarr_desktop.storage.mirror import (
    adopt,
    adopt_orphan,
    disown,
    mark_held,
    mark_taken,
    rows_of,
    take_waiting,
)
from metarr_desktop.storage.rows import read_job

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta

    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.holder import Holder
    from metarr_desktop.storage.job_store import Recovery, Run, Settlement
    from metarr_desktop.storage.redis_queue import Found, Running, Taken
    from metarr_desktop.storage.relayed import RelayedDatabase
    from metarr_desktop.storage.sql import Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a claim has to know of lanes and merge windows (``lane|key``), both kept in the database."""

    lanes: LaneView
    windows: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Rows of what was taken, by id, rows of what was held, and probes another process began before."""

    rows: Mapping[int, Any]
    held: tuple[Any, ...] = ()
    lost: frozenset[int] = frozenset()


def look(db: Sql, stamp: int) -> View:
    """Look at the stops, and at the merge windows that are open."""
    rows = db.execute("SELECT lane, merge_key, until FROM merge_windows WHERE until > ?", (stamp,)).fetchall()
    windows = {f"{lane}|{key}": until for lane, key, until in rows if until - stamp <= LONGEST_WINDOW_MS}
    return View(lanes=look_at_lanes(db, stamp), windows=windows)


def end_stops(db: Sql, stamp: int) -> None:
    """End the stops that are over."""
    view_lanes(db, stamp)


async def tell_database(database: RelayedDatabase, found: Found, *, stamp: int) -> Told:
    """Read what was taken; write of it only what others have to see before it runs."""
    taken = tuple(each for job in found.jobs for each in (job, *job.merged))
    probes = tuple(job for job in found.jobs if job.probe)
    marked = tuple(each for each in taken if each.mark or each.probe)
    if marked or found.held:
        worker = database.queue.holder.worker
        return await database.write_aside(_tell, taken, marked, probes, dict(found.held), worker, stamp)
    return Told(rows=await database.read_aside(_current, taken))


def _tell(
    db: Sql,
    taken: tuple[Taken, ...],
    marked: tuple[Taken, ...],
    probes: tuple[Taken, ...],
    held: dict[int, int],
    worker: str,
    stamp: int,
) -> Told:
    lost = {probe.id for probe in probes if not _begin_probe(db, probe)}
    mark_taken(db, (each for each in marked if each.id not in lost), worker=worker, stamp=stamp)
    return Told(rows=_current(db, taken), held=tuple(mark_held(db, held, stamp=stamp)), lost=frozenset(lost))


def _begin_probe(db: Sql, probe: Taken) -> bool:
    begun = db.execute(
        "UPDATE lanes SET state = ?, probe = ? WHERE lane = ? AND state = ?",
        (LaneState.PROBING.value, probe.id, probe.lane, LaneState.BREAKER.value),
    )
    db.tell("lanes")
    return begun.rowcount == 1


def _current(db: Sql, taken: tuple[Taken, ...]) -> Mapping[int, Any]:
    """Rows of the runs that were taken; one that is over by now is not among them."""
    rows = rows_of(db, [each.id for each in taken])
    return {each.id: rows[each.id][0] for each in taken if each.id in rows and rows[each.id][1] == each.runs}


def as_job(
    taken: Taken, rows: Mapping[int, Any], *, now: datetime, worker: str, without: Collection[int]
) -> Job:
    """Return a job that was taken, with those it leads."""
    job = read_job(rows[taken.id])
    return replace(
        job,
        status=JobStatus.PROCESSING,
        started_at=now,
        updated_at=now,
        starts=taken.starts,
        attempts=job.retry_count + 1,
        worker=worker,
        waits_for=None,
        merged_into=taken.leader,
        reason=WAITED_LONGEST if taken.longest else None,
        progress=None,
        probe=taken.probe,
        merged=tuple(
            as_job(each, rows, now=now, worker=worker, without=without)
            for each in taken.merged
            if each.id not in without
        ),
    )


def end_expired(db: Sql, job_ids: tuple[int, ...], now: datetime) -> tuple[JobRecord, ...]:
    """End jobs that waited too long; Redis took them out of its queue before."""
    rows = rows_of(db, job_ids)
    db.tell(*job_ids)
    jobs = [read_job(rows[each][0]) for each in job_ids if each in rows]
    return tuple(
        end_job(db, job, EndStatus.FAILED, error=job.error or EXPIRED, run=None, now=now)
        for job in jobs
        if job.status is JobStatus.PENDING
    )


def settle(
    db: Sql,
    runs: tuple[int, ...],
    holder: Holder,
    job: Job,
    outcome: Outcome,
    run: Run | None,
    now: datetime,
    merged: tuple[Outcome, ...],
    merge_window: timedelta | None,
) -> Settlement:
    """Settle runs that are not over yet, each by its number; raises NotFound for others."""
    members = (job, *job.merged)
    for number, each in zip(runs, members, strict=True):
        ours = take_waiting if each.status is JobStatus.PENDING else adopt
        if not ours(db, each, number):
            raise NotFound(text("Job {id} is not in the queue any more.", id=each.id))
    return settlement.settle(db, holder, job, outcome, run, now, merged, merge_window)


def take_back(
    db: Sql,
    holder: Holder,
    lost: tuple[Running, ...],
    unknown: tuple[tuple[int, int], ...],
    now: datetime,
    running: tuple[int, ...],
) -> Recovery:
    """Put back what nobody holds any more; ``unknown`` are rows that run, of which Redis knows nothing."""
    for each in lost:
        if not each.seized:
            adopt_orphan(db, each)
    disown(db, unknown)
    db.tell(*(each.id for each in lost))
    return orphans.recover(db, holder, now, running)


def show_life(db: Sql, holder: Holder) -> None:
    """Let the other processes see that this one lives."""
    sharing.renew(db, holder, ())
