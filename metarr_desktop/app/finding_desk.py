"""Looks for services on the home network, all kinds of them at once."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from metarr_desktop.app.finding_snapshots import FindReport, FoundSnapshot
from metarr_desktop.app.receiving import own_addresses
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.finding import each_once
from metarr_desktop.services.forms import missing_fields
from metarr_desktop.services.network import Network, target_of_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.services.finding import Finder, Found
    from metarr_desktop.storage.player_store import PlayerStore
    from metarr_desktop.storage.service_store import ServiceStore

logger = logging.getLogger(__name__)

SECONDS = 3.0
MARGIN_S = 2.0


class FindingDesk:
    """One question for each service that says how it is found."""

    def __init__(
        self,
        *,
        services: Sequence[Service],
        store: ServiceStore,
        players: PlayerStore,
        seconds: float = SECONDS,
    ) -> None:
        self._services = {service.key: service for service in services}
        self._store = store
        self._players = players
        self._seconds = seconds

    async def find(self) -> FindReport:
        """Ask the network, which takes three seconds; what cannot be asked is told among the failures."""
        target = target_of_environment()
        ways = await asyncio.to_thread(own_addresses) if target is None else set()
        network = Network(target=target, ways=sorted(ways))
        wanted = [(each, each.finder) for each in self._services.values() if each.finder is not None]
        answers = await asyncio.gather(*(self._ask(each, finder, network) for each, finder in wanted))
        found = [one for each in answers if not isinstance(each, Text) for one in each]
        stored = {each.key: await self._places(each) for each, _ in wanted}
        return FindReport(
            found=tuple(self._snapshot(one, stored[one.service]) for one in found),
            failures=tuple(each for each in answers if isinstance(each, Text)),
        )

    async def _ask(self, service: Service, finder: Finder, network: Network) -> Sequence[Found] | Text:
        """Ask for one service; a failure is a sentence, for the others go on."""
        try:
            async with asyncio.timeout(self._seconds + MARGIN_S):
                found = await finder(network, seconds=self._seconds)
        except MetarrError as error:
            return text("{service} was not looked for. {reason}", service=service.title, reason=str(error))
        except TimeoutError:
            return text("{service} was not looked for: that took too long.", service=service.title)
        logger.info("%d found of %s", len(found), service.title)
        return each_once(one for one in found if one.service == service.key)

    async def _places(self, service: Service) -> list[Mapping[str, Any]]:
        """Return the settings of every place that is set up."""
        if service.member is not None:
            return [player.values for player in await self._players.players(service.key)]
        return [(await self._store.row(service.key)).values]

    def _snapshot(self, found: Found, stored: Sequence[Mapping[str, Any]]) -> FoundSnapshot:
        service = self._services[found.service]
        return FoundSnapshot(
            service=found.service,
            title=service.title,
            name=found.name,
            address=shown_place(found.values),
            values=found.values,
            set_up=any(is_same_place(each, found.values) for each in stored),
            is_player=service.member is not None,
            adds=service.member is not None and bool(stored),
            complete=not missing_fields(service, found.values, ()),
            sign_in=None if service.sign_in is None else service.sign_in.label,
        )


def shown_place(values: Mapping[str, PlainValue]) -> str:
    """Return where settings lead, as people write it."""
    return str(values["url"]) if "url" in values else f"{values.get('host', '')}:{values.get('port', '')}"


def is_same_place(stored: Mapping[str, PlainValue], found: Mapping[str, PlainValue]) -> bool:
    """Whether settings lead where something was found; an address without a port is that of any."""
    host, port = _place(stored)
    there, its_port = _place(found)
    return bool(host) and host == there and port in {None, its_port}


def _place(values: Mapping[str, PlainValue]) -> tuple[str, int | None]:
    if "url" in values:
        url = str(values["url"]).strip()
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            return (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return "", None
    port = values.get("port")
    return str(values.get("host") or "").casefold().rstrip("."), port if isinstance(port, int) else None
