"""A Discord on 127.0.0.1, in a thread of its own, so that it outlives the program under test."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz012345"


@dataclass
class FakeDiscord:
    """Takes messages; ``script`` holds answers (status, body) to give first, one for each request."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    script: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    requests: int = 0
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

    def start(self) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


def _handler(discord: FakeDiscord) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == f"/api/webhooks/123456789012345678/{TOKEN}?wait=true"
            assert self.headers["Content-Type"] == "application/json"
            assert message["allowed_mentions"] == {"parse": []}
            discord.requests += 1
            status, answer = discord.script.pop(0) if discord.script else (200, {"id": "1"})
            if status == 200:
                discord.messages.append(message)
            self._answer(status, answer)

        def do_GET(self) -> None:
            self._answer(200, {"id": "123456789012345678", "type": 1, "name": "Films", "token": TOKEN})

        def _answer(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

    return Handler
