"""Jobs that wait for more of their kind, to go as one: quiet prolongs the wait, and a limit ends it."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.jobs import EndStatus, Gathering, JobStatus
from metarr_desktop.domain.outcomes import Cancelled, Done, Failed, Interrupted
from metarr_desktop.domain.text import Text
from tests.contract.scenes import (
    LANES,
    added,
    again,
    at,
    family,
    limited,
    nothing,
    notify,
    rejected,
    settled,
    take,
)
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import Job, NewJob
    from metarr_desktop.storage.job_store import Insertion, JobStore
    from tests.contract.harness import Stores

WAIT = Gathering(quiet=timedelta(seconds=20), at_most=timedelta(seconds=120))
WHY = Text("Waits for more of the same download.")
PACK = "sonarr:Sonarr:nzo_1"


def episode(lane: str = "discord", *, pack: str = PACK, **changes: object) -> NewJob:
    return notify(lane, **{"merge_key": pack, "gathering": WAIT, "reason": WHY, **changes})


async def came(store: JobStore, *new: NewJob, seconds: float = 0) -> Insertion:
    return await store.add(new or (episode(),), now=at(seconds))


async def pack(store: JobStore, count: int = 3) -> tuple[Job, ...]:
    """Add the jobs of one pack, a second after one another; they are due together."""
    for second in range(count):
        await came(store, episode(payload={"n": second}), seconds=second)
    jobs = [job for job in await store.jobs() if job.merge_key == PACK]
    assert {job.run_after for job in jobs} == {at(count + 19)}
    return tuple(sorted(jobs, key=lambda job: job.id))


def ids(leader: Job) -> list[int]:
    return [leader.id, *(job.id for job in leader.merged)]


async def test_one_alone_waits_until_it_is_quiet_and_tells_why(store: JobStore) -> None:
    (job,) = (await came(store)).jobs
    assert (job.run_after, job.reason, job.status) == (at(20), WHY, JobStatus.PENDING)
    assert await store.job(job.id) == job
    assert await nothing(store, at(19.9)) == at(20)
    taken = await take(store, at(20))
    assert (taken.id, taken.merged, taken.reason) == (job.id, (), None)


async def test_each_that_comes_lets_all_of_them_wait_longer(store: JobStore) -> None:
    (first,) = (await came(store)).jobs
    second = await came(store, seconds=15)
    assert [(job.id, job.run_after, job.updated_at) for job in second.moved] == [(first.id, at(35), at(15))]
    third = await came(store, seconds=34)
    assert [job.id for job in third.moved] == [first.id, second.jobs[0].id]
    assert {job.run_after for job in (*third.moved, *third.jobs)} == {at(54)}
    for job in (*third.moved, *third.jobs):
        assert await store.job(job.id) == job
        assert job.reason == WHY
    assert await nothing(store, at(53.9)) == at(54)
    leader = await take(store, at(54))
    assert ids(leader) == [first.id, second.jobs[0].id, third.jobs[0].id]
    assert await nothing(store, at(54)) is None


async def test_a_pack_that_never_gets_quiet_goes_when_its_first_waited_longest(store: JobStore) -> None:
    for second in range(0, 120, 10):
        (job,) = (await came(store, seconds=second)).jobs
        assert job.run_after == at(min(second + 20, 120))
    assert await nothing(store, at(119.9)) == at(120)
    assert len(ids(await take(store, at(120)))) == 12


async def test_what_is_at_its_limit_is_not_moved_any_more(store: JobStore) -> None:
    await came(store)
    await came(store, seconds=19)
    for second in (38, 57, 76, 95, 110):
        assert (await came(store, seconds=second)).moved
    assert (await came(store, seconds=115)).moved == ()


async def test_a_film_goes_at_once_and_moves_nothing(store: JobStore) -> None:
    (waiting,) = (await came(store)).jobs
    film = await came(store, notify(), seconds=1)
    assert film.moved == ()
    assert (await take(store, at(1))).id == film.jobs[0].id
    assert await store.job(waiting.id) == waiting


async def test_two_downloads_do_not_mix(store: JobStore) -> None:
    (first,) = (await came(store)).jobs
    other = await came(store, episode(pack="sonarr:Sonarr:nzo_2"), seconds=10)
    assert other.moved == ()
    assert ids(await take(store, at(20))) == [first.id]
    assert ids(await take(store, at(30))) == [other.jobs[0].id]


async def test_two_services_do_not_mix(store: JobStore) -> None:
    (first,) = (await came(store)).jobs
    other = await came(store, episode("kodi"), seconds=10)
    assert other.moved == ()
    assert ids(await take(store, at(20))) == [first.id]
    assert ids(await take(store, at(30))) == [other.jobs[0].id]


async def test_several_that_come_at_once_are_due_together(store: JobStore) -> None:
    (first,) = (await came(store)).jobs
    both = await came(store, episode(), episode(), seconds=5)
    assert [job.id for job in both.moved] == [first.id]
    assert {job.run_after for job in (*both.jobs, *both.moved)} == {at(25)}
    assert len(ids(await take(store, at(25)))) == 3


async def test_those_a_webhook_leads_to_gather_and_those_they_move_are_told(
    store: JobStore, stores: Stores
) -> None:
    await stores.enable("discord", now=START)
    (first,) = (await family(store, episode()))[1].changed
    _, settlement = await family(store, episode(), now=at(5))
    assert [(job.id, job.run_after) for job in settlement.changed] == [
        (settlement.changed[0].id, at(25)),
        (first.id, at(25)),
    ]
    assert ids(await take(store, at(25))) == [first.id, settlement.changed[0].id]


async def test_what_comes_after_the_pack_was_taken_begins_a_new_one(store: JobStore) -> None:
    jobs = await pack(store)
    leader = await take(store, at(22))
    assert ids(leader) == [job.id for job in jobs]
    late = await came(store, seconds=25)
    assert (late.jobs[0].run_after, late.moved) == (at(45), ())
    await settled(store, leader, Done(), now=at(26))
    later = await came(store, seconds=30)
    assert [job.id for job in later.moved] == [late.jobs[0].id]
    assert await nothing(store, at(49)) == at(50)
    assert ids(await take(store, at(50))) == [late.jobs[0].id, later.jobs[0].id]


async def test_the_limit_of_a_new_pack_does_not_count_from_the_one_that_runs(store: JobStore) -> None:
    await pack(store)
    await take(store, at(22))
    (late,) = (await came(store, seconds=110)).jobs
    assert late.run_after == at(130)


async def test_a_late_one_is_not_sent_while_the_pack_runs(store: JobStore) -> None:
    await pack(store)
    leader = await take(store, at(22))
    (late,) = (await came(store, seconds=23)).jobs
    claim = await store.claim(LANES, now=at(43))
    assert (claim.jobs, [job.id for job in claim.held]) == ((), [late.id])
    more = await came(store, seconds=43.5)
    assert [(job.id, job.run_after, job.reason) for job in more.moved] == [(late.id, at(63.5), WHY)]
    await settled(store, leader, Done(), now=at(44))
    assert len(ids(await take(store, at(63.5)))) == 2


async def test_a_pack_goes_back_as_one_and_each_keeps_its_count(store: JobStore, stores: Stores) -> None:
    jobs = await pack(store)
    leader = await take(store, at(22))
    outcomes = [again(5), again(7)]
    settlement = await settled(store, leader, again(6), now=at(23), merged=outcomes)
    assert [job.retry_count for job in (settlement.job, *settlement.changed)] == [1, 1, 1]
    assert await nothing(store, at(27.9)) == at(28)
    second = await take(store, at(28))
    assert sorted(ids(second)) == [job.id for job in jobs]
    await settled(store, second, Done(), now=at(29))
    for job in jobs:
        record = await stores.record(job.id)
        assert record is not None
        assert (record.status, record.retry_count, record.payload) == (EndStatus.COMPLETED, 1, job.payload)
        assert await stores.ran(job.id) == ["retry", "done"]


async def test_one_whose_retries_are_used_up_ends_alone(store: JobStore) -> None:
    jobs = await pack(store)
    leader = await take(store, at(22))
    settlement = await settled(
        store, leader, again(5), now=at(23), merged=[Failed(error=Text("No.")), again(5)]
    )
    assert [record.job_id for record in settlement.records] == [jobs[1].id]
    assert ids(await take(store, at(28))) == [jobs[0].id, jobs[2].id]


@pytest.mark.parametrize("outcome", [again(50), limited(50)])
async def test_what_was_tried_is_not_moved_by_what_comes_later(store: JobStore, outcome: Failed) -> None:
    await pack(store)
    await settled(store, await take(store, at(22)), outcome, now=at(23))
    late = await came(store, seconds=24)
    assert (late.moved, late.jobs[0].run_after) == ((), at(44))


async def test_what_was_interrupted_goes_at_the_next_start_whatever_came(store: JobStore) -> None:
    await pack(store)
    await settled(store, await take(store, at(22)), Interrupted(), now=at(23))
    assert (await came(store, seconds=24)).moved == ()
    assert len(ids(await take(store, at(24)))) == 4


async def test_run_now_on_one_runs_all_of_them(store: JobStore) -> None:
    jobs = await pack(store)
    due = await store.run_now(jobs[1].id, now=at(5))
    assert (due.run_after, due.reason) == (at(5), None)
    leader = await take(store, at(5))
    assert leader.id == jobs[1].id
    assert [job.id for job in leader.merged] == [jobs[0].id, jobs[2].id]


async def test_what_a_person_wants_now_is_not_moved_again(store: JobStore) -> None:
    jobs = await pack(store)
    await store.run_now(jobs[1].id, now=at(5))
    more = await came(store, seconds=6)
    assert [job.id for job in more.moved] == [jobs[0].id, jobs[2].id]
    assert len(ids(await take(store, at(6)))) == 4


async def test_the_members_of_a_pack_are_in_the_order_in_which_they_came(store: JobStore) -> None:
    jobs = await pack(store, 4)
    await store.run_now(jobs[3].id, now=at(5))
    for job in (jobs[1], jobs[0]):
        await store.run_now(job.id, now=at(6))
    assert ids(await take(store, at(6))) == [jobs[3].id, jobs[0].id, jobs[1].id, jobs[2].id]


async def test_what_a_person_wanted_before_the_clock_was_set_back_goes_all_the_same(store: JobStore) -> None:
    jobs = await pack(store)
    await store.run_now(jobs[1].id, now=at(5))
    more = await came(store, seconds=-60)
    assert [job.id for job in more.moved] == [jobs[0].id, jobs[2].id]
    assert len(ids(await take(store, at(-60)))) == 4


async def test_a_pack_that_is_due_while_its_lane_takes_nothing_goes_with_all_that_came(
    store: JobStore,
) -> None:
    await pack(store)
    await nothing(store, at(23), kodi=1)
    more = await came(store, seconds=24)
    assert (more.moved, more.jobs[0].run_after) == ((), at(44))
    assert len(ids(await take(store, at(25)))) == 4


async def test_a_pack_waits_for_its_lane_to_open_and_then_goes_as_one(store: JobStore) -> None:
    await settled(store, (await _film(store)), rejected())
    await pack(store)
    await nothing(store, at(500))
    (late,) = (await came(store, seconds=600)).jobs
    assert late.run_after == at(600)
    await store.open_lane("discord", now=at(601))
    claim = await store.claim(LANES, now=at(601), limit=32)
    assert sorted(len(ids(job)) for job in claim.jobs) == [1, 4]


async def _film(store: JobStore) -> Job:
    (film,) = await added(store, notify())
    job = await take(store)
    assert job.id == film.id
    return job


async def test_a_restart_keeps_the_times(store: JobStore, stores: Stores) -> None:
    jobs = await pack(store)
    restarted = stores.process("next")
    recovery = await restarted.recover(now=at(10))
    assert (recovery.jobs, recovery.records) == ((), ())
    assert sorted(await restarted.jobs(), key=lambda job: job.id) == list(jobs)
    more = await came(restarted, seconds=12)
    assert [job.id for job in more.moved] == [job.id for job in jobs]
    assert await nothing(restarted, at(31.9)) == at(32)
    assert len(ids(await take(restarted, at(32)))) == 4


async def test_a_pack_whose_process_died_runs_again_as_one(stores: Stores) -> None:
    dead = stores.process("dead", lease=timedelta(seconds=-1))
    jobs = await pack(dead)
    await take(dead, at(22))
    store = stores.process("here")
    assert len((await store.recover(now=at(30))).jobs) == 3
    late = await came(store, seconds=115)
    assert (late.moved, late.jobs[0].run_after) == ((), at(135))
    leader = await take(store, at(115))
    assert ids(leader)[:3] == [job.id for job in jobs]
    assert len(ids(leader)) == 4
    await settled(store, leader, Done(), now=at(116))
    assert await stores.ran(jobs[2].id) == ["crashed", "done"]


async def test_a_timer_lets_all_go_when_the_clock_was_set_back(store: JobStore) -> None:
    jobs = await pack(store)
    (due,) = await store.make_due({jobs[0].id: at(22)}, now=at(-3600))
    assert due.id == jobs[0].id
    assert ids(await take(store, at(-3600))) == [job.id for job in jobs]


async def test_with_a_clock_that_was_set_back_the_limit_counts_from_what_comes_then(store: JobStore) -> None:
    await came(store)
    for second in range(-3600, -3480, 10):
        (job,) = (await came(store, seconds=second)).jobs
        assert job.run_after == at(min(second + 20, -3480))
    assert len(ids(await take(store, at(-3480)))) == 13


async def test_with_a_clock_that_was_set_forward_all_go_at_once(store: JobStore) -> None:
    await pack(store)
    (late,) = (await came(store, seconds=3600)).jobs
    assert late.run_after == at(3600)
    assert len(ids(await take(store, at(3600)))) == 4


async def test_one_that_is_cancelled_leaves_the_others_their_time(store: JobStore) -> None:
    jobs = await pack(store)
    await store.settle(jobs[0], Cancelled(), run=None, now=at(5))
    await nothing(store, at(21.9))
    assert ids(await take(store, at(22))) == [jobs[1].id, jobs[2].id]


async def test_one_that_runs_in_a_pack_cannot_be_run_now(store: JobStore) -> None:
    jobs = await pack(store)
    await take(store, at(22))
    with pytest.raises(Refused):
        await store.run_now(jobs[2].id, now=at(23))


async def test_one_that_was_tried_again_by_a_person_goes_at_once(store: JobStore, stores: Stores) -> None:
    (job,) = (await came(store)).jobs
    await settled(store, await take(store, at(20)), Failed(error=Text("No.")), now=at(21))
    again_job, new = await store.retry(job.id, max_retries=3, now=at(30))
    assert (new, again_job.reason, again_job.run_after) == (True, None, at(30))
    assert (await take(store, at(30))).id == again_job.id
    assert await stores.ran(job.id) == ["failed"]


async def test_a_job_that_waits_for_a_sibling_gathers_nothing(store: JobStore) -> None:
    waiting = episode(waits_for="first", waits_at_most=timedelta(seconds=60))
    await came(store, notify("kodi", type="first"), waiting)
    assert (await came(store, seconds=1)).moved == ()
    assert len(ids(await take(store, at(21)))) == 1


async def test_without_a_merge_key_nobody_waits(store: JobStore) -> None:
    (job,) = (await came(store, episode(merge_key=None, reason=None))).jobs
    assert (await take(store)).id == job.id


async def test_a_job_that_only_says_why_it_waits_is_due_at_once(store: JobStore) -> None:
    (job,) = (await came(store, notify(reason=WHY))).jobs
    assert (job.reason, await store.job(job.id)) == (WHY, job)
    assert (await take(store)).reason is None


async def test_two_processes_take_each_member_once(stores: Stores, kind: str) -> None:
    if not kind.endswith("postgres"):
        pytest.skip("one process at a time works on this store")
    here, there = stores.process("here"), stores.process("there")
    packs = [f"download-{number}" for number in range(6)]
    new = [episode(pack=name, payload={"n": n}) for n in range(8) for name in packs]
    halves = zip(new[::2], new[1::2], strict=True)
    for second, (one, other) in enumerate(halves):
        await asyncio.gather(came(here, one, seconds=second / 10), came(there, other, seconds=second / 10))
    taken: list[int] = []

    async def work(store: JobStore) -> None:
        now = at(60)
        while len(taken) < len(new):
            claim = await store.claim({"discord": 2}, now=now, limit=2)
            for job in claim.jobs:
                taken.extend(ids(job))
                assert len({each.merge_key for each in (job, *job.merged)}) == 1
                await settled(store, job, Done(), now=now)
            now += timedelta(seconds=1)

    async with asyncio.timeout(30):
        await asyncio.gather(work(here), work(there))
    assert len(taken) == len(set(taken)) == len(new)
    assert await here.jobs() == ()


async def test_while_one_process_takes_what_another_adds_is_neither_lost_nor_doubled(
    stores: Stores, kind: str
) -> None:
    if not kind.endswith("postgres"):
        pytest.skip("one process at a time works on this store")
    here, there = stores.process("here"), stores.process("there")
    quick = dataclasses.replace(WAIT, quiet=timedelta(milliseconds=50), at_most=timedelta(milliseconds=200))
    came_in: list[int] = []
    taken: list[int] = []

    async def send() -> None:
        for n in range(60):
            (job,) = (await came(there, episode(gathering=quick), seconds=n / 50)).jobs
            came_in.append(job.id)

    async def work() -> None:
        second = 0.0
        while len(taken) < 60:
            claim = await here.claim(LANES, now=at(second))
            for job in claim.jobs:
                taken.extend(ids(job))
                await settled(here, job, Done(), now=at(second))
            second += 0.02

    async with asyncio.timeout(30):
        await asyncio.gather(send(), work())
    assert sorted(taken) == sorted(came_in)
    assert await here.jobs() == ()
