from __future__ import annotations

from pathlib import Path

import pytest

from metarr_desktop.domain.media import LibraryFolder, LibraryType
from metarr_desktop.library.naming import NamedFolder, named_folder


def named(path: str, *, kind: LibraryType = "movies") -> NamedFolder:
    found = named_folder(Path(path), library=library(kind))
    assert found is not None
    return found


def library(kind: LibraryType) -> LibraryFolder:
    return LibraryFolder(id=1, name="All", path="/media", type=kind)


@pytest.mark.parametrize(
    ("path", "folder", "title", "year"),
    [
        ("/media/Dune (2021)", "/media/Dune (2021)", "Dune", 2021),
        ("/media/Dune (2021)/Extras", "/media/Dune (2021)", "Dune", 2021),
        ("/media/Dune (2021)/BDMV/STREAM", "/media/Dune (2021)", "Dune", 2021),
        ("/media/Dune/BDMV/STREAM", "/media/Dune", "Dune", None),
        ("/media/D/Dune (2021) [1080p]", "/media/D/Dune (2021) [1080p]", "Dune", 2021),
        ("/media/Box (2020)/Dune (2021)", "/media/Box (2020)/Dune (2021)", "Dune", 2021),
        ("/media/Dune", "/media/Dune", "Dune", None),
        ("/media/Subs", "/media/Subs", "Subs", None),
        (
            "/media/2001 A Space Odyssey (1968)",
            "/media/2001 A Space Odyssey (1968)",
            "2001 A Space Odyssey",
            1968,
        ),
        (
            "/media/(500) Days of Summer (2009)",
            "/media/(500) Days of Summer (2009)",
            "(500) Days of Summer",
            2009,
        ),
    ],
)
def test_a_film_s_folder_is_found_and_read(path: str, folder: str, title: str, year: int | None) -> None:
    film = named(path)
    assert (str(film.path), film.title, film.year, film.kind) == (folder, title, year, "movie")


def test_ids_in_a_name_are_read() -> None:
    film = named("/media/Dune (2021) {tmdb-438631} [imdbid-tt1160419]")
    assert (film.tmdb_id, film.imdb_id, film.title) == (438631, "tt1160419", "Dune")
    assert named("/media/Dune {tmdb-9999999999999999999}").tmdb_id is None
    assert named("/media/Dune {tvdb-1}").title == "Dune"


@pytest.mark.parametrize(
    ("path", "title", "season"),
    [
        ("/media/Severance", "Severance", None),
        ("/media/Severance/Season 02", "Severance", 2),
        ("/media/Severance/Specials", "Severance", 0),
        ("/media/Severance/Staffel 2", "Severance", 2),
        ("/media/S/Severance (2022)/s2", "Severance", 2),
        ("/media/Season 2", "Season 2", None),
    ],
)
def test_a_season_belongs_to_its_series(path: str, title: str, season: int | None) -> None:
    series = named(path, kind="tv")
    assert (str(series.path), series.title, series.season) == (path, title, season)


def test_an_album_belongs_to_its_artist() -> None:
    album = named("/media/Air/Moon Safari (1998)/CD 1", kind="music")
    assert (str(album.path), album.title, album.album, album.year) == (
        "/media/Air/Moon Safari (1998)",
        "Air",
        "Moon Safari",
        1998,
    )
    assert (named("/media/Air", kind="music").title, named("/media/Air", kind="music").album) == ("Air", "")


def test_a_whole_library_folder_is_none_of_these() -> None:
    assert named_folder(Path("/media"), library=library("movies")) is None
