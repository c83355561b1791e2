"""By hand: folders that a person, a script or the watcher of library folders asked to look at.

Nobody sends these over the network under an address of their own: they are stored like webhooks by
``app/scan_requests.py``, which knows the disks, so that they are in the history and can be replayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from metarr_desktop.domain.events import Action, Ignored, MediaEvent, MediaKind
from metarr_desktop.domain.paths import last_part
from metarr_desktop.domain.text import text
from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.places import fit, folder_of
from metarr_desktop.webhooks.sources.shapes import Number, Shape, event_name, read
from metarr_desktop.webhooks.sources.wording import known, line, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE = "By hand"
EVENT = "Scan"


class Scan(Shape):
    """A folder of this computer, and what is known of it by its name and by its library folder."""

    path: str
    kind: Literal["movie", "episode", "album"]
    title: str = ""
    year: Number | None = None
    season: Number | None = None
    album: str = ""
    tmdb_id: Number | None = Field(default=None, alias="tmdbId")
    imdb_id: str | None = Field(default=None, alias="imdbId")


def parse(body: Mapping[str, Any]) -> MediaEvent | Ignored:
    """Give a stored request its meaning."""
    event = event_name(body, sender=TITLE)
    if event.casefold() != EVENT.casefold():
        return Ignored(reason=text("Metarr Desktop does nothing for {event}.", event=event))
    scan = read(Scan, body, sender=TITLE)
    folder = folder_of(scan.path, sender=TITLE, title=scan.title)
    return fit(
        MediaEvent(
            source=SOURCE.key,
            kind=MediaKind(scan.kind),
            action=Action.SCANNED,
            title=line(scan.title) or line(last_part(folder)),
            folder=folder,
            year=known(scan.year),
            season=scan.season,
            album=line(scan.album),
            tmdb_id=known(scan.tmdb_id),
            imdb_id=name_of(scan.imdb_id),
        ),
        sender=TITLE,
    )


SOURCE = Source(
    key="scan", title=TITLE, parse=parse, docs="docs/sources/by-hand.md", scans=True, routed=False
)
