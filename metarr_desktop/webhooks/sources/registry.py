"""Every source there is; adding one is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.webhooks.sources import lidarr, radarr, sonarr

if TYPE_CHECKING:
    from metarr_desktop.webhooks.sources.declaration import Source

SOURCES: tuple[Source, ...] = (radarr.SOURCE, sonarr.SOURCE, lidarr.SOURCE)


def find_source(key: str) -> Source | None:
    """Return the source of that key, or None where there is none."""
    return next((source for source in SOURCES if source.key == key), None)
