"""Opens the chosen database: its schema brought up to date, its threads ready, its clock known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from metarr_desktop.app.lock import DataFolderLock
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.changes import StorageChanged
from metarr_desktop.domain.clock import ShiftedClock, from_ms
from metarr_desktop.storage.database import Database, SqliteDatabase, postgres_database
from metarr_desktop.storage.schema import prepare

if TYPE_CHECKING:
    from contextlib import AsyncExitStack
    from pathlib import Path

    from metarr_desktop.app.database_choice import DatabaseChoice
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.sql import Sql


async def open_database(
    choice: DatabaseChoice, stack: AsyncExitStack, *, bus: Bus, sender: str, serve: bool
) -> Database:
    """Prepare and open it. Raises AlreadyRunning, or StorageFailed with what to do."""

    def tell(_problem: Text | None) -> None:
        bus.publish(StorageChanged())

    if choice.url is None:
        if choice.own:
            lock = DataFolderLock(_lock_of(choice.file.resolve()))
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


def _lock_of(file: Path) -> Path:
    """Return the lock of a file outside the data folder: that of its folder where it may be one itself."""
    folder = AppPaths(data_dir=file.parent)
    return folder.lock if file.name == folder.database.name else file.with_name(f"{file.name}.lock")


async def clock_of(database: Database, clock: Clock) -> Clock:
    """Return the clock to go by: where several computers share a database, that of its server."""
    if not database.shared:
        return clock
    before = clock.now()
    server = from_ms(await database.read(_server_ms))
    return ShiftedClock(clock, ahead=server - (before + (clock.now() - before) / 2))


def _server_ms(db: Sql) -> int:
    return int(db.execute(f"SELECT {db.dialect.now_ms}").fetchone()[0])
