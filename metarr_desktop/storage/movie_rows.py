"""The row of a scanned movie: which one it is, and what becomes of others that stood for the same film."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import NothingToDo
from metarr_desktop.domain.media import SavedMovie

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
    created = movie_id is None
    if movie_id is None:
        movie_id = _insert(db, movie, now)
    else:
        _update(db, movie, movie_id, now)
    _replace_assets(db, movie, movie_id)
    return SavedMovie(movie_id=movie_id, created=created)


def _owner_of_file(db: Sql, movie: ScannedMovie) -> int | None:
    """Row that has this very file, in whichever library; it takes over the movie's ids."""
    return _first_id(db, "SELECT id FROM movies WHERE file_path = ?", movie.file_path)


def _known(db: Sql, movie: ScannedMovie) -> int | None:
    """Row of this film in its library: by TMDB id, else by IMDb id, else by folder."""
    known = _same_tmdb_id(db, movie)
    if known is None and movie.imdb_id:
        sql = "SELECT id FROM movies WHERE library_id = ? AND imdb_id = ? ORDER BY id"
        known = _first_id(db, sql, movie.library_id, movie.imdb_id)
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


def _update(db: Sql, movie: ScannedMovie, movie_id: int, now: datetime) -> None:
    """Write what is known now; an id or a year that nobody told this time stays.

    ``updated_at`` says when the row last said something else, ``scanned_at`` when somebody last looked.
    """
    double = _same_tmdb_id(db, movie)
    if double is not None and double != movie_id:  # the row with the file takes the id over
        db.execute("DELETE FROM movies WHERE id = ?", (double,))
    before = _values(db, movie_id)
    db.execute(
        "UPDATE movies SET library_id = ?, tmdb_id = COALESCE(?, tmdb_id), imdb_id = COALESCE(?, imdb_id),"
        " title = ?, year = COALESCE(?, year), folder = ?, file_path = ?, scanned_at = ? WHERE id = ?",
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
    if _values(db, movie_id) != before:
        db.execute("UPDATE movies SET updated_at = ? WHERE id = ?", (to_ms(now), movie_id))


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
