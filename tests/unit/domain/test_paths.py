from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metarr_desktop.domain.paths import (
    PathMapping,
    is_inside,
    last_part,
    map_path,
    parts,
    with_separator,
)

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\\:\0"), min_size=1, max_size=8).filter(
    lambda name: name not in {".", ".."}
)
BELOW = st.lists(NAMES, max_size=4)
ROOTS = st.sampled_from(
    [
        "/",
        "/data",
        "/data/",
        "D:\\",
        "d:/Films",
        "Z:",
        "\\\\NAS\\films",
        "\\\\nas\\films\\",
        "smb://nas",
        "smb://nas/films",
        "smb://me@NAS:445/f",
        "nfs://10.0.0.2/export/f",
    ]
)


def joined(root: str, below: list[str]) -> str:
    """A path as its own side writes it."""
    base = with_separator(root)
    return base + base[-1].join(below)


@settings(deadline=None)
@given(source=ROOTS, target=ROOTS, below=BELOW)
def test_there_and_back_is_the_same_path(source: str, target: str, below: list[str]) -> None:
    path = joined(source, below)
    there = map_path(path, [PathMapping(scope="x", from_path=source, to_path=target)])
    assert there is not None
    assert is_inside(there, target)
    assert parts(there)[: len(parts(target))] == parts(target)
    back = map_path(there, [PathMapping(scope="x", from_path=target, to_path=source)])
    assert back is not None
    assert parts(back) == parts(path)


@settings(deadline=None)
@given(source=ROOTS, target=ROOTS, below=BELOW)
def test_a_mapping_keeps_the_names_below_as_they_are_written(
    source: str, target: str, below: list[str]
) -> None:
    there = map_path(joined(source, below), [PathMapping(scope="x", from_path=source, to_path=target)])
    assert there == (joined(target, below) if below else _alone(target))


def _alone(target: str) -> str:
    """A mapped folder has no separator at its end, a root keeps its own."""
    bare = target.rstrip("/\\")
    if bare in {"", "D:", "Z:"}:
        return with_separator(bare) if bare else "/"
    return bare


@settings(deadline=None)
@given(path=st.text(max_size=30), folder=st.text(max_size=30), to=st.text(min_size=1, max_size=30))
def test_no_text_at_all_breaks_the_mapping(path: str, folder: str, to: str) -> None:
    mapped = map_path(path, [PathMapping(scope="x", from_path=folder, to_path=to)])
    assert (mapped is None) is not is_inside(path, folder)


@settings(deadline=None)
@given(root=ROOTS, below=BELOW, sibling=NAMES)
def test_only_whole_components_count(root: str, below: list[str], sibling: str) -> None:
    folder = joined(root, [*below, "films"])
    assert is_inside(joined(root, [*below, "films", sibling]), folder)
    assert not is_inside(joined(root, [*below, "films" + sibling]), folder)


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
        ("SMB://Me@NAS:445/movies/Dune", "smb://Me@nas/movies", True),
        ("smb://me@nas/movies/Dune", "smb://Me@nas/movies", False),
        ("smb://nas:1445/movies", "smb://nas/movies", False),
        ("smb://nas/Movies/Dune", "smb://nas/movies", False),
        ("nfs://NAS/export/films", "nfs://nas:2049/export", True),
        ("/movies/./Dune", "/movies", True),
        ("D:\\Movies\\Dune", "D:\\", True),
        ("D:\\Movies", "D:", True),
        ("E:\\Movies", "D:\\", False),
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
        ("/movies/Dune", ("/", "Z:\\"), "Z:\\movies\\Dune"),
        ("/", ("/", "Z:\\"), "Z:\\"),
        ("/movies", ("/movies", "D:\\"), "D:\\"),
        ("/movies", ("/movies", "D:"), "D:\\"),
        ("/movies", ("/movies", "D:/"), "D:/"),
        ("D:\\", ("D:\\", "/"), "/"),
        ("D:\\a\\b", ("D:\\", "/"), "/a/b"),
        ("/movies/Dune", ("/movies", "nfs://10.0.0.2:2049/films"), "nfs://10.0.0.2:2049/films/Dune"),
        ("smb://NAS/films/Dune", ("smb://nas/films", "\\\\nas\\films"), "\\\\nas\\films\\Dune"),
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
