"""Settings to send with, of a service and of the players of one of its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.domain.errors import NothingToDo, NotSetUp, SecretsUnavailable
from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.jobs.group_lanes import GroupLanes
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.jobs.recipients import load_group
from metarr_desktop.storage.player_store import PlayerStore
from metarr_desktop.storage.service_store import ServiceStore
from tests.fakes import START, MemorySecretStore, until
from tests.household import HOUSE, HouseConfig

if TYPE_CHECKING:
    from metarr_desktop.domain.groups import PlayerGroup
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.services.declaration import Group
    from tests.unit.jobs.conftest import Engine


async def group_of(engine: Engine, lane: str, secrets: MemorySecretStore | None = None) -> Group:
    services = ServiceStore(engine.database)
    await services.seed(["house"], now=START)
    await services.save("house", values={"skip_playing": False}, kept_secrets=(), now=START)
    return await load_group(
        HOUSE,
        await services.row("house"),
        cast("Any", secrets or MemorySecretStore()),
        players=PlayerStore(engine.database),
        lane=lane,
    )


async def kids(engine: Engine) -> PlayerGroup:
    store = PlayerStore(engine.database)
    await store.first_group("house", now=START)
    return await store.add_group("house", "Kids", now=START)


async def test_members_come_in_order_with_what_holds_for_all_and_their_own_secrets(engine: Engine) -> None:
    store, group = PlayerStore(engine.database), await kids(engine)
    secrets = MemorySecretStore()
    for host in ("one", "two"):
        made = await store.add_player(group.id, name="", values={"host": host}, enabled=True, now=START)
        await store.save_player(
            made.id, name="", values={"host": host}, kept_secrets=["password"], enabled=True, now=START
        )
        secrets.secrets[f"house/{made.id}/password"] = f"of {host}"
    found = await group_of(engine, "house/kids", secrets)
    configs = [cast("HouseConfig", member.config) for member in found.members]
    assert found.name == "Kids"
    assert [(each.host, each.password.get_secret_value()) for each in configs] == [
        ("one", "of one"),
        ("two", "of two"),
    ]
    assert [each.skip_playing for each in configs] == [False, False]
    assert [member.name for member in found.members] == ["one", "two"]
    secrets.secrets.clear()
    with pytest.raises(SecretsUnavailable, match="password"):
        await group_of(engine, "house/kids", secrets)


async def test_a_player_that_is_off_is_left_out_and_with_all_off_there_is_nothing_to_do(
    engine: Engine,
) -> None:
    store, group = PlayerStore(engine.database), await kids(engine)
    await store.add_player(group.id, name="", values={"host": "off"}, enabled=False, now=START)
    with pytest.raises(NothingToDo, match="Kids"):
        await group_of(engine, "house/kids")
    await store.add_player(group.id, name="Den", values={"host": "on"}, enabled=True, now=START)
    assert [member.name for member in (await group_of(engine, "house/kids")).members] == ["Den"]


async def test_a_group_without_players_is_not_set_up_and_one_that_is_gone_is_over(engine: Engine) -> None:
    with pytest.raises(NotSetUp, match="Default"):
        await group_of(engine, "house")
    await kids(engine)
    with pytest.raises(NotSetUp, match="Kids"):
        await group_of(engine, "house/kids")
    await PlayerStore(engine.database).remove_group("house", "Kids", now=START)
    with pytest.raises(NothingToDo, match="removed"):
        await group_of(engine, "house/kids")


async def test_an_incomplete_player_is_named_as_not_set_up(engine: Engine) -> None:
    group = await kids(engine)
    await PlayerStore(engine.database).add_player(
        group.id, name="", values={"host": ""}, enabled=True, now=START
    )
    with pytest.raises(NotSetUp, match="host"):
        await group_of(engine, "house/kids")


async def test_the_worker_serves_the_lane_of_a_group_from_the_moment_it_is_known(engine: Engine) -> None:
    store, ran = PlayerStore(engine.database), []

    async def handler(job: Job, _report: object) -> Done:
        ran.append(job.lane)
        return Done()

    lanes = GroupLanes(store, changed=engine.queue.wake.set)
    await lanes.refresh()
    engine.start(JobType(type="notify-house", handler=handler, lane="house", lanes=lambda: lanes.of("house")))
    await engine.queue.add(
        [NewJob(type="notify-house", lane=lane, priority=5) for lane in ("house", "house/kids")]
    )
    await until(lambda: ran == ["house"])
    await kids(engine)
    await lanes.refresh()
    await until(lambda: ran == ["house", "house/kids"])
    await store.remove_group("house", "Kids", now=START)
    await lanes.refresh()
    assert lanes.of("house") == ("house", "house/kids")
