"""What a drill makes of jobs that do not end in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.domain.errors import Permanent, Refused
from metarr_desktop.domain.events import StoredWebhook
from metarr_desktop.domain.jobs import EndStatus, Job, JobRecord, JobStatus
from metarr_desktop.domain.lanes import BlockCause, LaneState, LaneStop
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import Service, ServiceConfig
from metarr_desktop.storage.history_store import Family
from metarr_desktop.webhooks.drill import LONGEST_S, Drill
from tests.fakes import START, FakeClock, no_report

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from metarr_desktop.domain.events import IncomingWebhook

CHAT = Service(key="chat", title="Chat", config=ServiceConfig, notifier=cast("Any", object), docs="")
TELLY = replace(CHAT, key="telly", title="Telly", retry=RetryPolicy(patient=True))
JOB = Job(
    id=1, type="scheduled-drill", lane="upkeep", priority=8, status=JobStatus.PROCESSING, payload={},
    created_at=START, updated_at=START, run_after=START, root_id=1,
)  # fmt: skip


def record(job_id: int, kind: str, status: EndStatus = EndStatus.COMPLETED) -> JobRecord:
    return JobRecord(
        id=job_id, job_id=job_id, type=kind, lane="x", priority=5, status=status, payload={}, root_id=2,
        created_at=START, started_at=START, completed_at=START, duration=timedelta(),
    )  # fmt: skip


def waiting(job_id: int, kind: str, error: str | None = None) -> Job:
    return replace(
        JOB,
        id=job_id,
        type=kind,
        lane=kind.partition("-")[2],
        status=JobStatus.PENDING,
        error=None if error is None else Text(error),
    )


class Chain:
    """A queue in which nothing moves; the clock does at every look."""

    def __init__(self, *members: Job | JobRecord) -> None:
        self.clock = FakeClock()
        self.members = members
        self.stops: tuple[LaneStop, ...] = ()
        self.cancelled: list[int] = []

    async def store(self, webhook: IncomingWebhook) -> StoredWebhook:
        assert (webhook.source, webhook.import_keys, webhook.once) == ("metarr", (), False)
        return StoredWebhook(event_id=1, job_id=2)

    async def cancel(self, job_id: int) -> None:
        self.cancelled.append(job_id)
        raise Refused("It runs since.")

    async def lane_stops(self) -> tuple[LaneStop, ...]:
        return self.stops

    def pause(self) -> tuple[bool, datetime | None]:
        return False, None

    async def families(self, root_ids: Collection[int]) -> tuple[Family, ...]:
        assert root_ids == [2]
        self.clock.advance(30)
        jobs = tuple(each for each in self.members if isinstance(each, Job))
        return (Family(root_id=2, jobs=jobs, records=tuple(self.members[len(jobs) :])),)  # type: ignore[arg-type]

    async def run(self) -> str:
        class Soon(FakeClock):
            async def sleep(self, seconds: float) -> None:
                self.advance(seconds)

        self.clock = Soon()

        async def optional() -> Collection[str]:
            return ()

        drill = Drill(chain=self, families=self, services=(CHAT, TELLY), optional=optional, clock=self.clock)
        try:
            return str((await drill(JOB, no_report)).detail)
        except Permanent as error:
            return str(error)
        finally:
            assert self.clock.monotonic() <= LONGEST_S + 60


INTAKE = record(2, "webhook-received")


async def test_what_still_waits_after_four_minutes_is_cancelled_and_named_with_its_reason() -> None:
    chain = Chain(waiting(3, "notify-chat", "Discord is down."), waiting(4, "notify-telly"), INTAKE)
    assert await chain.run() == "Drill: Chat: Discord is down. Switched off, as it seems: Telly."
    assert chain.cancelled == [3, 4]


async def test_a_stopped_lane_says_why() -> None:
    chain = Chain(waiting(3, "notify-chat"), waiting(4, "notify-telly"), INTAKE)
    chain.stops = (
        LaneStop(
            lane="chat", state=LaneState.RATE_LIMITED, reason=Text("Too many."), since=START, until=START
        ),
        LaneStop(
            lane="telly", state=LaneState.BLOCKED, reason=Text("Key rejected."), since=START,
            cause=BlockCause.KEY_REJECTED,
        ),
    )  # fmt: skip
    assert await chain.run() == "Drill: Chat: Too many; Telly: Key rejected."


async def test_what_was_turned_off_in_between_counts_for_nothing() -> None:
    chain = Chain(INTAKE, record(3, "notify-chat"), record(4, "notify-telly", EndStatus.SKIPPED))
    assert (await chain.run()).startswith("Drill passed: 1 of 1 services answered in ")


@pytest.mark.parametrize(
    "intake", [waiting(2, "webhook-received"), record(2, "webhook-received", EndStatus.FAILED)]
)
async def test_an_import_that_is_not_looked_at_fails_the_drill(intake: Job | JobRecord) -> None:
    assert (await Chain(intake).run()).startswith("Drill: the import that was made up for it ")
