"""What becomes of a film that was deleted: its row is kept for a while, in case it comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.errors import NothingToDo, Transient
from metarr_desktop.domain.media import readable
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import text
from metarr_desktop.library.discovery import DISC_FILES, discover
from metarr_desktop.library.listing import LIBRARY_AWAY, LIBRARY_EMPTY, UNREADABLE, read_folder

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.media import Movie
    from metarr_desktop.library.looking import Looks
    from metarr_desktop.library.place import Place

GRACE = timedelta(days=7)
"""So long a deleted film is remembered."""


class DeletedMovies(Protocol):
    """Rows of films."""

    async def find_movie(
        self, library_id: int, *, folder: str, paths: tuple[str, ...], tmdb_id: int | None
    ) -> Movie | None:
        """Return the movie of this folder, one of these files or this id."""

    async def mark_deleted(self, movie_id: int, *, now: datetime) -> bool:
        """Keep a movie's row as one of a deleted film."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """Deletes a film's row, where its files are gone indeed."""

    store: DeletedMovies
    looks: Looks
    clock: Clock

    async def run(
        self, event: MediaEvent, *, place: Place, old_paths: tuple[str, ...], tmdb_id: int | None
    ) -> Done:
        """Mark the film's row. Raises NothingToDo where a video is left or no row is known.

        Where the library folder itself is not there or empty it raises Transient: nothing is known then.
        """
        movie = await self.store.find_movie(
            place.library.id, folder=readable(str(place.folder)), paths=old_paths, tmdb_id=tmdb_id
        )
        left = await self.looks.at(place.library.path, lambda: _left(place, movie), shown=place.folder)
        if left is not None:
            raise NothingToDo(
                text(
                    "{file} is still there: {title} stays in the library.",
                    file=readable(left),
                    title=event.display_title,
                )
            )
        if movie is None:
            raise NothingToDo(text("{title} was not known in the library.", title=event.display_title))
        await self.store.mark_deleted(movie.id, now=self.clock.now())
        return Done(
            detail=text(
                "{title} was deleted. If it does not come back within {days} days, it is forgotten.",
                title=event.display_title,
                days=GRACE.days,
            ),
            result={"movie_id": movie.id, "deleted": True},
        )


def is_gone(place: Place) -> bool:
    """Whether a film's folder is not there while its library folder is, with something in it. Blocking.

    An empty one may be the place where a drive is mounted else.
    """
    try:
        return not place.folder.exists() and any(Path(place.library.path).iterdir())
    except OSError:
        return False


def _left(place: Place, movie: Movie | None) -> str | None:
    """Return what is left of a film, or None; what cannot be seen counts as left. Blocking."""
    try:
        return _look(place, movie)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Transient(text(UNREADABLE, path=readable(str(place.folder)), reason=reason)) from error


def _look(place: Place, movie: Movie | None) -> str | None:
    library = Path(place.library.path)
    if not library.is_dir():
        raise Transient(text(LIBRARY_AWAY, path=readable(place.library.path)))
    if movie is not None and not any(library.iterdir()):  # as a place looks where no drive is mounted
        raise Transient(text(LIBRARY_EMPTY, path=readable(place.library.path)))
    if movie is not None and movie.file_path and Path(movie.file_path).exists():
        return movie.file_path
    if not place.folder.exists():
        return None
    listing = read_folder(place, extra=DISC_FILES)
    found = discover(listing.entries, folder_name=place.folder.name)
    if found.video is not None:
        return found.video.name
    unseen = min(listing.outside, default="" if listing.complete else str(place.folder))
    return unseen or None
