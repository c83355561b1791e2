"""Whisparr: version 2 tells of sites as Sonarr does of series, version 3 of films as Radarr does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.episodes import parse_series
from metarr_desktop.webhooks.sources.films import parse_film
from metarr_desktop.webhooks.sources.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event, Ignored

TITLE = "Whisparr"
ORIGIN = Origin(key="whisparr", title=TITLE)


def parse(body: Mapping[str, Any]) -> Event | Ignored:
    """Give a body of either version its meaning."""
    if isinstance(body.get("series"), dict):
        return parse_series(body, origin=ORIGIN)
    return parse_film(body, origin=ORIGIN)


SOURCE = Source(key="whisparr", title=TITLE, parse=parse, docs="docs/sources/whisparr.md")
