"""Every service there is; adding one is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.text import text
from metarr_desktop.services import discord, emby, jellyfin, kodi, plex, pushover

if TYPE_CHECKING:
    from metarr_desktop.services.declaration import Service

SERVICES: tuple[Service, ...] = (
    kodi.SERVICE,
    jellyfin.SERVICE,
    emby.SERVICE,
    plex.SERVICE,
    discord.SERVICE,
    pushover.SERVICE,
)


def service(key: str) -> Service:
    """Return the service of that key. Raises NotFound."""
    for declared in SERVICES:
        if declared.key == key:
            return declared
    raise NotFound(text("There is no service called {service}.", service=key))
