"""What people see on their screens: a message on all that are on, and lists that are drawn anew."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.services.kodi_player import GLANCE_S
from metarr_desktop.services.kodi_scan import nudge
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.kodi_group import Household
    from metarr_desktop.services.kodi_player import Player

LONGEST_TITLE, LONGEST_MESSAGE = 60, 200
SHOWN_FOR_MS = 8_000
_LONGEST_ADDRESS = 1_000
TOLD = frozenset({Action.IMPORTED, Action.UPGRADED})
"""What the household hears of where messages are switched on."""


class Screens:
    """The screens of one household; what one of them does not take keeps nothing else back."""

    def __init__(self, *, household: Household, players: Sequence[Player]) -> None:
        self._household = household
        self._players = players

    async def after(
        self, notification: Notification, event: MediaEvent, *, done_by: Player, show: bool
    ) -> None:
        """Show the message where it is wanted, and the new library on the other screens."""
        works = [self._nudge_others(done_by, event.kind)]
        if show and event.action in TOLD:
            works.append(self._show(notification, event))
        await asyncio.gather(*works)

    async def _show(self, notification: Notification, event: MediaEvent) -> None:
        async def show(player: Player) -> None:
            await player.rpc.call(
                "GUI.ShowNotification",
                within=GLANCE_S,
                title=cut(clean(notification.title), LONGEST_TITLE),
                message=cut(clean(notification.body), LONGEST_MESSAGE),
                image=_picture(event),
                displaytime=SHOWN_FOR_MS,
            )

        await self._household.everyone(self._players, show)

    async def _nudge_others(self, done_by: Player, kind: MediaKind) -> None:
        async def draw(player: Player) -> None:
            if self._household.is_free(player):
                async with self._household.turn(player):
                    await nudge(player, kind, within=GLANCE_S)

        others = [player for player in self._players if player.place != done_by.place]
        await self._household.everyone(others, draw)


def _picture(event: MediaEvent) -> str:
    """The poster, which Kodi fetches itself, or the sign for news."""
    address = event.poster_url or ""
    usable = address.startswith(("http://", "https://")) and len(address) <= _LONGEST_ADDRESS
    return address if usable and address.isprintable() else "info"
