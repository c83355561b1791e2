"""The queue in SQL. The hot statements are written out; each method is one transaction."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import IncomingWebhook, StoredWebhook
from metarr_desktop.domain.jobs import (
    CRITICAL,
    INTAKE_LANE,
    WEBHOOK_RECEIVED,
    Job,
    JobStatus,
    NewJob,
    Progress,
    QueueCounts,
    QueuePlace,
)
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.text import text
from metarr_desktop.storage import queue_reads
from metarr_desktop.storage.claiming import claim
from metarr_desktop.storage.ending import place_of
from metarr_desktop.storage.holder import Holder, this_process
from metarr_desktop.storage.import_store import ImportShape, keep_keys
from metarr_desktop.storage.insertion import insert_jobs
from metarr_desktop.storage.lane_rows import COUNTING, lane_stops
from metarr_desktop.storage.orphans import recover
from metarr_desktop.storage.rows import JOB_COLUMNS, RECORD_COLUMNS, read_job, read_record, write_progress
from metarr_desktop.storage.settlement import settle
from metarr_desktop.storage.sharing import leave, renew, request_cancel

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from metarr_desktop.domain.lanes import LaneStop
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.job_store import (
        Claim,
        Insertion,
        Leases,
        Recovery,
        Run,
        Settlement,
        WaitingJobs,
    )
    from metarr_desktop.storage.sql import Sql


SMALL_BODY = 256 * 1024
"""A larger body would be seen to stop the window while it is compressed."""


class SqlJobStore:
    """``JobStore`` on the SQL database."""

    def __init__(self, database: Database, *, holder: Holder | None = None) -> None:
        self._database = database
        self._holder = holder or this_process()

    @property
    def shared(self) -> bool:
        """Whether other processes may work on the same jobs."""
        return self._database.shared

    async def store_webhook(self, webhook: IncomingWebhook, *, now: datetime) -> tuple[StoredWebhook, Job]:
        """Insert the raw event and its ``webhook-received`` job; what is told once only raises Refused."""
        if len(webhook.body) <= SMALL_BODY:
            body = _compress(webhook.body)
        else:
            body = await asyncio.to_thread(_compress, webhook.body)
        return await self._database.run(_store_webhook, webhook, body, now)

    async def add(self, jobs: Collection[NewJob], *, now: datetime) -> Insertion:
        """Insert jobs; one whose ``dedupe_key`` waits already joins that job."""
        return await self._database.run(insert_jobs, tuple(jobs), now)

    async def claim(self, lanes: Mapping[str, int], *, now: datetime, turn: int = 0, limit: int = 1) -> Claim:
        """Take at most ``limit`` jobs of these lanes, of each lane no more than run at once."""
        return await self._database.run(claim, self._holder, dict(lanes), now, turn, limit)

    async def settle(
        self,
        job: Job,
        outcome: Outcome,
        *,
        run: Run | None,
        now: datetime,
        merged: Sequence[Outcome] = (),
        merge_window: timedelta | None = None,
    ) -> Settlement:
        """Record an attempt and end the job or put it back; raises NotFound where it is not ours any more."""
        return await self._database.run(
            settle, self._holder, job, outcome, run, now, tuple(merged), merge_window
        )

    async def renew(self, job_ids: Collection[int]) -> Leases:
        """Go on holding these jobs, where jobs are held for a time; a heartbeat."""
        return await self._database.run(renew, self._holder, tuple(job_ids))

    async def recover(self, *, now: datetime, running: Collection[int] = ()) -> Recovery:
        """Put back what ran when its process died; each such run is a ``crashed`` attempt."""
        return await self._database.run(recover, self._holder, now, tuple(running))

    async def leave(self) -> None:
        """Tell other processes that this one runs nothing more."""
        if self.shared:
            await self._database.run(leave, self._holder)

    async def report_progress(self, job: Job, progress: Progress, *, now: datetime) -> Job | None:
        """Store how far a running job is; None where it is not ours any more."""
        return await self._database.run(_report_progress, job, progress, now)

    async def make_due(self, waits: Mapping[int, datetime], *, now: datetime) -> tuple[Job, ...]:
        """Make waiting jobs due, by id, that still wait for the instant given."""
        return await self._database.run(_make_due, dict(waits), now)

    async def end_stop(self, lane: str, *, until: datetime) -> bool:
        """End a stop that was to last until this instant; False where there is none such."""
        return await self._database.run(_end_stop, lane, until)

    async def request_cancel(self, job_id: int, *, now: datetime) -> Job:
        """Ask the process that runs a job to cancel it."""
        return await self._database.run(request_cancel, job_id, now)

    async def retry(
        self, job_id: int, *, max_retries: int, expires_after: timedelta | None = None, now: datetime
    ) -> tuple[Job, bool]:
        """Insert a new job for an ended one, or return the active one (False)."""
        return await self._database.run(_retry, job_id, max_retries, expires_after, now)

    async def replay(self, event_id: int, *, now: datetime) -> Job:
        """Insert a new ``webhook-received`` for a stored event, a new root."""
        return await self._database.run(_replay, event_id, now)

    async def run_now(self, job_id: int, *, now: datetime) -> Job:
        """Make a waiting job due; raises NotFound, or Refused where it is running."""
        return await self._database.run(_run_now, job_id, now)

    async def open_lane(
        self, lane: str, *, now: datetime, local: bool = False
    ) -> tuple[tuple[Job, ...], int]:
        """End a lane's block or breaker; returns the jobs that were tried in vain, and how many wait."""
        return await self._database.run(_open_lane, lane, local, now)

    async def lane_stops(self) -> tuple[LaneStop, ...]:
        """Return the lanes that take no jobs."""
        return await self._database.read(lane_stops)

    async def jobs(self, *, after: QueuePlace | None = None, limit: int | None = None) -> tuple[Job, ...]:
        """Rows of the queue by priority, due time and id: all, or so many that come after one."""
        return await self._database.read(queue_reads.jobs, after, limit)

    async def job(self, job_id: int) -> Job | None:
        """One row of the queue."""
        return await self._database.read(queue_reads.job, job_id)

    async def waiting(self) -> Mapping[str, WaitingJobs]:
        """How many jobs of each type wait, and why one of them does."""
        return await self._database.read(queue_reads.waiting)

    async def counts(self) -> QueueCounts:
        """How much there is to do."""
        return await self._database.read(queue_reads.counts)


def _compress(body: bytes) -> bytes:
    return zlib.compress(body, 1)


def _store_webhook(
    db: Sql, webhook: IncomingWebhook, body: bytes, now: datetime
) -> tuple[StoredWebhook, Job]:
    cursor = db.execute(
        "INSERT INTO webhook_events (source, instance, event_type, received_at, remote_address, body,"
        " recovered) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            webhook.source,
            webhook.instance,
            webhook.event_type,
            to_ms(now),
            webhook.remote_address,
            body,
            webhook.recovered,
        ),
    )
    event_id: int = cursor.fetchone()[0]
    are_new = keep_keys(db, event_id, webhook.import_keys, ImportShape.RECOVERED, now)
    if webhook.once and not are_new:
        raise Refused("This was told already.")
    (job,) = insert_jobs(db, (_intake_job(event_id),), now).jobs
    return StoredWebhook(event_id=event_id, job_id=job.id), job


def _intake_job(event_id: int, *, replayed: bool = False) -> NewJob:
    """Make the job that looks at a webhook; where a person asked for it, it is new although it was told."""
    return NewJob(
        type=WEBHOOK_RECEIVED,
        lane=INTAKE_LANE,
        priority=CRITICAL,
        payload={"event_id": event_id, **({"replayed": True} if replayed else {})},
        event_id=event_id,
    )


def _retry(
    db: Sql, job_id: int, max_retries: int, expires_after: timedelta | None, now: datetime
) -> tuple[Job, bool]:
    if db.dialect.retry_lock:
        db.execute(db.dialect.retry_lock)
    active = db.execute(
        "WITH RECURSIVE chain (id) AS (SELECT CAST(? AS BIGINT) UNION"
        " SELECT job_history.job_id FROM job_history JOIN chain ON job_history.retry_of = chain.id)"
        f" SELECT {JOB_COLUMNS} FROM job_queue WHERE id = (SELECT MIN(active.id) FROM ("
        "SELECT job_queue.id FROM chain JOIN job_queue ON job_queue.id = chain.id UNION ALL"
        " SELECT job_queue.id FROM chain JOIN job_queue ON job_queue.retry_of = chain.id) AS active)",
        (job_id,),
    ).fetchone()
    if active is not None:
        job = read_job(active)
        return (_run_now(db, job.id, now) if job.status is JobStatus.PENDING else job), False
    row = db.execute(
        f"SELECT {RECORD_COLUMNS}, dedupe_key, merge_key FROM job_history WHERE job_id = ?", (job_id,)
    ).fetchone()
    if row is None:
        raise NotFound(text("There is no job {id}.", id=job_id))
    record, dedupe_key, merge_key = read_record(row[:-2]), row[-2], row[-1]
    twin = db.execute(
        "SELECT id FROM job_queue WHERE dedupe_key = ? AND status = 'pending'", (dedupe_key,)
    ).fetchone()
    if twin is not None:
        return _run_now(db, twin[0], now), False
    again = NewJob(
        type=record.type,
        lane=record.lane,
        priority=record.priority,
        payload=record.payload,
        max_retries=max_retries,
        parent_id=record.parent_id,
        root_id=record.root_id,
        event_id=record.event_id,
        retry_of=job_id,
        dedupe_key=dedupe_key,
        merge_key=merge_key,
        expires_after=expires_after,
    )
    return insert_jobs(db, (again,), now).jobs[0], True


def _replay(db: Sql, event_id: int, now: datetime) -> Job:
    if db.execute("SELECT 1 FROM webhook_events WHERE id = ?", (event_id,)).fetchone() is None:
        raise NotFound(text("There is no webhook {id}.", id=event_id))
    return insert_jobs(db, (_intake_job(event_id, replayed=True),), now).jobs[0]


def _run_now(db: Sql, job_id: int, now: datetime) -> Job:
    job = queue_reads.job(db, job_id)
    if job is None:
        raise NotFound(text("Job {id} is not in the queue.", id=job_id))
    if job.status is JobStatus.PROCESSING:
        raise Refused(text("Job {id} is running already.", id=job_id))
    row = db.execute(
        "UPDATE job_queue SET run_after = ?, updated_at = ?, ready = 1, waits_for = NULL,"
        " reason = CASE WHEN ready = 0 THEN NULL ELSE reason END,"
        " reason_text = CASE WHEN ready = 0 THEN NULL ELSE reason_text END"
        f" WHERE id = ? AND status = 'pending' RETURNING {JOB_COLUMNS}",
        (to_ms(now), to_ms(now), job_id),
    ).fetchone()
    if row is None:  # taken by another process since
        raise Refused(text("Job {id} is running already.", id=job_id))
    if job.merge_key is not None:
        db.execute("DELETE FROM merge_windows WHERE lane = ? AND merge_key = ?", (job.lane, job.merge_key))
    db.tell(job_id)
    return read_job(row)


def _open_lane(db: Sql, lane: str, local: bool, now: datetime) -> tuple[tuple[Job, ...], int]:
    row = db.execute("SELECT state FROM lanes WHERE lane = ?", (lane,)).fetchone()
    state = COUNTING if row is None else row[0]
    if state == LaneState.RATE_LIMITED.value:
        return (), 0
    db.execute("DELETE FROM lanes WHERE lane = ?", (lane,))
    if state == COUNTING and not local:
        return (), 0
    stamp = to_ms(now)
    rows = db.execute(
        "UPDATE job_queue SET reason = NULL, reason_text = NULL, updated_at = ?"
        f" WHERE lane = ? AND ready = 1 AND reason IS NOT NULL RETURNING {JOB_COLUMNS}",
        (stamp, lane),
    ).fetchall()
    if state in {LaneState.BREAKER.value, LaneState.PROBING.value}:
        rows += db.execute(
            "UPDATE job_queue SET ready = 1, run_after = ?, updated_at = ? WHERE lane = ? AND ready = 0"
            f" AND status = 'pending' AND waits_for IS NULL AND error IS NOT NULL RETURNING {JOB_COLUMNS}",
            (stamp, stamp, lane),
        ).fetchall()
    (waiting,) = db.execute("SELECT COUNT(*) FROM job_queue WHERE lane = ? AND ready = 1", (lane,)).fetchone()
    db.tell("lanes", *(row[0] for row in rows))
    return tuple(read_job(row) for row in rows), waiting


def _report_progress(db: Sql, job: Job, progress: Progress, now: datetime) -> Job | None:
    if job.status is JobStatus.PENDING:
        return None
    condition, place = place_of(job)
    row = db.execute(
        f"UPDATE job_queue SET progress = ?, updated_at = ? WHERE {condition} RETURNING {JOB_COLUMNS}",
        (write_progress(progress), to_ms(now), *place),
    ).fetchone()
    db.tell(job.id)
    return None if row is None else read_job(row)


def _make_due(db: Sql, waits: dict[int, datetime], now: datetime) -> tuple[Job, ...]:
    made: list[Job] = []
    for job_id, until in waits.items():
        row = db.execute(
            "UPDATE job_queue SET ready = 1, run_after = ?, updated_at = ?, waits_for = NULL"
            f" WHERE id = ? AND ready = 0 AND status = 'pending' AND run_after = ? RETURNING {JOB_COLUMNS}",
            (to_ms(now), to_ms(now), job_id, to_ms(until)),
        ).fetchone()
        if row is not None:
            job = read_job(row)
            made.append(job)
            db.execute(
                "DELETE FROM merge_windows WHERE lane = ? AND merge_key = ? AND until = ?",
                (job.lane, job.merge_key, to_ms(until)),
            )
    db.tell(*(job.id for job in made))
    return tuple(made)


def _end_stop(db: Sql, lane: str, until: datetime) -> bool:
    ended = db.execute("UPDATE lanes SET until = 0 WHERE lane = ? AND until = ?", (lane, to_ms(until)))
    db.tell("lanes")
    return ended.rowcount > 0
