"""Library folders and path mappings in SQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, get_args

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.media import LibraryFolder, LibraryType, WatchMode, readable
from metarr_desktop.domain.paths import PathMapping, is_windows, parts
from metarr_desktop.domain.text import text
from metarr_desktop.storage.movie_rows import (
    find_movie,
    forget_deleted,
    known_files,
    known_films,
    mark_deleted,
    save_movie,
)

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.media import KnownFilm, Movie, SavedMovie, ScannedMovie
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

MOST_FILMS = 20_000


class LibraryStore:
    """Folders in which media lie, the movies found there, and how other computers call those folders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def libraries(self) -> tuple[LibraryFolder, ...]:
        """Return every library folder, by name."""
        return await self._database.read(_libraries)

    async def add_library(
        self, path: str, *, name: str = "", library_type: LibraryType = "movies", now: datetime
    ) -> LibraryFolder:
        """Add an existing folder; raises Refused with what to do about it.

        Without a name it is called after its last component. A folder inside another library folder is
        welcome: the longer path wins.
        """
        if library_type not in get_args(LibraryType):
            raise Refused(text("A library folder holds movies, tv or music, not {type}.", type=library_type))
        name = readable(" ".join(name.split()))
        folder = await asyncio.to_thread(_existing_folder, path)
        wanted = LibraryFolder(id=0, name=name, path=folder, type=library_type)
        return await self._database.run(_add_library, wanted, now)

    async def remove_library(self, id_or_name: int | str) -> LibraryFolder:
        """Forget a folder and its movies' rows, not its files; raises NotFound."""
        return await self._database.run(_remove_library, id_or_name)

    async def change_library(
        self,
        id_or_name: int | str,
        *,
        anchor: str | None = None,
        needs_nfo: bool | None = None,
        watch: WatchMode | None = None,
    ) -> LibraryFolder:
        """Change what is asked of a folder; None leaves it. Raises NotFound or Refused."""
        changes: dict[str, object] = {}
        if anchor is not None:
            changes["anchor"] = _relative(anchor)
        if needs_nfo is not None:
            changes["needs_nfo"] = int(needs_nfo)
        if watch is not None:
            if watch not in get_args(WatchMode):
                raise Refused(text("Watching is off, events or polling, not {mode}.", mode=readable(watch)))
            changes["watch"] = watch
        return await self._database.run(_change_library, id_or_name, changes)

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        """Return the path mappings, all or those of one source or service."""
        return await self._database.read(_mappings, scope)

    async def add_mapping(self, scope: str, *, from_path: str, to_path: str) -> PathMapping:
        """Add a mapping, or replace the one of the same scope and path; raises Refused."""
        scope = scope.strip()
        if not scope or readable(scope) != scope:
            raise Refused("Say whose paths these are: a source such as radarr, or a service such as kodi.")
        mapping = PathMapping(scope=scope, from_path=_absolute(from_path), to_path=_absolute(to_path))
        return await self._database.run(_add_mapping, mapping)

    async def remove_mapping(self, scope: str, *, from_path: str) -> PathMapping:
        """Remove a mapping; raises NotFound."""
        return await self._database.run(_remove_mapping, scope.strip(), from_path.strip())

    async def save_movie(self, movie: ScannedMovie, *, now: datetime) -> SavedMovie:
        """Create or update the movie's row and replace its assets, all or nothing."""
        return await self._database.run(save_movie, movie, now)

    async def find_movie(
        self, library_id: int, *, folder: str, paths: tuple[str, ...], tmdb_id: int | None
    ) -> Movie | None:
        """Return the movie of this folder, one of these files or this id, unless it is deleted already."""
        return await self._database.read(find_movie, library_id, folder, paths, tmdb_id)

    async def films(self, *, limit: int = MOST_FILMS) -> tuple[KnownFilm, ...]:
        """Return the films of this computer's library that others may know too, the newest first."""
        return await self._database.read(known_films, limit)

    async def mark_deleted(self, movie_id: int, *, now: datetime) -> bool:
        """Keep a movie's row as one of a deleted film; returns whether there was one."""
        return await self._database.run(mark_deleted, movie_id, now)

    async def forget_deleted(self, before: datetime) -> int:
        """Remove the rows of films that were deleted before then; returns how many."""
        return await self._database.run(forget_deleted, before)

    async def known_files(self, folder: str) -> dict[str, int]:
        """Return the files that a scan found in a movie's folder, with their sizes."""
        return await self._database.read(known_files, folder)


def _existing_folder(path: str) -> str:
    """Check a path a person chose (blocking) and return it without needless separators."""
    folder = Path(path)
    if not folder.is_absolute() or ".." in folder.parts or "\0" in path:
        raise Refused(text("Give the whole path of the folder, not {path}.", path=readable(path)))
    if readable(path) != path:
        raise Refused(text("The name of {path} is not valid UTF-8. Rename the folder.", path=readable(path)))
    if len(folder.parts) == 1:
        raise Refused(text("{path} is a whole disk. Choose the folder with the media.", path=path))
    try:
        there = folder.is_dir()
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused(text("{path} could not be read: {reason}.", path=path, reason=reason)) from error
    if not there:
        raise Refused(text("{path} is not a folder on this computer.", path=path))
    return str(folder)


def _libraries(db: Sql) -> tuple[LibraryFolder, ...]:
    rows = db.execute(
        "SELECT id, name, path, type, mode, anchor, needs_nfo, watch FROM libraries ORDER BY name, id"
    ).fetchall()
    return tuple(
        LibraryFolder(
            id=number,
            name=name,
            path=path,
            type=kind,
            mode=mode,
            anchor=anchor,
            needs_nfo=bool(needs_nfo),
            watch=watch if watch in get_args(WatchMode) else "off",
        )
        for number, name, path, kind, mode, anchor, needs_nfo, watch in rows
    )


def _add_library(db: Sql, wanted: LibraryFolder, now: datetime) -> LibraryFolder:
    existing = _libraries(db)
    for library in existing:
        if parts(library.path) == parts(wanted.path):
            message = "{path} is a library folder already, named {name}."
            raise Refused(text(message, path=wanted.path, name=library.name))
    taken = {library.name.casefold() for library in existing}
    if wanted.name.casefold() in taken:
        raise Refused(text("There is a library folder named {name} already.", name=wanted.name))
    name = wanted.name or _free_name(Path(wanted.path).name, taken=taken)
    row = db.execute(
        "INSERT INTO libraries (name, path, type, mode, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (name, wanted.path, wanted.type, wanted.mode, to_ms(now)),
    ).fetchone()
    return replace(wanted, id=int(row[0]), name=name)


def _free_name(name: str, *, taken: set[str]) -> str:
    """Return the name, with the first number behind it that makes it a new one."""
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{name} {number}"
    return candidate


def _remove_library(db: Sql, id_or_name: int | str) -> LibraryFolder:
    library = _library(db, id_or_name)
    db.execute("DELETE FROM libraries WHERE id = ?", (library.id,))
    return library


def _library(db: Sql, id_or_name: int | str) -> LibraryFolder:
    wanted = str(id_or_name)
    existing = _libraries(db)
    named = [one for one in existing if isinstance(id_or_name, str) and one.name == wanted.strip()]
    numbered = [one for one in existing if str(one.id) == wanted.strip()]
    for library in (*named, *numbered):
        return library
    raise NotFound(text("There is no library folder {name}.", name=readable(wanted)))


def _change_library(db: Sql, id_or_name: int | str, changes: dict[str, Any]) -> LibraryFolder:
    library = _library(db, id_or_name)
    for column, value in changes.items():
        db.execute(f"UPDATE libraries SET {column} = ? WHERE id = ?", (value, library.id))
    return _library(db, library.id)


def _relative(path: str) -> str:
    """Check the name of an anchor file; a path that leads elsewhere is none."""
    path = path.strip()
    relative = not PurePath(path).anchor and ".." not in PurePath(path).parts and not is_windows(path)
    if not relative or "\0" in path or readable(path) != path:
        message = "Name a file below the library folder, such as .mounted, not {path}."
        raise Refused(text(message, path=readable(path)))
    return path


def _absolute(path: str) -> str:
    """Check one side of a mapping, which may be a path of any system."""
    path = path.strip()
    rooted = any(first.endswith("/") for first in parts(path)[:1])
    named = len(parts(path)) > 1 or not (path.startswith("\\\\") or "://" in path)
    absolute = (rooted or is_windows(path)) and named
    if not absolute or ".." in parts(path) or "\0" in path or readable(path) != path:
        message = "Give a whole path such as /movies, D:\\Movies or smb://nas/movies, not {path}."
        raise Refused(text(message, path=readable(path)))
    return path


def _mappings(db: Sql, scope: str | None) -> tuple[PathMapping, ...]:
    sql = "SELECT scope, from_path, to_path FROM path_mappings ORDER BY scope, from_path"
    found = (
        PathMapping(scope=own, from_path=old, to_path=new) for own, old, new in db.execute(sql).fetchall()
    )
    return tuple(mapping for mapping in found if scope in {None, mapping.scope})


def _delete_mapping(db: Sql, scope: str, from_path: str) -> PathMapping | None:
    """Delete what maps the same path, however it was written: ``/movies/`` is ``/movies``."""
    removed = None
    for mapping in _mappings(db, scope):
        if parts(mapping.from_path) == parts(from_path):
            sql = "DELETE FROM path_mappings WHERE scope = ? AND from_path = ?"
            db.execute(sql, (mapping.scope, mapping.from_path))
            removed = mapping
    return removed


def _add_mapping(db: Sql, mapping: PathMapping) -> PathMapping:
    _delete_mapping(db, mapping.scope, mapping.from_path)
    db.execute(
        "INSERT INTO path_mappings (scope, from_path, to_path) VALUES (?, ?, ?)",
        (mapping.scope, mapping.from_path, mapping.to_path),
    )
    return mapping


def _remove_mapping(db: Sql, scope: str, from_path: str) -> PathMapping:
    removed = _delete_mapping(db, scope, from_path)
    if removed is None:
        message = "There is no path mapping of {scope} from {path}."
        raise NotFound(text(message, scope=readable(scope), path=readable(from_path)))
    return removed
