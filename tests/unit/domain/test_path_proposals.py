"""Path mappings found out from what two sides know."""

from __future__ import annotations

from dataclasses import replace
from unicodedata import normalize

import pytest

from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.domain.path_proposals import Agreement, Proposal, compare, propose, propose_folders
from metarr_desktop.domain.paths import PathMapping, map_path


def films(root: str, numbers: range, *, by: str = "tmdb_id", separator: str = "/") -> list[KnownFilm]:
    return [
        KnownFilm(
            folder=f"{root}{separator}Film {number}",
            tmdb_id=number if by == "tmdb_id" else None,
            imdb_id=f"tt{number}" if by == "imdb_id" else None,
        )
        for number in numbers
    ]


def same(path: str) -> str:
    return path


def by(*mappings: tuple[str, str]) -> object:
    given = [PathMapping(scope="jellyfin", from_path=one, to_path=other) for one, other in mappings]
    return lambda path: map_path(path, given) or path


def test_all_films_agree_on_where_the_other_side_has_its_folder() -> None:
    ours, theirs = films("/movies", range(1, 48)), films("/media/films", range(1, 48))
    (found,) = propose("jellyfin", ours, theirs, translate=same)
    assert found == Proposal(
        scope="jellyfin", from_path="/movies", to_path="/media/films", agree=47, total=47,
        example="/media/films/Film 1",
    )  # fmt: skip


def test_nothing_is_proposed_where_existing_mappings_say_it_already() -> None:
    ours, theirs = films("/movies", range(1, 9)), films("/media/films", range(1, 9))
    assert propose("jellyfin", ours, theirs, translate=by(("/movies", "/media/films"))) == ()  # type: ignore[arg-type]
    assert propose("jellyfin", ours, ours, translate=same) == ()


def test_a_wrong_mapping_is_noticed() -> None:
    ours, theirs = films("/movies", range(1, 9)), films("/media/films", range(1, 9))
    (found,) = propose("jellyfin", ours, theirs, translate=by(("/movies", "/mnt")))  # type: ignore[arg-type]
    assert (found.from_path, found.to_path, found.agree) == ("/movies", "/media/films", 8)


def test_the_longest_folder_that_holds_all_films_is_mapped_and_no_other_with_it() -> None:
    ours, theirs = films("/data/movies", range(1, 4)), films("/mnt/movies", range(1, 4))
    (found,) = propose("jellyfin", ours, theirs, translate=same)
    assert (found.from_path, found.to_path) == ("/data/movies", "/mnt/movies")
    ours += films("/data/movies4k", range(4, 8))
    theirs += films("/mnt/movies4k", range(4, 8))
    (found,) = propose("jellyfin", ours, theirs, translate=same)
    assert (found.from_path, found.to_path, found.agree) == ("/data", "/mnt", 7)


def test_one_film_maps_its_parent_and_never_its_own_folder() -> None:
    ours, theirs = films("/data/movies", range(1, 2)), films("/mnt/movies", range(1, 2))
    (found,) = propose("jellyfin", ours, theirs, translate=same)
    assert (found.from_path, found.to_path, found.total) == ("/data/movies", "/mnt/movies", 1)


def test_two_roots_are_two_proposals_the_larger_first() -> None:
    ours = films("/movies", range(1, 4)) + films("/4k", range(4, 10))
    theirs = films("/media/hd", range(1, 4)) + films("/media/uhd", range(4, 10))
    found = propose("jellyfin", ours, theirs, translate=same)
    assert [(each.from_path, each.to_path, each.agree, each.total) for each in found] == [
        ("/4k", "/media/uhd", 6, 6),
        ("/movies", "/media/hd", 3, 3),
    ]


def test_a_film_that_was_moved_by_hand_moves_no_other() -> None:
    ours, theirs = films("/movies", range(1, 9)), films("/media", range(1, 8))
    theirs += films("/elsewhere", range(8, 9))
    (found,) = propose("jellyfin", ours, theirs, translate=same)
    assert (found.to_path, found.agree, found.total) == ("/media", 7, 8)
    assert propose("jellyfin", ours, theirs, translate=by(("/movies", "/media"))) == ()  # type: ignore[arg-type]


def test_a_folder_below_another_counts_for_its_own_films() -> None:
    ours = films("/movies", range(1, 6)) + films("/movies/kids", range(6, 9))
    theirs = films("/films", range(1, 6)) + films("/children/kids", range(6, 9))
    found = propose("jellyfin", ours, theirs, translate=same)
    assert [(each.from_path, each.to_path, each.agree, each.total) for each in found] == [
        ("/movies", "/films", 5, 5),
        ("/movies/kids", "/children/kids", 3, 3),
    ]


def test_films_are_known_by_imdb_where_there_is_no_tmdb_id() -> None:
    ours, theirs = films("/movies", range(1, 4), by="imdb_id"), films("/media", range(1, 4), by="imdb_id")
    (found,) = propose("jellyfin", ours, theirs, translate=same)
    assert found.agree == 3
    assert propose("jellyfin", ours, films("/media", range(1, 4)), translate=same) == ()


def test_windows_is_mapped_without_regard_to_case() -> None:
    ours = films("D:\\Media\\Movies", range(1, 4), separator="\\")
    (found,) = propose("jellyfin", ours, films("/mnt/movies", range(1, 4)), translate=same)
    assert (found.from_path, found.to_path) == ("D:\\Media\\Movies", "/mnt/movies")


def test_a_film_in_a_root_is_mapped_from_the_root() -> None:
    (found,) = propose("kodi", films("", range(1, 4)), films("smb://nas/films", range(1, 4)), translate=same)
    assert (found.from_path, found.to_path, found.agree) == ("/", "smb://nas/films", 3)


def test_folders_that_are_called_otherwise_prove_nothing() -> None:
    ours = [KnownFilm(folder="/movies/Dune (2021)", tmdb_id=1)]
    theirs = [KnownFilm(folder="/media/Der Wüstenplanet", tmdb_id=1)]
    assert propose("jellyfin", ours, theirs, translate=same) == ()
    assert compare(ours, theirs, translate=same) == Agreement(agree=0, total=1)


def test_of_two_copies_the_one_that_fits_counts() -> None:
    ours = films("/movies", range(1, 4))
    theirs = films("/4k/movies", range(1, 4)) + films("/movies", range(1, 4))
    assert propose("jellyfin", ours, theirs, translate=same) == ()
    assert compare(ours, theirs, translate=same) == Agreement(agree=3, total=3)


@pytest.mark.parametrize(
    ("agree", "total", "drifted"),
    [(47, 47, False), (45, 47, False), (44, 47, True), (0, 1, True), (0, 0, False), (4990, 5000, False)],
)
def test_a_few_films_elsewhere_are_no_drift(agree: int, total: int, *, drifted: bool) -> None:
    assert Agreement(agree=agree, total=total).drifted is drifted


def test_some_films_that_moved_together_are_drift_however_many_there_are() -> None:
    assert Agreement(agree=4990, total=5000, moved=10).drifted


def test_names_that_a_mac_writes_otherwise_are_the_same() -> None:
    ours = [KnownFilm(folder=f"/movies/Für {n}", tmdb_id=n) for n in range(1, 9)]
    theirs = [replace(each, folder=normalize("NFD", each.folder)) for each in ours]
    assert compare(ours, theirs, translate=same) == Agreement(agree=8, total=8)
    moved = [replace(each, folder=each.folder.replace("/movies", "/media/films")) for each in theirs]
    (found,) = propose("plex", ours, moved, translate=same)
    assert (found.from_path, found.to_path, found.agree) == ("/movies", "/media/films", 8)


def test_a_folder_nobody_has_is_mapped_by_its_name() -> None:
    locations = ["/media/tv", "/media/movies"]
    (found,) = propose_folders("jellyfin", ["/tv", "/media/movies"], locations, translate=same)
    assert (found.from_path, found.to_path, found.total) == ("/tv", "/media/tv", 0)
    assert propose_folders("jellyfin", ["/tv"], ["/a/tv", "/b/tv"], translate=same) == ()
    assert propose_folders("jellyfin", ["/series"], locations, translate=same) == ()
    assert propose_folders("jellyfin", ["/media"], locations, translate=same) == ()
