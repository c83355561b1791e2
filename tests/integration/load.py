"""A sender that never rests: it posts films from a thread and remembers which the program answered."""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

PATIENCE_S = 15.0


class Load:
    """Posts film after film while its block lasts, ``every_s`` apart; the address may change under way.

    ``accepted`` holds the number of each film that was answered 200, by the id of its webhook; ``refused``
    holds the other answers.
    """

    def __init__(self, *, every_s: float = 0.02, folders: int = 0) -> None:
        self.accepted: dict[int, int] = {}
        self.refused: list[tuple[int, dict[str, Any]]] = []
        self.slowest_s = 0.0
        self._every_s = every_s
        self._folders = folders
        self._address = ""
        self._aimed = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._post_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def aim(self, address: str) -> None:
        """Post to this address from now on."""
        self._address = address
        self._aimed.set()

    def end(self) -> None:
        """Post nothing more; what is under way is waited for."""
        self._over.set()
        self._aimed.set()
        self._thread.join(2 * PATIENCE_S)
        assert not self._thread.is_alive()

    def _post_on(self) -> None:
        number = 0
        self._aimed.wait()
        while not self._over.is_set():
            place = urlsplit(self._address)
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
            # Where nothing was answered nothing was promised.
            with closing(connection), suppress(OSError, http.client.HTTPException, ValueError):
                while not self._over.wait(self._every_s):
                    number += 1
                    began = time.monotonic()
                    self._post(connection, number)
                    self.slowest_s = max(self.slowest_s, time.monotonic() - began)

    def _post(self, connection: http.client.HTTPConnection, number: int) -> None:
        body = film(number, folder=number % self._folders if self._folders else number)
        connection.request("POST", "/webhooks/radarr", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        if answer.status == 200:
            self.accepted[told["eventId"]] = number
        else:
            self.refused.append((answer.status, told))


def film(number: int, *, folder: int | None = None) -> bytes:
    """Body of the import of a film that its number tells apart."""
    movie = {
        "id": number,
        "title": f"Film {number}",
        "year": 2000,
        "tmdbId": number,
        "folderPath": f"/m/{number if folder is None else folder}",
    }
    return json.dumps({"eventType": "Download", "movie": movie}).encode()


def title(number: int) -> str:
    """Title of that film as the program tells it."""
    return f"Film {number} (2000)"
