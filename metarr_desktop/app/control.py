"""The control address: commands and queries of the running program, for this computer's user only."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import os
import secrets
from typing import TYPE_CHECKING, Any

from aiohttp import web

from metarr_desktop.app.actions import answer, error_json
from metarr_desktop.app.control_client import HOST, LARGEST_CALL
from metarr_desktop.domain.errors import Refused

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core

OK, CONFLICT = 200, 409


class ControlServer:
    """Serves ``POST /call`` on a free port; ``control.json`` (mode 0600) tells port and token."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._token = secrets.token_urlsafe(32)
        self._port = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen, and write where."""
        app = web.Application(client_max_size=LARGEST_CALL)
        app.router.add_post("/call", self._call)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, HOST, 0)
        await site.start()
        self._runner = runner
        self._port = runner.addresses[0][1]
        await asyncio.to_thread(self._write)

    async def stop(self) -> None:
        """Remove the file, then stop listening."""
        await asyncio.to_thread(self._core.paths.control.unlink, missing_ok=True)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _write(self) -> None:
        path = self._core.paths.control
        new = path.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"port": self._port, "token": self._token, "pid": os.getpid()}, file)
        new.replace(path)

    async def _call(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return web.json_response({"error": {"kind": "refused", "message": "Not allowed."}}, status=403)
        try:
            name, params = _read_call(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return web.json_response({"error": error_json(Refused("A call is at most 1 MiB."))}, status=413)
        except (ValueError, KeyError, TypeError, RecursionError):
            malformed = Refused("A call has an action and its parameters.")
            return web.json_response({"error": error_json(malformed)}, status=400)
        told = await answer(self._core, name, params)
        body = await asyncio.to_thread(_as_json, told)
        return web.Response(
            body=body,
            content_type="application/json",
            charset="utf-8",
            status=OK if "result" in told else CONFLICT,
        )

    def _is_ours(self, request: web.Request) -> bool:
        """Ours is who knows the token; no page in a browser does, and none may even try."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode("utf-8", "replace")
        return (
            hmac.compare_digest(given, self._token.encode())
            and request.headers.get("Host") == f"{HOST}:{self._port}"
            and "Origin" not in request.headers
            and "Sec-Fetch-Site" not in request.headers
        )


def _as_json(told: dict[str, Any]) -> bytes:
    """JSON of an answer; a list is written item by item, so that other threads get their turn."""
    result = told.get("result")
    if isinstance(result, list):
        return f'{{"result": [{", ".join(json.dumps(item) for item in result)}]}}'.encode()
    return json.dumps(told).encode()


def _read_call(raw: bytes) -> tuple[str, dict[str, Any]]:
    message = json.loads(raw)
    name, params = message["action"], message.get("params", {})
    if not isinstance(name, str) or not isinstance(params, dict):
        raise TypeError("an action is a text, its parameters are an object")
    return name, params
