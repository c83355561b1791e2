"""What is written into the table of services by hand, as people did before there were players, counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.storage.player_adoption import PlayerAdoption, PlayerFields
from metarr_desktop.storage.player_store import PlayerStore
from metarr_desktop.storage.service_store import SECRET_MARKER, ServiceStore
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.domain.groups import Player
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

FIELDS = PlayerFields(service="kodi", usual={"host": "", "port": 8080}, secrets={"password"})


class Shell:
    """A database whose table of services a person changes by hand."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.players, self.services = PlayerStore(database), ServiceStore(database)

    async def write(self, **config: Any) -> bool:
        await self.services.seed(["kodi"], now=START)

        def update(db: Sql) -> None:
            db.execute(
                "UPDATE notification_config SET config = ? WHERE service = 'kodi'", (json.dumps(config),)
            )

        await self._database.run(update)
        return await PlayerAdoption(self._database).adopt(FIELDS, now=START)

    async def add(self) -> Player:
        group = await self.players.first_group("kodi", now=START)
        return await self.players.add_player(
            group.id, name="Den", values={"host": "a"}, enabled=True, now=START
        )

    async def left(self) -> dict[str, Any]:
        return dict((await self.services.row("kodi")).values)


@pytest.fixture
def shell(any_database: Database) -> Shell:
    return Shell(any_database)


async def test_what_is_written_becomes_the_first_player(shell: Shell) -> None:
    assert await shell.write(host="192.168.1.5", port=8081, show_message=True, password=SECRET_MARKER)
    (player,) = await shell.players.players("kodi")
    assert (player.values, player.kept_secrets, player.secrets_at) == (
        {"host": "192.168.1.5", "port": 8081},
        frozenset({"password"}),
        "kodi",
    )
    assert await shell.left() == {"show_message": True}


async def test_what_is_written_changes_the_one_player_there_is(shell: Shell) -> None:
    await shell.add()
    assert await shell.write(port=80)
    (player,) = await shell.players.players("kodi")
    assert (player.name, player.values) == ("Den", {"host": "a", "port": 80})


async def test_of_several_players_none_is_guessed(shell: Shell) -> None:
    for _ in range(2):
        await shell.add()
    assert not await shell.write(host="b")
    assert [each.values["host"] for each in await shell.players.players("kodi")] == ["a", "a"]
    assert await shell.left() == {"host": "b"}
    assert await PlayerAdoption(shell._database).strays(FIELDS) == {"host"}


@pytest.mark.parametrize(
    "config", [{"show_message": True}, {"host": "", "port": 8080}, {"password": "plain"}]
)
async def test_what_says_nothing_of_a_player_makes_none(shell: Shell, config: dict[str, Any]) -> None:
    assert not await shell.write(**config)
    assert await shell.players.players("kodi") == ()
