"""How large the head of a request may be: counted while it comes, and again once it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

LINE_BYTES = 8 * 1024
HEADERS_BYTES = 32 * 1024
HEADERS = 100
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Head:
    """Counts the bytes of one head until its empty line.

    Of a head that may have begun unseen, behind another request, the bytes of its body can count too:
    ``allowance`` is how many those can be.
    """

    def __init__(self, *, allowance: int = 0) -> None:
        self._size = 0
        self._most = LINE_BYTES + HEADERS_BYTES + allowance
        self._last = b""
        self._whole = False

    def grows_too_large(self, data: bytes) -> bool:
        """Whether these bytes make the head larger than any may be."""
        if self._whole:
            return False
        if not self._size:
            data = data.lstrip(b"\r\n")  # empty lines before a request are none of it
        seen = self._last + data
        end = seen.find(b"\r\n\r\n")
        self._whole = end >= 0
        self._size += (end if self._whole else len(seen)) - len(self._last)
        self._last = seen[-3:]
        return self._size > self._most


def head_is_too_large(request: web.Request) -> bool:
    """Whether a head that has come has more fields, or longer ones altogether, than any sender needs."""
    fields = request.raw_headers
    return len(fields) > HEADERS or sum(len(name) + len(value) + 4 for name, value in fields) > HEADERS_BYTES
