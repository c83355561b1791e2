"""What people write about a player into the table of services, as they did before there were players."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from metarr_desktop.jobs.recipients import MemberForm
from metarr_desktop.services.forms import field_specs, secret_fields
from metarr_desktop.storage.player_adoption import PlayerFields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.player_adoption import PlayerAdoption

logger = logging.getLogger(__name__)


class HandWrittenPlayers:
    """Has the one player become what ``notification_config`` says, which people change by hand."""

    def __init__(self, *, services: Sequence[Service], adoption: PlayerAdoption, clock: Clock) -> None:
        self._fields = [_fields_of(service) for service in services if service.member is not None]
        self._adoption = adoption
        self._clock = clock

    async def take_over(self, *, tell: bool = False) -> None:
        """Take over what stands there; ``tell`` of what cannot be, since several players could be meant."""
        for fields in self._fields:
            if await self._adoption.adopt(fields, now=self._clock.now()):
                logger.info(
                    "What notification_config said of a player of %s is that player's now", fields.service
                )
            elif tell and (names := await self._adoption.strays(fields)):
                logger.warning(
                    "notification_config gives %s of %s, which has several players: it counts for none. Say"
                    " which one is meant: %s player set PLAYER %s=...",
                    ", ".join(sorted(names)),
                    fields.service,
                    fields.service,
                    min(names),
                )


def _fields_of(service: Service) -> PlayerFields:
    form = MemberForm.of(service)
    secrets = frozenset(secret_fields(form))
    usual = {field.name: field.default for field in field_specs(form) if field.name not in secrets}
    return PlayerFields(service=service.key, usual=usual, secrets=secrets)
