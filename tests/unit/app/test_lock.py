from __future__ import annotations

import asyncio
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.lock import AlreadyRunning, DataFolderLock
from metarr_desktop.domain.errors import StorageFailed

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_running_program_keeps_everybody_else_out_at_once(tmp_path: Path) -> None:
    first, second = DataFolderLock(tmp_path / "lock"), DataFolderLock(tmp_path / "lock")
    await first.acquire(serving=True)
    with pytest.raises(AlreadyRunning, match="already running"):
        await second.acquire(serving=False, wait_s=60)
    first.release()
    await second.acquire(serving=True)
    second.release()
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600


async def test_another_command_is_waited_for(tmp_path: Path) -> None:
    first, second = DataFolderLock(tmp_path / "lock"), DataFolderLock(tmp_path / "lock")
    await first.acquire(serving=False)
    waiting = asyncio.ensure_future(second.acquire(serving=False))
    await asyncio.sleep(0)
    assert not waiting.done()
    first.release()
    await waiting
    second.release()


async def test_a_command_that_does_not_end_is_waited_for_only_so_long(tmp_path: Path) -> None:
    first, second = DataFolderLock(tmp_path / "lock"), DataFolderLock(tmp_path / "lock")
    await first.acquire(serving=False)
    with pytest.raises(AlreadyRunning, match="Try again"):
        await second.acquire(serving=True, wait_s=0.01)
    first.release()


async def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, sys; from pathlib import Path;"
        "from metarr_desktop.app.lock import DataFolderLock;"
        "lock = DataFolderLock(Path(sys.argv[1])); asyncio.run(lock.acquire(serving=True)); os._exit(9)"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tmp_path / "lock"))
    assert await asyncio.wait_for(child.wait(), 30) == 9
    lock = DataFolderLock(tmp_path / "lock")
    await lock.acquire(serving=True)
    lock.release()


async def test_a_folder_that_cannot_be_used_is_a_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot be used"):
        await DataFolderLock(tmp_path / "missing" / "lock").acquire(serving=True)


async def test_what_a_killed_program_left_in_the_file_keeps_nobody_out(tmp_path: Path) -> None:
    holder, waiter = DataFolderLock(tmp_path / "lock"), DataFolderLock(tmp_path / "lock")
    await holder.acquire(serving=False)
    (tmp_path / "lock").write_text('{"pid": 1, "kind": "serving"}')
    waiting = asyncio.ensure_future(waiter.acquire(serving=False))
    await asyncio.sleep(0)  # it has looked once
    (tmp_path / "lock").write_text('{"pid": 2, "kind": "command"}')
    await asyncio.sleep(0)
    holder.release()
    await waiting
    waiter.release()
