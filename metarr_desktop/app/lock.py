"""The lock of a data folder: one program uses it at a time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING

from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.errors import Refused, StorageFailed
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from pathlib import Path

WAIT_S = 5.0
"""A lock held by another command line is waited for so long."""
STEP_S = 0.05
SERVING, COMMAND = "serving", "command"


class AlreadyRunning(Refused):
    """The folder is in use by a running program."""


class DataFolderLock:
    """A lock that the system releases by itself when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    async def acquire(self, *, serving: bool, wait_s: float = WAIT_S) -> None:
        """Take the lock. Raises AlreadyRunning at once for a running program, or after ``wait_s``."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageFailed(
                text("The data folder cannot be used: {detail}.", detail=error.strerror or str(error))
            ) from error
        try:
            await self._wait(descriptor, wait_s=wait_s)
            self._sign(descriptor, kind=SERVING if serving else COMMAND)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    @staticmethod
    def _sign(descriptor: int, *, kind: str) -> None:
        """Write who holds the lock; on a full disk it is held all the same."""
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, json.dumps({"pid": os.getpid(), "kind": kind}).encode())

    async def _wait(self, descriptor: int, *, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        before: str | None = None
        while not _take(descriptor):
            holder = _read_holder(self._path)
            # Once may be what a killed program left, read before the new holder wrote its own.
            if before == holder == SERVING or loop.time() >= deadline:
                raise _already_running(self._path, holder=holder)
            before = holder
            await asyncio.sleep(STEP_S)

    def release(self) -> None:
        """Let the lock go; the file stays."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def lock_of_file(file: Path) -> Path:
    """Return the lock of a database elsewhere: that of its folder where it may be a data folder itself."""
    file = file.resolve()
    folder = AppPaths(data_dir=file.parent)
    return folder.lock if file.name == folder.database.name else file.with_name(f"{file.name}.lock")


def _already_running(path: Path, *, holder: str | None) -> AlreadyRunning:
    if holder == SERVING:
        return AlreadyRunning(text("Metarr Desktop is already running on {folder}.", folder=str(path.parent)))
    return AlreadyRunning(
        text(
            "Another metarr-desktop command is using {folder}. Try again in a moment.",
            folder=str(path.parent),
        )
    )


def _read_holder(path: Path) -> str | None:
    try:
        kind = json.loads(path.read_text(encoding="utf-8")).get("kind")
    except (OSError, ValueError, AttributeError):
        return None
    return kind if isinstance(kind, str) else None


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, 1 << 20, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
