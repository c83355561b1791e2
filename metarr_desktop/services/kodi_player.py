"""One Kodi of a household: its name, the way to it, and what it does at the moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.services.kodi_rpc import KodiRpc, part

if TYPE_CHECKING:
    from typing import Any

    from metarr_desktop.services.kodi_link import KodiLink

GLANCE_S = 3.0
"""So long a player may take to answer what is asked of all of them."""
PLAYED_PROPERTIES = ["file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """One Kodi; without a link its web socket is not to be used."""

    name: str
    rpc: KodiRpc
    link: KodiLink | None

    @property
    def place(self) -> str:
        """Which Kodi this is, whatever group it is in."""
        return self.rpc.place.casefold()

    @property
    def login(self) -> tuple[str, str]:
        """Which Kodi this is, and what it is shown to be let in."""
        return self.place, self.rpc.login

    async def videos(self, *, within: float | None = None) -> list[int]:
        """Numbers of the players that show a video right now; a paused one does."""
        listed = await self.rpc.call("Player.GetActivePlayers", within=within)
        return [
            number
            for each in (listed if isinstance(listed, list) else [])
            if part(each, "type") == "video" and isinstance(number := part(each, "playerid"), int)
        ]

    async def items(self, properties: list[str], *, within: float | None = None) -> list[dict[str, Any]]:
        """What it shows right now, with these properties."""
        found: list[dict[str, Any]] = []
        for number in await self.videos(within=within):
            reply = await self.rpc.call(
                "Player.GetItem", within=within, playerid=number, properties=properties
            )
            item = part(reply, "item")
            if isinstance(item, dict):
                found.append(item)
        return found

    async def played_files(self, *, within: float | None = None) -> set[str]:
        """The files it shows right now."""
        return {str(item.get("file")) for item in await self.items(PLAYED_PROPERTIES, within=within)}
