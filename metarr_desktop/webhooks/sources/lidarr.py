"""Lidarr: albums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import MediaKind
from metarr_desktop.webhooks.sources.arr import ArrConfig
from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.lidarr_history import INTERFACE
from metarr_desktop.webhooks.sources.origin import Origin
from metarr_desktop.webhooks.sources.works import parse_work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event, Ignored

TITLE = "Lidarr"
ORIGIN = Origin(key="lidarr", title=TITLE)


def parse(body: Mapping[str, Any]) -> Event | Ignored:
    """Give a body of Lidarr its meaning."""
    return parse_work(body, origin=ORIGIN, kind=MediaKind.ALBUM)


SOURCE = Source(
    key="lidarr",
    title=TITLE,
    parse=parse,
    docs="docs/sources/lidarr.md",
    config=ArrConfig,
    interface=INTERFACE,
)
