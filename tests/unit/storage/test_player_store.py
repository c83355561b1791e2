"""Players, their groups, and where a group's jobs go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.storage.library_store import LibraryStore
from metarr_desktop.storage.player_store import PlayerStore
from tests.fakes import START

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.domain.groups import Player
    from metarr_desktop.storage.database import Database


async def put(store: PlayerStore, group: int, host: str) -> Player:
    return await store.add_player(group, name="", values={"host": host}, enabled=True, now=START)


async def test_the_first_group_is_there_as_soon_as_anything_asks(any_database: Database) -> None:
    store = PlayerStore(any_database)
    assert await store.groups() == {}
    group = await store.first_group("kodi", now=START)
    assert (group.name, group.slug, group.lane) == ("Default", "default", "kodi")
    assert await store.first_group("kodi", now=START) == group
    assert await store.groups() == {"kodi": (group,)}


async def test_the_first_group_leads_although_it_came_later(any_database: Database) -> None:
    store = PlayerStore(any_database)
    kids = await store.add_group("kodi", " Kids  room ", now=START)
    first = await store.first_group("kodi", now=START)
    upstairs = await put(store, kids.id, "kids")
    living = await put(store, first.id, "living")
    assert [group.lane for group in (await store.groups())["kodi"]] == ["kodi", "kodi/kids-room"]
    assert [each.id for each in await store.players("kodi")] == [living.id, upstairs.id]


async def test_only_the_first_player_of_the_first_group_has_the_secrets_of_the_service(
    any_database: Database,
) -> None:
    store = PlayerStore(any_database)
    first, kids = await store.first_group("kodi", now=START), await store.add_group("kodi", "Kids", now=START)
    players = [await put(store, group, "h") for group in (kids.id, first.id, first.id)]
    assert [each.secrets_at for each in players] == [f"kodi/{players[0].id}", "kodi", f"kodi/{players[2].id}"]


async def test_what_is_saved_of_a_player_is_read_back_and_secrets_are_only_marked(
    any_database: Database,
) -> None:
    store = PlayerStore(any_database)
    first = await store.first_group("kodi", now=START)
    player = await put(store, first.id, "old")
    await store.save_player(
        player.id, name="Den", values={"host": "new"}, kept_secrets=["password"], enabled=False, now=START
    )
    found = await store.player("kodi", player.id)
    assert (found.name, found.values, found.kept_secrets, found.enabled) == (
        "Den",
        {"host": "new"},
        frozenset({"password"}),
        False,
    )
    await store.remove_player(player.id)
    with pytest.raises(NotFound):
        await store.player("kodi", player.id)
    with pytest.raises(NotFound):
        await store.save_player(player.id, name="", values={}, kept_secrets=(), enabled=True, now=START)


@pytest.mark.parametrize("name", ["", "  ", "!!!", "x" * 61])
async def test_a_name_that_gives_no_address_is_refused(any_database: Database, name: str) -> None:
    with pytest.raises(Refused, match="letter"):
        await PlayerStore(any_database).add_group("kodi", name, now=START)


async def test_a_group_is_found_by_its_name_and_no_two_share_one(any_database: Database) -> None:
    store = PlayerStore(any_database)
    kids = await store.add_group("kodi", "Kids", now=START)
    assert await store.group("kodi", "kids") == kids
    with pytest.raises(Refused, match="already"):
        await store.add_group("kodi", "KIDS", now=START)
    with pytest.raises(NotFound, match="Kids"):
        await store.group("kodi", "Attic")
    with pytest.raises(NotFound):
        await store.group("other", "Kids")


async def test_a_removed_group_keeps_its_lane_and_may_come_back_without_its_players(
    any_database: Database,
) -> None:
    store = PlayerStore(any_database)
    await store.first_group("kodi", now=START)
    kids = await store.add_group("kodi", "Kids", now=START)
    player = await put(store, kids.id, "kids")
    assert await store.remove_group("kodi", "Kids", now=START) == (player,)
    assert [group.name for group in (await store.groups())["kodi"]] == ["Default"]
    assert await store.players("kodi") == ()
    assert await store.lanes() == {"kodi": ("kodi", "kodi/kids")}
    again = await store.add_group("kodi", "KIDS", now=START)
    assert (again.id, again.name, again.players) == (kids.id, "KIDS", 0)
    with pytest.raises(Refused, match="always there"):
        await store.remove_group("kodi", "Default", now=START)


async def test_a_link_goes_with_its_library_folder(any_database: Database, tmp_path: Path) -> None:
    store, library = PlayerStore(any_database), LibraryStore(any_database)
    (tmp_path / "films").mkdir()
    folder = await library.add_library(str(tmp_path / "films"), now=START)
    group = await store.first_group("kodi", now=START)
    await store.link(group.id, folder.id)
    await store.link(group.id, folder.id)
    assert (await store.group("kodi", "Default")).libraries == {folder.id}
    assert await store.unlink(group.id, folder.id)
    assert not await store.unlink(group.id, folder.id)
    await store.link(group.id, folder.id)
    await library.remove_library(folder.id)
    assert (await store.group("kodi", "Default")).libraries == frozenset()
