"""A Discord on 127.0.0.1, in a thread of its own, so that it outlives the program under test."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from tests.discord_rules import check_change, check_message
from tests.integration.fake_server import FakeHandler, FakeServer

TOKEN = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz012345"


@dataclass
class FakeDiscord:
    """Takes messages; ``script`` holds answers (status, body) to give first, one for each request.

    ``messages`` are those that were ever posted, ``shown`` is what stands in the channel now, by number.
    ``arrivals`` are the times of the posts; each is answered after ``latency_s``.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    script: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    requests: int = 0
    arrivals: list[float] = field(default_factory=list)
    latency_s: float = 0.0
    port: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def webhook_url(self) -> str:
        return f"{self.base}/api/webhooks/123456789012345678/{TOKEN}"

    @property
    def environment(self) -> dict[str, str]:
        """What points the program here."""
        return {"METARR_DISCORD_BASE": self.base, "METARR_SECRET_DISCORD_WEBHOOK_URL": self.webhook_url}

    @property
    def titles(self) -> list[str]:
        return [message["embeds"][0]["title"] for message in self.messages]

    @property
    def plain_titles(self) -> list[str]:
        """The titles as they were before they were made safe for Discord's markup."""
        return [title.replace("\\", "") for title in self.titles]

    def start(self) -> FakeServer:
        server = FakeServer(_handler(self))
        self.port = server.server_address[1]
        return server


def _handler(discord: FakeDiscord) -> type[FakeHandler]:
    place = f"/api/webhooks/123456789012345678/{TOKEN}"

    class Handler(FakeHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == f"{place}?wait=true"
            assert self.headers["Content-Type"] == "application/json"
            check_message(message)
            assert message["allowed_mentions"] == {"parse": []}
            discord.requests += 1
            discord.arrivals.append(time.monotonic())
            identity = str(discord.requests)
            status, answer = discord.script.pop(0) if discord.script else (200, {"id": identity})
            if status == 200:
                discord.messages.append(message)
                discord.shown[str(answer.get("id"))] = message
            time.sleep(discord.latency_s)
            self.answer(status, answer)

        def do_PATCH(self) -> None:
            change = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            check_change(change)
            before, _, identity = self.path.rpartition("/messages/")
            assert before == place
            if identity not in discord.shown:
                self.answer(404, {"message": "Unknown Message", "code": 10008})
                return
            discord.shown[identity] |= change
            self.answer(200, {"id": identity})

        def do_DELETE(self) -> None:
            before, _, identity = self.path.rpartition("/messages/")
            assert before == place
            found = discord.shown.pop(identity, None) is not None
            self.answer(204 if found else 404, {} if found else {"message": "Unknown Message", "code": 10008})

        def do_GET(self) -> None:
            self.answer(200, {"id": "123456789012345678", "type": 1, "name": "Films", "token": TOKEN})

    return Handler
