"""Watches library folders, where a person wants that: what changes there is scanned without any sender."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from metarr_desktop.app.folder_thread import Watcher, WatchThread, watch_folder
from metarr_desktop.domain.changes import JobChanged, SettingsChanged
from metarr_desktop.domain.errors import MetarrError, Refused
from metarr_desktop.domain.events import MediaEvent
from metarr_desktop.domain.jobs import SCAN_MOVIE
from metarr_desktop.domain.media import readable
from metarr_desktop.domain.paths import is_inside
from metarr_desktop.domain.tracing import holding, scopes_of, to_here
from metarr_desktop.library.looking import Looks
from metarr_desktop.library.place import place_in
from metarr_desktop.library.watching import QuietFolders, is_worth_asking
from metarr_desktop.webhooks.fanout import CHANGES_FILES
from metarr_desktop.webhooks.sources.by_hand import SOURCE as BY_HAND

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from metarr_desktop.app.scan_requests import ScanRequests
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.storage.library_store import LibraryStore

logger = logging.getLogger(__name__)

RECENT = timedelta(minutes=10)
MOST_RECENT = 5_000
ENDS_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchTimes:
    """Seconds: how long a folder has to be quiet, at most; how often polling looks, and after a drive."""

    quiet_s: float = 30.0
    at_most_s: float = 600.0
    poll_s: float = 60.0
    look_s: float = 60.0


DEFAULT_TIMES = WatchTimes()


class FolderWatch:
    """Keeps one watcher for each library folder that has one, and asks for folders that became quiet."""

    def __init__(
        self,
        *,
        library: LibraryStore,
        scans: ScanRequests,
        bus: Bus,
        clock: Clock,
        times: WatchTimes = DEFAULT_TIMES,
        watch: WatchThread | None = None,
    ) -> None:
        self._library = library
        self._scans = scans
        self._bus = bus
        self._clock = clock
        self._times = times
        self._watch = watch or watch_folder
        self._looks = Looks(deadline=timedelta(seconds=20))
        self._watchers: dict[int, Watcher] = {}
        self._only_polling: set[int] = set()
        self._quiet = QuietFolders(quiet_s=times.quiet_s, at_most_s=times.at_most_s)
        self._told: dict[tuple[str, str, str], tuple[MediaEvent, datetime]] = {}
        self._wake = asyncio.Event()
        self._wanted = False
        self._closed = False

    async def run(self) -> None:
        """Watch until cancelled."""
        unsubscribe = self._bus.subscribe(self._hear)
        try:
            while True:
                self._wake.clear()
                try:
                    await self._round()
                except MetarrError as error:
                    self._wanted = True  # the database is asked again
                    logger.warning("Library folders could not be watched: %s", error)
                await self._sleep()
        finally:
            unsubscribe()

    async def close(self) -> None:
        """End every thread; one that hangs on a drive is not waited for."""
        self._closed = True
        threads = [each.thread for each in self._watchers.values() if each.thread is not None]
        for watcher in self._watchers.values():
            watcher.stop.set()
        self._watchers.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_WITHIN_S):
                while any(thread.is_alive() for thread in threads):  # noqa: ASYNC110 - threads set no event
                    await asyncio.sleep(0.02)

    @property
    def watched(self) -> frozenset[str]:
        """Names of the library folders that are watched right now."""
        return frozenset(
            each.library.name for each in self._watchers.values() if each.began and not each.over
        )

    async def _round(self) -> None:
        libraries = await self._library.libraries()
        wanted = {library.id: library for library in libraries if library.watch != "off"}
        self._wanted = bool(wanted)
        for number in [each for each in self._watchers if each not in wanted]:
            self._end(number)
        self._only_polling &= {number for number, each in wanted.items() if each.watch == "events"}
        for library in wanted.values():
            await self._tend(library)
        due = self._quiet.take_due(now=self._clock.monotonic())
        for folder in _outermost(due, libraries):
            await self._ask(folder, libraries)

    async def _sleep(self) -> None:
        """Wait for news, for the next quiet folder or for the next look after drives."""
        waits: list[float] = [self._times.look_s] if self._wanted else []
        if (due := self._quiet.next_due()) is not None:
            waits.append(max(0.0, due - self._clock.monotonic()) + 0.01)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(waits, default=None)):
                await self._wake.wait()

    async def _tend(self, library: LibraryFolder) -> None:
        """Start, keep or restart the watcher of one folder."""
        polling = library.watch == "polling" or library.id in self._only_polling
        watcher = self._watchers.get(library.id)
        try:
            place = await self._looks.at(library.path, lambda: _identity(library), shown=Path(library.path))
        except MetarrError:
            place = None
        if watcher is not None:
            same = watcher.place == place and watcher.library.path == library.path
            if same and watcher.polling == polling and not watcher.over:
                watcher.library = library
                return
            self._end(library.id)
            if watcher.ended is not None:
                polling = self._judge(watcher) or polling
        if place is not None and not self._closed:
            self._start(library, polling=polling, place=place)

    def _judge(self, watcher: Watcher) -> bool:
        """Say why a watcher ended; returns whether polling has to do instead."""
        name, error = watcher.library.name, watcher.ended
        if watcher.polling or isinstance(error, FileNotFoundError):
            logger.warning("The library folder %s cannot be watched for the moment: %s", name, error)
            return watcher.polling
        logger.warning(
            "The system cannot watch the library folder %s (%s). It is looked at every %d s instead.",
            name,
            error,
            self._times.poll_s,
        )
        self._only_polling.add(watcher.library.id)
        return True

    def _start(self, library: LibraryFolder, *, polling: bool, place: tuple[int, int]) -> None:
        loop = asyncio.get_running_loop()
        watcher = Watcher(library=library, polling=polling, place=place)

        def tell(folders: frozenset[Path]) -> None:
            with suppress(RuntimeError):  # the loop is closed: the program ended
                loop.call_soon_threadsafe(self._see, watcher, folders)

        watcher.thread = threading.Thread(
            target=self._watch,
            args=(watcher, tell),
            kwargs={"poll_s": self._times.poll_s},
            name=f"watch {library.name}",
            daemon=True,
        )
        watcher.thread.start()
        self._watchers[library.id] = watcher

    def _end(self, number: int) -> None:
        watcher = self._watchers.pop(number)
        watcher.stop.set()
        self._quiet.forget_below(Path(watcher.library.path))

    def _see(self, watcher: Watcher, folders: frozenset[Path]) -> None:
        if watcher.stop.is_set():
            return
        self._quiet.note(folders, now=self._clock.monotonic())
        self._wake.set()

    def _hear(self, change: Change) -> None:
        """Note what senders and people ask for, and that settings changed."""
        if isinstance(change, SettingsChanged):
            self._wake.set()
        elif isinstance(change, JobChanged) and self._watchers:
            job = change.job
            if job.type == SCAN_MOVIE or job.type.startswith("notify-"):
                self._note_told(job.payload.get("event"), job.created_at)

    def _note_told(self, payload: object, at: datetime) -> None:
        if not isinstance(payload, dict) or "folder" not in payload:
            return
        with suppress(KeyError, TypeError, ValueError):
            event = MediaEvent.from_payload(payload)
            if event.action not in CHANGES_FILES or event.files_kept:
                return
            self._told.pop(key := (event.source, event.instance, event.folder), None)
            self._told[key] = (event, at)
            if len(self._told) > MOST_RECENT:
                del self._told[next(iter(self._told))]

    async def _ask(self, folder: Path, libraries: tuple[LibraryFolder, ...]) -> None:
        """Ask for a folder, unless somebody told of it or all of it is known.

        What comes beside it later, such as subtitles, nobody tells: that is asked for later. Not so where a
        sender told of a series or an artist, of which nobody knows what was seen already.
        """
        library = holding(str(folder), libraries)
        if library is None or library.watch == "off":
            return
        told = await self._told_by(folder)
        if told and (library.type == "movies" or told == {BY_HAND.key}):
            self._quiet.note([folder], now=self._clock.monotonic())
        if told:
            return
        place = place_in(library, path=str(folder), libraries=libraries)
        try:
            known = await self._library.known_files(readable(str(folder)))
            if await self._looks.at(
                library.path, lambda: is_worth_asking(place, known=known), shown=place.folder
            ):
                request = await self._scans.request(str(folder), origin="watcher")
                logger.info("Something changed in %s: it is scanned", request.folder)
        except Refused as error:
            logger.info("%s", error)
        except (MetarrError, ValueError) as error:
            logger.warning("A change in %s could not be told: %s", readable(str(folder)), error)

    async def _told_by(self, folder: Path) -> set[str]:
        """Return the sources that told of a folder lately."""
        since = self._clock.now() - RECENT
        self._told = {key: told for key, told in self._told.items() if told[1] >= since}
        mappings = await self._library.mappings()
        sources = set[str]()
        for event, _ in self._told.values():
            here = to_here(event.folder, scopes=scopes_of(event), mappings=mappings).path
            if is_inside(str(folder), here) or is_inside(here, str(folder)):
                sources.add(event.source)
        return sources


def _outermost(folders: Collection[Path], libraries: Collection[LibraryFolder]) -> list[Path]:
    """Leave out the season of a series that is asked for as a whole; each film is one of its own."""

    def is_part(folder: Path) -> bool:
        library = holding(str(folder), libraries)
        whole = any(parent in folders for parent in folder.parents)
        return whole and library is not None and library.type != "movies"

    return [folder for folder in folders if not is_part(folder)]


def _identity(library: LibraryFolder) -> tuple[int, int] | None:
    """Tell which file system lies at a library folder; None where it is not connected. Blocking."""
    root = Path(library.path)
    try:
        if library.anchor and not (root / library.anchor).exists():
            return None
        found = root.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)
