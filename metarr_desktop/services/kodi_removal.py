"""What was deleted, taken out of Kodi's library one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotNow
from metarr_desktop.domain.events import Action, MediaKind
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.kodi_library import Shelf, lies_in, place_of, shown
from metarr_desktop.services.kodi_listing import is_gone, unlisted
from metarr_desktop.services.kodi_rpc import entries

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.services.kodi_library import Row
    from metarr_desktop.services.kodi_player import Player

PLAYED = "What was deleted is being played."
PLAYED_WAIT = timedelta(minutes=10)


def deletes(event: MediaEvent) -> bool:
    """Whether an event tells of files that are no more."""
    return event.action is Action.DELETED and not event.files_kept


class Removal:
    """Takes the rows of deleted files out of the library, never those of files that are there."""

    def __init__(self, *, player: Player, clock: Clock, events: Sequence[MediaEvent], folder: str) -> None:
        self._player = player
        self._clock = clock
        self._events = events
        self._folder = folder
        self._kind = events[0].kind
        self._shelf = Shelf(rpc=player.rpc, kind=self._kind)

    async def run(self, *, played: Collection[str]) -> Text:
        """Remove and say how many; raises NotNow while one of the files is being played."""
        rows = await self._shelf.rows(self._folder)
        if not rows:
            return Text("Kodi had nothing of it any more.")
        whole = await is_gone(self._player.rpc, self._folder)
        doomed = rows if whole else await self._missing(rows)
        if any(row.file in played for row in doomed):
            raise NotNow(PLAYED, until=self._clock.now() + PLAYED_WAIT)
        for row in doomed:
            await self._shelf.remove(row)
        if whole and self._kind is MediaKind.EPISODE:
            await self._remove_series()
        if not doomed:
            return await self._clean()
        return text("Kodi forgot {n} item(s) in {folder}.", n=len(doomed), folder=shown(self._folder))

    async def _missing(self, rows: Sequence[Row]) -> list[Row]:
        """Rows of the deleted files; where the event names none, of all that are not there any more."""
        told = [
            place_of(file, folder=self._folder, sender=event.folder)
            for event in self._events
            for file in event.old_files
        ]
        asked = [row.file for row in rows if not told or row.file in told]
        gone = await unlisted(self._player.rpc, asked, sure=told)
        return [row for row in rows if row.file in gone]

    async def _remove_series(self) -> None:
        reply = await self._player.rpc.call(
            "VideoLibrary.GetTVShows",
            slow=True,
            properties=["file"],
            filter={"field": "path", "operator": "startswith", "value": self._folder},
        )
        for show in entries(reply, "tvshows"):
            number, file = show.get("tvshowid"), show.get("file")
            if isinstance(number, int) and isinstance(file, str) and lies_in(file, self._folder):
                await self._player.rpc.call("VideoLibrary.RemoveTVShow", tvshowid=number)

    async def _clean(self) -> Text:
        """Have Kodi look itself, in this folder only, since no row is the deleted file."""
        await self._player.rpc.call(
            "VideoLibrary.Clean",
            showdialogs=False,
            content="movies" if self._kind is MediaKind.MOVIE else "tvshows",
            directory=self._folder,
        )
        return text("Kodi was asked to look what is missing in {folder}.", folder=shown(self._folder))
