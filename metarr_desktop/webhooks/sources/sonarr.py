"""Sonarr: episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.webhooks.sources.arr import ArrConfig
from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.episodes import parse_series
from metarr_desktop.webhooks.sources.origin import Origin
from metarr_desktop.webhooks.sources.sonarr_history import INTERFACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event, Ignored

TITLE = "Sonarr"
ORIGIN = Origin(key="sonarr", title=TITLE)


def parse(body: Mapping[str, Any]) -> Event | Ignored:
    """Give a body of Sonarr its meaning."""
    return parse_series(body, origin=ORIGIN)


SOURCE = Source(
    key="sonarr",
    title=TITLE,
    parse=parse,
    docs="docs/sources/sonarr.md",
    config=ArrConfig,
    interface=INTERFACE,
)
