"""Which of a person's Plex servers, and by which of its addresses it is reached from here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import MetarrError, Refused
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.web_address import normal_address
from metarr_desktop.services.finding import shown_name
from metarr_desktop.services.http import LAN
from metarr_desktop.services.sign_in import Offer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from metarr_desktop.services.sign_in import Talk
    from metarr_desktop.services.tools import Tools

MOST_SERVERS, MOST_ADDRESSES = 50, 12
WITHIN_S = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlexServer:
    """A server of the account: its own token, and its addresses, the best one first."""

    id: str
    name: str
    token: str = field(repr=False)
    addresses: tuple[str, ...]


async def choose_server(resources: Sequence[Any], talk: Talk) -> PlexServer:
    """Return the only server, or the one a person chooses. Raises Refused where there is none."""
    servers = [server for each in resources if (server := _server(each)) is not None][:MOST_SERVERS]
    if not servers:
        raise Refused("This Plex account owns no server. Sign in with the account of the server's owner.")
    if len(servers) == 1:
        return servers[0]
    offers = [Offer(key=server.id, title=server.name) for server in servers]
    chosen = await talk.choose(Text("Which server does Metarr Desktop tell?"), offers)
    return next(server for server in servers if server.id == chosen.key)


async def reach(tools: Tools, server: PlexServer, *, headers: Mapping[str, str]) -> str:
    """Return the best address of a server that answers from here, and is that server. Raises Refused."""
    trials = [_answers(tools, server, url, headers=headers) for url in server.addresses]
    answered = await asyncio.gather(*trials)
    for url, fine in zip(server.addresses, answered, strict=True):
        if fine:
            return url
    raise Refused(
        text(
            "{server} does not answer from this computer at {addresses}. Is it switched on?",
            server=server.name,
            addresses=", ".join(server.addresses) or "any address",
        )
    )


async def _answers(tools: Tools, server: PlexServer, url: str, *, headers: Mapping[str, str]) -> bool:
    try:
        answer = await tools.http.request(
            "GET", f"{url}/identity", reach=LAN, headers=headers, within=WITHIN_S, follow=False
        )
    except MetarrError:
        return False
    told = answer.json_object().get("MediaContainer")
    return answer.ok and isinstance(told, dict) and told.get("machineIdentifier") == server.id


def _server(resource: object) -> PlexServer | None:
    """Read one resource; players, and servers of other people, are none."""
    if not isinstance(resource, dict) or resource.get("owned") is not True:
        return None
    number, token = resource.get("clientIdentifier"), resource.get("accessToken")
    if "server" not in str(resource.get("provides")).split(","):
        return None
    if not (isinstance(number, str) and number and isinstance(token, str) and token):
        return None
    connections = resource.get("connections")
    ways = connections if isinstance(connections, list) else []
    ranked = sorted((way for each in ways for way in _ways(each)), key=lambda way: way[0])
    addresses = tuple(dict.fromkeys(url for _, url in ranked))[:MOST_ADDRESSES]
    name = shown_name(resource.get("name"), otherwise=number[:12])
    return PlexServer(id=number, name=name, token=token, addresses=addresses)


def _ways(connection: object) -> Iterator[tuple[int, str]]:
    """Rank what a connection offers: at home encrypted, at home plain, then from outside; no relay."""
    if not isinstance(connection, dict) or connection.get("relay") is True:
        return
    local = connection.get("local") is True
    address, port = connection.get("address"), connection.get("port")
    given = [str(connection.get("uri") or "")]
    if local and isinstance(address, str) and isinstance(port, int):
        # What the certificate names cannot be looked up behind some routers.
        given.append(f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}")
    for uri in given:
        try:
            url = normal_address(uri)
        except ValueError:
            continue
        yield (0 if local else 2) + (0 if url.startswith("https:") else 1), url
