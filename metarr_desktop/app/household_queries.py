"""What there is to see of the players of services and their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.household_views import lane_titles, read_household
from metarr_desktop.app.scan_anyway import may_scan_anyway
from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.household_views import HouseholdForm
    from metarr_desktop.app.parts import Parts
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.groups import Player
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.text import Text
    from metarr_desktop.services.declaration import Service


class HouseholdQueries:
    """Reads about groups and players."""

    def __init__(self, parts: Parts) -> None:
        self._services = parts.on.services
        self._player_store = parts.on.stores.players
        self._household = parts.household
        self._library = parts.on.stores.library
        self._secrets = parts.on.secrets

    async def household(self, key: str) -> HouseholdForm:
        """Return the groups and players of a service. Raises NotFound, or Refused where it has none."""
        return await self._read_household(self._household.service(key))

    async def _read_household(self, service: Service) -> HouseholdForm:
        libraries = {folder.id: folder.name for folder in await self._library.libraries()}
        return await read_household(
            service, store=self._player_store, secrets=self._secrets, libraries=libraries
        )

    def check_player_field(self, key: str, field: str, value: PlainValue) -> Text | None:
        """Return what is wrong with one value of a player as typed, or None."""
        return self._household.check_field(key, field, value)

    async def player_secret(self, key: str, player: int, field: str) -> str | None:
        """Return a secret of a player for the person to see. Raises SecretsUnavailable or NotFound."""
        found = await self._player_store.player(key, player)
        return await self._secrets.get(f"{found.secrets_at}/{field}")

    def may_scan_anyway(self, job: Job) -> bool:
        """Whether a job was put off for a reason of its service, such as a video that plays there."""
        return may_scan_anyway(job, services=self._services)

    async def player(self, key: str, named: str) -> Player:
        """Return a player by its number or name. Raises NotFound or Refused."""
        return await self._household.player(key, named)

    async def secrets_at(self, key: str) -> str:
        """Return what the names of those secrets begin with that the page of a service shows."""
        service = self._service(key)
        first = None if service.member is None else await self._household.first_player(service)
        return service.key if first is None else first.secrets_at

    async def lane_titles(self) -> Mapping[str, str]:
        """Return what the lanes of services are called: a group is named where there are several."""
        return (await self._lane_titles())[0]

    async def _lane_titles(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return titles and service keys by lane."""
        return lane_titles(self._services, await self._player_store.groups())

    def _service(self, key: str) -> Service:
        for service in self._services:
            if service.key == key:
                return service
        raise NotFound(text("There is no service called {service}.", service=key))
