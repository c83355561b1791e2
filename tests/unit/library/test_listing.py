from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.clock import EPOCH
from metarr_desktop.domain.errors import Permanent, Transient
from metarr_desktop.domain.media import LibraryFolder
from metarr_desktop.library.listing import MOST_ENTRIES, Listing, read_folder
from metarr_desktop.library.place import Place

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "movies"
    folder.mkdir()
    return folder


def place(folder: Path, *, root: Path, others: tuple[Path, ...] = ()) -> Place:
    library = LibraryFolder(id=1, name="Movies", path=str(root), type="movies")
    return Place(library=library, folder=folder, roots=(str(root), *map(str, others)))


def movie(root: Path, *files: str, name: str = "Dune (2021)") -> Path:
    folder = root / name
    folder.mkdir()
    for file in files:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(b"x" * len(file))
    return folder


def names(listing: Listing) -> set[str]:
    return {entry.name for entry in listing.entries}


def test_files_are_listed_with_their_sizes_and_folders_are_not(root: Path) -> None:
    folder = movie(root, "a.mkv", "poster.jpg", "Extras/b.mkv")
    listing = read_folder(place(folder, root=root))
    assert {entry.name: entry.size for entry in listing.entries} == {"a.mkv": 5, "poster.jpg": 10}
    assert listing.complete


def test_named_files_in_folders_below_are_added_where_they_are(root: Path) -> None:
    folder = movie(root, "BDMV/index.bdmv")
    listing = read_folder(place(folder, root=root), extra=("BDMV/index.bdmv", "VIDEO_TS/VIDEO_TS.IFO"))
    assert names(listing) == {"BDMV/index.bdmv"}


@pytest.mark.parametrize("name", ["../secret.mkv", "{root}/../secret.mkv", "a/../../../secret.mkv", ""])
def test_a_named_file_outside_the_folder_is_not_looked_at(root: Path, name: str) -> None:
    (root.parent / "secret.mkv").touch()
    folder = movie(root, "a.mkv")
    listing = read_folder(place(folder, root=root), extra=(name.format(root=root),))
    assert names(listing) == {"a.mkv"}


def test_a_folder_that_links_out_of_the_library_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "Dune").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Permanent, match="leads to a place outside the library folders"):
        read_folder(place(root / "Dune", root=root))


def test_a_folder_below_a_link_that_leads_out_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "Dune").mkdir(parents=True)
    (root / "set").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Permanent, match="outside the library folders"):
        read_folder(place(root / "set" / "Dune", root=root))


def test_a_link_to_a_sibling_whose_name_begins_alike_is_outside(root: Path, tmp_path: Path) -> None:
    (tmp_path / "movies-private").mkdir()
    (root / "Dune").symlink_to(tmp_path / "movies-private")
    with pytest.raises(Permanent, match="outside the library folders"):
        read_folder(place(root / "Dune", root=root))


def test_a_link_into_another_library_folder_is_followed(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    movie(other, "a.mkv")
    (root / "Dune").symlink_to(other / "Dune (2021)")
    assert names(read_folder(place(root / "Dune", root=root, others=(other,)))) == {"a.mkv"}


def test_a_library_folder_that_is_a_link_itself_is_read(root: Path, tmp_path: Path) -> None:
    movie(root, "a.mkv")
    (tmp_path / "link").symlink_to(root)
    assert names(read_folder(place(tmp_path / "link" / "Dune (2021)", root=tmp_path / "link"))) == {"a.mkv"}


def test_files_that_link_out_are_named_and_not_read(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.mkv").write_bytes(b"x")
    folder = movie(root, "poster.jpg")
    (folder / "a.mkv").symlink_to(tmp_path / "secret.mkv")
    listing = read_folder(place(folder, root=root))
    assert names(listing) == {"poster.jpg"}
    assert listing.outside == ("a.mkv",)


def test_files_that_link_within_the_library_are_read(root: Path) -> None:
    folder = movie(root, "a.mkv")
    (folder / "b.mkv").symlink_to(folder / "a.mkv")
    (folder / "gone.mkv").symlink_to(folder / "nothing.mkv")
    assert names(read_folder(place(folder, root=root))) == {"a.mkv", "b.mkv"}


@pytest.mark.parametrize("linked", [False, True])
def test_a_whole_library_folder_is_not_the_folder_of_a_movie(root: Path, *, linked: bool) -> None:
    folder = root
    if linked:
        folder = root / "loop"
        folder.symlink_to(root)
    with pytest.raises(Permanent, match="is a whole library folder"):
        read_folder(place(folder, root=root))


def test_a_folder_that_is_not_there_yet_is_looked_for_again(root: Path) -> None:
    with pytest.raises(Transient, match=r"Dune is not there yet\."):
        read_folder(place(root / "Dune", root=root))


def test_a_library_folder_that_is_away_is_named(tmp_path: Path) -> None:
    root = tmp_path / "nas"
    with pytest.raises(Transient, match=r"The library folder .*nas is not there\. Is the drive or"):
        read_folder(place(root / "Dune", root=root))


def test_a_file_in_place_of_the_folder_fails_for_good(root: Path) -> None:
    (root / "Dune").touch()
    with pytest.raises(Permanent, match="is a file, not a folder"):
        read_folder(place(root / "Dune", root=root))


def test_a_name_longer_than_any_folder_s_fails_for_good(root: Path) -> None:
    with pytest.raises(Permanent, match="cannot be a folder on this computer"):
        read_folder(place(root / ("x" * 300), root=root))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_we_may_not_read_is_tried_again(root: Path) -> None:
    folder = movie(root, "a.mkv")
    folder.chmod(0)
    try:
        with pytest.raises(Transient, match="not allowed to read"):
            read_folder(place(folder, root=root))
    finally:
        folder.chmod(0o700)


def test_a_device_or_pipe_is_no_file(root: Path) -> None:
    folder = movie(root, "a.mkv")
    os.mkfifo(folder / "b.mkv")
    assert names(read_folder(place(folder, root=root))) == {"a.mkv"}


def test_a_huge_folder_is_read_in_part_and_the_named_file_all_the_same(root: Path) -> None:
    folder = movie(root)
    for number in range(MOST_ENTRIES + 20):
        (folder / f"{number:05}.jpg").touch()
    (folder / "zz.mkv").touch()
    listing = read_folder(place(folder, root=root), extra=("zz.mkv",))
    assert not listing.complete
    assert "zz.mkv" in names(listing)
    assert len(listing.entries) <= MOST_ENTRIES + 1


def test_names_that_are_no_utf_8_are_listed(root: Path) -> None:
    folder = movie(root)
    (folder / os.fsdecode(b"Am\xe9lie.mkv")).touch()
    assert names(read_folder(place(folder, root=root))) == {"Am\udce9lie.mkv"}


def test_a_file_time_beyond_every_calendar_is_unknown(root: Path) -> None:
    folder = movie(root, "a.mkv")
    try:
        os.utime(folder / "a.mkv", (2**38, 2**38))
    except OSError:
        pytest.skip("this file system keeps no such time")
    if (folder / "a.mkv").stat().st_mtime < 2**38:
        pytest.skip("this file system keeps no such time")
    assert read_folder(place(folder, root=root)).entries[0].modified_at == EPOCH
