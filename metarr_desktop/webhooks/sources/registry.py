"""Every source there is; adding one is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.webhooks.sources.by_hand import SOURCE as BY_HAND
from metarr_desktop.webhooks.sources.lidarr import SOURCE as LIDARR
from metarr_desktop.webhooks.sources.radarr import SOURCE as RADARR
from metarr_desktop.webhooks.sources.sonarr import SOURCE as SONARR

if TYPE_CHECKING:
    from metarr_desktop.webhooks.sources.declaration import Source

SOURCES: tuple[Source, ...] = (RADARR, SONARR, LIDARR, BY_HAND)


def find_source(key: str) -> Source | None:
    """Return the source of that key, or None where there is none."""
    return next((source for source in SOURCES if source.key == key), None)
