from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import NotFound, NothingToDo, Refused
from metarr_desktop.domain.media import Asset, AssetType, KnownFilm, LibraryFolder, ScannedMovie
from metarr_desktop.domain.paths import PathMapping
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.library_store import LibraryStore
from metarr_desktop.storage.schema import prepare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "metarr.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[LibraryStore]:
    prepare(file)
    database = SqliteDatabase(file)
    yield LibraryStore(database)
    await database.close()


@pytest.fixture
def movies(tmp_path: Path) -> Path:
    folder = tmp_path / "Movies"
    folder.mkdir()
    return folder


def rows(file: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute(sql).fetchall()


def dune(library: LibraryFolder, **values: Any) -> ScannedMovie:
    movie = ScannedMovie(
        library_id=library.id,
        title="Dune",
        year=2021,
        tmdb_id=438631,
        imdb_id="tt1160419",
        folder="/m/Dune",
        file_path="/m/Dune/Dune.mkv",
    )
    return replace(movie, **values)


# --- Library folders ---


async def test_a_folder_without_a_name_is_called_after_itself_and_hybrid(
    store: LibraryStore, movies: Path, file: Path
) -> None:
    added = await store.add_library(f"{movies}/", now=NOW)
    assert added == LibraryFolder(id=1, name="Movies", path=str(movies), type="movies", mode="hybrid")
    assert await store.libraries() == (added,)
    assert rows(file, "SELECT created_at FROM libraries") == [(to_ms(NOW),)]


async def test_a_name_that_is_taken_gets_a_number_unless_a_person_chose_it(
    store: LibraryStore, movies: Path, tmp_path: Path
) -> None:
    other = tmp_path / "nas" / "movies"
    other.mkdir(parents=True)
    await store.add_library(str(movies), now=NOW)
    with pytest.raises(Refused, match="named MOVIES already"):
        await store.add_library(str(other), name="MOVIES", now=NOW)
    assert (await store.add_library(str(other), now=NOW)).name == "movies 2"


@pytest.mark.parametrize(("name", "kept"), [("  My \n films ", "My films"), ("Am\udce9lie", "Am\\xe9lie")])
async def test_a_name_is_kept_as_one_readable_line(
    store: LibraryStore, movies: Path, name: str, kept: str
) -> None:
    assert (await store.add_library(str(movies), name=name, now=NOW)).name == kept


async def test_the_same_folder_is_not_added_twice(store: LibraryStore, movies: Path) -> None:
    await store.add_library(str(movies), name="Films", now=NOW)
    with pytest.raises(Refused, match="is a library folder already, named Films"):
        await store.add_library(f"{movies}//", name="Other", now=NOW)


async def test_a_folder_inside_another_one_may_be_added(store: LibraryStore, movies: Path) -> None:
    (movies / "4k").mkdir()
    await store.add_library(str(movies), now=NOW)
    await store.add_library(str(movies / "4k"), library_type="tv", now=NOW)
    assert [(one.name, one.type) for one in await store.libraries()] == [("4k", "tv"), ("Movies", "movies")]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("Movies", "whole path"),
        ("", "whole path"),
        ("{root}/Movies/../Movies", "whole path"),
        ("{root}/Mov\0ies", "whole path"),
        ("D:\\Movies", "whole path"),
        ("/", "whole disk"),
        ("{root}/gone", "is not a folder on this computer"),
        ("{root}/file", "is not a folder on this computer"),
        ("{root}/Mov\udce9", "not valid UTF-8"),
    ],
)
async def test_what_cannot_be_a_library_folder_is_refused(
    store: LibraryStore, movies: Path, path: str, says: str
) -> None:
    (movies.parent / "file").touch()
    with pytest.raises(Refused, match=says) as refusal:
        await store.add_library(path.format(root=movies.parent), now=NOW)
    str(refusal.value).encode("utf-8")
    assert await store.libraries() == ()


async def test_only_known_types_of_media_are_taken(store: LibraryStore, movies: Path) -> None:
    with pytest.raises(Refused, match="movies, tv or music"):
        await store.add_library(str(movies), library_type="books", now=NOW)  # type: ignore[arg-type]


async def test_a_removed_folder_takes_its_movies_rows_and_leaves_the_files(
    store: LibraryStore, movies: Path, tmp_path: Path, file: Path
) -> None:
    other = tmp_path / "Other"
    other.mkdir()
    first = await store.add_library(str(movies), now=NOW)
    second = await store.add_library(str(other), now=NOW)
    video = Asset(type=AssetType.VIDEO, path="/m/Dune/Dune.mkv", size=1, modified_at=NOW)
    await store.save_movie(dune(first, assets=(video,)), now=NOW)
    await store.save_movie(dune(second, file_path="/o/Dune.mkv"), now=NOW)
    assert await store.remove_library("Movies") == first
    assert await store.libraries() == (second,)
    assert rows(file, "SELECT file_path FROM movies") == [("/o/Dune.mkv",)]
    assert rows(file, "SELECT * FROM assets") == []
    assert movies.is_dir()


async def test_a_folder_is_removed_by_name_before_by_number(
    store: LibraryStore, movies: Path, tmp_path: Path
) -> None:
    other = tmp_path / "Other"
    other.mkdir()
    first = await store.add_library(str(movies), name="2", now=NOW)
    second = await store.add_library(str(other), now=NOW)
    assert await store.remove_library("2") == first
    assert await store.remove_library(second.id) == second
    with pytest.raises(NotFound, match="no library folder 2"):
        await store.remove_library("2")


async def test_an_unknown_folder_is_not_removed(store: LibraryStore, movies: Path) -> None:
    await store.add_library(str(movies), now=NOW)
    with pytest.raises(NotFound):
        await store.remove_library("movies of somebody else")
    assert len(await store.libraries()) == 1


# --- Path mappings ---


async def test_mappings_are_listed_all_or_by_scope(store: LibraryStore) -> None:
    radarr = await store.add_mapping(" radarr ", from_path=" D:\\Movies\n", to_path="/m")
    kodi = await store.add_mapping("kodi", from_path="/m", to_path="smb://nas/m/")
    assert radarr == PathMapping(scope="radarr", from_path="D:\\Movies", to_path="/m")
    assert await store.mappings() == (kodi, radarr)
    assert await store.mappings("radarr") == (radarr,)
    assert await store.mappings("plex") == ()


async def test_a_mapping_of_the_same_path_replaces_the_old_one_however_written(store: LibraryStore) -> None:
    await store.add_mapping("radarr", from_path="D:\\Movies", to_path="/old")
    await store.add_mapping("sonarr", from_path="D:\\Movies", to_path="/tv")
    new = await store.add_mapping("radarr", from_path="d:/movies/", to_path="/new")
    assert await store.mappings("radarr") == (new,)
    assert len(await store.mappings("sonarr")) == 1


@pytest.mark.parametrize(
    "path", ["", "movies", "../movies", "/movies/../etc", "/mo\0vies", "/m\udce9", "D:Movies"]
)
async def test_a_mapping_needs_whole_paths_on_both_sides(store: LibraryStore, path: str) -> None:
    with pytest.raises(Refused, match="Give a whole path"):
        await store.add_mapping("radarr", from_path=path, to_path="/m")
    with pytest.raises(Refused, match="Give a whole path"):
        await store.add_mapping("radarr", from_path="/m", to_path=path)
    assert await store.mappings() == ()


@pytest.mark.parametrize("scope", ["", "  ", "rad\udce9rr"])
async def test_a_mapping_belongs_to_somebody(store: LibraryStore, scope: str) -> None:
    with pytest.raises(Refused, match="whose paths"):
        await store.add_mapping(scope, from_path="/movies", to_path="/m")


async def test_a_mapping_is_removed_once_however_written(store: LibraryStore) -> None:
    added = await store.add_mapping("radarr", from_path="/movies", to_path="/m")
    assert await store.remove_mapping("radarr", from_path="/movies/") == added
    with pytest.raises(NotFound, match="no path mapping of radarr from /movies"):
        await store.remove_mapping("radarr", from_path="/movies")


async def test_mappings_with_letters_no_database_takes_are_simply_not_there(store: LibraryStore) -> None:
    with pytest.raises(NotFound):
        await store.remove_mapping("rad\udce9rr", from_path="/movies")


# --- Movies ---


@pytest.fixture
async def library(store: LibraryStore, movies: Path) -> LibraryFolder:
    return await store.add_library(str(movies), now=NOW)


MOVIES = "SELECT id, tmdb_id, imdb_id, title, year, folder, file_path FROM movies"


async def test_a_new_film_gets_a_row_and_one_asset_per_file(
    store: LibraryStore, library: LibraryFolder, file: Path
) -> None:
    assets = (
        Asset(type=AssetType.VIDEO, path="/m/Dune/Dune.mkv", size=5_000_000_000, modified_at=NOW),
        Asset(type=AssetType.POSTER, path="/m/Dune/poster.jpg", size=10, modified_at=LATER),
    )
    saved = await store.save_movie(dune(library, assets=assets), now=NOW)
    assert saved.created
    assert rows(file, MOVIES) == [
        (saved.movie_id, 438631, "tt1160419", "Dune", 2021, "/m/Dune", "/m/Dune/Dune.mkv")
    ]
    assert rows(file, "SELECT movie_id, type, path, size, modified_at FROM assets ORDER BY id") == [
        (saved.movie_id, "video", "/m/Dune/Dune.mkv", 5_000_000_000, to_ms(NOW)),
        (saved.movie_id, "poster", "/m/Dune/poster.jpg", 10, to_ms(LATER)),
    ]


async def test_the_same_scan_twice_changes_nothing_but_the_time_of_the_look(
    store: LibraryStore, library: LibraryFolder, file: Path
) -> None:
    video = Asset(type=AssetType.VIDEO, path="/m/Dune/Dune.mkv", size=1, modified_at=NOW)
    first = await store.save_movie(dune(library, assets=(video,)), now=NOW)
    second = await store.save_movie(dune(library, assets=(video,)), now=LATER)
    assert (second.movie_id, second.created) == (first.movie_id, False)
    assert rows(file, "SELECT created_at, updated_at, scanned_at FROM movies") == [
        (to_ms(NOW), to_ms(NOW), to_ms(LATER))
    ]
    assert len(rows(file, "SELECT * FROM assets")) == 1


@pytest.mark.parametrize(
    "known_by",
    [
        {"imdb_id": None, "folder": "/m/Other", "file_path": "/m/Other/b.mkv"},
        {"tmdb_id": None, "folder": "/m/Other", "file_path": "/m/Other/b.mkv"},
        {"tmdb_id": 1, "folder": "/m/Other", "file_path": "/m/Other/b.mkv"},
        {"tmdb_id": None, "imdb_id": None, "file_path": "/m/Dune/b.mkv"},
        {"tmdb_id": None, "imdb_id": None, "year": None, "folder": "/elsewhere"},
    ],
    ids=["tmdb id", "imdb id", "imdb id with a new tmdb id", "folder", "file"],
)
async def test_a_film_that_moved_or_was_upgraded_keeps_its_row(
    store: LibraryStore, library: LibraryFolder, file: Path, known_by: dict[str, Any]
) -> None:
    first = await store.save_movie(dune(library), now=NOW)
    moved = dune(library, **known_by)
    second = await store.save_movie(moved, now=LATER)
    assert (second.movie_id, second.created) == (first.movie_id, False)
    assert rows(file, "SELECT updated_at FROM movies") == [(to_ms(LATER),)]
    assert rows(file, MOVIES) == [
        (
            first.movie_id,
            moved.tmdb_id or 438631,
            moved.imdb_id or "tt1160419",
            "Dune",
            2021,
            moved.folder,
            moved.file_path,
        )
    ]


async def test_the_tmdb_id_goes_before_the_imdb_id_and_that_before_the_folder(
    store: LibraryStore, library: LibraryFolder
) -> None:
    by_folder = await store.save_movie(
        dune(library, tmdb_id=None, imdb_id=None, folder="/m/F", file_path="/m/F/f.mkv"), now=NOW
    )
    by_imdb = await store.save_movie(
        dune(library, tmdb_id=None, folder="/m/I", file_path="/m/I/i.mkv"), now=NOW
    )
    by_tmdb = await store.save_movie(
        dune(library, imdb_id=None, folder="/m/T", file_path="/m/T/t.mkv"), now=NOW
    )
    assert len({by_folder.movie_id, by_imdb.movie_id, by_tmdb.movie_id}) == 3
    new_file = {"folder": "/m/F", "file_path": "/m/F/new.mkv"}
    third = await store.save_movie(dune(library, tmdb_id=None, imdb_id=None, **new_file), now=NOW)
    assert third.movie_id == by_folder.movie_id
    new_file["file_path"] = "/m/F/newer.mkv"
    second = await store.save_movie(dune(library, tmdb_id=None, **new_file), now=NOW)
    assert second.movie_id == by_imdb.movie_id
    new_file["file_path"] = "/m/F/newest.mkv"
    first = await store.save_movie(dune(library, **new_file), now=NOW)
    assert first.movie_id == by_tmdb.movie_id


async def test_films_without_ids_in_folders_of_their_own_are_different_films(
    store: LibraryStore, library: LibraryFolder
) -> None:
    nameless = dune(library, tmdb_id=None, imdb_id=None)
    one = await store.save_movie(nameless, now=NOW)
    two = await store.save_movie(replace(nameless, folder="/m/B", file_path="/m/B/b.mkv"), now=NOW)
    assert one.movie_id != two.movie_id


async def test_the_same_film_in_two_libraries_is_two_rows(
    store: LibraryStore, library: LibraryFolder, tmp_path: Path
) -> None:
    (tmp_path / "4k").mkdir()
    other = await store.add_library(str(tmp_path / "4k"), now=NOW)
    one = await store.save_movie(dune(library), now=NOW)
    two = await store.save_movie(dune(other, folder="/4k/Dune", file_path="/4k/Dune/d.mkv"), now=NOW)
    assert one.movie_id != two.movie_id


async def test_the_row_that_has_the_file_takes_over_the_film_that_moved_there(
    store: LibraryStore, library: LibraryFolder, file: Path
) -> None:
    poster = Asset(type=AssetType.POSTER, path="/m/Old/poster.jpg", size=1, modified_at=NOW)
    old = dune(library, folder="/m/Old", file_path="/m/Old/old.mkv", assets=(poster,))
    await store.save_movie(old, now=NOW)
    nameless = await store.save_movie(dune(library, title="dune", tmdb_id=None, imdb_id=None), now=NOW)
    taken = await store.save_movie(dune(library), now=LATER)
    assert (taken.movie_id, taken.created) == (nameless.movie_id, False)
    assert rows(file, MOVIES) == [
        (nameless.movie_id, 438631, "tt1160419", "Dune", 2021, "/m/Dune", "/m/Dune/Dune.mkv")
    ]
    assert rows(file, "SELECT * FROM assets") == []


async def test_a_file_that_now_belongs_to_a_nested_library_takes_its_row_along(
    store: LibraryStore, library: LibraryFolder, movies: Path, file: Path
) -> None:
    (movies / "4k").mkdir()
    first = await store.save_movie(dune(library), now=NOW)
    nested = await store.add_library(str(movies / "4k"), now=NOW)
    second = await store.save_movie(dune(nested), now=NOW)
    assert second.movie_id == first.movie_id
    assert rows(file, "SELECT library_id FROM movies") == [(nested.id,)]


async def test_a_film_whose_library_was_removed_meanwhile_is_not_stored(
    store: LibraryStore, library: LibraryFolder, file: Path
) -> None:
    await store.remove_library(library.id)
    with pytest.raises(NothingToDo, match="was removed"):
        await store.save_movie(dune(library), now=NOW)
    assert rows(file, "SELECT * FROM movies") == []


async def test_a_scan_that_cannot_be_stored_whole_leaves_the_old_row_and_assets(
    store: LibraryStore, library: LibraryFolder, file: Path
) -> None:
    poster = Asset(type=AssetType.POSTER, path="/m/Dune/poster.jpg", size=1, modified_at=NOW)
    await store.save_movie(dune(library, assets=(poster,)), now=NOW)
    broken = replace(poster, path=os.fsdecode(b"/m/\xff"))
    with pytest.raises(UnicodeEncodeError):
        await store.save_movie(dune(library, title="New", assets=(broken,)), now=LATER)
    assert rows(file, "SELECT title FROM movies") == [("Dune",)]
    assert rows(file, "SELECT path FROM assets") == [("/m/Dune/poster.jpg",)]


# --- Films that are deleted, come back or are renamed ---


async def test_a_deleted_film_keeps_its_row_until_it_is_forgotten(
    store: LibraryStore, library: LibraryFolder, file: Path
) -> None:
    saved = await store.save_movie(dune(library), now=NOW)
    assert await store.mark_deleted(saved.movie_id, now=NOW)
    assert not await store.mark_deleted(saved.movie_id, now=LATER)
    assert rows(file, "SELECT deleted_at FROM movies") == [(to_ms(NOW),)]
    assert await store.forget_deleted(NOW) == 0
    assert await store.forget_deleted(LATER) == 1
    assert rows(file, "SELECT * FROM movies") == []


async def test_a_film_that_comes_back_is_restored_with_its_row(
    store: LibraryStore, library: LibraryFolder, file: Path
) -> None:
    saved = await store.save_movie(dune(library), now=NOW)
    await store.mark_deleted(saved.movie_id, now=NOW)
    again = await store.save_movie(dune(library), now=LATER)
    assert (again.movie_id, again.created, again.restored) == (saved.movie_id, False, True)
    assert rows(file, "SELECT deleted_at, updated_at FROM movies") == [(None, to_ms(LATER))]
    assert not (await store.save_movie(dune(library), now=LATER)).restored


async def test_a_film_is_found_by_folder_file_or_id_unless_it_is_deleted(
    store: LibraryStore, library: LibraryFolder
) -> None:
    saved = await store.save_movie(dune(library), now=NOW)

    async def find(**values: Any) -> int | None:
        wanted: dict[str, Any] = {"folder": "/m/x", "paths": (), "tmdb_id": None, **values}
        found = await store.find_movie(library.id, **wanted)
        return None if found is None else found.id

    assert await find(folder="/m/Dune") == saved.movie_id
    assert await find(paths=("/m/a", "/m/Dune/Dune.mkv")) == saved.movie_id
    assert await find(tmdb_id=438631) == saved.movie_id
    assert await find() is None
    await store.mark_deleted(saved.movie_id, now=NOW)
    assert await find(folder="/m/Dune") is None


@pytest.mark.parametrize("ids", [{}, {"tmdb_id": None, "imdb_id": None}])
async def test_a_renamed_film_is_the_same_row(
    store: LibraryStore, library: LibraryFolder, file: Path, ids: dict[str, Any]
) -> None:
    saved = await store.save_movie(dune(library, **ids), now=NOW)
    renamed = dune(
        library,
        folder="/m/Dune (2021)",
        file_path="/m/Dune (2021)/Dune (2021).mkv",
        old_paths=("/m/Dune/Dune.mkv",),
        **ids,
    )
    again = await store.save_movie(renamed, now=LATER)
    assert (again.movie_id, again.created) == (saved.movie_id, False)
    assert rows(file, "SELECT file_path FROM movies") == [("/m/Dune (2021)/Dune (2021).mkv",)]


async def test_the_name_of_a_folder_does_not_replace_what_a_sender_said(
    store: LibraryStore, library: LibraryFolder, file: Path
) -> None:
    await store.save_movie(dune(library, title="Dune: Part One"), now=NOW)
    await store.save_movie(dune(library, title="dune part 1", year=1984, named=False), now=LATER)
    assert rows(file, "SELECT title, year FROM movies") == [("Dune: Part One", 2021)]


async def test_the_files_of_a_folder_are_known_with_their_sizes(
    store: LibraryStore, library: LibraryFolder
) -> None:
    video = Asset(type=AssetType.VIDEO, path="/m/Dune/Dune.mkv", size=7, modified_at=NOW)
    saved = await store.save_movie(dune(library, assets=(video,)), now=NOW)
    assert await store.known_files("/m/Dune") == {"/m/Dune/Dune.mkv": 7}
    assert await store.known_files("/m") == {}
    await store.mark_deleted(saved.movie_id, now=NOW)
    assert await store.known_files("/m/Dune") == {}


async def test_what_is_asked_of_a_folder_is_kept(store: LibraryStore, library: LibraryFolder) -> None:
    changed = await store.change_library(library.name, anchor=" .disk ", needs_nfo=True, watch="events")
    assert changed == replace(library, anchor=".disk", needs_nfo=True, watch="events")
    assert await store.libraries() == (changed,)
    assert await store.change_library(library.id) == changed
    with pytest.raises(Refused, match="off, events or polling"):
        await store.change_library(library.id, watch="always")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["smb://", "nfs://", "\\\\"])
async def test_a_mapping_names_more_than_a_scheme(store: LibraryStore, path: str) -> None:
    with pytest.raises(Refused, match="Give a whole path"):
        await store.add_mapping("kodi", from_path="/movies", to_path=path)


async def test_films_that_others_may_know_are_listed_the_newest_first(
    store: LibraryStore, movies: Path
) -> None:
    library = await store.add_library(str(movies), now=NOW)
    await store.save_movie(dune(library), now=NOW)
    up = dune(library, title="Up", folder="/m/Up", file_path="/m/Up/Up.mkv", tmdb_id=None)
    await store.save_movie(replace(up, imdb_id="tt1049413"), now=NOW)
    nameless = dune(library, title="?", folder="/m/x", file_path="/m/x/x.mkv", tmdb_id=None, imdb_id=None)
    await store.save_movie(nameless, now=NOW)
    gone = dune(library, title="Gone", folder="/m/g", file_path="/m/g/g.mkv", tmdb_id=9, imdb_id=None)
    saved = await store.save_movie(gone, now=NOW)
    await store.mark_deleted(saved.movie_id, now=NOW)
    assert await store.films() == (
        KnownFilm(folder="/m/Up", imdb_id="tt1049413"),
        KnownFilm(folder="/m/Dune", tmdb_id=438631, imdb_id="tt1160419"),
    )
    assert len(await store.films(limit=1)) == 1
