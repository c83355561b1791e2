"""The media servers that are set up, each with the settings to ask it; of players, each of their groups."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import MetarrError, NothingToDo, NotSetUp
from metarr_desktop.domain.groups import DEFAULT, scope_of
from metarr_desktop.jobs.recipients import load_config, load_group
from metarr_desktop.services.notifier import MediaServer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.groups import PlayerGroup
    from metarr_desktop.services.declaration import Group, Service, ServiceConfig
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.storage.player_store import PlayerStore
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.service_store import ServiceRow, ServiceStore

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlace:
    """One library to ask: of a server, or of a group of players.

    Its paths are those of ``path_scope``; a mapping for it is kept under ``scope``.
    """

    service: str
    title: str
    scope: str
    path_scope: str
    enabled: bool
    server: MediaServer[Any]
    config: ServiceConfig | Group


class ServerPlaces:
    """Finds them; what is not set up, or has no usable key, is left out."""

    def __init__(
        self,
        *,
        services: Sequence[Service],
        notifiers: Mapping[str, Notifier[Any]],
        store: ServiceStore,
        players: PlayerStore,
        secrets: SecretStore,
    ) -> None:
        self._services = services
        self._notifiers = notifiers
        self._store = store
        self._players = players
        self._secrets = secrets

    async def any_on(self) -> bool:
        """Whether a media server is switched on."""
        on = {row.service for row in await self._store.rows() if row.enabled}
        return any(each.key in on and self._is_server(each) for each in self._services)

    async def places(self) -> tuple[ServerPlace, ...]:
        """Return every place that can be asked."""
        rows = {row.service: row for row in await self._store.rows()}
        groups = await self._players.groups()
        found: list[ServerPlace] = []
        for service in self._services:
            row = rows.get(service.key)
            if row is None or not self._is_server(service):
                continue
            if service.member is None:
                found += await self._place(service, row, None, several=False)
                continue
            inhabited = [each for each in groups.get(service.key, ()) if each.players]
            for group in inhabited:
                found += await self._place(service, row, group, several=len(inhabited) > 1)
        return tuple(found)

    async def of_service(
        self, service: Service, *, unsaved: ServiceConfig | None = None
    ) -> tuple[ServerPlace, ...]:
        """Return the places of one service; one that was not saved yet stands for them."""
        server = self._notifiers.get(service.key)
        if unsaved is None or not isinstance(server, MediaServer):
            return tuple(each for each in await self.places() if each.service == service.key)
        return (
            ServerPlace(
                service=service.key,
                title=service.title,
                scope=service.key,
                path_scope=service.key,
                enabled=True,
                server=server,
                config=unsaved,
            ),
        )

    async def _place(
        self, service: Service, row: ServiceRow, group: PlayerGroup | None, *, several: bool
    ) -> list[ServerPlace]:
        server = self._notifiers[service.key]
        assert isinstance(server, MediaServer)  # noqa: S101 - asked by the caller
        config: ServiceConfig | Group
        try:
            if group is None:
                config = await load_config(service, row, self._secrets)
            else:
                config = await load_group(service, row, self._secrets, players=self._players, lane=group.lane)
        except (NotSetUp, NothingToDo):
            return []
        except MetarrError as error:
            logger.info("The paths of %s cannot be compared: %s", service.title, error)
            return []
        path_scope = service.key if group is None else scope_of(service.key, group.slug)
        alone = group is None or (group.slug == DEFAULT and not several)
        return [
            ServerPlace(
                service=service.key,
                title=service.title if group is None or not several else f"{service.title} ({group.name})",
                scope=service.key if alone else path_scope,
                path_scope=path_scope,
                enabled=row.enabled,
                server=server,
                config=config,
            )
        ]

    def _is_server(self, service: Service) -> bool:
        return isinstance(self._notifiers.get(service.key), MediaServer)
