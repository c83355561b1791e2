"""A second start of the window raises the first one, with the standard library alone: it is soon gone."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.app.paths import AppPaths

TIMEOUT_S = 5.0
HTTP_OK = 200


def raise_running(paths: AppPaths) -> bool:
    """Have the program that runs on this folder show its window; False where none answers."""
    try:
        found = json.loads(paths.control.read_text(encoding="utf-8"))
        port, token = int(found["port"]), str(found["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request(
            "POST",
            "/call",
            body=json.dumps({"action": "open", "params": {}}),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        return connection.getresponse().status == HTTP_OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
