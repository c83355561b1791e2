"""The queue as it lies in Redis: when a job runs and who runs it. Each method is one script."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.storage.job_store import OUT_OF_TURN, Leases
from metarr_desktop.storage.sharing import lease_ms

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.storage.holder import Holder
    from metarr_desktop.storage.redis_link import RedisLink

RUNNING_TWIN_MS = 1_000
EXPIRE_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A job as a claim took it. ``runs`` is the number of its run, which only its settlement may end.

    ``mark`` tells that the database has to know at once that it runs.
    """

    id: int
    runs: int
    starts: int
    lane: str = ""
    leader: int | None = None
    longest: bool = False
    probe: bool = False
    mark: bool = False
    merged: tuple[Taken, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a claim found; ``held`` are jobs with the instant until which they wait."""

    jobs: tuple[Taken, ...]
    held: Mapping[int, int]
    expired: tuple[int, ...]
    next_due: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A job that runs. It is ``held`` while its lease lasts, and ``seized`` where it is only being ended."""

    id: int
    runs: int
    starts: int
    worker: str
    started_at: int
    updated_at: int
    leader: int | None
    longest: bool
    progress: str | None
    held: bool
    seized: bool


class RedisQueue:
    """Jobs in Redis for one process. All methods raise StorageFailed."""

    def __init__(self, link: RedisLink, *, holder: Holder, shared: bool) -> None:
        self.link = link
        self.holder = holder
        self._shared = shared

    async def place(self, rows: Sequence[Mapping[str, Any]], *, how: str = "news") -> None:
        """Bring jobs to what the database says; see place.lua."""
        patience = lease_ms(self.holder) if self._shared else 0
        await self.link.script("place", how, json.dumps(rows), patience)

    async def claim(
        self,
        lanes: Sequence[tuple[str, int, bool]],
        windows: Mapping[str, int],
        *,
        now: int,
        turn: int,
        limit: int,
    ) -> Found:
        """Take at most ``limit`` jobs of lanes, each with how many run at once and whether to probe it."""
        worker, lease = self.holder.worker, lease_ms(self.holder)
        shared = "1" if self._shared else ""
        answer = json.loads(
            await self.link.script(
                "claim",
                *(now, turn, limit, worker, lease, json.dumps(lanes), json.dumps(windows), shared),
                *(RUNNING_TWIN_MS, OUT_OF_TURN, EXPIRE_AT_ONCE),
            )
        )
        return Found(
            jobs=tuple(_taken(each) for each in answer["jobs"]),
            held={int(each["id"]): int(each["till"]) for each in answer["held"]},
            expired=tuple(int(each) for each in answer["expired"]),
            next_due=int(answer["next_due"]) if answer["next_due"] else None,
        )

    async def runs_of(self, jobs: Sequence[Job]) -> tuple[int | None, ...]:
        """Return the number of each job's run; None where it is not the run that was given."""
        asked = [
            {
                "id": padded(job.id),
                "worker": job.worker or "",
                "starts": str(job.starts),
                "started": "" if job.started_at is None else str(to_ms(job.started_at)),
            }
            for job in jobs
        ]
        found = await self.link.script("own", json.dumps(asked))
        return tuple(int(each) if each else None for each in found)

    async def seize(self, job_id: int) -> str | int:
        """Take a waiting job to end it: the number of its run, or "gone" or "running"."""
        found = await self.link.script("seize", padded(job_id), self.holder.worker, lease_ms(self.holder))
        return int(found) if str(found).isdigit() else str(found)

    async def let_go(self, job_ids: Collection[int], *, worker: str | None = None) -> None:
        """Let jobs wait that were taken and did not run."""
        ids = [padded(each) for each in job_ids]
        await self.link.script("let_go", worker or self.holder.worker, json.dumps(ids))

    async def running(self) -> tuple[Running, ...]:
        """Everything that runs, by id."""
        found = json.loads(await self.link.script("running"))
        return tuple(sorted((_running(each) for each in found), key=lambda each: each.id))

    async def renew(self, job_ids: Sequence[int]) -> Leases:
        """Hold jobs for another lease."""
        ids = [padded(each) for each in job_ids]
        lease, mark = lease_ms(self.holder), self.link.mark
        found = await self.link.script("renew", self.holder.worker, lease, json.dumps(ids), mark)
        states = dict(zip(job_ids, found, strict=True))
        return Leases(
            lost=tuple(each for each in job_ids if states[each] == "lost"),
            cancelled=tuple(each for each in job_ids if states[each] == "cancelled"),
        )

    async def agree(self, jobs: Collection[tuple[Taken, int]]) -> tuple[int, ...]:
        """Make Redis know what this process runs, each with its start, and no more; returns what it freed."""
        known = [
            {
                "id": padded(job.id),
                "runs": str(job.runs),
                "starts": str(job.starts),
                "started": str(started),
                "leader": "" if job.leader is None else padded(job.leader),
            }
            for job, started in jobs
        ]
        freed = await self.link.script("mine", self.holder.worker, lease_ms(self.holder), json.dumps(known))
        return tuple(int(each) for each in freed)

    async def cancel(self, job_id: int) -> bool:
        """Note that a running job is to be cancelled; False where it does not run."""
        return bool(await self.link.script("cancel", padded(job_id)))

    async def note_progress(self, job: Job, progress: str, *, now: int) -> bool:
        """Note how far a run is; False where it is not ours any more."""
        started = "" if job.started_at is None else str(to_ms(job.started_at))
        return bool(
            await self.link.script(
                "progress", padded(job.id), job.worker or "", str(job.starts), started, progress, now
            )
        )


def padded(job_id: int) -> str:
    """Return an id as keys and members have it: sorted as a number."""
    return f"{job_id:016d}"


def _taken(data: Mapping[str, Any], leader: int | None = None, **more: Any) -> Taken:
    job_id = int(data["id"])
    lane, probe = (
        str(data.get("lane", more.get("lane", ""))),
        bool(data.get("probe", more.get("probe", False))),
    )
    merged = tuple(_taken(each, job_id, lane=lane, probe=probe) for each in data.get("merged", ()))
    return Taken(
        id=job_id,
        runs=int(data["runs"]),
        starts=int(data["starts"]),
        lane=lane,
        leader=leader,
        longest=bool(data.get("longest")),
        probe=probe,
        mark=bool(data["mark"]),
        merged=merged,
    )


def _running(data: Mapping[str, Any]) -> Running:
    return Running(
        id=int(data["id"]),
        runs=int(data["runs"]),
        starts=int(data["starts"]),
        worker=data["worker"],
        started_at=int(data["started"] or 0),
        updated_at=int(data["updated"] or 0),
        leader=int(data["leader"]) if data["leader"] else None,
        longest=data["longest"],
        progress=data["progress"] or None,
        held=data["held"],
        seized=data["seized"],
    )
