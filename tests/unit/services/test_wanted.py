from __future__ import annotations

from dataclasses import replace

import pytest

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.services.library_folder import above
from metarr_desktop.services.wanted import Wanted

FILM = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="Heat",
    folder="/movies/Heat (1995)",
    files=("Heat.mkv",),
)
SERIES = replace(FILM, kind=MediaKind.EPISODE, folder="/tv/Lost", files=("Season 1/a.mkv", "Season 1/b.mkv"))


def test_a_film_is_there_with_its_own_file_only() -> None:
    wanted = Wanted(FILM, folder="/data/Heat (1995)")
    assert not wanted.take(["/data/Heat (1995)/Heat-old.mkv"])
    assert not wanted.take(["/data/Heat (1995) 2/Heat.mkv", "/movies/Heat (1995)/Heat.mkv"])
    assert not wanted.complete
    assert wanted.take(["/data/Heat (1995)/Heat-old.mkv", "/data/Heat (1995)/Heat.mkv"])
    assert wanted.complete


def test_of_several_files_all_have_to_be_there() -> None:
    wanted = Wanted(SERIES, folder="/tv/Lost")
    assert wanted.several
    assert wanted.take(["/tv/Lost/Season 1/b.mkv"])
    assert not wanted.take(["/tv/Lost/Season 2/a.mkv"])
    assert not wanted.complete
    assert wanted.take(["/tv/Lost/Season 1/a.mkv"])
    assert wanted.complete


@pytest.mark.parametrize("file", ["/movies/Heat (1995)/Heat.mkv", "/elsewhere/Heat.mkv", "./Heat.mkv"])
def test_a_file_told_with_its_whole_path_counts_below_the_folder(file: str) -> None:
    wanted = Wanted(replace(FILM, files=(file,)), folder="/data/Heat (1995)")
    assert wanted.take(["/data/Heat (1995)/Heat.mkv"])


def test_a_windows_sender_and_a_linux_server_agree() -> None:
    event = replace(SERIES, folder="D:\\tv\\Lost", files=("Season 1\\A.mkv",))
    assert Wanted(event, folder="/tv/Lost").take(["/tv/Lost/season 1/a.mkv"])
    other = replace(SERIES, files=("Season 1/A.mkv",))
    assert Wanted(other, folder="D:\\TV\\Lost").take(["d:\\tv\\lost\\Season 1\\a.MKV"])


def test_a_mac_writes_an_umlaut_as_two_characters() -> None:
    event = replace(FILM, folder="/movies/\u00c4", files=("\u00c4.mkv",))
    assert Wanted(event, folder="/movies/\u00c4").take(["/movies/A\u0308/A\u0308.mkv"])


def test_without_files_episodes_go_by_their_numbers() -> None:
    wanted = Wanted(replace(SERIES, files=(), season=1, episodes=(1, 2)), folder="/tv/Lost")
    assert not wanted.take(["/tv/Lost/x.mkv"], season=2, numbers=[1, 2])
    assert wanted.take(["/tv/Lost/x.mkv"], season=1, numbers=[2])
    assert not wanted.complete
    assert wanted.take(["/tv/Lost/x.mkv"], season=1, numbers=[1])
    assert wanted.complete


def test_without_files_an_album_goes_by_its_name_and_a_scan_by_anything() -> None:
    album = Wanted(replace(FILM, kind=MediaKind.ALBUM, files=(), album="OK Computer"), folder="/music/R")
    assert not album.take(["/music/R/x.flac"], album="Kid A")
    assert album.take(["/music/R/x.flac"], album="Ok computer")
    assert Wanted(replace(FILM, files=()), folder="/data/Heat").take(["/data/Heat/x.mkv"])


def test_the_same_file_elsewhere_has_its_name_and_that_of_its_folder() -> None:
    wanted = Wanted(FILM, folder="/data/Heat (1995)")
    assert wanted.same_names("/films/Heat (1995)/Heat.mkv")
    assert not wanted.same_names("/films/Heat (1995)/Heat-old.mkv")
    assert not wanted.same_names("/films/Heat/Heat.mkv")
    assert not Wanted(replace(FILM, files=()), folder="/data/Heat (1995)").same_names("/x/Heat (1995)/a")


@pytest.mark.parametrize(
    ("path", "higher"),
    [
        ("/movies/Heat/", "/movies"),
        ("/movies", ""),
        ("/", ""),
        ("D:\\Films\\Heat", "D:\\Films"),
        ("D:\\Films", ""),
        ("\\\\nas\\films\\Heat", "\\\\nas\\films"),
        ("smb://nas/films/Heat", "smb://nas/films"),
        ("\\\\nas\\films", ""),
        ("smb://nas/films", ""),
        ("Heat", ""),
    ],
)
def test_the_folder_above_is_never_a_root(path: str, higher: str) -> None:
    assert above(path) == higher
