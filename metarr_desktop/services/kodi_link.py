"""What a Kodi tells by itself over its web socket, heard only while somebody waits for it."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.services.kodi_rpc import part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.tools import Tools

OPEN_S = 2.0
LINGER_S = 10.0
"""So much longer a link is held than somebody waits: a job often follows another."""
TRY_AGAIN_S = 60.0
"""A web socket that was closed is not tried again sooner."""
LARGEST_MESSAGE = 64 * 1024
MOST_MESSAGES = 20_000
"""After so many a link is closed: nobody waits that long."""
_KEPT = 200

SCAN_STARTED, SCAN_FINISHED = "OnScanStarted", "OnScanFinished"
STOPPED = "Player.OnStop"
ADDED = "VideoLibrary.OnUpdate"
LEAVING = frozenset({"System.OnQuit", "System.OnSleep", "System.OnRestart"})
KNOWN = LEAVING | {
    STOPPED,
    ADDED,
    *(
        f"{library}.{end}"
        for library in ("VideoLibrary", "AudioLibrary")
        for end in (SCAN_STARTED, SCAN_FINISHED)
    ),
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One message; ``added`` is the kind of an item that just came into the library, else empty."""

    method: str
    added: str = ""


_CLOSED = Announcement(method="")


class Ears:
    """What one waiter heard since it began to listen."""

    def __init__(self, *, clock: Clock, methods: Collection[str]) -> None:
        self._clock = clock
        self._methods = methods
        self._heard: asyncio.Queue[Announcement] = asyncio.Queue(_KEPT)
        self.open = False

    def take(self, announcement: Announcement) -> None:
        """Keep a message that is waited for; who does not listen for long misses the rest."""
        if announcement.method in self._methods and not self._heard.full():
            self._heard.put_nowait(announcement)

    def close(self) -> None:
        """Nothing more comes; whoever waits is woken."""
        self.open = False
        if not self._heard.full():
            self._heard.put_nowait(_CLOSED)

    def forget(self) -> None:
        """Drop what came before the moment that counts."""
        while not self._heard.empty():
            self._heard.get_nowait()

    async def wait_for(self, methods: Collection[str], *, within: float) -> Announcement | None:
        """Return the first of these messages; None when the time is over or the link is closed."""
        end = self._clock.monotonic() + within
        while self.open or not self._heard.empty():
            heard = await self._next(within=end - self._clock.monotonic())
            if heard is None or heard is _CLOSED:
                return None
            if heard.method in methods:
                return heard
        return None

    async def _next(self, *, within: float) -> Announcement | None:
        if not self._heard.empty():
            return self._heard.get_nowait()
        if within <= 0:
            return None
        waiting = asyncio.ensure_future(self._heard.get())
        sleeping = asyncio.ensure_future(self._clock.sleep(within))
        try:
            await asyncio.wait({waiting, sleeping}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else None
        finally:
            waiting.cancel()
            sleeping.cancel()


class KodiLink:
    """The web socket of one Kodi, shared by everybody who waits for it at the moment."""

    def __init__(self, *, tools: Tools, url: str) -> None:
        self._tools = tools
        self._url = url
        self._ears: set[Ears] = set()
        self._settled = asyncio.Event()
        self._open = False
        self._reading: asyncio.Task[Any] | None = None
        self._not_before = 0.0

    @property
    def held(self) -> bool:
        """Whether a connection is held or being opened."""
        return self._reading is not None and not self._reading.done()

    @asynccontextmanager
    async def listening(self, *, methods: Collection[str]) -> AsyncIterator[Ears]:
        """Listen for these as long as this lasts; ``open`` of what comes tells whether one can."""
        ears = Ears(clock=self._tools.clock, methods=methods)
        self._ears.add(ears)
        try:
            if not self.held and self._tools.clock.monotonic() >= self._not_before:
                self._settled.clear()
                self._reading = self._tools.spawn(self._read(), name=f"listen to {self._url}")
            if self._reading is not None and self.held:
                await self._until_settled(self._reading)
            ears.open = self._open
            yield ears
        finally:
            self._ears.discard(ears)
            if not self._ears and self.held:
                self._tools.spawn(self._let_go(), name=f"leave {self._url}")

    async def _until_settled(self, reading: asyncio.Task[Any]) -> None:
        settled = asyncio.ensure_future(self._settled.wait())
        try:
            # A task that is ended before it began settles nothing.
            await asyncio.wait({settled, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            settled.cancel()

    async def _read(self) -> None:
        try:
            async with self._tools.http.listen(self._url, within=OPEN_S, largest=LARGEST_MESSAGE) as texts:
                self._open = True
                self._settled.set()
                count = 0
                async for words in texts:
                    self._spread(words)
                    count += 1
                    if count >= MOST_MESSAGES:
                        break
        except MetarrError as error:
            logger.debug("No web socket: %s", error)
        finally:
            self._open = False
            self._not_before = self._tools.clock.monotonic() + TRY_AGAIN_S
            self._settled.set()
            for ears in self._ears:
                ears.close()

    def _spread(self, words: str) -> None:
        announcement = read_announcement(words)
        if announcement is not None:
            for ears in self._ears:
                ears.take(announcement)

    async def _let_go(self) -> None:
        reading = self._reading
        await self._tools.clock.sleep(LINGER_S)
        if not self._ears and reading is not None and reading is self._reading:
            reading.cancel()
            await asyncio.wait({reading})
            # We closed it: it may be opened again at once.
            self._not_before = 0.0


def read_announcement(words: str) -> Announcement | None:
    """Read one message; None for what is not understood or of no interest."""
    try:
        told = json.loads(words)
    except (ValueError, RecursionError):
        return None
    method = part(told, "method")
    if not isinstance(method, str) or method not in KNOWN:
        return None
    data = part(part(told, "params"), "data")
    # Old versions name the kind beside the item's number, new ones within the item.
    kind = part(part(data, "item"), "type") or part(data, "type")
    is_new = part(data, "added") is True and isinstance(kind, str)
    return Announcement(method=method, added=str(kind) if is_new else "")
