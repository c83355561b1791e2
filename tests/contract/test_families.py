from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.jobs import JobStatus
from metarr_desktop.domain.outcomes import Cancelled, Deferred, Done, Failed, Interrupted, Skipped
from metarr_desktop.domain.text import Text
from tests.contract.harness import GONE
from tests.contract.scenes import (
    again,
    at,
    family,
    limited,
    nothing,
    notify,
    rejected,
    scan,
    settled,
    take,
    webhook,
)
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import Job, NewJob
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores

MINUTE = timedelta(seconds=60)


async def scan_and_player(store: JobStore) -> tuple[Job, Job]:
    kodi = notify("kodi", waits_for="scan-movie", waits_at_most=MINUTE)
    _, settlement = await family(store, scan(), kodi)
    first, second = settlement.changed
    return first, second


async def test_the_fan_out_reads_the_services_inside_its_transaction(store: JobStore, stores: Stores) -> None:
    await stores.enable("discord", now=START)
    _, root = await store.store_webhook(webhook(), now=START)
    job = await take(store)
    await stores.enable("kodi", now=START)

    def plan(enabled: frozenset[str]) -> tuple[NewJob, ...]:
        return tuple(notify(key) for key in sorted(enabled))

    settlement = await settled(store, job, Done(fan_out=plan), now=at(1))
    assert [child.type for child in settlement.changed] == ["notify-discord", "notify-kodi"]
    assert {(child.parent_id, child.root_id, child.event_id) for child in settlement.changed} == {
        (root.id, root.id, root.event_id)
    }
    assert await store.jobs() == settlement.changed
    assert await stores.record(root.id) == settlement.record


async def test_a_fan_out_that_fails_leaves_everything_as_it_was(store: JobStore, stores: Stores) -> None:
    await store.store_webhook(webhook(), now=START)
    job = await take(store)

    def plan(_enabled: frozenset[str]) -> tuple[NewJob, ...]:
        raise ValueError("no plan")

    with pytest.raises(ValueError, match="no plan"):
        await settled(store, job, Done(fan_out=plan), now=at(1))
    (row,) = await store.jobs()
    assert (row.id, row.status) == (job.id, JobStatus.PROCESSING)
    assert (await stores.record(job.id), await stores.ran(job.id)) == (None, [])
    await settled(store, job, Done(), now=at(1))
    assert await store.jobs() == ()


async def test_an_insertion_is_all_or_nothing(store: JobStore) -> None:
    with pytest.raises(Exception, match="object"):
        await store.add([notify(), notify(payload={"not": object()})], now=START)
    assert await store.jobs() == ()


@pytest.mark.parametrize(
    "outcome",
    [
        Done(),
        Failed(error=Text("Path unknown.")),
        Skipped(reason=Text("Nothing new.")),
        again(120),
        limited(120),
        Deferred(reason=Text("Copying."), until=at(600)),
        rejected(),
        Cancelled(),
    ],
)
async def test_a_player_waits_for_the_first_attempt_of_the_scan_however_it_ends(
    store: JobStore, outcome: Outcome
) -> None:
    first, player = await scan_and_player(store)
    assert (player.waits_for, player.run_after) == (first.id, at(60))
    running = await take(store)
    assert running.id == first.id
    assert await nothing(store, START) == at(60)
    settlement = await settled(store, running, outcome, now=at(1))
    (released,) = settlement.changed
    assert (released.id, released.waits_for, released.run_after) == (player.id, None, at(1))
    assert (await take(store, at(1))).id == player.id


async def test_a_player_waits_for_a_scan_for_its_time_at_most(store: JobStore) -> None:
    _, player = await scan_and_player(store)
    await take(store, START, scan=1)
    await nothing(store, at(59.999))
    late = await take(store, at(60))
    assert (late.id, late.waits_for) == (player.id, None)


async def test_a_player_let_go_by_its_time_is_not_touched_by_the_scan_afterwards(store: JobStore) -> None:
    _, player = await scan_and_player(store)
    running = await take(store, START, scan=1)
    assert (await take(store, at(60))).id == player.id
    assert (await settled(store, running, Done(), now=at(61))).changed == ()


async def test_an_interrupted_scan_lets_nobody_go(store: JobStore) -> None:
    first, player = await scan_and_player(store)
    settlement = await settled(store, await take(store), Interrupted(), now=at(1))
    assert (settlement.job.id, settlement.changed) == (first.id, ())
    assert await store.job(player.id) == player


async def test_a_scan_that_crashed_lets_nobody_go_until_it_is_given_up(
    store: JobStore, stores: Stores
) -> None:
    first, player = await scan_and_player(store)
    died = stores.process("died", lease=GONE)
    for _ in range(2):
        await take(died, at(1), scan=1)
        recovery = await store.recover(now=at(1))
        assert [job.id for job in recovery.jobs] == [first.id]
    await take(died, at(1), scan=1)
    recovery = await store.recover(now=at(2))
    assert [record.job_id for record in recovery.records] == [first.id]
    assert [(job.id, job.waits_for, job.run_after) for job in recovery.jobs] == [(player.id, None, at(2))]


async def test_a_waiting_scan_that_is_cancelled_lets_its_player_go(store: JobStore) -> None:
    first, player = await scan_and_player(store)
    settlement = await store.settle(first, Cancelled(), run=None, now=at(1))
    assert [job.id for job in settlement.changed] == [player.id]


async def test_a_timer_lets_a_player_go_where_the_clock_was_set_back(store: JobStore) -> None:
    _, player = await scan_and_player(store)
    (due,) = await store.make_due({player.id: at(60)}, now=at(-3540))
    assert (due.id, due.waits_for) == (player.id, None)
    assert (await take(store, at(-3540), kodi=1)).id == player.id


async def test_who_waits_for_no_sibling_waits_for_nobody(store: JobStore) -> None:
    lonely = notify("kodi", waits_for="scan-movie", waits_at_most=MINUTE)
    _, settlement = await family(store, lonely, notify("discord"))
    assert [job.waits_for for job in settlement.changed] == [None, None]
    assert len((await store.claim({"kodi": 1, "discord": 1}, now=START, limit=2)).jobs) == 2


async def test_run_now_lets_a_player_go_before_its_scan(store: JobStore) -> None:
    _, player = await scan_and_player(store)
    job = await store.run_now(player.id, now=at(1))
    assert (job.waits_for, job.run_after) == (None, at(1))
    assert (await take(store, at(1), kodi=1)).id == player.id
