"""Runs ``scan-movie``: one film is looked up in the library folders and its row brought up to date."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.errors import MetarrError, NothingToDo, Permanent, Transient
from metarr_desktop.domain.events import MediaEvent, MediaKind
from metarr_desktop.domain.media import Asset, ScannedMovie, readable
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import Text, text
from metarr_desktop.library.discovery import DISC_FILES, discover
from metarr_desktop.library.listing import MOST_ENTRIES, OUTSIDE, Listing, read_folder
from metarr_desktop.library.place import expected_name, locate, path_unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.media import LibraryFolder, SavedMovie
    from metarr_desktop.domain.paths import PathMapping
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.library.discovery import Discovery
    from metarr_desktop.library.place import Place

logger = logging.getLogger(__name__)

STEPS = 3
READ_DEADLINE = timedelta(seconds=60)
"""A folder that does not answer for so long lies on a drive or share that hangs."""

LARGEST_ID = 2**63 - 1
LARGEST_YEAR = 2**31 - 1


class MovieStore(Protocol):
    """What a scan needs to know and to store."""

    async def libraries(self) -> tuple[LibraryFolder, ...]:
        """Every library folder."""

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        """Path mappings of one scope."""

    async def save_movie(self, movie: ScannedMovie, *, now: datetime) -> SavedMovie:
        """Create or update the movie's row and replace its assets, all or nothing."""


@dataclass(slots=True)
class _Look:
    """One reading of a folder in a thread, which nobody can end from outside."""

    running: bool = False


class ScanMovie:
    """Handler of ``scan-movie`` jobs, whose payload is ``{"event": <MediaEvent payload>}``."""

    def __init__(
        self,
        *,
        store: MovieStore,
        clock: Clock,
        read: Callable[..., Listing] = read_folder,
        deadline: timedelta = READ_DEADLINE,
    ) -> None:
        self._store = store
        self._clock = clock
        self._read = read
        self._deadline = deadline
        self._look = _Look()

    async def __call__(self, job: Job, report: Report) -> Done:
        """Find the film's folder, its video and its artwork, and store what was found."""
        event = _event(job)
        libraries = await self._store.libraries()
        place = locate(event, libraries=libraries, mappings=await self._store.mappings())
        expected = expected_name(event)
        report(0, STEPS, Text("Reading the folder"))
        try:
            listing = await self._listing(place, expected=expected)
        except ValueError as error:  # a path that no system can hold
            raise path_unknown(event) from error
        if not listing.complete:
            logger.warning("Only %d entries of %s were looked at", MOST_ENTRIES, readable(str(place.folder)))
        report(1, STEPS, Text("Looking for the video and the artwork"))
        found = discover(listing.entries, folder_name=place.folder.name, expected=expected)
        if found.video is None:
            raise _no_video(place.folder, listing=listing)
        movie = _scanned(event, place=place, found=found)
        report(2, STEPS, Text("Storing what was found"))
        saved = await self._store.save_movie(movie, now=self._clock.now())
        return _done(found, movie=movie, saved=saved)

    async def _listing(self, place: Place, *, expected: str | None) -> Listing:
        """Read the folder in a thread, and wait no longer than the deadline."""
        if self._look.running:  # a thread that hangs is given no company
            raise _no_answer(place.folder)
        look = self._look = _Look()
        extra = (expected, *DISC_FILES) if expected is not None else DISC_FILES

        def read() -> Listing:
            look.running = True
            try:
                return self._read(place, extra=extra)
            finally:
                look.running = False

        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                return await asyncio.to_thread(read)
        except TimeoutError as error:
            raise _no_answer(place.folder) from error


def _event(job: Job) -> MediaEvent:
    try:
        event = MediaEvent.from_payload(job.payload["event"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Permanent("The job does not say which movie to scan.") from error
    if event.kind is not MediaKind.MOVIE:
        raise NothingToDo("Only movies are scanned.")
    return event


def _no_answer(folder: Path) -> Transient:
    return Transient(
        text("{folder} does not answer. Is the drive or share connected?", folder=readable(str(folder)))
    )


def _no_video(folder: Path, *, listing: Listing) -> MetarrError:
    """The import said that there is a video: it is still coming, or it is a link we do not follow."""
    if listing.outside:
        link = folder / min(listing.outside)
        return Permanent(text(OUTSIDE, path=readable(str(link))))
    return Transient(text("No video file in {folder} yet.", folder=readable(str(folder))))


def _scanned(event: MediaEvent, *, place: Place, found: Discovery) -> ScannedMovie:
    assets = tuple(
        Asset(
            type=item.type,
            path=readable(str(place.folder / item.entry.name)),
            size=item.entry.size,
            modified_at=item.entry.modified_at,
        )
        for item in found.found
    )
    return ScannedMovie(
        library_id=place.library.id,
        title=event.title,
        year=_storable(event.year, most=LARGEST_YEAR),
        tmdb_id=_storable(event.tmdb_id, most=LARGEST_ID),
        imdb_id=event.imdb_id,
        folder=readable(str(place.folder)),
        file_path=assets[0].path,
        assets=assets,
    )


def _storable(number: int | None, *, most: int) -> int | None:
    """No id and no year is longer than what a database column holds."""
    return number if number is not None and 0 < number <= most else None


def _done(found: Discovery, *, movie: ScannedMovie, saved: SavedMovie) -> Done:
    video = movie.file_path.removeprefix(movie.folder)[1:]
    artwork = [str(kind) for kind in found.artwork]
    detail = (
        text("Found {file}, {artwork}.", file=video, artwork=", ".join(artwork))
        if artwork
        else text("Found {file}.", file=video)
    )
    result = {
        "movie_id": saved.movie_id,
        "created": saved.created,
        "video": movie.file_path,
        "artwork": artwork,
    }
    return Done(detail=detail, result=result)
