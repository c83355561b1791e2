"""Overseerr: requests for films and series, and problems with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.origin import Origin
from metarr_desktop.webhooks.sources.requests import EVENT_KEY, parse_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event, Ignored

TITLE = "Overseerr"
ORIGIN = Origin(key="overseerr", title=TITLE)


def parse(body: Mapping[str, Any]) -> Event | Ignored:
    """Give a body of Overseerr its meaning."""
    return parse_request(body, origin=ORIGIN)


SOURCE = Source(
    key="overseerr", title=TITLE, parse=parse, docs="docs/sources/overseerr.md", event_key=EVENT_KEY
)
