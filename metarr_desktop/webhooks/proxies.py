"""Who sent what a reverse proxy passed on; only trusted proxies are believed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.networks import holds, is_loopback, parse_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.networks import Network

MARKS = (
    "Via",
    "X-Real-IP",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "CF-Connecting-IP",
)
"""Headers that only proxies write. They tell that there is one, and are not believed who called."""
MOST_HOPS = 32

_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::\d{1,5})?|(?P<four>[0-9.]+):\d{1,5}")
_PAIR = re.compile(r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*([;,]|$)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who sent a request; ``proxy`` is the trusted one that told so. What is ``forwarded`` is not local."""

    address: str
    proxy: str | None = None
    forwarded: bool = False


def client_of(
    peer: str,
    *,
    forwarded: Sequence[str],
    forwarded_for: Sequence[str],
    via: bool,
    trusted: Sequence[Network],
) -> Client:
    """Say who sent a request that came from ``peer`` with these headers.

    It is the last address of the chain that is no trusted proxy itself. What cannot be read, or says two
    different things, leaves the proxy itself as the sender, and never makes it this computer.
    """
    if not (forwarded or forwarded_for or via):
        return Client(address=peer)
    if not holds(trusted, peer):
        return Client(address=peer, forwarded=True)
    unknown = Client(address=peer, proxy=peer, forwarded=True)
    chains: list[list[str] | None] = [_split(forwarded_for)] if forwarded_for else []
    chains += [_elements(forwarded)] if forwarded else []
    clients = {_walk(chain, peer=peer, trusted=trusted) for chain in chains}
    return (clients.pop() if len(clients) == 1 else None) or unknown


def _walk(chain: Sequence[str] | None, *, peer: str, trusted: Sequence[Network]) -> Client | None:
    if not chain or len(chain) > MOST_HOPS:
        return None
    # What is loopback to a proxy is this computer only if the proxy runs here.
    here = is_loopback(peer)
    address = ""
    for hop in reversed(chain):
        parsed = parse_address(_without_port(hop))
        if parsed is None:
            return None
        address = str(parsed)
        if not holds(trusted, address):
            break
        here = here and parsed.is_loopback
    return Client(address=address, proxy=peer, forwarded=not (here and is_loopback(address)))


def _split(headers: Sequence[str]) -> list[str]:
    return [hop.strip() for header in headers for hop in header.split(",")]


def _elements(headers: Sequence[str]) -> list[str] | None:
    """Return the ``for`` of each element (RFC 7239); None where one has none, or cannot be read."""
    hops: list[str] = []
    rest, sender = ",".join(headers), None
    while rest:
        pair = _PAIR.match(rest)
        if pair is None:
            return None
        if pair[1].casefold() == "for":
            sender = pair[3] if pair[2] is None else pair[2]
        rest = rest[pair.end() :]
        if pair[4] != ";":
            if sender is None:
                return None
            hops.append(sender)
            sender = None
    return hops


def _without_port(hop: str) -> str:
    match = _PORT.fullmatch(hop)
    return hop if match is None else match["six"] or match["four"] or ""
