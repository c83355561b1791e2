"""Runs ``scan-movie``: one film is looked up in the library folders and its row brought up to date."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.errors import MetarrError, NothingToDo, Permanent, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.media import Asset, ScannedMovie, readable
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import Text, text
from metarr_desktop.library.connection import require_anchor
from metarr_desktop.library.deletion import DeletedMovies, Deletion, is_gone
from metarr_desktop.library.discovery import DISC_FILES, discover
from metarr_desktop.library.listing import MOST_ENTRIES, OUTSIDE, Listing, read_folder
from metarr_desktop.library.looking import READ_DEADLINE, Looks
from metarr_desktop.library.place import expected_name, locate, old_paths, path_unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
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
LARGEST_ID = 2**63 - 1
LARGEST_YEAR = 2**31 - 1


class MovieStore(DeletedMovies, Protocol):
    """What a scan needs to know and to store."""

    async def libraries(self) -> tuple[LibraryFolder, ...]:
        """Every library folder."""

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        """Path mappings of one scope."""

    async def save_movie(self, movie: ScannedMovie, *, now: datetime) -> SavedMovie:
        """Create or update the movie's row and replace its assets, all or nothing."""


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
        self._looks = Looks(deadline=deadline)
        self._deletion = Deletion(store=store, looks=self._looks, clock=clock)

    async def __call__(self, job: Job, report: Report) -> Done:
        """Find the film's folder, its video and its artwork, and store what was found.

        A film that was deleted is marked as such, once its files are gone. Raises NotNow while the drive is
        not connected.
        """
        event = _event(job)
        libraries = await self._store.libraries()
        mappings = await self._store.mappings()
        place = locate(event, libraries=libraries, mappings=mappings)
        try:
            now, deferrals = self._clock.now(), job.deferrals
            await require_anchor(place.library, looks=self._looks, now=now, deferrals=deferrals)
            before = old_paths(event, place=place, libraries=libraries, mappings=mappings)
            if await self._is_deleted(event, place):
                tmdb_id = _storable(event.tmdb_id, most=LARGEST_ID)
                return await self._deletion.run(event, place=place, old_paths=before, tmdb_id=tmdb_id)
            report(0, STEPS, Text("Reading the folder"))
            expected = expected_name(event)
            listing = await self._listing(place, expected=expected)
        except ValueError as error:  # a path that no system can hold
            raise path_unknown(event) from error
        if not listing.complete:
            logger.warning("Only %d entries of %s were looked at", MOST_ENTRIES, readable(str(place.folder)))
        report(1, STEPS, Text("Looking for the video and the artwork"))
        found = discover(listing.entries, folder_name=place.folder.name, expected=expected)
        if found.video is None:
            if await self._lost_its_video(event, place, listing=listing):
                return await self._deletion.run(event, place=place, old_paths=before, tmdb_id=None)
            raise _no_video(place.folder, listing=listing)
        movie = replace(_scanned(event, place=place, found=found), old_paths=before)
        report(2, STEPS, Text("Storing what was found"))
        saved = await self._store.save_movie(movie, now=self._clock.now())
        return _done(found, movie=movie, saved=saved)

    async def _is_deleted(self, event: MediaEvent, place: Place) -> bool:
        if event.action is not Action.SCANNED:
            return event.action is Action.DELETED
        return await self._looks.at(place.library.path, lambda: is_gone(place), shown=place.folder)

    async def _lost_its_video(self, event: MediaEvent, place: Place, *, listing: Listing) -> bool:
        """Whether somebody asked to look at a film that is known, and all of its folder was seen."""
        if event.action is not Action.SCANNED or listing.outside or not listing.complete:
            return False
        folder = readable(str(place.folder))
        found = await self._store.find_movie(place.library.id, folder=folder, paths=(), tmdb_id=None)
        return found is not None

    async def _listing(self, place: Place, *, expected: str | None) -> Listing:
        extra = (expected, *DISC_FILES) if expected is not None else DISC_FILES
        return await self._looks.at(
            place.library.path, lambda: self._read(place, extra=extra), shown=place.folder
        )


def _event(job: Job) -> MediaEvent:
    try:
        event = MediaEvent.from_payload(job.payload["event"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Permanent("The job does not say which movie to scan.") from error
    if event.kind is not MediaKind.MOVIE:
        raise NothingToDo("Only movies are scanned.")
    return event


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
        named=event.action is not Action.SCANNED,
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
    if saved.restored:
        detail = text("{detail} It had been deleted and is restored.", detail=str(detail))
    result = {
        "movie_id": saved.movie_id,
        "created": saved.created,
        **({"restored": True} if saved.restored else {}),
        "video": movie.file_path,
        "artwork": artwork,
    }
    return Done(detail=detail, result=result)
