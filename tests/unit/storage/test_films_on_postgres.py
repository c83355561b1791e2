"""The life of a film's row on PostgreSQL: the statements are those of SQLite, the types are stricter."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.media import Asset, AssetType, LibraryFolder, ScannedMovie
from metarr_desktop.storage.database import postgres_database
from metarr_desktop.storage.library_store import LibraryStore
from metarr_desktop.storage.postgres_schema import prepare_postgres
from tests.fakes import START

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LATER = START + timedelta(days=8)


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[LibraryStore]:
    await asyncio.to_thread(prepare_postgres, postgres_url)
    database = postgres_database(postgres_url, sender="here")
    yield LibraryStore(database)
    await database.close()


@pytest.fixture
async def library(store: LibraryStore, tmp_path: Path) -> LibraryFolder:
    return await store.add_library(str(tmp_path), name="Films", now=START)


def dune(library: LibraryFolder) -> ScannedMovie:
    video = Asset(type=AssetType.VIDEO, path="/m/Dune/Dune.mkv", size=2**40, modified_at=START)
    return ScannedMovie(
        library_id=library.id, title="Dune", folder="/m/Dune", file_path="/m/Dune/Dune.mkv", assets=(video,)
    )


async def test_a_film_is_deleted_restored_renamed_and_forgotten(
    store: LibraryStore, library: LibraryFolder
) -> None:
    saved = await store.save_movie(dune(library), now=START)
    assert await store.known_files("/m/Dune") == {"/m/Dune/Dune.mkv": 2**40}
    assert await store.mark_deleted(saved.movie_id, now=START)
    assert await store.find_movie(library.id, folder="/m/Dune", paths=(), tmdb_id=None) is None
    scanned = replace(dune(library), title="dune", year=2021, named=False)
    again = await store.save_movie(scanned, now=LATER)
    assert (again.movie_id, again.restored) == (saved.movie_id, True)
    renamed = replace(
        dune(library), folder="/m/D", file_path="/m/D/D.mkv", old_paths=("/m/Dune/Dune.mkv",), named=False
    )
    assert (await store.save_movie(renamed, now=LATER)).movie_id == saved.movie_id
    found = await store.find_movie(library.id, folder="", paths=("/m/D/D.mkv",), tmdb_id=438631)
    assert found is not None
    assert (found.title, found.year, found.folder) == ("Dune", 2021, "/m/D")
    await store.mark_deleted(saved.movie_id, now=START)
    assert await store.forget_deleted(LATER) == 1


async def test_what_is_asked_of_a_folder_is_kept(store: LibraryStore, library: LibraryFolder) -> None:
    changed = await store.change_library("Films", anchor=".disk", needs_nfo=True, watch="polling")
    assert changed == replace(library, anchor=".disk", needs_nfo=True, watch="polling")
    assert await store.libraries() == (changed,)
