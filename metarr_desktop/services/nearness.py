"""Whether a server is in the home network, where no proxy of the internet stands between."""

from __future__ import annotations

import ipaddress

_ENDINGS = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localhost")


def is_near(host: str) -> bool:
    """Return whether a name or address is one of the home network, told by how it is written."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.lower().rstrip(".")
        return "." not in name or name.endswith(_ENDINGS)
    return address.is_private or address.is_loopback or address.is_link_local
