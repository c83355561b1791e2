from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.control_client import CallFailedError, NotRunningError
from metarr_desktop.app.lock import DataFolderLock
from metarr_desktop.cli.session import FolderSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def answering(folder: Path, body: bytes) -> AsyncIterator[list[bytes]]:
    """A program answers on the control address with this body, or hangs up where there is none."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        if body:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (folder / "control.json").write_text(json.dumps({"port": port, "token": "abc", "pid": 1}))
    async with server:
        yield heard


@asynccontextmanager
async def held(folder: Path, *, serving: bool) -> AsyncIterator[DataFolderLock]:
    lock = DataFolderLock(folder / "lock")
    await lock.acquire(serving=serving)
    yield lock
    lock.release()


def test_without_a_program_the_command_works_on_the_folder_itself(tmp_path: Path) -> None:
    session = FolderSession(tmp_path)
    session.call("pause", minutes=None)
    assert session.call("status")["paused"] is True
    assert (tmp_path / "metarr.db").exists()
    with pytest.raises(CallFailedError, match="no job 5") as failed:
        session.call("retry", job_id=5)
    assert failed.value.kind == "not_found"


def test_a_damaged_database_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "metarr.db").write_bytes(b"no database at all " * 100)
    with pytest.raises(CallFailedError, match="damaged") as failed:
        FolderSession(tmp_path).call("jobs")
    assert failed.value.kind == "storage"


@pytest.mark.parametrize("action", ["quit", "open", "send_test"])
def test_what_needs_a_running_program_touches_nothing_without_one(tmp_path: Path, action: str) -> None:
    with pytest.raises(NotRunningError):
        FolderSession(tmp_path / "data").call(action)
    assert not (tmp_path / "data").exists()


async def test_a_running_program_is_asked_and_the_folder_left_alone(tmp_path: Path) -> None:
    async with answering(tmp_path, b'{"result": 5}'):
        assert await asyncio.to_thread(FolderSession(tmp_path).call, "status") == 5
    assert not (tmp_path / "metarr.db").exists()


async def test_a_program_that_is_still_starting_is_waited_for(tmp_path: Path) -> None:
    loop, waiting, ready = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        loop.call_soon_threadsafe(waiting.set)
        assert ready.wait(30)

    session = FolderSession(tmp_path, starting_s=60, wait=wait)
    async with held(tmp_path, serving=True):
        asked = asyncio.create_task(asyncio.to_thread(session.call, "status"))
        await asyncio.wait_for(waiting.wait(), 30)
        async with answering(tmp_path, b'{"result": "started"}'):
            ready.set()
            assert await asked == "started"


async def test_a_program_that_never_answers_is_told_after_a_while(tmp_path: Path) -> None:
    async with held(tmp_path, serving=True):
        with pytest.raises(CallFailedError, match="already running"):
            await asyncio.to_thread(FolderSession(tmp_path, starting_s=0).call, "status")


async def test_what_was_asked_once_is_not_asked_again(tmp_path: Path) -> None:
    async with held(tmp_path, serving=True), answering(tmp_path, b"") as heard:
        with pytest.raises(CallFailedError, match="already running"):
            await asyncio.to_thread(FolderSession(tmp_path, starting_s=60).call, "replay", event_id=1)
    assert len(heard) == 1


async def test_the_end_of_the_program_is_waited_for(tmp_path: Path) -> None:
    loop, waiting, gone = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        loop.call_soon_threadsafe(waiting.set)
        assert gone.wait(30)

    async with held(tmp_path, serving=True) as lock:
        stopped = asyncio.create_task(
            asyncio.to_thread(FolderSession(tmp_path, stopping_s=60, wait=wait).has_stopped)
        )
        await asyncio.wait_for(waiting.wait(), 30)
        assert not stopped.done()
        lock.release()
        gone.set()
        assert await stopped


async def test_a_program_that_does_not_end_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async with held(tmp_path, serving=True):
        assert not await asyncio.to_thread(FolderSession(tmp_path, stopping_s=0.01).has_stopped)
