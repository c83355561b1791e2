"""Sends the shipped sample bodies to our own listener, the way Radarr would."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING

from metarr_desktop.app.paths import resource_path
from metarr_desktop.app.receiving import EVERYWHERE, KEY_NAME, LOOPBACK
from metarr_desktop.domain.errors import NotFound, Refused, Transient
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Collection

    from metarr_desktop.app.listener import Listener
    from metarr_desktop.storage.secrets import SecretStore

TIMEOUT_S = 10.0


class SampleSender:
    """Posts ``resources/samples/<source>/<event>.json`` to the listener of this program."""

    def __init__(self, *, listener: Listener | None, secrets: SecretStore, sources: Collection[str]) -> None:
        self._listener = listener
        self._secrets = secrets
        self._sources = sources

    async def send(self, source: str, *, event: str) -> tuple[int, int]:
        """Post one sample; returns status and event id (0 where none was stored).

        Raises NotFound for an unknown source or event, Refused where nothing listens.
        """
        body = await asyncio.to_thread(self._body, source, event)
        listening = None if self._listener is None else self._listener.listening
        if self._listener is None or listening is None:
            raise Refused("Metarr Desktop is not receiving webhooks now.")
        key = await self._secrets.get(KEY_NAME) if self._listener.needs_key else None
        host = LOOPBACK if listening.host in {EVERYWHERE, "::"} else listening.host
        path = f"{self._listener.base_path}/webhooks/{source}"
        return await _post(host, listening.port, path=path, body=body, key=key)

    def _body(self, source: str, event: str) -> bytes:
        if source not in self._sources:
            known = ", ".join(self._sources)
            raise NotFound(
                text("There is no source called {source}. Known are: {known}.", source=source, known=known)
            )
        folder = resource_path("samples", source)
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", event).lower()
        known_names = sorted(path.stem for path in folder.glob("*.json"))
        if name not in known_names:
            raise NotFound(
                text(
                    "There is no sample of {event}. There are: {known}.",
                    event=event,
                    known=", ".join(known_names),
                )
            )
        return (folder / f"{name}.json").read_bytes()


async def _post(host: str, port: int, *, path: str, body: bytes, key: str | None) -> tuple[int, int]:
    import aiohttp  # noqa: PLC0415 - loaded with the listener already

    headers = {"Content-Type": "application/json", "User-Agent": "MetarrDesktop/send-test"}
    if key is not None:
        headers["X-Api-Key"] = key
    address = f"[{host}]" if ":" in host else host
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session,
            session.post(
                f"http://{address}:{port}{path}", data=body, headers=headers, allow_redirects=False
            ) as response,
        ):
            answer = await response.read()
            status = response.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Transient(text("Our own listener did not answer: {detail}.", detail=str(error))) from error
    try:
        event_id = json.loads(answer).get("eventId", 0)
    except (ValueError, AttributeError):
        event_id = 0
    return status, event_id
