"""One scan of one folder by Kodi, from the folder listing to the look at what arrived.

What is worked around here was measured on Kodi 20:

- A scan asked for while one runs stops the running one, starts none, and answers OK.
- A folder made after Kodi listed its parent does not exist for a scan, which answers OK.
- A scan does not read a changed NFO or artwork of a known film; a refresh does.
- A folder outside Kodi's sources, or written in another way, answers OK.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError, NotNow, Permanent, Transient
from metarr_desktop.domain.events import MediaKind
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.kodi_group import BUSY, BUSY_WAIT
from metarr_desktop.services.kodi_library import Shelf, shown
from metarr_desktop.services.kodi_link import LEAVING, SCAN_FINISHED, SCAN_STARTED
from metarr_desktop.services.kodi_listing import parent
from metarr_desktop.services.kodi_rpc import part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.kodi_link import Ears
    from metarr_desktop.services.kodi_player import Player

POLL_S = 2.0
FIRST_LOOK_S = 1.0
"""The flag that a scan runs comes up a little after the scan was asked for."""
START_S = 3.0
LOOK_BESIDE_S = 15.0
"""However long the web socket is silent: whether the scan still runs is asked so often."""
LONGEST_OTHER_SCAN_S = 40.0
LONGEST_SCAN_S = 90.0
LOOKS = 3
NOWHERE = "special://skin/metarr-desktop-refresh/"
"""A folder that is nowhere: Kodi skips it within a few ms, and then draws its lists anew."""


class LibraryScan:
    """Has one Kodi take in one folder; the caller sees to it that only one runs at a time."""

    def __init__(self, *, player: Player, clock: Clock, kind: MediaKind, folder: str) -> None:
        self._player = player
        self._rpc = player.rpc
        self._clock = clock
        self._kind = kind
        self._folder = folder
        self._library = library_of(kind)
        self._listed = False

    async def wait_for_turn(self) -> None:
        """Wait while Kodi scans something else; raises NotNow where that does not end."""
        if not await self._idle(within=LONGEST_OTHER_SCAN_S):
            raise NotNow(BUSY, until=self._clock.now() + BUSY_WAIT)

    async def run(self) -> bool | Text:
        """Scan; returns whether it came to its end, or why that could not be seen.

        Raises Transient where Kodi was switched off meanwhile.
        """
        self._listed = await self._list_again()
        async with self._listening() as ears:
            if ears is not None:
                ears.forget()
            await self._rpc.call(f"{self._library}.Scan", directory=self._folder, showdialogs=False)
            try:
                return await self._end(ears)
            except MetarrError as error:
                if isinstance(error, Transient) and error.connection:
                    raise
                return text("What Kodi made of it could not be seen: {detail}", detail=str(error))

    async def arrived(self) -> tuple[Text, ...]:
        """Look whether Kodi has it now; returns a warning where it has not."""
        if self._kind is not MediaKind.MOVIE:
            return () if self._listed else (self._not_found(),)
        shelf = Shelf(rpc=self._rpc, kind=self._kind)
        try:
            for look in range(LOOKS):
                if look:
                    await self._clock.sleep(POLL_S)
                if await shelf.rows(self._folder):
                    return ()
        except MetarrError as error:
            return (text("What Kodi made of it could not be seen: {detail}", detail=str(error)),)
        return (self._not_found(),)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[Ears | None]:
        if self._player.link is None:
            yield None
            return
        ends = {f"{self._library}.{end}" for end in (SCAN_STARTED, SCAN_FINISHED)}
        async with self._player.link.listening(methods=LEAVING | ends) as ears:
            yield ears if ears.open else None

    async def _end(self, ears: Ears | None) -> bool:
        """Wait for the end of the scan: it is told where the web socket is open, else it is asked for."""
        started, finished = (f"{self._library}.{end}" for end in (SCAN_STARTED, SCAN_FINISHED))
        if ears is None or await self._heard(ears, started, within=START_S) is False:
            await self._clock.sleep(FIRST_LOOK_S)
            return await self._idle(within=LONGEST_SCAN_S)
        end = self._clock.monotonic() + LONGEST_SCAN_S
        while (left := end - self._clock.monotonic()) > 0:
            if await self._heard(ears, finished, within=min(LOOK_BESIDE_S, left)):
                return True
            if await self._idle(within=0):
                return True
            if not ears.open:
                return await self._idle(within=left)
        return False

    async def _heard(self, ears: Ears, method: str, *, within: float) -> bool:
        heard = await ears.wait_for(LEAVING | {method}, within=within)
        if heard is not None and heard.method in LEAVING:
            raise Transient(
                text("{player} was switched off during the scan.", player=self._player.name), connection=True
            )
        return heard is not None

    async def _idle(self, *, within: float) -> bool:
        """Wait until no scan runs; False where one still does after all that time."""
        end = self._clock.monotonic() + within
        while await is_scanning(self._player, self._kind):
            if self._clock.monotonic() >= end:
                return False
            await self._clock.sleep(POLL_S)
        return True

    async def _list_again(self) -> bool:
        """Make Kodi forget its cached listings above the folder; tells whether it could list any."""
        folders = [parent(self._folder)]
        if self._kind is not MediaKind.MOVIE:
            # The new season or album is a folder within the one we know.
            folders.append(self._folder)
        could = False
        for folder in filter(None, folders):
            try:
                await self._rpc.call(
                    "Files.GetDirectory",
                    slow=True,
                    directory=folder,
                    media="music" if self._kind is MediaKind.ALBUM else "video",
                    limits={"start": 0, "end": 1},
                )
            except Permanent:
                continue
            except Transient as error:
                if error.connection:
                    raise
                continue
            could = True
        return could

    def _not_found(self) -> Text:
        return text(
            "Kodi accepted {folder} but did not find it. Check that one of Kodi's sources holds this folder,"
            " written in the same way, with its content set; else add a path mapping for kodi.",
            folder=shown(self._folder),
        )


def library_of(kind: MediaKind) -> str:
    """Return the part of Kodi that has such media."""
    return "AudioLibrary" if kind is MediaKind.ALBUM else "VideoLibrary"


async def is_scanning(player: Player, kind: MediaKind, *, within: float | None = None) -> bool:
    """Whether a scan of this library runs, whoever asked for it."""
    flag = "Library.IsScanningMusic" if kind is MediaKind.ALBUM else "Library.IsScanningVideo"
    state = await player.rpc.call("XBMC.GetInfoBooleans", within=within, booleans=[flag])
    return part(state, flag) is True


async def nudge(player: Player, kind: MediaKind, *, within: float) -> bool:
    """Have a screen drawn anew whose library another Kodi changed; a scan that runs stays as it is."""
    if await is_scanning(player, kind, within=within):
        return False
    await player.rpc.call(f"{library_of(kind)}.Scan", within=within, directory=NOWHERE, showdialogs=False)
    return True
