"""A Pushover on 127.0.0.1, in a thread of its own, so that it outlives the program under test."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.integration.fake_server import FakeHandler, FakeServer

TOKEN, USER_KEY = "a" * 30, "u" * 30
FIELDS = {"token", "user", "message", "title", "url", "priority", "timestamp", "device", "sound", "ttl"}


@dataclass
class FakePushover:
    """Takes messages, each after ``latency_s``; ``script`` holds statuses to give first."""

    titles: list[str] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    script: list[int] = field(default_factory=list)
    latency_s: float = 0.0
    port: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """What points the program here."""
        return {
            "METARR_PUSHOVER_BASE": f"http://127.0.0.1:{self.port}",
            "METARR_SECRET_PUSHOVER_TOKEN": TOKEN,
            "METARR_SECRET_PUSHOVER_USER_KEY": USER_KEY,
        }

    def start(self) -> FakeServer:
        server = FakeServer(_handler(self))
        self.port = server.server_address[1]
        return server


def _handler(pushover: FakePushover) -> type[FakeHandler]:
    class Handler(FakeHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            assert query == f"token={TOKEN}"
            told: dict[str, dict[str, object]] = {
                "/1/apps/limits.json": {"limit": 10_000, "remaining": 420, "reset": 4_102_444_800},
                "/1/sounds.json": {"sounds": {"pushover": "Pushover (default)", "doorbell": "Doorbell"}},
            }
            self.answer(200, {"status": 1, **told[path]})

        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = parse_qs(body, strict_parsing=True)
            assert set(form) <= FIELDS, f"unknown: {set(form) - FIELDS}"
            assert all(len(value) == 1 for value in form.values())
            assert 1 <= len(form.get("message", ["x"])[0]) <= 1024
            assert len(form.get("title", [""])[0]) <= 250
            assert len(form.get("url", [""])[0]) <= 512
            assert (form["token"], form["user"]) == ([TOKEN], [USER_KEY])
            if self.path == "/1/users/validate.json":
                self.answer(200, {"status": 1, "devices": ["iphone", "tv"], "request": "v"})
                return
            assert self.path == "/1/messages.json"
            pushover.arrivals.append(time.monotonic())
            status = pushover.script.pop(0) if pushover.script else 200
            if status == 200:
                pushover.titles.append(form["title"][0])
            time.sleep(pushover.latency_s)
            self.answer(status, {"status": int(status == 200), "request": "1"})

    return Handler
