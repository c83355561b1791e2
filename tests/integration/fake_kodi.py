"""A Kodi on 127.0.0.1, in a thread of its own, so that it outlives the program under test."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.integration.fake_server import FakeHandler, FakeServer

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class FakeKodi:
    """Scans at once and finds a film in every folder; with ``hangs`` it takes requests and never answers."""

    scanned: list[str] = field(default_factory=list)
    hangs: bool = False
    requests: int = 0
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def config(self) -> str:
        """What the table of services has to hold to point the program here."""
        return json.dumps({"host": "127.0.0.1", "port": self.port, "password": {"$secret": True}})

    @property
    def environment(self) -> dict[str, str]:
        """The password, so that no keyring is asked."""
        return {"METARR_SECRET_KODI_PASSWORD": "kodi"}

    def put_into(self, rows: Callable[..., object]) -> None:
        """Write it into a program's database as the one player there is, as a person would in a shell."""
        rows(
            "INSERT INTO player_groups (service, name, slug, created_at)"
            " VALUES ('kodi', 'Default', 'default', 0)"
        )
        rows(
            "INSERT INTO players (group_id, config, secrets_at, created_at, updated_at)"
            " SELECT id, ?, 'kodi', 0, 0 FROM player_groups WHERE service = 'kodi' AND slug = 'default'",
            self.config,
        )

    def start(self) -> FakeServer:
        server = FakeServer(_handler(self))
        self.port = server.server_address[1]
        return server

    def result(self, method: str, params: dict[str, Any]) -> object:
        """Answer one call as Kodi does."""
        match method:
            case "Player.GetActivePlayers":
                return []
            case "XBMC.GetInfoBooleans":
                return dict.fromkeys(params["booleans"], False)
            case "VideoLibrary.GetMovies":
                return {"movies": [{"movieid": 1, "file": "film.mkv"}]}
            case "VideoLibrary.Scan":
                self.scanned.append(params["directory"])
        return "OK"


def _handler(kodi: FakeKodi) -> type[FakeHandler]:
    class Handler(FakeHandler):
        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kodi.requests += 1
            if kodi.hangs:
                kodi.released.wait()
                self.close_connection = True
                return
            result = kodi.result(call["method"], call.get("params", {}))
            self.answer(200, {"jsonrpc": "2.0", "id": call["id"], "result": result})

    return Handler
