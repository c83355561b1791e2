"""The address of this computer that another program can call."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.networks import is_loopback

if TYPE_CHECKING:
    from collections.abc import Collection

LOOPBACK = "127.0.0.1"
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to
BEYOND = "192.0.2.1"
"""Belongs to nobody (RFC 5737): the way to it is the way out of this computer."""
_ANY_PORT = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where our listener is: what it is bound to, and every address of this computer."""

    host: str
    port: int
    base_path: str
    own_addresses: frozenset[str]

    def url(self, host: str, *, source: str, name: str) -> str:
        """Return where a sender sends to, when it knows us by this address."""
        return f"http://{bracketed(host)}:{self.port}{self.base_path}/webhooks/{source}/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAddress:
    """The address on the way to a sender; ``others`` may do where it does not.

    Without a ``host`` the sender cannot reach us: it is elsewhere, and only this computer is listened to.
    """

    host: str | None
    others: tuple[str, ...] = ()


async def address_towards(sender: str, *, door: Door, in_container: bool, chosen: str = "") -> OwnAddress:
    """Return how the computer ``sender`` reaches us; nothing is sent to find out.

    For a sender in a container loopback is the container itself, so that it never gets that, unless a person
    says so: some containers share the network of their computer.
    """
    others = _candidates(door.own_addresses)
    if chosen:
        usable = is_loopback(chosen) or not is_loopback(door.host)
        return OwnAddress(host=chosen if usable else None, others=_without(others, chosen))
    way = await asyncio.to_thread(way_to, sender)
    here = way is not None and (is_loopback(way) or is_loopback(sender) or sender in door.own_addresses)
    wanted: str | None = LOOPBACK
    if here and not in_container:
        if is_loopback(door.host):
            return OwnAddress(host=door.host)
    elif is_loopback(door.host):
        return OwnAddress(host=None)
    else:
        wanted = await asyncio.to_thread(way_to, BEYOND) if here else way
    if door.host not in EVERYWHERE:
        wanted = door.host
    if wanted is None or (in_container and is_loopback(wanted)):
        wanted = next(iter(others), None)
    return OwnAddress(host=wanted, others=_without(others, wanted))


def bracketed(host: str) -> str:
    """Return a host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def way_to(host: str) -> str | None:
    """Return our address on the way to a host; blocking, for its name may have to be looked up."""
    try:
        found = socket.getaddrinfo(host, _ANY_PORT, type=socket.SOCK_DGRAM)
    except OSError:
        return None
    for family, kind, protocol, _, target in found:
        try:
            with socket.socket(family, kind, protocol) as asking:
                asking.connect(target)
                return str(asking.getsockname()[0]).partition("%")[0]
        except OSError:
            continue
    return None


def _without(addresses: tuple[str, ...], one: str | None) -> tuple[str, ...]:
    return tuple(each for each in addresses if each != one)


def _candidates(addresses: Collection[str]) -> tuple[str, ...]:
    """Private addresses that others may reach, IPv4 first."""
    parsed = sorted(
        (address.version, address.packed, str(address))
        for each in addresses
        if not (address := ipaddress.ip_address(each)).is_loopback and address.is_private
    )
    return tuple(address for _, _, address in parsed)
