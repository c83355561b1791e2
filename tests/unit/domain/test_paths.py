from __future__ import annotations

import pytest

from metarr_desktop.domain.paths import PathMapping, is_inside, last_part, map_path, with_separator


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [
        ("/movies/Dune (2021)", "/movies", True),
        ("/movies", "/movies/", True),
        ("/movies2/Dune", "/movies", False),
        ("/movies/../etc", "/movies", False),
        ("/Movies/Dune", "/movies", False),
        ("d:/media/Dune", "D:\\Media", True),
        ("\\\\NAS\\share\\Dune", "\\\\nas\\Share", True),
        ("\\\\nas\\share2\\Dune", "\\\\nas\\share", False),
        ("smb://nas/movies/Dune", "smb://nas/movies/", True),
        ("/anything", "/", True),
        ("relative/path", "/", False),
        ("/x", "", False),
    ],
)
def test_paths_compare_by_whole_components(path: str, folder: str, inside: bool) -> None:
    assert is_inside(path, folder) is inside


@pytest.mark.parametrize(
    ("path", "mapping", "mapped"),
    [
        ("/data/movies/Dune (2021)", ("/data/movies", "smb://nas/movies/"), "smb://nas/movies/Dune (2021)"),
        ("D:\\Movies\\Dune", ("d:/movies", "/srv/films"), "/srv/films/Dune"),
        ("/movies/Dune/x", ("/movies", "Z:\\Films"), "Z:\\Films\\Dune\\x"),
        ("/movies/Dune", ("/movies", "\\\\nas\\films"), "\\\\nas\\films\\Dune"),
        ("\\\\nas\\films\\Dune", ("\\\\NAS\\Films", "/mnt/films"), "/mnt/films/Dune"),
        ("/movies", ("/movies", "/srv/films"), "/srv/films"),
        ("/movies/Dune", ("/", "/host"), "/host/movies/Dune"),
        ("/other/Dune", ("/movies", "/srv"), None),
    ],
)
def test_a_mapping_replaces_the_front_of_a_path(
    path: str, mapping: tuple[str, str], mapped: str | None
) -> None:
    entry = PathMapping(scope="kodi", from_path=mapping[0], to_path=mapping[1])
    assert map_path(path, [entry]) == mapped


def test_the_longest_mapping_wins() -> None:
    mappings = [
        PathMapping(scope="kodi", from_path="/data", to_path="/a"),
        PathMapping(scope="kodi", from_path="/data/movies", to_path="/b"),
    ]
    assert map_path("/data/movies/Dune", mappings) == "/b/Dune"


@pytest.mark.parametrize(
    ("path", "folder"),
    [("/a/b", "/a/b/"), ("/a/b/", "/a/b/"), ("D:\\a", "D:\\a\\"), ("smb://nas/a b", "smb://nas/a b/")],
)
def test_a_folder_ends_with_its_own_separator(path: str, folder: str) -> None:
    assert with_separator(path) == folder


def test_the_last_part_keeps_its_spelling() -> None:
    assert last_part("D:\\Movies\\Dune (2021)\\") == "Dune (2021)"
    assert last_part("/") == ""
