from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from metarr_desktop.app.control import ControlServer
from metarr_desktop.app.control_client import CallFailedError, NotRunningError, call_running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.core import Core


@pytest.fixture
async def control(core: Core) -> AsyncIterator[dict[str, Any]]:
    server = ControlServer(core)
    await server.start()
    yield json.loads(core.paths.control.read_text())
    await server.stop()


async def post(found: dict[str, Any], body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{found['port']}/call", data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def test_a_command_line_reaches_the_program(core: Core, control: dict[str, Any]) -> None:
    folder = core.paths.data_dir
    await asyncio.to_thread(call_running, folder, "pause", {"minutes": None})
    status = await asyncio.to_thread(call_running, folder, "status", {})
    assert status["paused"] is True
    with pytest.raises(CallFailedError, match="no job 5") as failed:
        await asyncio.to_thread(call_running, folder, "retry", {"job_id": 5})
    assert failed.value.kind == "not_found"


async def test_nobody_without_the_token_is_heard(control: dict[str, Any]) -> None:
    body = b'{"action": "quit"}'
    token = f"Bearer {control['token']}"
    assert (await post(control, body))[0] == 403
    assert (await post(control, body, Authorization="Bearer wrong"))[0] == 403
    assert (await post(control, body, Authorization=token, Origin="http://evil.example"))[0] == 403
    assert (await post(control, body, Authorization=token, **{"Sec-Fetch-Site": "cross-site"}))[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"action": 5}',
        b'{"action": "status", "params": []}',
        b'{"params": {}}',
        b"[" * 100_000,
    ],
)
async def test_a_malformed_call_is_refused_without_a_traceback(control: dict[str, Any], body: bytes) -> None:
    status, answer = await post(control, body, Authorization=f"Bearer {control['token']}")
    assert status == 400
    assert "Traceback" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("fly", {}),
        ("retry", {}),
        ("retry", {"job_id": "5"}),
        ("retry", {"job_id": True}),
        ("pause", {"minutes": 0}),
    ],
)
async def test_a_call_that_makes_no_sense_is_told_so(
    control: dict[str, Any], action: str, params: dict[str, Any]
) -> None:
    body = json.dumps({"action": action, "params": params}).encode()
    status, answer = await post(control, body, Authorization=f"Bearer {control['token']}")
    assert (status, answer["error"]["kind"]) == (409, "refused")


async def test_the_file_goes_with_the_program(core: Core) -> None:
    server = ControlServer(core)
    await server.start()
    assert core.paths.control.exists()
    await server.stop()
    assert not core.paths.control.exists()


def test_a_file_that_was_left_behind_means_not_running(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError):
        call_running(tmp_path, "status", {})
    (tmp_path / "control.json").write_text('{"port": 1, "token": "x", "pid": 1}')
    with pytest.raises(NotRunningError):
        call_running(tmp_path, "status", {})
    (tmp_path / "control.json").write_text("[]")
    with pytest.raises(NotRunningError):
        call_running(tmp_path, "status", {})
