from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from metarr_desktop.domain.media import LibraryFolder
from metarr_desktop.library.place import Place
from metarr_desktop.library.watching import QuietFolders, folder_to_ask, is_worth_asking

FILMS = LibraryFolder(id=1, name="Films", path="/films", type="movies")
SERIES = LibraryFolder(id=1, name="Series", path="/tv", type="tv")


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("/films/Dune (2021)/Dune.mkv", "/films/Dune (2021)"),
        ("/films/Dune (2021)/Dune.en.srt", "/films/Dune (2021)"),
        ("/films/Dune (2021)/movie.nfo", "/films/Dune (2021)"),
        ("/films/Dune (2021)/poster.jpg", "/films/Dune (2021)"),
        ("/films/Dune (2021)/BDMV/index.bdmv", "/films/Dune (2021)"),
        ("/films/Dune (2021)", "/films/Dune (2021)"),
        ("/films/Mr. Robot", "/films/Mr. Robot"),
        ("/films/Dune (2021)/Dune.mkv.part", None),
        ("/films/Dune (2021)/Dune.mkv.!qB", None),
        ("/films/Dune (2021)/Dune.tmp", None),
        ("/films/Dune (2021)/poster.jpg~", None),
        ("/films/Dune (2021)/.Dune.mkv.aX3", None),
        ("/films/.Trash-1000/Dune/Dune.mkv", None),
        ("/films/Dune (2021)/readme.txt", None),
        ("/films/Dune.mkv", None),
        ("/films", None),
        ("/elsewhere/Dune/Dune.mkv", None),
    ],
)
def test_only_media_count_and_stand_for_their_folder(path: str, folder: str | None) -> None:
    found = folder_to_ask(Path(path), library=FILMS, moved=True)
    assert (None if found is None else str(found)) == folder


def test_a_folder_that_is_called_like_a_file_is_one(tmp_path: Path) -> None:
    films = replace(FILMS, path=str(tmp_path))
    for name in ("Monsters.Inc", "Dune.2021.BluRay"):
        (tmp_path / name).mkdir()
        assert folder_to_ask(tmp_path / name, library=films, moved=True) == tmp_path / name
        assert folder_to_ask(tmp_path / name, library=films, moved=False) is None
    (tmp_path / "films.txt").touch()
    assert folder_to_ask(tmp_path / "films.txt", library=films, moved=True) is None


def test_a_folder_that_merely_changed_says_nothing() -> None:
    assert folder_to_ask(Path("/films/Dune (2021)"), library=FILMS, moved=False) is None


def test_an_episode_stands_for_its_season() -> None:
    found = folder_to_ask(Path("/tv/Severance/Season 02/e1.mkv"), library=SERIES, moved=False)
    assert found == Path("/tv/Severance/Season 02")


def test_a_folder_is_due_once_it_was_quiet() -> None:
    quiet = QuietFolders(quiet_s=30, at_most_s=600)
    dune, alien = Path("/films/Dune"), Path("/films/Alien")
    quiet.note([dune, alien], now=0)
    quiet.note([dune], now=20)
    assert quiet.next_due() == 30
    assert quiet.take_due(now=29) == ()
    assert quiet.take_due(now=30) == (alien,)
    assert quiet.take_due(now=49) == ()
    assert quiet.take_due(now=50) == (dune,)
    assert (quiet.take_due(now=999), quiet.next_due()) == ((), None)


def test_a_folder_that_is_never_quiet_is_due_after_the_longest_time() -> None:
    quiet = QuietFolders(quiet_s=30, at_most_s=600)
    dune = Path("/films/Dune")
    for now in range(0, 600, 10):
        quiet.note([dune], now=now)
        assert quiet.take_due(now=now) == ()
    assert quiet.take_due(now=600) == (dune,)


def test_what_lies_below_a_folder_can_be_forgotten() -> None:
    quiet = QuietFolders(quiet_s=30, at_most_s=600)
    quiet.note([Path("/films/Dune"), Path("/films4k/Dune")], now=0)
    quiet.forget_below(Path("/films"))
    assert quiet.take_due(now=30) == (Path("/films4k/Dune"),)


def place(root: Path, name: str) -> Place:
    library = LibraryFolder(id=1, name="Films", path=str(root), type="movies")
    return Place(library=library, folder=root / name, roots=(str(root),))


def test_what_a_scan_knows_already_is_not_worth_asking(tmp_path: Path) -> None:
    folder = tmp_path / "Dune"
    folder.mkdir()
    (folder / "Dune.mkv").write_bytes(b"12345")
    known = {str(folder / "Dune.mkv"): 5}
    assert not is_worth_asking(place(tmp_path, "Dune"), known=known)
    assert is_worth_asking(place(tmp_path, "Dune"), known={})
    assert is_worth_asking(place(tmp_path, "Dune"), known={str(folder / "Dune.mkv"): 4})
    (folder / "poster.jpg").touch()
    assert is_worth_asking(place(tmp_path, "Dune"), known=known)


def test_what_is_gone_is_news_only_where_it_was_known(tmp_path: Path) -> None:
    assert is_worth_asking(place(tmp_path, "Dune"), known={"/films/Dune/Dune.mkv": 5})
    assert not is_worth_asking(place(tmp_path, "Dune"), known={})


def test_a_folder_without_media_is_not_worth_asking(tmp_path: Path) -> None:
    (tmp_path / "Severance" / "Season 01").mkdir(parents=True)
    assert not is_worth_asking(place(tmp_path, "Severance"), known={})
    (tmp_path / "Severance" / "Season 01" / "e1.mkv").touch()
    assert is_worth_asking(place(tmp_path, "Severance"), known={})
