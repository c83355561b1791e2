from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.jobs import AttemptOutcome, EndStatus, JobStatus, NewJob
from metarr_desktop.domain.lanes import BlockCause, LaneState
from metarr_desktop.domain.outcomes import (
    Blocked,
    Cancelled,
    Deferred,
    Done,
    Failed,
    Interrupted,
    Retry,
    Skipped,
)
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.job_store import Run
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.history_store import HistoryStore
    from metarr_desktop.storage.service_store import ServiceStore
    from metarr_desktop.storage.sql_job_store import SqlJobStore

LANES = dict.fromkeys(("intake", "scan", "kodi", "discord"), 100)
RUN = Run(started_at=START, duration=timedelta(milliseconds=250))
BODY = b'{"eventType": "Download"}'
LATER = START + timedelta(seconds=1)


def webhook() -> IncomingWebhook:
    return IncomingWebhook(
        source="radarr", event_type="Download", instance="Radarr", body=BODY, remote_address="127.0.0.1"
    )


def notify(lane: str = "discord", **changes: object) -> NewJob:
    values: dict[str, object] = {"type": f"notify-{lane}", "lane": lane, "priority": 5, **changes}
    return NewJob(**values)  # type: ignore[arg-type]


async def claimed(store: SqlJobStore, new: NewJob | None = None) -> Job:
    await store.add([new or notify()], now=START)
    claim = await store.claim(LANES, now=START)
    assert claim.job is not None
    return claim.job


async def test_a_retry_counts_and_waits_until_it_is_due(store: SqlJobStore, history: HistoryStore) -> None:
    job = await claimed(store)
    settled = await store.settle(
        job, Retry(error=Text("No connection."), delay=timedelta(seconds=5)), run=RUN, now=LATER
    )
    assert (settled.job.retry_count, settled.job.status, str(settled.job.error)) == (
        1,
        JobStatus.PENDING,
        "No connection.",
    )
    early = await store.claim(LANES, now=LATER + timedelta(seconds=4.999))
    assert early.job is None
    assert early.next_due == LATER + timedelta(seconds=5)
    due = await store.claim(LANES, now=LATER + timedelta(seconds=5))
    assert due.job is not None
    assert due.job.attempts == 2
    (attempt,) = (await history.attempts([job.id]))[job.id]
    assert (attempt.number, attempt.outcome, attempt.duration) == (1, AttemptOutcome.RETRY, RUN.duration)


async def test_a_rate_limit_uses_no_retry_and_stops_the_lane_until_its_time(store: SqlJobStore) -> None:
    job = await claimed(store)
    await store.add([notify()], now=START)
    outcome = Retry(error=Text("Slow down."), delay=timedelta(seconds=42), rate_limited=True)
    settled = await store.settle(job, outcome, run=RUN, now=START)
    assert (settled.job.retry_count, settled.job.rate_limits) == (0, 1)
    (stop,) = await store.lane_stops()
    assert (stop.state, stop.until) == (LaneState.RATE_LIMITED, START + timedelta(seconds=42))
    closed = await store.claim(LANES, now=START + timedelta(seconds=41))
    assert (closed.job, closed.next_due) == (None, START + timedelta(seconds=42))
    opened = await store.claim(LANES, now=START + timedelta(seconds=42))
    assert opened.job is not None
    assert opened.reopened == ("discord",)
    assert await store.lane_stops() == ()


async def test_a_blocked_job_waits_in_a_stopped_lane_until_the_lane_opens(store: SqlJobStore) -> None:
    job = await claimed(store)
    outcome = Blocked(reason=text("Key rejected."), cause=BlockCause.KEY_REJECTED)
    settled = await store.settle(job, outcome, run=RUN, now=START)
    assert settled.job.retry_count == 0
    assert str(settled.job.reason) == "Key rejected."
    assert (await store.claim(LANES, now=START + timedelta(days=3))).job is None
    (released,), waiting = await store.open_lane("discord", now=LATER)
    assert waiting == 1
    assert (released.id, released.reason) == (job.id, None)
    assert (await store.claim(LANES, now=LATER)).job is not None


async def test_a_rate_limit_does_not_replace_a_stop_that_needs_a_person(store: SqlJobStore) -> None:
    first, second = await claimed(store), await claimed(store)
    blocked = Blocked(reason=Text("Key rejected."), cause=BlockCause.KEY_REJECTED)
    await store.settle(first, blocked, run=RUN, now=START)
    limited = Retry(error=Text("Slow down."), delay=timedelta(seconds=1), rate_limited=True)
    await store.settle(second, limited, run=RUN, now=START)
    (stop,) = await store.lane_stops()
    assert stop.cause is BlockCause.KEY_REJECTED


async def test_a_deferred_job_counts_no_retry(store: SqlJobStore) -> None:
    job = await claimed(store)
    outcome = Deferred(reason=Text("Kodi is playing."), until=START + timedelta(minutes=10))
    settled = await store.settle(job, outcome, run=RUN, now=START)
    assert (settled.job.retry_count, settled.job.deferrals, str(settled.job.reason)) == (
        0,
        1,
        "Kodi is playing.",
    )


@pytest.mark.parametrize(
    ("outcome", "status", "error"),
    [
        (Done(result={"message_id": "7"}), EndStatus.COMPLETED, None),
        (Skipped(reason=Text("Discord is turned off.")), EndStatus.SKIPPED, "Discord is turned off."),
        (Failed(error=Text("Message is blank.")), EndStatus.FAILED, "Message is blank."),
        (Cancelled(), EndStatus.CANCELLED, None),
    ],
)
async def test_an_ended_job_moves_to_the_history_with_its_attempt(
    store: SqlJobStore, history: HistoryStore, outcome: Outcome, status: EndStatus, error: str | None
) -> None:
    job = await claimed(store, notify(payload={"event": {"title": "Ä {x}"}}))
    settled = await store.settle(job, outcome, run=RUN, now=LATER)
    record = await history.record(job.id)
    assert record == settled.record
    assert record is not None
    assert (record.status, record.payload, record.duration) == (status, job.payload, RUN.duration)
    assert (None if record.error is None else str(record.error)) == error
    assert await store.jobs() == ()
    assert len((await history.attempts([job.id]))[job.id]) == 1


async def test_settling_a_job_that_was_removed_tells_so(store: SqlJobStore, history: HistoryStore) -> None:
    job = await claimed(store)
    await store.settle(job, Done(), run=RUN, now=START)
    with pytest.raises(NotFound):
        await store.settle(job, Done(), run=RUN, now=START)
    assert len((await history.attempts([job.id]))[job.id]) == 1


async def test_the_fan_out_reads_the_services_inside_its_transaction(
    store: SqlJobStore, services: ServiceStore, history: HistoryStore
) -> None:
    await services.set_enabled("discord", enabled=True, now=START)
    _, root = await store.store_webhook(webhook(), now=START)
    claim = await store.claim(LANES, now=START)
    assert claim.job is not None

    def plan(enabled: frozenset[str]) -> tuple[NewJob, ...]:
        return tuple(notify(key) for key in sorted(enabled))

    await services.set_enabled("kodi", enabled=True, now=START)
    settled = await store.settle(
        claim.job, Done(fan_out=plan, event_title="The Matrix (1999)"), run=RUN, now=LATER
    )
    assert [job.type for job in settled.changed] == ["notify-discord", "notify-kodi"]
    assert {(job.parent_id, job.root_id, job.event_id) for job in settled.changed} == {
        (root.id, root.id, root.event_id)
    }
    assert await store.jobs() == settled.changed
    (family,) = await history.families([root.id])
    assert [record.job_id for record in family.records] == [root.id]


async def test_a_fan_out_that_fails_leaves_the_parent_as_it_was(
    store: SqlJobStore, history: HistoryStore
) -> None:
    await store.store_webhook(webhook(), now=START)
    claim = await store.claim(LANES, now=START)
    assert claim.job is not None

    def plan(_enabled: frozenset[str]) -> tuple[NewJob, ...]:
        raise ValueError("no plan")

    with pytest.raises(ValueError, match="no plan"):
        await store.settle(claim.job, Done(fan_out=plan), run=RUN, now=LATER)
    (job,) = await store.jobs()
    assert (job.id, job.status) == (claim.job.id, JobStatus.PROCESSING)
    assert await history.record(job.id) is None


async def family_that_waits(store: SqlJobStore) -> tuple[Job, Job]:
    await store.store_webhook(webhook(), now=START)
    parent = (await store.claim(LANES, now=START)).job
    assert parent is not None

    def plan(_enabled: frozenset[str]) -> tuple[NewJob, ...]:
        scan = NewJob(type="scan-movie", lane="scan", priority=3)
        return scan, notify("kodi", waits_for="scan-movie", waits_at_most=timedelta(seconds=60))

    settled = await store.settle(parent, Done(fan_out=plan), run=RUN, now=START)
    scan, kodi = settled.changed
    return scan, kodi


@pytest.mark.parametrize(
    "outcome",
    [Done(), Failed(error=Text("Path unknown.")), Retry(error=Text("x"), delay=timedelta(minutes=2))],
)
async def test_a_media_server_waits_for_the_first_attempt_of_the_scan_however_it_ends(
    store: SqlJobStore, outcome: Outcome
) -> None:
    scan, kodi = await family_that_waits(store)
    assert kodi.waits_for == scan.id
    running = (await store.claim(LANES, now=START)).job
    assert running is not None
    assert running.id == scan.id
    assert (await store.claim(LANES, now=START)).job is None
    settled = await store.settle(running, outcome, run=RUN, now=LATER)
    assert [(job.id, job.waits_for) for job in settled.changed] == [(kodi.id, None)]
    then = (await store.claim(LANES, now=LATER)).job
    assert then is not None
    assert then.id == kodi.id


async def test_a_media_server_waits_for_a_scan_for_sixty_seconds_at_most(store: SqlJobStore) -> None:
    _, kodi = await family_that_waits(store)
    await store.claim({"scan": 100}, now=START)
    assert (await store.claim(LANES, now=START + timedelta(seconds=59))).job is None
    late = (await store.claim(LANES, now=START + timedelta(seconds=60))).job
    assert late is not None
    assert (late.id, late.waits_for) == (kodi.id, None)


async def test_an_interrupted_scan_lets_nobody_go(store: SqlJobStore) -> None:
    scan, kodi = await family_that_waits(store)
    running = (await store.claim(LANES, now=START)).job
    assert running is not None
    settled = await store.settle(running, Interrupted(), run=RUN, now=LATER)
    assert (settled.job.id, settled.job.status, settled.job.retry_count) == (scan.id, JobStatus.PENDING, 0)
    assert settled.changed == ()
    waiting = await store.job(kodi.id)
    assert waiting is not None
    assert waiting.waits_for == scan.id


async def test_a_retry_of_an_ended_job_is_a_new_job_and_a_second_one_returns_it(
    store: SqlJobStore, history: HistoryStore
) -> None:
    job = await claimed(store, notify(payload={"event": {"title": "Dune"}}, event_id=4, root_id=1))
    await store.settle(job, Failed(error=Text("no")), run=RUN, now=START)
    again, new = await store.retry(job.id, max_retries=3, now=LATER)
    assert new
    assert again.id != job.id
    assert (again.retry_of, again.root_id, again.event_id, again.payload) == (job.id, 1, 4, job.payload)
    same, new = await store.retry(job.id, max_retries=3, now=LATER)
    assert (same.id, new) == (again.id, False)
    assert (await history.record(job.id)) is not None
    with pytest.raises(NotFound):
        await store.retry(999, max_retries=3, now=LATER)


async def test_a_job_claimed_meanwhile_is_not_cancelled_as_waiting(store: SqlJobStore) -> None:
    (job,) = (await store.add([notify()], now=START)).jobs
    await store.claim(LANES, now=START)
    with pytest.raises(Refused, match="running"):
        await store.settle(job, Cancelled(), run=None, now=START)
    assert (await store.jobs())[0].status is JobStatus.PROCESSING


async def test_opening_a_lane_leaves_a_rate_limit_and_other_waits_alone(store: SqlJobStore) -> None:
    limited, deferred = await claimed(store), await claimed(store)
    wait = Retry(error=Text("Slow down."), delay=timedelta(minutes=15), rate_limited=True)
    await store.settle(limited, wait, run=RUN, now=START)
    await store.settle(
        deferred, Deferred(reason=Text("Playing."), until=START + timedelta(hours=1)), run=RUN, now=START
    )
    assert await store.open_lane("discord", now=LATER) == ((), 0)
    (stop,) = await store.lane_stops()
    assert stop.until == START + timedelta(minutes=15)
    assert {job.run_after - START for job in await store.jobs()} == {
        timedelta(minutes=15),
        timedelta(hours=1),
    }


async def test_the_longer_of_two_rate_limits_counts(store: SqlJobStore) -> None:
    first, second = await claimed(store), await claimed(store)
    for job, seconds in ((first, 900), (second, 2)):
        wait = Retry(error=Text("Slow down."), delay=timedelta(seconds=seconds), rate_limited=True)
        await store.settle(job, wait, run=RUN, now=START)
    (stop,) = await store.lane_stops()
    assert stop.until == START + timedelta(seconds=900)


async def test_a_key_rejected_after_it_was_mended_stops_nothing(
    store: SqlJobStore, services: ServiceStore
) -> None:
    job = await claimed(store)
    await services.save("discord", values={}, kept_secrets=["webhook_url"], now=LATER)
    blocked = Blocked(reason=Text("Key rejected."), cause=BlockCause.KEY_REJECTED)
    await store.settle(job, blocked, run=RUN, now=LATER)
    assert await store.lane_stops() == ()
    assert (await store.claim(LANES, now=LATER)).job is not None
