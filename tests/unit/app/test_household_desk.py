"""Groups and players as a person sets them up, over a core without workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.actions import call
from metarr_desktop.app.snapshots import ServiceState
from metarr_desktop.domain.errors import NotFound, Refused, SecretsUnavailable
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.lanes import BlockCause
from metarr_desktop.domain.outcomes import Blocked
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.job_store import Run
from tests.fakes import START

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.app.core import Core
    from tests.fakes import MemorySecretStore


def named(host: str, password: str = "") -> Draft:
    return Draft(values={"host": host}, secrets={"password": password} if password else {})


async def test_saving_a_service_makes_and_changes_its_first_player(
    core: Core, secrets: MemorySecretStore
) -> None:
    await core.commands.save_service("kodi", named("one.lan", "pw"), enabled=True)
    await core.commands.save_service("kodi", Draft(values={"host": "two.lan", "skip_playing": False}))
    (player,) = (await core.queries.household("kodi")).players
    assert (player.title, player.secrets_set) == ("two.lan", frozenset({"password"}))
    assert secrets.secrets == {"kodi/password": "pw"}
    form = await core.queries.service_form("kodi")
    assert (form.values["host"], form.values["skip_playing"], form.secrets_set) == (
        "two.lan", False, frozenset({"password"}),
    )  # fmt: skip
    assert await core.queries.secret("kodi", "password") == "pw"


async def test_a_form_nobody_filled_in_makes_no_player(core: Core) -> None:
    usual = Draft(values={"host": "", "port": 8080, "username": "kodi", "skip_playing": False})
    await core.commands.save_service("kodi", usual, enabled=False)
    household = await core.queries.household("kodi")
    assert (household.players, [group.name for group in household.groups]) == ((), ["Default"])
    (kodi,) = [each for each in await core.queries.services() if each.key == "kodi"]
    assert not kodi.configured


async def test_with_several_players_the_service_says_only_what_holds_for_all(core: Core) -> None:
    await core.commands.save_service("kodi", named("one.lan"), enabled=True)
    await core.commands.add_player("kodi", "", named("two.lan"), name="Bedroom")
    with pytest.raises(Refused, match="kodi player set PLAYER host="):
        await core.commands.save_service("kodi", named("three.lan"))
    await core.commands.save_service("kodi", Draft(values={"skip_playing": False}), enabled=True)
    form = await core.queries.service_form("kodi")
    assert "host" not in {field.name for field in form.fields}
    assert form.values["skip_playing"] is False
    told = await call(core, "service_form", {"service": "kodi"})
    assert isinstance(told, dict)
    assert "host" in told["of_players"]


async def test_a_player_has_secrets_of_its_own_which_go_with_it(
    core: Core, secrets: MemorySecretStore
) -> None:
    await core.commands.add_group("kodi", "Kids")
    player = await core.commands.add_player("kodi", "kids", named("two.lan", "pw"), name="Den")
    assert secrets.secrets == {f"kodi/{player.id}/password": "pw"}
    assert await core.queries.player_secret("kodi", player.id, "password") == "pw"
    await core.commands.save_player("kodi", "den", Draft(secrets={"password": None}), name="Attic")
    assert secrets.secrets == {}
    await core.commands.save_player("kodi", "Attic", Draft(secrets={"password": "new"}))
    await core.commands.remove_player("kodi", str(player.id))
    assert secrets.secrets == {}
    assert (await core.queries.household("kodi")).players == ()


async def test_a_group_takes_its_players_and_their_secrets_along(
    core: Core, secrets: MemorySecretStore
) -> None:
    await core.commands.add_group("kodi", "Kids")
    await core.commands.add_player("kodi", "Kids", named("two.lan", "pw"))
    await core.commands.remove_group("kodi", "Kids")
    assert secrets.secrets == {}
    household = await core.queries.household("kodi")
    assert (household.several, [group.name for group in household.groups]) == (False, ["Default"])


async def test_a_locked_keyring_adds_no_player_and_memory_is_the_way_out(
    core: Core, secrets: MemorySecretStore
) -> None:
    secrets.failure = SecretsUnavailable("The keyring is locked.")
    with pytest.raises(SecretsUnavailable):
        await core.commands.add_player("kodi", "", named("one.lan", "pw"))
    assert (await core.queries.household("kodi")).players == ()
    await core.commands.add_player("kodi", "", named("one.lan", "pw"), until_quit=True)
    assert secrets.until_quit == {"kodi/password": "pw"}
    (player,) = (await core.queries.household("kodi")).players
    assert (player.enabled, player.secrets_set) == (True, frozenset({"password"}))
    await core.commands.remove_player("kodi", "one.lan")
    assert secrets.until_quit == {}


async def test_what_cannot_be_is_refused_with_a_sentence(core: Core) -> None:
    with pytest.raises(Refused, match="host"):
        await core.commands.add_player("kodi", "", Draft(values={"port": 8081}))
    with pytest.raises(Refused, match="own field"):
        await core.commands.add_player("kodi", "", named("one.lan:8080"))
    with pytest.raises(NotFound, match="Default"):
        await core.commands.add_player("kodi", "Attic", named("one.lan"))
    with pytest.raises(Refused, match="no players"):
        await core.commands.add_group("discord", "Kids")
    with pytest.raises(NotFound):
        await core.commands.add_group("jabber", "Kids")
    for _ in range(2):
        await core.commands.add_player("kodi", "", named("one.lan"))
    with pytest.raises(Refused, match="Several"):
        await core.commands.remove_player("kodi", "one.lan")
    with pytest.raises(NotFound, match="one"):
        await core.commands.remove_player("kodi", "nobody")
    with pytest.raises(Refused, match="host"):
        await core.commands.save_player("kodi", "1", Draft(values={"host": ""}))


async def test_groups_are_linked_to_library_folders(core: Core, tmp_path: Path) -> None:
    (tmp_path / "cartoons").mkdir()
    await core.commands.add_library(str(tmp_path / "cartoons"))
    await core.commands.add_group("kodi", "Kids")
    await core.commands.link_group("kodi", "Kids", "cartoons")
    assert (await core.queries.household("kodi")).groups[1].libraries == ("cartoons",)
    await core.commands.unlink_group("kodi", "Kids", "cartoons")
    with pytest.raises(NotFound, match="not linked"):
        await core.commands.unlink_group("kodi", "Kids", "cartoons")
    with pytest.raises(NotFound, match="films"):
        await core.commands.link_group("kodi", "Kids", "films")


async def stop(core: Core, lane: str) -> None:
    queue = core.commands._queue
    await queue.add([NewJob(type="notify-kodi", lane=lane, priority=5)])
    claim = await queue.claim({lane: 1})
    assert claim.job is not None
    blocked = Blocked(reason=Text("Key rejected."), cause=BlockCause.KEY_REJECTED)
    await queue.settle(claim.job, blocked, run=Run(started_at=START, duration=START - START))


async def test_a_saved_player_frees_its_group_and_a_saved_service_all_of_them(core: Core) -> None:
    await core.commands.save_service("kodi", named("one.lan"), enabled=True)
    await core.commands.add_group("kodi", "Kids")
    await core.commands.add_player("kodi", "Kids", named("two.lan"))
    for lane in ("kodi", "kodi/kids"):
        await stop(core, lane)
    (kodi,) = [each for each in await core.queries.services() if each.key == "kodi"]
    assert (kodi.state, kodi.waiting) == (ServiceState.NEEDS_ATTENTION, 2)
    assert [lane.title for lane in await core.queries.lanes()] == ["Kodi (Default)", "Kodi (Kids)"]
    assert {problem.subject for problem in await core.queries.problems() if problem.subject} == {"kodi"}
    await core.commands.save_player("kodi", "two.lan", Draft(values={"port": 8081}))
    assert [lane.lane for lane in await core.queries.lanes()] == ["kodi"]
    await stop(core, "kodi/kids")
    await core.commands.save_service("kodi", Draft(values={"skip_playing": False}))
    assert await core.queries.lanes() == ()


async def test_switching_a_service_frees_the_lanes_of_all_its_groups(core: Core) -> None:
    await core.commands.add_group("kodi", "Kids")
    await stop(core, "kodi/kids")
    await core.commands.set_enabled("kodi", False)
    assert await core.queries.lanes() == ()


async def test_deliveries_that_are_paused_are_paused_in_every_group_there_is(core: Core) -> None:
    for name in ("Kids", "Attic"):
        await core.commands.add_group("kodi", name)
    await core.commands.remove_group("kodi", "Attic")
    await core.commands.pause()
    lanes = {lane.lane for lane in await core.queries.lanes()}
    assert {"kodi", "kodi/kids", "discord"} <= lanes
    assert "kodi/attic" not in lanes


async def test_a_group_has_path_mappings_that_go_before_those_of_its_service(core: Core) -> None:
    await core.commands.add_group("kodi", "Kids")
    for scope, target in (("kodi", "/all"), ("kodi/kids", "/kids"), ("kodi/default", "/first")):
        await core.commands.add_mapping(scope, "/movies", target)
    for scope, path in (("kodi", "/first/Up"), ("kodi/kids", "/kids/Up"), ("kodi/default", "/first/Up")):
        hop = (await core.queries.trace("/movies/Up", "radarr", scope))[-1]
        assert (hop.scope, hop.path) == (scope, path)
    await core.commands.remove_mapping("kodi/kids", "/movies")
    assert (await core.queries.trace("/movies/Up", "radarr", "kodi/kids"))[-1].path == "/all/Up"
    with pytest.raises(NotFound, match="kodi/kids"):
        await core.commands.add_mapping("kodi/attic", "/movies", "/x")
    with pytest.raises(NotFound, match="kodi/kids"):
        await core.queries.trace("/movies/Up", "radarr", "kodi/attic")
