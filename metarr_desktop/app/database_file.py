"""What can be done about the SQLite file of a data folder, also where no program can open it."""

from __future__ import annotations

import asyncio
import shlex
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from metarr_desktop.app.database_choice import choice_without_password
from metarr_desktop.app.lock import AlreadyRunning, DataFolderLock, lock_of_file
from metarr_desktop.domain.clock import SystemClock
from metarr_desktop.domain.errors import NotFound, Refused, StorageFailed
from metarr_desktop.domain.text import text
from metarr_desktop.storage.backup import back_up, backups
from metarr_desktop.storage.recovery import files_set_aside, restore, start_empty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.domain.backup import Backup, Replaced
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.text import Text


class DatabaseFile:
    """The file, its backups, and those that were set aside."""

    def __init__(self, paths: AppPaths, *, file: Path | None = None, clock: Clock | None = None) -> None:
        self.path = file or paths.database
        self._paths = paths
        self._clock = clock or SystemClock()

    def size(self) -> int | None:
        """Bytes of the file and of its write-ahead log; None where there is no file."""
        if not self.path.exists():
            return None
        log = self.path.with_name(f"{self.path.name}-wal")
        return self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)

    def backups(self) -> tuple[Backup, ...]:
        """List the copies, newest first. Blocking. Raises StorageFailed."""
        return backups(self._paths.backups)

    def offered(self) -> tuple[Backup, ...]:
        """List the copies a person may choose from: none where they cannot be read. Blocking."""
        with suppress(StorageFailed):
            return self.backups()
        return ()

    def set_aside(self) -> tuple[Path, ...]:
        """List the files that a restored or an empty one took the place of, oldest first. Blocking."""
        return files_set_aside(self.path)

    def back_up(self) -> Backup:
        """Copy the file now, whether or not a program has it open. Blocking. Raises StorageFailed."""
        if not self.path.exists():
            raise NotFound(text("There is no database in {folder} yet.", folder=str(self._paths.data_dir)))
        return back_up(self.path, self._paths.backups, now=self._clock.now())

    async def restore(self, date: str | None = None) -> Replaced:
        """Put the backup of a day in place, the newest where none is named.

        Raises NotFound, Refused while a program holds the folder, StorageFailed.
        """
        async with self._alone():
            found = await asyncio.to_thread(self.backups)
            chosen = next((each for each in found if date in {None, each.date}), None)
            if chosen is None:
                raise NotFound(_no_such_backup(date, found))
            return await asyncio.to_thread(restore, self.path, chosen, now=self._clock.now())

    async def start_empty(self) -> Replaced:
        """Put an empty database in place. Raises Refused while a program holds the folder, StorageFailed."""
        async with self._alone():
            found = await asyncio.to_thread(self.backups)
            return await asyncio.to_thread(start_empty, self.path, now=self._clock.now(), backups=found)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        await asyncio.to_thread(self._paths.prepare)
        with ExitStack() as stack:
            await self._hold(
                DataFolderLock(self._paths.lock),
                stack,
                refusal=text(
                    "Metarr Desktop is using {folder}. Quit it first, with: {command}",
                    folder=str(self._paths.data_dir),
                    command=command(self._paths, "quit"),
                ),
            )
            if self.path.resolve() != self._paths.database.resolve():
                refusal = text("Another Metarr Desktop is using {file}. Quit it first.", file=str(self.path))
                await self._hold(DataFolderLock(lock_of_file(self.path)), stack, refusal=refusal)
            yield

    @staticmethod
    async def _hold(lock: DataFolderLock, stack: ExitStack, *, refusal: Text) -> None:
        try:
            await lock.acquire(serving=False)
        except AlreadyRunning as error:
            raise Refused(refusal) from error
        stack.callback(lock.release)


def file_in_use(paths: AppPaths, *, given: str | None) -> DatabaseFile:
    """Return the SQLite file that a start works on. Raises Refused, StorageFailed."""
    choice, _ = choice_without_password(paths, given=given)
    return DatabaseFile(paths, file=choice.file)


def damage_report(paths: AppPaths, *, given: str | None) -> str:
    """Tell a person in a terminal that the database is damaged, and which commands help."""
    file = file_in_use(paths, given=given)
    found = file.offered()
    lines = [f"The database {file.path} is damaged. Nothing was changed. You can:"]
    if found:
        lines.append(f"  restore the backup of {found[0].date}:  {command(paths, 'database restore')}")
    lines.append(f"  start with an empty one:  {command(paths, 'database start-empty')}")
    lines.append("Either way the damaged file is kept beside the new one.")
    if not found:
        lines.append("There is no backup yet that could be restored.")
    return "\n".join(lines)


def command(paths: AppPaths, words: str) -> str:
    """A command about this data folder, as it is typed."""
    return f"metarr-desktop --data-dir {shlex.quote(str(paths.data_dir))} {words}"


def _no_such_backup(date: str | None, found: tuple[Backup, ...]) -> str:
    if not found:
        return "There is no backup that could be restored."
    days = ", ".join(dict.fromkeys(each.date for each in found))
    return f"There is no backup of {date}. There are backups of: {days}."
