"""Scan this path: what a person, a script or the watcher asks for becomes a stored event like a webhook."""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from metarr_desktop.domain.errors import Refused, Transient
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.media import readable
from metarr_desktop.domain.paths import is_inside, is_windows, parts
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.tracing import holding, to_here
from metarr_desktop.library.discovery import IMAGE_EXTENSIONS, SUBTITLE_EXTENSIONS, VIDEO_EXTENSIONS
from metarr_desktop.library.looking import Looks
from metarr_desktop.library.naming import NamedFolder, named_folder
from metarr_desktop.library.place import place_in
from metarr_desktop.webhooks.sources.by_hand import EVENT
from metarr_desktop.webhooks.sources.by_hand import SOURCE as BY_HAND

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.library.place import Place
    from metarr_desktop.storage.library_store import LibraryStore

Origin = Literal["command line", "window", "api", "watcher", "trigger"]

LONGEST_PATH = 4096
DEADLINE = timedelta(seconds=10)
MEDIA_EXTENSIONS = VIDEO_EXTENSIONS | SUBTITLE_EXTENSIONS | IMAGE_EXTENSIONS | {".nfo"}

NOT_WHOLE = Text("Give the whole path of a folder, not {path}.")
IN_NO_LIBRARY = Text(
    "{path} is in no library folder of this computer. Add the folder it lies in as a library folder, or a"
    " path mapping for the sender that writes it so."
)
NO_LIBRARIES = Text("There is no library folder on this computer yet. Add the folder with your media first.")
WHOLE_LIBRARY = Text(
    "{path} is the whole library folder {library}. Give the folder of one film, series or artist in it."
)
LIES_LOOSE = Text("{path} lies in the library folder {library} itself. Each film needs a folder of its own.")
OUTSIDE = Text("{path} leads to a place outside the library folders. Add that place as a library folder.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """A request that is stored: the folder that is looked at, and what a person knows it by."""

    event_id: int
    job_id: int
    folder: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What lies at a path: ``loose`` is a file beside the films' folders, ``outside`` a way out of them."""

    folder: Path
    loose: bool = False
    outside: bool = False


class ScanRequests:
    """Takes requests. ``services`` are the scopes of path mappings that are no sender's."""

    def __init__(self, *, queue: JobQueue, library: LibraryStore, services: Collection[str]) -> None:
        self._queue = queue
        self._library = library
        self._services = frozenset(services)
        self._looks = Looks(deadline=DEADLINE)

    async def request(self, path: str, *, origin: Origin, remote_address: str = "") -> ScanRequest:
        """Store the request to look at a folder, or at the folder of a file. Raises Refused with the remedy.

        The path is one of this computer, or one as a sender writes it that has a mapping.
        """
        path = path.strip() if origin != "watcher" else path
        if not path or not _is_whole(path):
            raise Refused(text(NOT_WHOLE.template, path=readable(path[:LONGEST_PATH]) or "nothing"))
        place = await self._place(path)
        folder = await self._folder(place, path=path)
        body = {"eventType": EVENT, "path": str(folder.path), "origin": origin, **_meaning(folder)}
        stored = await self._queue.store(
            IncomingWebhook(
                source=BY_HAND.key,
                event_type=EVENT,
                instance="",
                body=json.dumps(body).encode(),
                remote_address=remote_address,
            )
        )
        title = BY_HAND.parse(body)
        return ScanRequest(
            event_id=stored.event_id,
            job_id=stored.job_id,
            folder=str(folder.path),
            title=getattr(title, "display_title", folder.title),
        )

    async def _place(self, path: str) -> Place:
        libraries = await self._library.libraries()
        if not libraries:
            raise Refused(NO_LIBRARIES)
        library = holding(path, libraries)
        if library is not None:
            return place_in(library, path=path, libraries=libraries)
        places = await self._as_senders_write_it(path, libraries)
        if not places:
            raise Refused(text(IN_NO_LIBRARY.template, path=readable(path)))
        return places[0] if len(places) == 1 else await self._first_there(places)

    async def _as_senders_write_it(self, path: str, libraries: Collection[LibraryFolder]) -> list[Place]:
        """Return what senders may mean by a path: two Radarrs in containers may both call it so."""
        mappings = await self._library.mappings()
        places: dict[Path, Place] = {}
        for scope in sorted({mapping.scope for mapping in mappings} - self._services):
            here = to_here(path, scopes=(scope,), mappings=mappings).path
            if (library := holding(here, libraries)) is not None:
                place = place_in(library, path=here, libraries=libraries)
                places.setdefault(place.folder, place)
        return list(places.values())

    async def _first_there(self, places: list[Place]) -> Place:
        """Return the first place where something lies, else the first of all."""
        for place in places:
            with suppress(Transient, ValueError):
                if await self._looks.at(place.library.path, partial(_is_there, place), shown=place.folder):
                    return place
        return places[0]

    async def _folder(self, place: Place, *, path: str) -> NamedFolder:
        shown, library = readable(path), place.library
        try:
            wanted = await self._looks.at(library.path, lambda: _wanted(place), shown=place.folder)
        except ValueError as error:  # a path that no system can hold
            raise Refused(text(NOT_WHOLE.template, path=shown)) from error
        if wanted.outside:
            raise Refused(text(OUTSIDE.template, path=shown))
        if wanted.loose:
            raise Refused(text(LIES_LOOSE.template, path=shown, library=library.name))
        named = named_folder(wanted.folder, library=library)
        if named is None:
            raise Refused(text(WHOLE_LIBRARY.template, path=shown, library=library.name))
        if readable(str(named.path)) != str(named.path):
            raise Refused(text("The name of {path} is not valid UTF-8. Rename the folder.", path=shown))
        return replace(named, title=readable(named.title))


def _is_whole(path: str) -> bool:
    whole = PurePosixPath(path).is_absolute() or is_windows(path) or "://" in path
    return whole and "\0" not in path and len(path) <= LONGEST_PATH and ".." not in parts(path)


def _is_there(place: Place) -> bool:
    try:
        return place.folder.exists()
    except OSError:
        return False


def _wanted(place: Place) -> _Wanted:
    """Look what lies at a path; what is not there is judged by its name. Blocking."""
    folder = place.folder
    real = os.path.realpath(folder)
    if not any(is_inside(real, os.path.realpath(root)) for root in place.roots):
        return _Wanted(folder=folder, outside=True)
    try:
        is_file = stat.S_ISREG(os.stat(real).st_mode)  # noqa: PTH116 - its links are followed already
    except OSError:
        is_file = folder.suffix.lower() in MEDIA_EXTENSIONS
    if not is_file:
        return _Wanted(folder=folder)
    return _Wanted(folder=folder.parent, loose=folder.parent == Path(place.library.path))


def _meaning(folder: NamedFolder) -> Mapping[str, object]:
    told = {
        "kind": folder.kind,
        "title": folder.title,
        "year": folder.year,
        "season": folder.season,
        "album": folder.album,
        "tmdbId": folder.tmdb_id,
        "imdbId": folder.imdb_id,
    }
    return {name: value for name, value in told.items() if value not in (None, "")}
