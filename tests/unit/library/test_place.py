from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from metarr_desktop.domain.errors import NothingToDo, Permanent
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.media import LibraryFolder, LibraryType
from metarr_desktop.domain.paths import PathMapping
from metarr_desktop.library.place import expected_name, locate


def event(folder: str, *files: str) -> MediaEvent:
    return MediaEvent(
        source="radarr",
        kind=MediaKind.MOVIE,
        action=Action.IMPORTED,
        title="Dune",
        folder=folder,
        files=files,
    )


def library(path: str, *, number: int = 1, library_type: LibraryType = "movies") -> LibraryFolder:
    return LibraryFolder(id=number, name=path, path=path, type=library_type)


def mapping(from_path: str, to_path: str) -> PathMapping:
    return PathMapping(scope="radarr", from_path=from_path, to_path=to_path)


def test_without_any_library_folder_there_is_nothing_to_do() -> None:
    with pytest.raises(NothingToDo, match=r"^No library folder on this computer\.$"):
        locate(event("/movies/Dune"), libraries=[], mappings=[])


def test_folders_for_tv_and_music_do_not_count_for_films() -> None:
    others = [library("/movies", library_type="tv"), library("/music", number=2, library_type="music")]
    with pytest.raises(NothingToDo, match="for movies"):
        locate(event("/movies/Dune"), libraries=others, mappings=[])


def test_a_longer_folder_for_tv_does_not_take_a_film() -> None:
    folders = [library("/media"), library("/media/tv", number=2, library_type="tv")]
    assert locate(event("/media/tv/Dune"), libraries=folders, mappings=[]).library.id == 1


def test_library_folders_are_compared_by_whole_components() -> None:
    folders = [library("/movies"), library("/movies-4k", number=2)]
    assert locate(event("/movies-4k/Dune"), libraries=folders, mappings=[]).library.id == 2


def test_the_longest_library_folder_wins() -> None:
    folders = [library("/media"), library("/media/films/4k", number=2), library("/media/films", number=3)]
    assert locate(event("/media/films/4k/Dune"), libraries=folders, mappings=[]).library.id == 2


@pytest.mark.parametrize(
    ("sent", "from_path", "here"),
    [
        ("/data/Dune (2021)", "/data", "/movies/Dune (2021)"),
        ("/data/Dune (2021)/", "/data/", "/movies/Dune (2021)"),
        ("D:\\Films\\Dune (2021)", "d:/films", "/movies/Dune (2021)"),
        ("\\\\NAS\\films\\Dune (2021)", "\\\\nas\\films", "/movies/Dune (2021)"),
        ("/data/Dune (2021)", "/data/Dune (2021)", "/movies"),
    ],
)
def test_the_sender_s_path_is_translated_before_it_is_looked_up(sent: str, from_path: str, here: str) -> None:
    place = locate(event(sent), libraries=[library("/movies")], mappings=[mapping(from_path, "/movies")])
    assert place.folder == Path(here)


@pytest.mark.parametrize("sent", ["/movies//Dune", "/movies/./Dune/", "//movies/Dune"])
def test_needless_separators_make_no_other_folder(sent: str) -> None:
    place = locate(event(sent), libraries=[library("/movies")], mappings=[])
    assert place.folder == Path("/movies/Dune")


@pytest.mark.parametrize(
    "sent",
    [
        "/other/Dune",
        "/moviesx/Dune",
        "/movies/../etc",
        "/movies/Dune/../../etc",
        "D:\\Movies\\Dune",
        "\\\\nas\\movies\\Dune",
        "movies/Dune",
        "",
        "/movies/Du\0ne",
        "/MOVIES/Dune",
    ],
)
def test_a_path_outside_the_set_folders_fails_for_good_and_says_what_to_do(sent: str) -> None:
    with pytest.raises(Permanent) as failure:
        locate(event(sent), libraries=[library("/movies")], mappings=[])
    assert str(failure.value).startswith(f"Radarr's path {sent} is not on this computer.")
    assert "path mapping" in str(failure.value)


def test_of_two_radarrs_the_one_is_named_whose_path_is_unknown() -> None:
    named = replace(event("/other/Dune"), instance="Radarr 4K")
    with pytest.raises(Permanent, match=r"^Radarr 4K's path /other/Dune is not on this computer\."):
        locate(named, libraries=[library("/movies")], mappings=[])


@pytest.mark.parametrize("sent", ["/data/../etc", "/data/Dune/../../../etc"])
def test_a_mapping_opens_no_way_up(sent: str) -> None:
    with pytest.raises(Permanent, match="is not on this computer"):
        locate(event(sent), libraries=[library("/movies")], mappings=[mapping("/data", "/movies")])


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        ("/m/Dune", "Dune.mkv", "Dune.mkv"),
        ("/m/Dune", "CD1/Dune.mkv", "CD1/Dune.mkv"),
        ("/m/Dune", "a\\b.mkv", "a\\b.mkv"),
        ("D:\\m\\Dune", "CD1\\Dune.mkv", "CD1/Dune.mkv"),
        ("/m/Dune", "../Other/Dune.mkv", None),
        ("D:\\m\\Dune", "..\\Dune.mkv", None),
        ("/m/Dune", "/etc/passwd", None),
        ("D:\\m\\Dune", "C:Dune.mkv", None),
        ("D:\\m\\Dune", "\\Dune.mkv", None),
        ("/m/Dune", "Du\0ne.mkv", None),
        ("/m/Dune", "", None),
        ("/m/Dune", ".", None),
    ],
)
def test_the_name_of_the_video_is_taken_only_where_it_stays_below_the_folder(
    folder: str, name: str, expected: str | None
) -> None:
    assert expected_name(event(folder, name)) == expected


def test_a_movie_without_files_names_no_video() -> None:
    assert expected_name(event("/m/Dune")) is None


def test_a_folder_that_was_asked_for_needs_no_sender_to_be_named() -> None:
    asked = replace(event("/elsewhere/Dune"), source="scan", action=Action.SCANNED)
    with pytest.raises(Permanent, match=r"^/elsewhere/Dune is in no library folder of this computer\.$"):
        locate(asked, libraries=[library("/movies")], mappings=[])
