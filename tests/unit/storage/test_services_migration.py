"""The step from version 4: the one Kodi there could be becomes the first player of a group."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import peewee
import pytest
from playhouse.migrations import Runner

from metarr_desktop.storage.database import SqliteDatabase, postgres_database
from metarr_desktop.storage.player_store import PlayerStore
from metarr_desktop.storage.postgres import open_postgres
from metarr_desktop.storage.postgres_schema import prepare_postgres
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.service_store import SECRET_MARKER, ServiceStore
from metarr_desktop.storage.sql_job_store import SqlJobStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from metarr_desktop.storage.database import Database

    Moved = Callable[[object], Awaitable[Database]]

CONFIGURED = {
    "host": "living-room.lan",
    "port": 8081,
    "username": "me",
    "password": SECRET_MARKER,
    "skip_playing": False,
}
KODI = (
    "INSERT INTO notification_config (service, enabled, config, created_at, updated_at)"
    " VALUES ('kodi', 1, ?, 5, 5)"
)
JOB = (
    "INSERT INTO job_queue (id, type, lane, priority, payload, created_at, updated_at, run_after, root_id)"
    " VALUES (7, 'notify-kodi', 'kodi', 5, '{}', 1, 1, 1, 7)"
)


@pytest.fixture(params=["sqlite", "postgresql"])
async def moved(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Moved]:
    """Return what makes a database of version 4 with some settings of Kodi, and brings it up to date."""
    made: list[Database] = []
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else ""
    path = tmp_path / "metarr.db"

    async def move(config: object) -> Database:
        db: Any = open_postgres(url) if is_postgresql else peewee.SqliteDatabase(str(path))
        directory = str(resources.files("metarr_desktop.storage") / "migrations")
        Runner(db, directory, table_name="schema_migrations").up("0004_senders")
        db.execute_sql(
            KODI.replace("?", "%s") if is_postgresql else KODI,
            (config if isinstance(config, str) else json.dumps(config),),
        )
        db.execute_sql(JOB)
        db.close()
        if is_postgresql:
            prepare_postgres(url)
        else:
            prepare(path)
        made.append(postgres_database(url, sender="here") if is_postgresql else SqliteDatabase(path))
        return made[-1]

    yield move
    for database in made:
        await database.close()


async def test_the_one_kodi_is_the_first_player_and_keeps_its_password_and_its_jobs(moved: Moved) -> None:
    database = await moved(CONFIGURED)
    (player,) = await PlayerStore(database).players("kodi")
    assert player.values == {"host": "living-room.lan", "port": 8081, "username": "me"}
    assert (player.kept_secrets, player.secrets_at, player.enabled) == (frozenset({"password"}), "kodi", True)
    (group,) = (await PlayerStore(database).groups())["kodi"]
    assert (group.name, group.lane, group.players) == ("Default", "kodi", 1)
    row = await ServiceStore(database).row("kodi")
    assert (row.enabled, row.values, row.kept_secrets) == (True, {"skip_playing": False}, frozenset())
    (job,) = await SqlJobStore(database).jobs()
    assert (job.id, job.lane) == (7, "kodi")


@pytest.mark.parametrize("config", [{}, {"host": "", "port": 8080, "username": "kodi", "skip_playing": True}])
async def test_a_kodi_of_which_nothing_was_said_gets_no_player(moved: Moved, config: object) -> None:
    database = await moved(config)
    assert await PlayerStore(database).groups() == {}
    row = await ServiceStore(database).row("kodi")
    assert row.values == ({"skip_playing": True} if config else {})


async def test_settings_that_a_person_damaged_stay_as_they_are(moved: Moved) -> None:
    database = await moved("{oops")
    assert await PlayerStore(database).groups() == {}

    def stored(sql: Any) -> Any:
        return sql.execute("SELECT config FROM notification_config WHERE service = 'kodi'").fetchone()[0]

    assert await database.read(stored) == "{oops"
