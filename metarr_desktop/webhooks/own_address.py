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
_FAMILIES: dict[str, int] = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}  # noqa: S104 - as above
"""A listener on all addresses hears one family of them: the other one is refused."""
_VERSIONS: dict[int, set[int]] = {socket.AF_INET: {4}, socket.AF_INET6: {6}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where our listener is: what it is bound to, and every address and name of this computer."""

    host: str
    port: int
    base_path: str
    own_addresses: frozenset[str]
    own_names: frozenset[str] = frozenset()

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
    family = _FAMILIES.get(door.host, socket.AF_UNSPEC)
    others = _candidates(door.own_addresses, family)
    if chosen:
        usable = is_here_by_name(chosen) or not is_loopback(door.host)
        return OwnAddress(host=chosen if usable else None, others=_without(others, chosen))
    way = await asyncio.to_thread(way_to, sender, family)
    here = is_loopback(sender) or sender in door.own_addresses or (way is not None and is_loopback(way))
    wanted: str | None = LOOPBACK if family != socket.AF_INET6 else "::1"
    if here and not in_container:
        if is_loopback(door.host):
            return OwnAddress(host=door.host)
    elif is_loopback(door.host):
        return OwnAddress(host=None)
    else:
        wanted = await asyncio.to_thread(way_to, BEYOND, family) if here else way
    if door.host not in EVERYWHERE:
        wanted = door.host
    if wanted is None or (in_container and is_loopback(wanted)):
        wanted = next(iter(others), None)
    return OwnAddress(host=wanted, others=_without(others, wanted))


def is_here_by_name(host: str) -> bool:
    """Whether a host means the computer that asks for it, whichever that is."""
    return host == "localhost" or is_loopback(host)


def names_of_computer(node: str) -> frozenset[str]:
    """Return the names by which others may call a computer of this name."""
    whole = node.casefold().rstrip(".")
    short = whole.partition(".")[0]
    return frozenset({whole, short, f"{short}.local"}) if short else frozenset()


def bracketed(host: str) -> str:
    """Return a host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def way_to(host: str, family: int = socket.AF_UNSPEC) -> str | None:
    """Return our address on the way to a host; blocking, for its name may have to be looked up."""
    try:
        found = socket.getaddrinfo(host, _ANY_PORT, family=family, type=socket.SOCK_DGRAM)
    except OSError:
        return None
    for one, kind, protocol, _, target in found:
        try:
            with socket.socket(one, kind, protocol) as asking:
                asking.connect(target)
                return str(asking.getsockname()[0]).partition("%")[0]
        except OSError:
            continue
    return None


def _without(addresses: tuple[str, ...], one: str | None) -> tuple[str, ...]:
    return tuple(each for each in addresses if each != one)


def _candidates(addresses: Collection[str], family: int) -> tuple[str, ...]:
    """Private addresses at which others may reach a listener of this family, IPv4 first."""
    versions = _VERSIONS.get(family, {4, 6})
    parsed = sorted(
        (address.version, address.packed, str(address))
        for each in addresses
        if not (address := ipaddress.ip_address(each)).is_loopback
        and address.is_private
        and address.version in versions
    )
    return tuple(address for _, _, address in parsed)
