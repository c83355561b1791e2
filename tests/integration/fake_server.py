"""What the fakes on 127.0.0.1 have in common: a thread each, and no word about clients that are killed."""

from __future__ import annotations

import json
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeServer(ThreadingHTTPServer):
    """Serves on a free port from the moment it is made; it outlives the program under test."""

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that ended in the middle of its request."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class FakeHandler(BaseHTTPRequestHandler):
    """Keeps connections open and answers JSON."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer after the first on a connection takes 40 ms

    def answer(self, status: int, told: object) -> None:
        """Send one whole answer."""
        body = b"" if status == HTTPStatus.NO_CONTENT else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""
