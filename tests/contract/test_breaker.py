from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain import errors
from metarr_desktop.domain.jobs import EndStatus, JobStatus
from metarr_desktop.domain.lanes import BREAKER_FAILURES, LONGEST_PATIENT_PAUSE, BlockCause, LaneState
from metarr_desktop.domain.outcomes import Blocked, Cancelled, Deferred, Done, Failed, Interrupted, Skipped
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.outcome import outcome_of
from tests.contract.harness import GONE
from tests.contract.scenes import (
    NO_ANSWER,
    added,
    again,
    at,
    claimed,
    limited,
    nothing,
    notify,
    rejected,
    settled,
    take,
    through,
    unreachable,
)
from tests.fakes import START

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import JobStore, Settlement
    from tests.contract.harness import Stores


async def tripped(store: JobStore, *, now: datetime = START) -> Settlement:
    """Fail so often that the breaker of ``discord`` opens; returns the last settlement."""
    jobs = [await claimed(store, now=now) for _ in range(BREAKER_FAILURES)]
    return [await settled(store, job, unreachable(3600), now=now) for job in jobs][-1]


async def probe(store: JobStore, now: datetime) -> Job:
    job = await take(store, now)
    assert job.probe
    return job


async def test_the_fifth_connection_failure_in_a_row_pauses_the_lane_for_a_minute(store: JobStore) -> None:
    jobs = [await claimed(store) for _ in range(BREAKER_FAILURES + 1)]
    for job in jobs[:4]:
        assert (await settled(store, job, unreachable())).stopped is None
    assert await store.lane_stops() == ()
    last = await settled(store, jobs[4], unreachable())
    (stop,) = await store.lane_stops()
    assert last.stopped == stop
    assert (stop.state, stop.since, stop.until, stop.reason) == (LaneState.BREAKER, START, at(60), NO_ANSWER)
    assert await nothing(store, at(59)) == at(60)


async def test_a_job_that_ends_as_failed_counts_too(store: JobStore) -> None:
    failed = Failed(error=NO_ANSWER, connection=True)
    settlements = [await through(store, notify(), failed) for _ in range(BREAKER_FAILURES)]
    assert [each.stopped is not None for each in settlements] == [False] * 4 + [True]
    assert all(each.record is not None for each in settlements)


@pytest.mark.parametrize("answer", [Done(), again(3600), Failed(error=Text("Bad request."))])
async def test_any_answer_sets_the_count_back(store: JobStore, answer: Outcome) -> None:
    for _ in range(BREAKER_FAILURES - 1):
        await through(store, notify(), unreachable(3600))
    await through(store, notify(), answer)
    for _ in range(BREAKER_FAILURES - 1):
        assert (await through(store, notify(), unreachable(3600))).stopped is None
    assert (await through(store, notify(), unreachable(3600))).stopped is not None


@pytest.mark.parametrize(
    "silence",
    [
        Skipped(reason=Text("Off.")),
        Deferred(reason=Text("Playing."), until=at(3600)),
        Interrupted(),
        Failed(error=Text("Not on this computer."), elsewhere=True),
    ],
)
async def test_an_attempt_that_asked_nobody_does_not_set_the_count_back(
    store: JobStore, silence: Outcome
) -> None:
    for _ in range(BREAKER_FAILURES - 1):
        await through(store, notify(), unreachable(3600))
    job = await claimed(store)
    await settled(store, job, silence)
    if await store.job(job.id) is not None and not isinstance(silence, Deferred):
        await store.settle((await store.jobs())[0], Cancelled(), run=None, now=START)
    assert (await through(store, notify(), unreachable(3600))).stopped is not None


async def test_failures_of_another_lane_do_not_count(store: JobStore) -> None:
    for _ in range(BREAKER_FAILURES - 1):
        await through(store, notify("discord"), unreachable(3600))
        await through(store, notify("kodi"), unreachable(3600))
    assert await store.lane_stops() == ()


async def test_waiting_jobs_of_a_paused_lane_use_no_retry(store: JobStore) -> None:
    await tripped(store)
    waiting = await added(store, notify(), notify(), now=at(1))
    for minute in range(1, 60):
        claim = await store.claim({"discord": 1}, now=at(60 * minute))
        if claim.job is not None:
            await settled(store, claim.job, unreachable(), now=at(60 * minute))
    for job in waiting:
        row = await store.job(job.id)
        assert row is not None
        assert row.retry_count == 0


async def test_after_the_pause_one_job_alone_tries(store: JobStore) -> None:
    await tripped(store)
    await added(store, notify(), notify(), notify(), now=at(1))
    claim = await store.claim({"discord": 3}, now=at(60), limit=32)
    (job,) = claim.jobs
    assert (job.probe, claim.reopened) == (True, ())
    (stop,) = await store.lane_stops()
    assert stop.state is LaneState.PROBING
    await nothing(store, at(61), discord=3)
    settlement = await settled(store, job, Done(), now=at(61))
    assert settlement.opened
    assert await store.lane_stops() == ()
    assert len((await store.claim({"discord": 3}, now=at(61), limit=32)).jobs) == 2


async def test_each_probe_in_vain_doubles_the_pause_up_to_a_quarter_of_an_hour(store: JobStore) -> None:
    await tripped(store)
    (job,) = await added(store, notify(), now=at(1))
    now, pauses = at(60), []
    for _ in range(6):
        settlement = await settled(store, await probe(store, now), unreachable(), now=now)
        assert settlement.stopped is not None
        assert settlement.stopped.until is not None
        pauses.append((settlement.stopped.until - now).total_seconds())
        assert (settlement.job.id, settlement.job.run_after) == (job.id, settlement.stopped.until)
        now = settlement.stopped.until
    assert pauses == [120, 240, 480, 900, 900, 900]
    assert (await store.job(job.id) or job).retry_count == 0


async def test_a_success_makes_the_next_pause_a_short_one_again(store: JobStore) -> None:
    await tripped(store)
    await added(store, notify(), now=at(1))
    await settled(store, await probe(store, at(60)), unreachable(), now=at(60))
    await settled(store, await probe(store, at(180)), Done(), now=at(180))
    last = await tripped(store, now=at(181))
    assert last.stopped is not None
    assert last.stopped.until == at(241)


async def test_a_probe_that_has_used_all_retries_is_tried_again(store: JobStore, rng: random.Random) -> None:
    await tripped(store)
    await added(store, notify(max_retries=0), now=at(1))
    job = await probe(store, at(60))
    error = errors.Transient("No answer.", connection=True)
    outcome = outcome_of(error, job=job, policy=RetryPolicy(), now=at(60), rng=rng)
    assert (await settled(store, job, outcome, now=at(60))).job.status is JobStatus.PENDING


async def test_jobs_merged_into_a_probe_are_tried_again_like_it(store: JobStore, rng: random.Random) -> None:
    await tripped(store)
    await added(store, notify(merge_key="/a"), notify(merge_key="/a", max_retries=0), now=at(1))
    job = await probe(store, at(60))
    error = errors.Transient("No answer.", connection=True)
    outcomes = [
        outcome_of(error, job=each, policy=RetryPolicy(), now=at(60), rng=rng) for each in (job, *job.merged)
    ]
    settlement = await settled(store, job, outcomes[0], now=at(60), merged=outcomes[1:])
    assert settlement.records == ()
    assert [each.retry_count for each in (settlement.job, *settlement.changed)] == [0, 0]


async def test_a_job_that_ran_already_and_finds_nobody_either_uses_no_retry(store: JobStore) -> None:
    straggler = await claimed(store)
    await tripped(store)
    settlement = await settled(store, straggler, unreachable(5), now=at(1))
    assert (settlement.job.retry_count, settlement.job.run_after) == (0, at(6))
    (stop,) = await store.lane_stops()
    assert stop.until == at(60)


async def test_a_job_that_ran_already_and_succeeds_opens_the_lane(store: JobStore) -> None:
    straggler = await claimed(store)
    await tripped(store)
    assert (await settled(store, straggler, Done(), now=at(1))).opened
    assert await store.lane_stops() == ()


@pytest.mark.parametrize(
    "outcome",
    [
        Skipped(reason=Text("Turned off.")),
        Deferred(reason=Text("Playing."), until=at(3600)),
        Cancelled(),
        Failed(error=Text("Not on this computer."), elsewhere=True),
    ],
)
async def test_after_a_probe_that_asked_nobody_the_next_job_tries(store: JobStore, outcome: Outcome) -> None:
    await tripped(store)
    await added(store, notify(priority=1), notify(), notify(), now=at(1))
    settlement = await settled(store, await probe(store, at(60)), outcome, now=at(61))
    assert (settlement.opened, settlement.stopped) == (False, None)
    if await store.job(settlement.job.id) is not None and not isinstance(outcome, Deferred):
        await store.settle(settlement.job, Cancelled(), run=None, now=at(61))
    claim = await store.claim({"discord": 3}, now=at(61), limit=32)
    assert [job.probe for job in claim.jobs] == [True]


async def test_a_probe_that_is_interrupted_tries_again(store: JobStore) -> None:
    await tripped(store)
    await added(store, notify(), now=at(1))
    job = await probe(store, at(60))
    await settled(store, job, Interrupted(), now=at(61))
    assert (await probe(store, at(61))).id == job.id


async def test_a_probe_that_never_ran_tries_again(store: JobStore) -> None:
    await tripped(store)
    await added(store, notify(), now=at(1))
    job = await probe(store, at(60))
    await store.settle(job, Interrupted(), run=None, now=at(61))
    assert (await probe(store, at(61))).id == job.id


async def test_a_probe_whose_process_died_frees_its_lane(store: JobStore, stores: Stores) -> None:
    await tripped(store)
    await added(store, notify(), now=at(1))
    job = await probe(stores.process("died", lease=GONE), at(60))
    await nothing(store, at(61))
    await store.recover(now=at(61))
    assert (await probe(store, at(61))).id == job.id


async def test_a_probe_whose_key_is_rejected_blocks_the_lane(store: JobStore) -> None:
    await tripped(store)
    await added(store, notify(), now=at(1))
    await settled(store, await probe(store, at(60)), rejected(), now=at(61))
    (stop,) = await store.lane_stops()
    assert (stop.state, stop.cause, stop.until) == (LaneState.BLOCKED, BlockCause.KEY_REJECTED, None)
    await store.open_lane("discord", now=at(62))
    assert not (await take(store, at(62))).probe


async def test_a_probe_that_finds_its_keyring_locked_leaves_the_lane_to_other_processes(
    store: JobStore, stores: Stores
) -> None:
    await tripped(store)
    await added(store, notify(), now=at(1))
    locked = Blocked(reason=Text("Locked."), cause=BlockCause.KEYRING)
    settlement = await settled(store, await probe(store, at(60)), locked, now=at(61))
    assert not settlement.kept
    await probe(stores.process("there"), at(61))


async def test_a_probe_that_is_told_to_slow_down_stops_the_lane_for_that_time(store: JobStore) -> None:
    await tripped(store)
    await added(store, notify(), now=at(1))
    settlement = await settled(store, await probe(store, at(60)), limited(30), now=at(60))
    assert settlement.job.rate_limits == 1
    (stop,) = await store.lane_stops()
    assert (stop.state, stop.until) == (LaneState.RATE_LIMITED, at(90))
    assert not (await take(store, at(90))).probe


async def test_a_person_opens_a_paused_lane_and_what_was_tried_in_vain_is_due(store: JobStore) -> None:
    await tripped(store)
    (fresh,) = await added(store, notify(), now=at(1))
    tried, waiting = await store.open_lane("discord", now=at(2))
    assert len(tried) == BREAKER_FAILURES
    assert {job.run_after for job in tried} == {at(2)}
    assert waiting == BREAKER_FAILURES + 1
    job = await take(store, at(2))
    assert (job.id, job.probe) == (fresh.id, False)


async def test_a_pause_is_ended_early_by_its_timer_and_then_probed(store: JobStore) -> None:
    await tripped(store)
    await added(store, notify(), now=at(-3600))
    assert await store.end_stop("discord", until=at(60))
    await probe(store, at(-3540))


async def test_a_paused_lane_lets_its_old_jobs_expire(store: JobStore) -> None:
    await tripped(store)
    (job,) = await added(store, notify(expires_after=at(30) - START))
    (record,) = (await store.claim({}, now=at(30))).expired
    assert (record.job_id, record.status) == (job.id, EndStatus.FAILED)


async def test_what_may_be_switched_off_is_looked_for_every_minute_and_uses_no_retry(store: JobStore) -> None:
    (job,) = await added(store, notify(max_retries=1))
    asleep = unreachable(patient=True)
    assert (await settled(store, await take(store), asleep)).stopped is None
    now = at(5)
    assert (await settled(store, await take(store, now), asleep, now=now)).stopped is not None
    stop = None
    for minute in range(1, 31):
        now = at(5 + 60 * minute)
        assert await nothing(store, now - timedelta(seconds=1)) == now
        stop = (await settled(store, await probe(store, now), asleep, now=now)).stopped
        assert stop is not None
    assert stop is not None
    assert stop.until == now + LONGEST_PATIENT_PAUSE
    now = stop.until
    waiting = await store.job(job.id)
    assert waiting is not None
    assert (waiting.retry_count, waiting.rate_limits) == (0, 0)
    assert (await settled(store, await probe(store, now), Done(), now=now)).opened
    assert await store.lane_stops() == ()


async def test_what_may_be_switched_off_fails_for_what_it_says_itself(store: JobStore) -> None:
    (job,) = await added(store, notify(max_retries=1))
    await settled(store, await take(store, START), unreachable(patient=True))
    await settled(store, await take(store, at(5)), again(5), now=at(5))
    kept = await store.job(job.id)
    assert kept is not None
    assert kept.retry_count == 1
