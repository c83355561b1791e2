"""Opens the chosen database: its schema brought up to date, its threads ready, its clock known."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.app.lock import DataFolderLock, lock_of_file
from metarr_desktop.domain.changes import StorageChanged
from metarr_desktop.domain.clock import ShiftedClock, from_ms
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage.database import Database, SqliteDatabase, postgres_database
from metarr_desktop.storage.schema import prepare

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from metarr_desktop.app.database_choice import DatabaseChoice
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.sql import Sql

LOOK_AGAIN_S = 60.0
SLIGHT = timedelta(seconds=1)
"""Clocks that differ no more than this are not corrected, so that time does not tremble."""


async def open_database(
    choice: DatabaseChoice, stack: AsyncExitStack, *, bus: Bus, sender: str, serve: bool
) -> Database:
    """Prepare and open it. Raises AlreadyRunning, or StorageFailed with what to do."""

    def tell(_problem: Text | None) -> None:
        bus.publish(StorageChanged())

    if choice.url is None:
        if choice.own:
            lock = DataFolderLock(lock_of_file(choice.file))
            await lock.acquire(serving=serve)
            stack.callback(lock.release)
        await asyncio.to_thread(prepare, choice.file)
        database: Database = SqliteDatabase(choice.file, on_health=tell)
    else:
        from metarr_desktop.storage.postgres_schema import (  # noqa: PLC0415 - with its driver, where it is used
            prepare_postgres,
        )

        await asyncio.to_thread(lambda: prepare_postgres(choice.url or "", password=choice.password))
        database = postgres_database(choice.url, password=choice.password, sender=sender, on_health=tell)
    stack.push_async_callback(database.close)
    return database


async def clock_of(database: Database, clock: Clock) -> Clock:
    """Return the clock to go by: where several computers share a database, that of its server."""
    if not database.shared:
        return clock
    shifted = ShiftedClock(clock, ahead=timedelta(0))
    shifted.move(await _behind(database, shifted))
    return shifted


async def keep_to_server(database: Database, clock: ShiftedClock) -> None:
    """Go by the server's clock though this computer's is set meanwhile, until cancelled."""
    while True:
        await clock.sleep(LOOK_AGAIN_S)
        with suppress(StorageFailed):
            behind = await _behind(database, clock)
            if abs(behind) > SLIGHT:
                clock.move(behind)


async def _behind(database: Database, clock: Clock) -> timedelta:
    """How far a clock lies behind the server's."""
    before, began = clock.now(), clock.monotonic()
    server = from_ms(await database.read(_server_ms))
    return server - (before + timedelta(seconds=(clock.monotonic() - began) / 2))


def _server_ms(db: Sql) -> int:
    return int(db.execute(f"SELECT {db.dialect.now_ms}").fetchone()[0])
