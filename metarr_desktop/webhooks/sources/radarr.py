"""Radarr: films."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.webhooks.sources.arr import ArrConfig
from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.films import parse_film
from metarr_desktop.webhooks.sources.origin import Origin
from metarr_desktop.webhooks.sources.radarr_history import INTERFACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event, Ignored

TITLE = "Radarr"
ORIGIN = Origin(key="radarr", title=TITLE)


def parse(body: Mapping[str, Any]) -> Event | Ignored:
    """Give a body of Radarr its meaning."""
    return parse_film(body, origin=ORIGIN)


SOURCE = Source(
    key="radarr",
    title=TITLE,
    parse=parse,
    docs="docs/sources/radarr.md",
    scans=True,
    config=ArrConfig,
    interface=INTERFACE,
)
