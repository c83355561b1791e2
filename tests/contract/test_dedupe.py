from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.outcomes import Done, Failed, Interrupted
from metarr_desktop.domain.text import Text
from tests.contract.harness import GONE as DIED
from tests.contract.scenes import (
    added,
    again,
    at,
    claimed,
    family,
    notify,
    scan,
    settled,
    take,
    through,
    webhook,
)
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores

KEY = "scan:/films/Dune"


async def test_of_a_key_one_job_waits_and_a_second_joins_it_with_the_newer_payload(
    store: JobStore, stores: Stores
) -> None:
    (first,) = await added(store, scan(dedupe_key=KEY, payload={"file": "old"}))
    insertion = await store.add([scan(dedupe_key=KEY, payload={"file": "new"})], now=at(1))
    assert insertion.jobs == ()
    (record,) = insertion.joined
    assert (record.status, record.started_at, record.attempts) == (EndStatus.SKIPPED, None, 0)
    assert str(record.error) == f"Joined job {first.id}."
    assert record.job_id > first.id
    assert await stores.record(record.job_id) == record
    (waiting,) = await store.jobs()
    assert (waiting.id, waiting.payload, waiting.created_at) == (first.id, {"file": "new"}, START)


async def test_other_keys_and_jobs_without_one_wait_beside_it(store: JobStore) -> None:
    assert len(await added(store, scan(dedupe_key=KEY), scan(dedupe_key="other"), scan(), scan())) == 4


async def test_twins_in_one_insertion_join_too(store: JobStore) -> None:
    insertion = await store.add([scan(dedupe_key=KEY), scan(dedupe_key=KEY)], now=START)
    assert (len(insertion.jobs), len(insertion.joined)) == (1, 1)


async def test_an_id_is_never_used_twice_though_its_job_joined_another(store: JobStore) -> None:
    await added(store, scan(dedupe_key=KEY))
    (record,) = (await store.add([scan(dedupe_key=KEY)], now=START)).joined
    (then,) = await added(store, notify())
    assert then.id > record.job_id


async def test_one_more_waits_while_one_runs_and_a_third_joins_that_one(store: JobStore) -> None:
    running = await claimed(store, scan(dedupe_key=KEY))
    (waiting,) = await added(store, scan(dedupe_key=KEY))
    (record,) = (await store.add([scan(dedupe_key=KEY)], now=START)).joined
    assert str(record.error) == f"Joined job {waiting.id}."
    await settled(store, running, Done())
    assert (await take(store)).id == waiting.id


async def test_the_key_is_free_again_once_its_job_ended(store: JobStore) -> None:
    await through(store, scan(dedupe_key=KEY), Done())
    assert len(await added(store, scan(dedupe_key=KEY))) == 1


async def test_a_child_that_joins_a_twin_is_kept_and_its_siblings_wait_for_the_twin(
    store: JobStore, stores: Stores
) -> None:
    (twin,) = await added(store, scan(dedupe_key=KEY, payload={"n": 1}))
    kodi = notify("kodi", waits_for="scan-movie", waits_at_most=at(60) - START)
    parent, settlement = await family(store, scan(dedupe_key=KEY, payload={"n": 2}), kodi, now=at(1))
    (waiting,) = settlement.changed
    assert (waiting.type, waiting.waits_for) == ("notify-kodi", twin.id)
    ended, joined = settlement.records
    assert ended == settlement.record
    assert (joined.type, joined.parent_id, joined.root_id) == ("scan-movie", parent.id, parent.id)
    assert joined.event_id == parent.event_id
    assert await stores.record(joined.job_id) == joined
    assert (await store.job(twin.id) or twin).payload == {"n": 2}
    released = await settled(store, await take(store, at(2), scan=1), Done(), now=at(2))
    assert [job.id for job in released.changed] == [waiting.id]


async def test_a_retry_that_meets_a_waiting_twin_joins_it(store: JobStore, stores: Stores) -> None:
    job = await claimed(store, scan(dedupe_key=KEY, payload={"n": 1}))
    (twin,) = await added(store, scan(dedupe_key=KEY, payload={"n": 2}))
    settlement = await settled(store, job, again(5), now=at(1))
    record = settlement.record
    assert record is not None
    assert (record.status, str(record.error)) == (EndStatus.SKIPPED, f"Joined job {twin.id}.")
    assert (record.started_at, record.attempts) == (START, 1)
    assert await stores.ran(job.id) == ["retry"]
    (waiting,) = await store.jobs()
    assert (waiting.id, waiting.payload) == (twin.id, {"n": 2})


async def test_who_waits_for_an_interrupted_job_waits_for_the_twin_it_joined(store: JobStore) -> None:
    kodi = notify("kodi", waits_for="scan-movie", waits_at_most=at(60) - START)
    await family(store, scan(dedupe_key=KEY), kodi)
    running = await take(store, START, scan=1)
    (twin,) = await added(store, scan(dedupe_key=KEY))
    await settled(store, running, Interrupted(), now=at(1))
    assert [job.waits_for for job in await store.jobs()] == [None, twin.id]
    released = await settled(store, await take(store, at(2), scan=1), Done(), now=at(2))
    assert [job.type for job in released.changed] == ["notify-kodi"]


async def test_a_crashed_job_that_meets_a_waiting_twin_joins_it(store: JobStore, stores: Stores) -> None:
    job = await claimed(stores.process("died", lease=DIED), scan(dedupe_key=KEY))
    (twin,) = await added(store, scan(dedupe_key=KEY))
    recovery = await store.recover(now=at(1))
    (record,) = recovery.records
    assert (recovery.jobs, record.job_id) == ((), job.id)
    assert str(record.error) == f"Joined job {twin.id}."
    assert await stores.ran(job.id) == ["crashed"]


async def test_a_retry_by_hand_that_meets_a_waiting_twin_makes_that_one_due(
    store: JobStore, stores: Stores
) -> None:
    old = (await through(store, scan(dedupe_key=KEY, payload={"n": 1}), Failed(error=Text("no")))).job
    (twin,) = await added(store, scan(dedupe_key=KEY, payload={"n": 2}), now=at(1))
    await settled(store, await take(store, at(1)), again(3600), now=at(1))
    job, new = await store.retry(old.id, max_retries=3, now=at(2))
    assert (job.id, new, job.payload, job.run_after) == (twin.id, False, {"n": 2}, at(2))
    assert len(await store.jobs()) == 1


async def test_what_is_told_once_only_is_stored_once(store: JobStore) -> None:
    first = replace(webhook(), import_keys=("failure:1", "failure:2"), once=True)
    await store.store_webhook(first, now=START)
    for keys in (("failure:2",), ("failure:2", "failure:3")):
        with pytest.raises(Refused):
            await store.store_webhook(replace(first, import_keys=keys), now=START)
    await store.store_webhook(replace(first, import_keys=("failure:3",)), now=START)
    assert len(await store.jobs()) == 2


async def test_a_retry_by_hand_keeps_the_key(store: JobStore) -> None:
    old = (await through(store, scan(dedupe_key=KEY), Failed(error=Text("no")))).job
    job, new = await store.retry(old.id, max_retries=3, now=at(1))
    assert (new, job.dedupe_key) == (True, KEY)
    assert await added(store, scan(dedupe_key=KEY), now=at(2)) == ()
