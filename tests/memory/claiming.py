"""Which jobs of the store in memory run next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import (
    EndStatus,
    Job,
    JobRecord,
    QueuePlace,
)
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.job_store import (
    OUT_OF_TURN,
    Claim,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


from tests.memory.rows import PENDING, PROCESSING, Rows

LONGEST_WINDOW = timedelta(minutes=5)
TWIN_RUNS = timedelta(seconds=1)


class Claiming(Rows):
    """The claim."""

    async def claim(self, lanes: Mapping[str, int], *, now: datetime, turn: int = 0, limit: int = 1) -> Claim:
        with self._transaction() as memory:
            reopened = memory.lanes.end_those_over(now)
            expired = self._expire(now)
            for job in list(memory.jobs.values()):
                if job.status is PENDING and job.id not in memory.ready and job.run_after <= now:
                    self._keep(replace(job, waits_for=None), ready=True)
            jobs: list[Job] = []
            held: list[Job] = []
            while len(jobs) < limit:
                longest = (turn + len(jobs)) % OUT_OF_TURN == OUT_OF_TURN - 1
                job_or_none = self._pick(lanes, now=now, longest=longest, held=held)
                if job_or_none is None:
                    break
                jobs.append(job_or_none)
            return Claim(
                jobs=tuple(jobs),
                next_due=self._next_due(now),
                reopened=reopened,
                expired=expired,
                held=tuple(held),
            )

    def _expire(self, now: datetime) -> tuple[JobRecord, ...]:
        old = [
            job
            for job in self.memory.jobs.values()
            if job.status is PENDING and job.expires_at is not None and job.expires_at <= now
        ]
        gone = Text("It waited too long and was given up. Retry it if it is still wanted.")
        return tuple(
            self._end(job, EndStatus.FAILED, error=job.error or gone, run=None, now=now) for job in old
        )

    def _next_due(self, now: datetime) -> datetime | None:
        memory = self.memory
        waiting = [job for job in memory.jobs.values() if job.status is PENDING]
        times = [job.run_after for job in waiting if job.id not in memory.ready]
        times += [job.expires_at for job in waiting if job.expires_at is not None]
        times += [
            lane.stop.until
            for lane in memory.lanes.values()
            if lane.stop is not None and lane.stop.until is not None and lane.stop.until > now
        ]
        return min(times, default=None)

    def _pick(self, lanes: Mapping[str, int], *, now: datetime, longest: bool, held: list[Job]) -> Job | None:
        """Take the first ready job of the open lanes; ones that have to wait for others are set aside."""
        while True:
            ready = [
                job
                for job in map(self.memory.jobs.__getitem__, self.memory.ready)
                if self._free(job.lane, lanes.get(job.lane, 0), now) > 0
            ]
            if not ready:
                return None
            job = min(ready, key=_by_wait if longest else by_turn)
            together = self._hold(job, now)
            if not together:
                return self._take(job, now=now, longest=longest)
            held += together

    def _free(self, lane: str, most: int, now: datetime) -> int:
        if self.memory.lanes.is_closed(lane, now):
            return 0
        running = sum(
            job.lane == lane and job.status is PROCESSING and job.merged_into is None
            for job in self.memory.jobs.values()
        )
        return most - running

    def _hold(self, head: Job, now: datetime) -> list[Job]:
        """Set a job aside, with others of its merge key, while their window is open or one of them runs."""
        if head.merge_key is None:
            return []
        until = self.memory.windows.get((head.lane, head.merge_key), now)
        if until - now > LONGEST_WINDOW or until <= now:
            if not any(job.status is PROCESSING for job in self._family(head)):
                return []
            until = now + TWIN_RUNS
        reason = Text("Waits a moment, to go together with other news of the same folder or download.")
        return [
            self._keep(replace(job, run_after=until, updated_at=now, reason=reason), ready=False)
            for job in self._family(head)
            if job.id in self.memory.ready
        ]

    def _family(self, head: Job) -> list[Job]:
        """Jobs that go as one request with this one."""
        return [
            job
            for job in self.memory.jobs.values()
            if (job.lane, job.merge_key) == (head.lane, head.merge_key)
        ]

    def _take(self, job: Job, *, now: datetime, longest: bool) -> Job:
        probe = self.memory.lanes.may_probe(job.lane, now)
        if probe:
            self.memory.lanes.begin_probe(job)
        reason = Text("Taken out of turn: it had waited longest.") if longest else None
        leader = self._start(job, reason=reason, leader=None, now=now)
        merged: list[Job] = []
        if job.merge_key is not None:
            merged = [
                self._start(other, reason=None, leader=job.id, now=now)
                for other in self._family(job)
                if other.status is PENDING and other.waits_for is None
            ]
        return replace(leader, probe=probe, merged=tuple(replace(each, probe=probe) for each in merged))

    def _start(self, job: Job, *, reason: Text | None, leader: int | None, now: datetime) -> Job:
        started = replace(
            job,
            status=PROCESSING,
            started_at=now,
            updated_at=now,
            starts=job.starts + 1,
            attempts=job.retry_count + 1,
            worker=self.worker,
            merged_into=leader,
            reason=reason,
            progress=None,
        )
        return self._keep(started, ready=False)


def by_turn(job: QueuePlace) -> tuple[int, datetime, int]:
    return job.priority, job.run_after, job.id


def _by_wait(job: Job) -> tuple[datetime, int]:
    return job.run_after, job.id
