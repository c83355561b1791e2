"""Prowlarr: indexers. It has no media on a disk, so it only says how it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import Ignored
from metarr_desktop.domain.text import Text
from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.notices import family_event
from metarr_desktop.webhooks.sources.origin import Origin
from metarr_desktop.webhooks.sources.shapes import Release, Shape, event_name, read_what_fits
from metarr_desktop.webhooks.sources.wording import line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event

TITLE = "Prowlarr"
ORIGIN = Origin(key="prowlarr", title=TITLE)


class Grab(Shape):
    """Some program asked for a release."""

    release: Release | None = None


def parse(body: Mapping[str, Any]) -> Event | Ignored:
    """Give a body of Prowlarr its meaning."""
    event = event_name(body, sender=TITLE)
    if event.casefold() == "grab":
        release = read_what_fits(Grab, body).release or Release()
        return Ignored(
            reason=Text("The program that asked for it tells of it itself: nothing to do."),
            title=line(release.release_title),
        )
    return family_event(event, body, origin=ORIGIN)


SOURCE = Source(key="prowlarr", title=TITLE, parse=parse, docs="docs/sources/prowlarr.md")
