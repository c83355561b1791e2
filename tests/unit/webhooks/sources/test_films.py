from __future__ import annotations

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action
from tests.unit.webhooks.sources.bodies import body, event, ignored, parse


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("GRAB", Action.GRABBED),
        ("movieAdded", Action.ADDED),
        ("Rename", Action.RENAMED),
        ("MovieRename", Action.RENAMED),
        ("MovieFileDelete", Action.DELETED),
        ("MovieFileDeleted", Action.DELETED),
        ("moviedelete", Action.DELETED),
        ("MovieDeleted", Action.DELETED),
    ],
)
def test_names_and_the_originals_aliases_are_understood_in_any_case(name: str, action: Action) -> None:
    assert event("radarr/grab", eventType=name).action is action


@pytest.mark.parametrize("reason", ["upgrade", "Upgrade", "UPGRADE "])
@pytest.mark.parametrize("name", ["MovieFileDelete", "MovieFileDeleted"])
def test_a_file_that_was_replaced_is_never_a_deletion(name: str, reason: str) -> None:
    said = ignored("radarr/movie-file-delete", eventType=name, deleteReason=reason)
    assert said == ("The old file was replaced: its import follows.", "The Matrix (1999)")


@pytest.mark.parametrize(
    "reason", ["manual", "missingFromDisk", "ManualOverride", "noLinkedEpisodes", 5, None]
)
def test_every_other_reason_is_a_deletion(reason: object) -> None:
    found = event("radarr/movie-file-delete", deleteReason=reason)
    assert (found.action, found.files_kept) == (Action.DELETED, False)


@pytest.mark.parametrize(("deleted", "kept"), [(True, False), (False, True), (None, True), ("yes", True)])
def test_a_film_whose_files_are_not_said_to_be_gone_keeps_them(deleted: object, kept: bool) -> None:
    assert event("radarr/movie-delete", deletedFiles=deleted).files_kept is kept


def test_a_grab_needs_no_folder_and_no_release() -> None:
    found = event("radarr/grab", movie={"title": "Dune", "folderPath": "/a/../b"}, release=None)
    assert (found.folder, found.quality, found.title) == ("", "", "Dune")


def test_a_grab_is_told_although_a_field_has_a_wrong_type() -> None:
    movie = {"id": "x", "title": "Dune", "year": "2021", "images": [1, {"coverType": 2}], "tags": [1, "4k"]}
    found = event("radarr/grab", movie=movie, release={"quality": []}, remoteMovie=None)
    assert (found.title, found.year, found.tags, found.sender_ids) == ("Dune", None, ("4k",), ())


def test_no_import_fails_for_a_tag_a_number_or_an_old_file() -> None:
    movie = body("radarr/download")["movie"] | {"id": "one", "tags": "4k"}
    found = event("radarr/download-upgrade", movie=movie, deletedFiles=[5, {"relativePath": 5}, {"path": []}])
    assert (found.sender_ids, found.tags, found.old_files) == ((), (), ())


def test_old_files_that_cannot_be_used_are_left_out() -> None:
    files = [
        {"relativePath": "../x"},
        {"relativePath": "/etc/x"},
        {"path": "/movies/The Matrix (1999)/a.mkv"},
    ]
    assert event("radarr/download-upgrade", deletedFiles=files).old_files == ("a.mkv",)


@pytest.mark.parametrize("name", ["Rename", "MovieFileDelete", "MovieDelete"])
def test_what_changed_on_the_disk_needs_its_folder(name: str) -> None:
    with pytest.raises(Permanent, match="Radarr did not say in which folder Dune lies"):
        parse("radarr/grab", eventType=name, movie={"title": "Dune"})
    with pytest.raises(Permanent, match="Radarr sent a path that cannot be used"):
        parse("radarr/grab", eventType=name, movie={"title": "Dune", "folderPath": "/a/../b"})


@pytest.mark.parametrize("name", ["Grab", "MovieAdded", "Rename", "MovieFileDelete", "MovieDelete"])
@pytest.mark.parametrize("movie", [None, [], "The Matrix", {}])
def test_an_event_about_no_film_is_refused_in_plain_words(name: str, movie: object) -> None:
    with pytest.raises(Permanent, match=r"^Radarr did not say"):
        parse("radarr/grab", eventType=name, movie=movie, remoteMovie=None)


def test_a_rename_leaves_out_files_without_one_of_their_names() -> None:
    files = [
        {"previousRelativePath": "a.mkv", "relativePath": "A.mkv"},
        {"previousRelativePath": "../b.mkv", "relativePath": "B.mkv"},
        {"previousPath": "/movies/The Matrix (1999)/c.mkv", "relativePath": "C.mkv"},
        {"relativePath": "D.mkv"},
        7,
    ]
    found = event("radarr/rename", renamedMovieFiles=files)
    assert (found.old_files, found.files) == (("a.mkv", "c.mkv"), ("A.mkv", "C.mkv"))


def test_an_event_nobody_knows_says_what_it_was_about() -> None:
    said = ignored("radarr/grab", eventType="MovieSold")
    assert said == ("Metarr Desktop does nothing for MovieSold.", "The Matrix (1999)")


def test_a_test_says_connected_and_nothing_else() -> None:
    assert ignored("radarr/test", eventType="test") == ("Connected: a test from Radarr arrived.", "")
