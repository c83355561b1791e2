"""The row of a scanned movie: which one it is, and what becomes of others that stood for the same film."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import NothingToDo
from metarr_desktop.domain.media import KnownFilm, Movie, SavedMovie

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.media import ScannedMovie
    from metarr_desktop.storage.sql import Sql


def save_movie(db: Sql, movie: ScannedMovie, now: datetime) -> SavedMovie:
    """Create or update the movie's row and replace its assets; NothingToDo where its library is gone."""
    if db.execute("SELECT 1 FROM libraries WHERE id = ?", (movie.library_id,)).fetchone() is None:
        raise NothingToDo("The library folder of this movie was removed.")
    movie_id = _owner_of_file(db, movie)
    if movie_id is None:
        movie_id = _known(db, movie)
    created, restored = movie_id is None, False
    if movie_id is None:
        movie_id = _insert(db, movie, now)
    else:
        restored = _update(db, movie, movie_id, now)
    _replace_assets(db, movie, movie_id)
    return SavedMovie(movie_id=movie_id, created=created, restored=restored)


def find_movie(
    db: Sql, library_id: int, folder: str, paths: tuple[str, ...], tmdb_id: int | None
) -> Movie | None:
    """Return the movie of this folder, one of these files or this id, unless it is deleted already."""
    clauses = ["folder = ?", *["file_path = ?"] * len(paths), *["tmdb_id = ?"] * bool(tmdb_id)]
    values = (library_id, folder, *paths, *([tmdb_id] if tmdb_id else []))
    row = db.execute(
        "SELECT id, library_id, title, folder, file_path, tmdb_id, imdb_id, year FROM movies"
        f" WHERE library_id = ? AND deleted_at IS NULL AND ({' OR '.join(clauses)}) ORDER BY id",
        values,
    ).fetchone()
    if row is None:
        return None
    return Movie(
        id=row[0],
        library_id=row[1],
        title=row[2],
        folder=row[3],
        file_path=row[4] or "",
        tmdb_id=row[5],
        imdb_id=row[6],
        year=row[7],
    )


def known_films(db: Sql, limit: int) -> tuple[KnownFilm, ...]:
    """Return the films that others may know too, with their folders."""
    rows = db.execute(
        "SELECT folder, tmdb_id, imdb_id FROM movies"
        " WHERE deleted_at IS NULL AND (tmdb_id > 0 OR imdb_id <> '') ORDER BY id DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return tuple(KnownFilm(folder=row[0], tmdb_id=row[1] or None, imdb_id=row[2] or None) for row in rows)


def mark_deleted(db: Sql, movie_id: int, now: datetime) -> bool:
    """Keep a movie's row as one of a deleted film; returns whether there was one."""
    sql = "UPDATE movies SET deleted_at = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL"
    return db.execute(sql, (to_ms(now), to_ms(now), movie_id)).rowcount > 0


def forget_deleted(db: Sql, before: datetime) -> int:
    """Remove the rows of films that were deleted before then; returns how many."""
    return db.execute("DELETE FROM movies WHERE deleted_at < ?", (to_ms(before),)).rowcount


def known_files(db: Sql, folder: str) -> dict[str, int]:
    """Return the files that a scan found in a movie's folder, with their sizes."""
    rows = db.execute(
        "SELECT assets.path, assets.size FROM assets JOIN movies ON movies.id = assets.movie_id"
        " WHERE movies.folder = ? AND movies.deleted_at IS NULL",
        (folder,),
    ).fetchall()
    return {path: int(size) for path, size in rows}


def _owner_of_file(db: Sql, movie: ScannedMovie) -> int | None:
    """Row that has this very file, in whichever library; it takes over the movie's ids."""
    return _first_id(db, "SELECT id FROM movies WHERE file_path = ?", movie.file_path)


def _known(db: Sql, movie: ScannedMovie) -> int | None:
    """Row of this film in its library: by TMDB id, IMDb id, the path of before, else by folder."""
    known = _same_tmdb_id(db, movie)
    if known is None and movie.imdb_id:
        sql = "SELECT id FROM movies WHERE library_id = ? AND imdb_id = ? ORDER BY id"
        known = _first_id(db, sql, movie.library_id, movie.imdb_id)
    for path in movie.old_paths if known is None else ():
        known = known or _first_id(db, "SELECT id FROM movies WHERE file_path = ?", path)
    if known is None:
        sql = "SELECT id FROM movies WHERE library_id = ? AND folder = ? ORDER BY id"
        known = _first_id(db, sql, movie.library_id, movie.folder)
    return known


def _same_tmdb_id(db: Sql, movie: ScannedMovie) -> int | None:
    if not movie.tmdb_id:
        return None
    sql = "SELECT id FROM movies WHERE library_id = ? AND tmdb_id = ? AND tmdb_id > 0"
    return _first_id(db, sql, movie.library_id, movie.tmdb_id)


def _first_id(db: Sql, sql: str, *values: str | int) -> int | None:
    row = db.execute(sql, values).fetchone()
    return None if row is None else int(row[0])


def _insert(db: Sql, movie: ScannedMovie, now: datetime) -> int:
    at = to_ms(now)
    row = db.execute(
        "INSERT INTO movies (library_id, tmdb_id, imdb_id, title, year, folder, file_path,"
        " created_at, updated_at, scanned_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            movie.library_id,
            movie.tmdb_id,
            movie.imdb_id,
            movie.title,
            movie.year,
            movie.folder,
            movie.file_path,
            at,
            at,
            at,
        ),
    ).fetchone()
    return int(row[0])


def _update(db: Sql, movie: ScannedMovie, movie_id: int, now: datetime) -> bool:
    """Write what is known now; an id or a year that nobody told this time stays. Returns if it was deleted.

    ``updated_at`` says when the row last said something else, ``scanned_at`` when somebody last looked.
    """
    double = _same_tmdb_id(db, movie)
    if double is not None and double != movie_id:  # the row with the file takes the id over
        db.execute("DELETE FROM movies WHERE id = ?", (double,))
    before = _values(db, movie_id)
    (deleted_at,) = db.execute("SELECT deleted_at FROM movies WHERE id = ?", (movie_id,)).fetchone()
    # What only its folder is called does not replace what a sender said.
    naming = "title = ?, year = COALESCE(?, year)"
    if not movie.named:
        naming = "title = COALESCE(title, ?), year = COALESCE(year, ?)"
    db.execute(
        "UPDATE movies SET library_id = ?, tmdb_id = COALESCE(?, tmdb_id), imdb_id = COALESCE(?, imdb_id),"
        f" {naming}, folder = ?, file_path = ?, scanned_at = ?, deleted_at = NULL WHERE id = ?",
        (
            movie.library_id,
            movie.tmdb_id,
            movie.imdb_id,
            movie.title,
            movie.year,
            movie.folder,
            movie.file_path,
            to_ms(now),
            movie_id,
        ),
    )
    if deleted_at is not None or _values(db, movie_id) != before:
        db.execute("UPDATE movies SET updated_at = ? WHERE id = ?", (to_ms(now), movie_id))
    return deleted_at is not None


def _values(db: Sql, movie_id: int) -> object:
    sql = "SELECT library_id, tmdb_id, imdb_id, title, year, folder, file_path FROM movies WHERE id = ?"
    return db.execute(sql, (movie_id,)).fetchone()


def _replace_assets(db: Sql, movie: ScannedMovie, movie_id: int) -> None:
    db.execute("DELETE FROM assets WHERE movie_id = ?", (movie_id,))
    for asset in movie.assets:
        db.execute(
            "INSERT INTO assets (movie_id, type, path, size, modified_at) VALUES (?, ?, ?, ?, ?)",
            (movie_id, str(asset.type), asset.path, asset.size, to_ms(asset.modified_at)),
        )
