"""Everything one Kodi is told about one folder, in the order in which nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotNow
from metarr_desktop.domain.events import Action, MediaKind
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import Delivery
from metarr_desktop.services.kodi_group import BUSY_WAIT
from metarr_desktop.services.kodi_library import shown
from metarr_desktop.services.kodi_removal import Removal, deletes
from metarr_desktop.services.kodi_scan import LibraryScan
from metarr_desktop.services.kodi_state import WatchedState
from metarr_desktop.services.wording import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.services.kodi_player import Player
    from metarr_desktop.services.tools import Tools

STILL_SCANNING = "Kodi is still scanning."
LOOKS = frozenset({Action.IMPORTED, Action.UPGRADED, Action.RENAMED, Action.SCANNED})
"""What Kodi has to look for in a folder."""


class FolderWork:
    """What happened in one folder, ready to be told to whichever player can be reached."""

    def __init__(self, *, tools: Tools, events: Sequence[MediaEvent], folder: str, library: str) -> None:
        self._tools = tools
        self._folder = folder
        self._library = library
        self._events = events
        self.kind = events[0].kind
        self._deleted = [event for event in events if deletes(event)]
        music = self.kind is MediaKind.ALBUM
        # Kodi removes no single song, but a scan of the folder above misses those that are gone.
        self.scans = any(event.action in LOOKS for event in events) or (music and bool(self._deleted))
        self.removes = bool(self._deleted) and not music

    async def run(self, player: Player, *, played: Collection[str] = ()) -> Delivery:
        """Do it all on one player; ``played`` are files that somebody watches on any."""
        said: list[Text] = []
        warnings: tuple[Text, ...] = ()
        scan = LibraryScan(player=player, clock=self._tools.clock, kind=self.kind, folder=self._folder)
        await scan.wait_for_turn()
        if self.scans:
            warnings = await self._scan(player, scan)
            folder = shown(self._folder)
            said.append(text("{player} scanned {folder}.", player=clean(player.name), folder=folder))
        if self.removes:
            removal = Removal(
                player=player, clock=self._tools.clock, events=self._deleted, folder=self._folder
            )
            said.append(await removal.run(played=played))
        detail = (
            said[0] if len(said) == 1 else text("{first} {second}", first=str(said[0]), second=str(said[1]))
        )
        return Delivery(detail=detail, warnings=warnings)

    async def _scan(self, player: Player, scan: LibraryScan) -> tuple[Text, ...]:
        state = None
        if self.kind is not MediaKind.ALBUM:
            state = WatchedState(
                player=player,
                tools=self._tools,
                events=self._events,
                folder=self._folder,
                library=self._library,
            )
            await state.save()
        ended = await scan.run()
        if ended is not True and state is not None and state.holds:
            # What was saved is given back when the new file is there.
            raise NotNow(STILL_SCANNING, until=self._tools.clock.now() + BUSY_WAIT)
        if isinstance(ended, Text):
            return (ended,)
        if not ended:
            return (Text("Kodi accepted it and is still scanning."),)
        warnings = () if state is None else await state.give_back()
        return (*await scan.arrived(), *warnings)
