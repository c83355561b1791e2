"""Readarr: books. No service plays them, so they are told and nothing is scanned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import MediaKind
from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.origin import Origin
from metarr_desktop.webhooks.sources.works import parse_work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event, Ignored

TITLE = "Readarr"
ORIGIN = Origin(key="readarr", title=TITLE)
WORDS = {
    "artist": "author",
    "album": "book",
    "albums": "books",
    "trackFile": "bookFile",
    "trackFiles": "bookFiles",
    "renamedTrackFiles": "renamedBookFiles",
}
"""How Readarr calls what Lidarr has names for."""


def parse(body: Mapping[str, Any]) -> Event | Ignored:
    """Give a body of Readarr its meaning."""
    return parse_work(body, origin=ORIGIN, kind=MediaKind.BOOK, words=WORDS)


SOURCE = Source(key="readarr", title=TITLE, parse=parse, docs="docs/sources/readarr.md")
