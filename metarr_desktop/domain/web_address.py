"""Addresses of programs on the network, as people paste them from their browser."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from metarr_desktop.domain.text import Text

PASTE = Text("Enter the address as in the browser, such as http://192.168.1.30:7878.")
NO_LOGIN = Text("Leave user name and password out of the address.")
ONLY_HOST = Text("Enter only the address or the name of this computer, such as 192.168.1.20.")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?", re.ASCII)
NOTHING_BEHIND = Text("Leave everything from the ? or # on out of the address.")


def normal_address(typed: str) -> str:
    """Return an address as it is called: without a slash at its end, with the URL base if it has one.

    Raises ValueError with a Text for what is no plain web address.
    """
    try:
        parts = urlsplit(typed.strip().strip("<>").strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(PASTE) from None
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https"} or not host or not _is_plain(typed.strip()):
        raise ValueError(PASTE)
    if "@" in parts.netloc:
        raise ValueError(NO_LOGIN)
    if parts.query or parts.fragment:
        raise ValueError(NOTHING_BEHIND)
    bracketed = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/")
    return f"{scheme}://{bracketed}{f':{port}' if port is not None else ''}{path}"


def normal_host(typed: str) -> str:
    """Return the name or number of a computer as typed. Raises ValueError with a Text for everything else."""
    host = typed.strip().removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if _HOST.fullmatch(host):
            return host.lower()
        raise ValueError(ONLY_HOST) from None
    if address.is_unspecified or address.is_multicast:
        raise ValueError(ONLY_HOST)
    return str(address)


def host_of(address: str) -> str:
    """Return the name or number of the computer in an address; empty where it is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_plain(value: str) -> bool:
    return value.isprintable() and not any(character.isspace() or character == "\\" for character in value)
