"""The client against servers that are not ours, or not well. Against our own: test_control.py."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.control_client import (
    LARGEST_CALL,
    CallFailedError,
    NotRunningError,
    call_running,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def answering(folder: Path, raw: bytes) -> AsyncIterator[list[bytes]]:
    """Somebody listens where ``control.json`` points, and answers with these bytes."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        heard.append(head + await reader.readexactly(length))
        writer.write(raw)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    point_at(folder, server.sockets[0].getsockname()[1])
    async with server:
        yield heard


def point_at(folder: Path, port: int) -> None:
    (folder / "control.json").write_text(json.dumps({"port": port, "token": "abc", "pid": 1}))


def http(body: bytes, *, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


async def test_the_call_carries_token_action_and_parameters(tmp_path: Path) -> None:
    async with answering(tmp_path, http(b'{"result": [1]}')) as heard:
        assert await asyncio.to_thread(call_running, tmp_path, "retry", {"job_id": 5}) == [1]
    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /call HTTP/1.1")
    assert b"Authorization: Bearer abc" in head
    assert json.loads(body) == {"action": "retry", "params": {"job_id": 5}}


async def test_a_proxy_of_the_environment_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with answering(tmp_path, http(b'{"result": null}')):
        assert await asyncio.to_thread(call_running, tmp_path, "resume", {}) is None


async def test_an_error_keeps_its_kind_and_sentence(tmp_path: Path) -> None:
    body = b'{"error": {"kind": "port", "message": "Port 3000 is used."}}'
    async with answering(tmp_path, http(body, status="409 Conflict")):
        with pytest.raises(CallFailedError, match=r"Port 3000 is used\.") as failed:
            await asyncio.to_thread(call_running, tmp_path, "status", {})
    assert failed.value.kind == "port"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x15\x03\x01\x00\x02\x02",
        http(b"<html>Somebody else</html>"),
        http(b"[]"),
        http(b'{"error": "odd"}'),
        http(b'{"error": {"kind": "refused", "message": "Not allowed."}}', status="403 Forbidden"),
    ],
)
async def test_whoever_took_over_the_port_of_a_killed_program_is_not_the_program(
    tmp_path: Path, raw: bytes
) -> None:
    async with answering(tmp_path, raw):
        with pytest.raises(NotRunningError) as nobody:
            await asyncio.to_thread(call_running, tmp_path, "status", {})
    assert nobody.value.asked


def test_nobody_was_asked_where_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        point_at(tmp_path, taken.getsockname()[1])
        with pytest.raises(NotRunningError) as nobody:
            call_running(tmp_path, "status", {})
    assert not nobody.value.asked


def test_a_program_that_hangs_is_told_as_that(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        point_at(tmp_path, silent.getsockname()[1])
        with pytest.raises(CallFailedError, match="did not answer") as failed:
            call_running(tmp_path, "status", {}, timeout_s=0.05)
    assert failed.value.kind == "timeout"


def test_what_is_too_long_is_not_even_sent(tmp_path: Path) -> None:
    point_at(tmp_path, 1)
    with pytest.raises(CallFailedError, match="too long"):
        call_running(tmp_path, "service_set", {"values": {"host": "a" * LARGEST_CALL}})
