"""The address of a media server, from what people type or copy from their browser."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from metarr_desktop.domain.text import text
from metarr_desktop.domain.web_address import NO_LOGIN, NOTHING_BEHIND, normal_address

_WEB_CLIENT = re.compile(r"(?<=[^/])/web(?:/(?:index\.html)?)?(?:[?#].*)?$", re.DOTALL)
"""The page of the server itself, which the browser's address ends with."""


def server_address(typed: str, *, port: int) -> str:
    """Return scheme, host, port and base path, without a slash at the end.

    Without a scheme it is http, and without a port the usual one; an https address without a port is left
    as it is, for that is a proxy's, unless it is one of Plex's own names. Raises ValueError with a Text for
    what is no address of a server.
    """
    given = typed.strip().strip("<>").strip()
    if "://" not in given:
        given = f"http://{_bracketed(given)}"
    try:
        address = normal_address(_WEB_CLIENT.sub("", given))
        parts = urlsplit(address)
        without_port = parts.port is None
    except ValueError as error:
        if error.args and error.args[0] in (NO_LOGIN, NOTHING_BEHIND):
            raise
        raise ValueError(
            text(
                "Enter the address of the server, such as 192.168.1.30 or http://192.168.1.30:{port}.",
                port=port,
            )
        ) from None
    is_own = parts.scheme == "http" or (parts.hostname or "").endswith(".plex.direct")
    if is_own and without_port:
        parts = parts._replace(netloc=f"{parts.netloc}:{port}")
    return parts.geturl()


def place_of(address: str) -> str:
    """Return host and port of an address, for sentences."""
    return urlsplit(address).netloc


def _bracketed(typed: str) -> str:
    """Put a bare IPv6 number into brackets."""
    try:
        number = ipaddress.ip_address(typed)
    except ValueError:
        return typed
    return f"[{number}]" if isinstance(number, ipaddress.IPv6Address) else typed
