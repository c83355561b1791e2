"""Lists of addresses and networks, as a person types them and as a caller is looked up in them."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_ENTRIES = 100
LONGEST_SHOWN = 60
PREFIX_OF_A_HOME = 64
"""An IPv6 provider gives each home at least so much: all its addresses are one caller."""

_SEPARATORS = re.compile(r"[,;\s]+")


def parse_networks(typed: str) -> tuple[Network, ...]:
    """Read addresses and CIDR networks with commas between them; raises Refused, naming the wrong entry."""
    entries = [entry for entry in _SEPARATORS.split(typed) if entry]
    if len(entries) > MOST_ENTRIES:
        raise Refused(
            text("These are {count} entries. {most} are possible.", count=len(entries), most=MOST_ENTRIES)
        )
    return tuple(dict.fromkeys(_network(entry) for entry in entries))


def written(networks: Iterable[Network]) -> str:
    """The list as it is stored and shown; a network of one address is written as that address."""
    return ", ".join(str(each.network_address if each.num_addresses == 1 else each) for each in networks)


def parse_address(address: str) -> Address | None:
    """Read one address, without its zone; IPv4 within IPv6 is IPv4. None for everything else."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def is_loopback(address: str) -> bool:
    """Whether an address, not a name, means this computer itself."""
    if address in {"127.0.0.1", "::1"}:
        return True
    parsed = parse_address(address)
    return parsed is not None and parsed.is_loopback


def holds(networks: Iterable[Network], address: str) -> bool:
    """Whether an address lies in one of the networks."""
    parsed = parse_address(address)
    return parsed is not None and any(parsed in network for network in networks)


def home_of(address: str) -> str:
    """What stands for all addresses that one caller can take: IPv4 as it is, IPv6 by its /64."""
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, PREFIX_OF_A_HOME), strict=False))
    return address if parsed is None else str(parsed)


def _network(entry: str) -> Network:
    try:
        if "%" in entry:
            raise ValueError(entry)  # noqa: TRY301 - zones mean something else on every computer
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError as error:
        raise Refused(
            text("{entry} is no address. Write 192.168.1.30 or 192.168.1.0/24.", entry=entry[:LONGEST_SHOWN])
        ) from error
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is not None and network.prefixlen >= network.max_prefixlen - mapped.max_prefixlen:
        bits = network.prefixlen - (network.max_prefixlen - mapped.max_prefixlen)
        return ipaddress.IPv4Network((mapped, bits))
    return network
