"""One scan of one folder by Kodi, from the folder listing to the look at what arrived.

What is worked around here was measured on Kodi 20:

- A scan asked for while one runs stops the running one, starts none, and answers OK.
- A folder made after Kodi listed its parent does not exist for a scan, which answers OK.
- A scan does not read a changed NFO or artwork of a known film; a refresh does.
- A folder outside Kodi's sources, or written in another way, answers OK.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import MetarrError, NotNow, Permanent, Transient
from metarr_desktop.domain.events import Action, MediaKind
from metarr_desktop.domain.paths import last_part
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.services.kodi_rpc import KodiRpc

POLL_S = 2.0
FIRST_LOOK_S = 1.0
"""The flag that a scan runs comes up a little after the scan was asked for."""
LONGEST_OTHER_SCAN_S = 40.0
LONGEST_SCAN_S = 90.0
LOOKS = 3
BUSY_WAIT = timedelta(minutes=1)
_MOST_FILMS = 50


class LibraryScan:
    """Has one Kodi take in one folder; the caller sees to it that only one runs at a time."""

    def __init__(self, *, rpc: KodiRpc, clock: Clock, event: MediaEvent, folder: str) -> None:
        self._rpc = rpc
        self._clock = clock
        self._event = event
        self._folder = folder
        self._music = event.kind is MediaKind.ALBUM

    async def run(self) -> tuple[Text, ...]:
        """Scan and look; returns what a person should know although Kodi accepted everything.

        Raises NotNow while another scan does not end.
        """
        if not await self._idle(within=LONGEST_OTHER_SCAN_S):
            raise NotNow("Kodi is busy with another scan.", until=self._clock.now() + BUSY_WAIT)
        listed = await self._list_again()
        is_film = self._event.kind is MediaKind.MOVIE
        known = await self._films() if is_film and self._event.action is Action.UPGRADED else {}
        library = "AudioLibrary" if self._music else "VideoLibrary"
        await self._rpc.call(f"{library}.Scan", directory=self._folder, showdialogs=False)
        try:
            ended = await self._end()
        except MetarrError as error:
            return (text("What Kodi made of it could not be seen: {detail}", detail=str(error)),)
        if not ended:
            return (Text("Kodi accepted it and is still scanning."),)
        if not is_film:
            return () if listed else (self._not_found(),)
        await self._refresh(known)
        return await self._arrival()

    async def _idle(self, *, within: float) -> bool:
        """Wait until no scan runs; False where one still does after all that time."""
        flag = "Library.IsScanningMusic" if self._music else "Library.IsScanningVideo"
        end = self._clock.monotonic() + within
        while True:
            state = await self._rpc.call("XBMC.GetInfoBooleans", booleans=[flag])
            if not (isinstance(state, dict) and state.get(flag) is True):
                return True
            if self._clock.monotonic() >= end:
                return False
            await self._clock.sleep(POLL_S)

    async def _end(self) -> bool:
        await self._clock.sleep(FIRST_LOOK_S)
        return await self._idle(within=LONGEST_SCAN_S)

    async def _list_again(self) -> bool:
        """Make Kodi forget its cached listings above the folder; tells whether it could list any."""
        folders = [_parent(self._folder)]
        if self._event.kind is not MediaKind.MOVIE:
            # The new season or album is a folder within the one we know.
            folders.append(self._folder)
        could = False
        for folder in filter(None, folders):
            try:
                await self._rpc.call(
                    "Files.GetDirectory",
                    slow=True,
                    directory=folder,
                    media="music" if self._music else "video",
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

    async def _films(self) -> dict[int, str]:
        """Ids and files of the films Kodi knows in the folder."""
        reply = await self._rpc.call(
            "VideoLibrary.GetMovies",
            slow=True,
            properties=["file"],
            filter={"field": "path", "operator": "startswith", "value": self._folder},
            limits={"start": 0, "end": _MOST_FILMS},
        )
        # Without any film the key is absent.
        films: Any = reply.get("movies") if isinstance(reply, dict) else None
        if not isinstance(films, list):
            return {}
        return {
            film["movieid"]: str(film.get("file", ""))
            for film in films
            if isinstance(film, dict) and isinstance(film.get("movieid"), int)
        }

    async def _refresh(self, known: dict[int, str]) -> None:
        """Have the films read anew that Kodi knew before: those whose file was replaced, else all."""
        fresh = {last_part(file).casefold() for file in self._event.files}
        replaced = [film for film, file in known.items() if last_part(file).casefold() in fresh]
        for film in replaced or known:
            await self._rpc.call("VideoLibrary.RefreshMovie", movieid=film, ignorenfo=False)

    async def _arrival(self) -> tuple[Text, ...]:
        try:
            for look in range(LOOKS):
                if look:
                    await self._clock.sleep(POLL_S)
                if await self._films():
                    return ()
        except MetarrError as error:
            return (text("What Kodi made of it could not be seen: {detail}", detail=str(error)),)
        return (self._not_found(),)

    def _not_found(self) -> Text:
        return text(
            "Kodi accepted {folder} but did not find it. Check that one of Kodi's sources holds this folder,"
            " written in the same way, with its content set; else add a path mapping for kodi.",
            folder=cut(clean(self._folder), 300),
        )


def _parent(folder: str) -> str:
    """Return the folder above, with its separator; empty where there is none to speak of."""
    bare = folder.rstrip("/\\")
    name = last_part(bare)
    above = bare.removesuffix(name)
    return "" if above == bare or above.endswith("://") else above
