"""Whether what an event tells of lies on the disk, whole, before a media server is sent to look at it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.errors import MetarrError, NotNow, Permanent, Transient
from metarr_desktop.domain.events import Action, MediaKind
from metarr_desktop.domain.media import readable
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.tracing import holding, scopes_of, to_here
from metarr_desktop.library.connection import next_look, require_anchor
from metarr_desktop.library.deletion import is_gone
from metarr_desktop.library.discovery import DISC_FILES, VIDEO_EXTENSIONS, Entry, discover
from metarr_desktop.library.listing import Listing, read_folder
from metarr_desktop.library.looking import Looks
from metarr_desktop.library.place import Place, names_below, place_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.domain.paths import PathMapping

BETWEEN_LOOKS_S = 2.0
"""A file whose size is the same after so long is whole."""
LONGEST_WAIT = timedelta(minutes=10)
DEADLINE = timedelta(seconds=30)
BRINGS_FILES = frozenset({Action.IMPORTED, Action.UPGRADED, Action.SCANNED})
TAKES_FILES = frozenset({Action.RENAMED, Action.DELETED})
NO_VIDEO = "No video file in {folder} yet."
NO_FILE = "{file} is not there yet."
NO_NFO = "No NFO in {folder} yet."
STILL_WRITTEN = "{file} is still being written."
WAITS_FOR_FILES = (NO_VIDEO, NO_FILE, NO_NFO, STILL_WRITTEN)
"""Why a media server is not told yet."""
WENT_ANYWAY = "{reason} After 10 minutes it was told all the same."


class Libraries(Protocol):
    """What is known of the library folders of this computer."""

    async def libraries(self) -> tuple[LibraryFolder, ...]:
        """Every library folder."""

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        """Path mappings, all or those of one scope."""


class Readiness:
    """Looks whether media servers may be told of an event now."""

    def __init__(
        self,
        *,
        store: Libraries,
        clock: Clock,
        deadline: timedelta = DEADLINE,
        read: Callable[..., Listing] = read_folder,
    ) -> None:
        self._store = store
        self._clock = clock
        self._looks = Looks(deadline=deadline)
        self._read = read

    async def check(self, event: MediaEvent, job: Job) -> Text | None:
        """Raise NotNow while files are missing or still written; return what a person is warned of.

        What lies in no library folder of this computer is ready. A missing anchor is waited for without a
        limit, anything else for 10 minutes.
        """
        place = await self._place(event)
        if place is None:
            return None
        now = self._clock.now()
        try:
            await require_anchor(place.library, looks=self._looks, now=now, deferrals=job.deferrals)
            missing = await self._missing(event, place) if event.action in BRINGS_FILES else None
        except Permanent as error:  # no later look would find more
            return error.text
        except Transient as error:
            missing = error.text
        if missing is None:
            return None
        if self._clock.now() - job.created_at >= LONGEST_WAIT:
            return text(WENT_ANYWAY, reason=str(missing))
        raise NotNow(missing, until=next_look(self._clock.now(), deferrals=job.deferrals))

    async def _place(self, event: MediaEvent) -> Place | None:
        if event.action not in BRINGS_FILES | TAKES_FILES:
            return None
        libraries = await self._store.libraries()
        if not libraries:
            return None
        mappings = await self._store.mappings()
        path = to_here(event.folder, scopes=scopes_of(event), mappings=mappings).path
        library = holding(path, libraries)
        return None if library is None else place_in(library, path=path, libraries=libraries)

    async def _missing(self, event: MediaEvent, place: Place) -> Text | None:
        """Say what is missing or still written; None where all is there."""
        before = await self._look(event, place)
        if isinstance(before, Text):
            return before
        if not before:
            return None
        await self._clock.sleep(BETWEEN_LOOKS_S)
        after = await self._look(event, place)
        if isinstance(after, Text):
            return after
        for name, size in after.items():
            if before.get(name) != size:
                return text(STILL_WRITTEN, file=readable(name))
        return None

    async def _look(self, event: MediaEvent, place: Place) -> Mapping[str, int] | Text:
        def look() -> Mapping[str, int] | Text:
            try:
                return _files(event, place, read=self._read)
            except ValueError:  # a path that no system can hold
                return Text("This path cannot be a folder on this computer.")

        return await self._looks.at(place.library.path, look, shown=place.folder)


def _files(event: MediaEvent, place: Place, *, read: Callable[..., Listing]) -> Mapping[str, int] | Text:
    """Return the sizes of the files an event is about, or what is missing. Blocking."""
    if event.action is Action.SCANNED and is_gone(place):
        return {}  # that it is gone is what is to be seen
    names = names_below(event)
    nfos = tuple(str(PurePosixPath(name).with_suffix(".nfo")) for name in names)
    listing = read(place, extra=(*names, *nfos, *DISC_FILES))
    if event.kind is MediaKind.MOVIE:
        video = discover(
            listing.entries, folder_name=place.folder.name, expected=names[0] if names else None
        ).video
        found: Iterable[Entry] = () if video is None else (video,)
    elif names:
        found = [entry for entry in listing.entries if entry.name in names]
        there = {entry.name for entry in found}
        for name in names:
            if name not in there:
                return text(NO_FILE, file=readable(str(place.folder / name)))
    else:
        found = _below(event, place, listing, read=read)
    sizes = {entry.name: entry.size for entry in found}
    if not sizes:
        return text(NO_VIDEO, folder=readable(str(place.folder)))
    if place.library.needs_nfo:
        wanted = nfos if event.kind is MediaKind.EPISODE else ()
        return _without_nfo(listing, wanted=wanted, folder=place.folder) or sizes
    return sizes


def _below(event: MediaEvent, place: Place, listing: Listing, *, read: Callable[..., Listing]) -> list[Entry]:
    """Return the files of a folder and of the folders in it; of a series only its videos."""
    entries = list(listing.entries)
    for folder in _folders_in(place.folder):
        try:
            below = read(Place(library=place.library, folder=folder, roots=place.roots))
        except MetarrError:
            continue  # what cannot be read is not waited for
        entries += [
            Entry(name=f"{folder.name}/{entry.name}", size=entry.size, modified_at=entry.modified_at)
            for entry in below.entries
        ]
    wanted = VIDEO_EXTENSIONS if event.kind is MediaKind.EPISODE else None
    return [entry for entry in entries if wanted is None or entry.extension in wanted]


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []  # it was read a moment ago: what went away meanwhile is looked for next time


def _without_nfo(listing: Listing, *, wanted: tuple[str, ...], folder: Path) -> Text | None:
    """Say which NFO is missing: one of each episode, else any in the folder."""
    there = {entry.name for entry in listing.entries if entry.extension == ".nfo"}
    for name in wanted:
        if name not in there:
            return text(NO_FILE, file=readable(str(folder / name)))
    return None if there or wanted else text(NO_NFO, folder=readable(str(folder)))
