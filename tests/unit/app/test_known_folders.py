"""The folders that media servers are told of."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from metarr_desktop.app.known_folders import KnownFolders
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind

FILM = MediaEvent(
    source="radarr", kind=MediaKind.MOVIE, action=Action.IMPORTED, title="Dune", folder="/movies/Dune"
)
BOOK = replace(FILM, source="readarr", kind=MediaKind.BOOK, folder="/books/Frank Herbert")


class History:
    """What came last, the newest first."""

    def __init__(self, *events: MediaEvent) -> None:
        self._events = events

    async def page(self, _query: object) -> list[Any]:
        return [SimpleNamespace(payload={"event": event.to_payload()}) for event in self._events]


async def test_what_came_last_is_no_book_since_media_servers_are_told_of_none() -> None:
    given: Any = None
    history: Any = History(BOOK, FILM)
    newest = await KnownFolders(senders=given, library=given, history=history, routes=given).newest()
    assert newest is not None
    assert newest.folder == "/movies/Dune"
