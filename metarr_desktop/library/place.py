"""Where the folder a sender names lies on this computer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotHere, NothingToDo
from metarr_desktop.domain.events import Action
from metarr_desktop.domain.media import readable
from metarr_desktop.domain.paths import is_windows
from metarr_desktop.domain.text import text
from metarr_desktop.domain.tracing import holding, scopes_of, to_here

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.domain.paths import PathMapping

PATH_UNKNOWN = (
    "{source}'s path {path} is not on this computer. Add a path mapping, or the library folder it lies in."
)
IN_NO_LIBRARY = "{path} is in no library folder of this computer."
NO_LIBRARY = "No library folder on this computer."
NO_MOVIE_LIBRARY = "No library folder for movies on this computer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A movie's folder, the library folder it lies in, and all folders that may be read."""

    library: LibraryFolder
    folder: Path
    roots: tuple[str, ...]


def locate(
    event: MediaEvent, *, libraries: Sequence[LibraryFolder], mappings: Collection[PathMapping]
) -> Place:
    """Translate the sender's folder and find the library folder of this computer that holds it.

    The longest library folder wins. Raises NothingToDo without any library folder for movies, Permanent where
    the path lies in none of them. Nothing is read.
    """
    if not libraries:
        raise NothingToDo(NO_LIBRARY)
    movies = [library for library in libraries if library.type == "movies"]
    if not movies:
        raise NothingToDo(NO_MOVIE_LIBRARY)
    path = to_here(event.folder, scopes=scopes_of(event), mappings=mappings).path
    library = holding(path, movies)
    if library is None:
        raise path_unknown(event)
    return place_in(library, path=path, libraries=libraries)


def place_in(library: LibraryFolder, *, path: str, libraries: Iterable[LibraryFolder]) -> Place:
    """Return the place of a path of this computer that lies in a library folder."""
    root = Path(library.path)
    below = Path(path).parts[len(root.parts) :]
    return Place(library=library, folder=root.joinpath(*below), roots=tuple(one.path for one in libraries))


def path_unknown(event: MediaEvent) -> NotHere:
    """Return the failure that asks for a path mapping."""
    if event.action is Action.SCANNED:
        return NotHere(text(IN_NO_LIBRARY, path=readable(event.folder)))
    sender = event.instance or event.source.capitalize()
    return NotHere(text(PATH_UNKNOWN, source=sender, path=readable(event.folder)))


def expected_name(event: MediaEvent) -> str | None:
    """Name of the video relative to the folder, with ``/``; None where it is unknown or leads elsewhere."""
    return plain_name(event.files[0], folder=event.folder) if event.files else None


def names_below(event: MediaEvent) -> tuple[str, ...]:
    """Names of all files relative to the folder, with ``/``; those that lead elsewhere are left out."""
    names = (plain_name(file, folder=event.folder) for file in event.files)
    return tuple(name for name in names if name is not None)


def plain_name(name: str, *, folder: str) -> str | None:
    """Return a file's name below its folder with ``/``, or None where it leads elsewhere."""
    if "\0" in name:
        return None
    path = PureWindowsPath(name) if is_windows(folder) else PurePosixPath(name)
    if path.is_absolute() or path.anchor or ".." in path.parts:
        return None
    return path.as_posix() if path.parts else None


def old_paths(
    event: MediaEvent,
    *,
    place: Place,
    libraries: Collection[LibraryFolder],
    mappings: Collection[PathMapping],
) -> tuple[str, ...]:
    """Paths on this computer of the files that were renamed or deleted, as they are stored."""
    found = []
    for file in event.old_files:
        name = plain_name(file, folder=event.folder)
        if name is not None:
            found.append(readable(str(place.folder / name)))
        elif holding(path := to_here(file, scopes=scopes_of(event), mappings=mappings).path, libraries):
            found.append(readable(path))
    return tuple(found)
