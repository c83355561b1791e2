"""Every source there is; adding one is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.webhooks.sources.by_hand import SOURCE as BY_HAND
from metarr_desktop.webhooks.sources.jellyseerr import SOURCE as JELLYSEERR
from metarr_desktop.webhooks.sources.lidarr import SOURCE as LIDARR
from metarr_desktop.webhooks.sources.metarr import SOURCE as METARR
from metarr_desktop.webhooks.sources.overseerr import SOURCE as OVERSEERR
from metarr_desktop.webhooks.sources.prowlarr import SOURCE as PROWLARR
from metarr_desktop.webhooks.sources.radarr import SOURCE as RADARR
from metarr_desktop.webhooks.sources.readarr import SOURCE as READARR
from metarr_desktop.webhooks.sources.sonarr import SOURCE as SONARR
from metarr_desktop.webhooks.sources.whisparr import SOURCE as WHISPARR

if TYPE_CHECKING:
    from metarr_desktop.webhooks.sources.declaration import Source

SOURCES: tuple[Source, ...] = (
    RADARR,
    SONARR,
    LIDARR,
    PROWLARR,
    OVERSEERR,
    JELLYSEERR,
    READARR,
    WHISPARR,
    BY_HAND,
    METARR,
)


def find_source(key: str) -> Source | None:
    """Return the source of that key, or None where there is none."""
    return next((source for source in SOURCES if source.key == key), None)
