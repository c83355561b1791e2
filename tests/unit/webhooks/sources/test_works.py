from __future__ import annotations

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action, MediaKind, NoticeKind
from tests.unit.webhooks.sources.bodies import body, event, ignored, notice, parse


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("grab", Action.GRABBED),
        ("ArtistAdd", Action.ADDED),
        ("ArtistAdded", Action.ADDED),
        ("Rename", Action.RENAMED),
        ("ArtistDelete", Action.DELETED),
        ("artistDeleted", Action.DELETED),
        ("AlbumDelete", Action.DELETED),
        ("TrackFileDelete", Action.DELETED),
        ("TrackFileDeleted", Action.DELETED),
    ],
)
def test_names_and_the_originals_aliases_are_understood_in_any_case(name: str, action: Action) -> None:
    assert event("lidarr/grab", eventType=name).action is action


def test_a_track_that_was_deleted_is_named() -> None:
    track = {"path": "/music/Boards of Canada/Geogaddi (2002)/01.flac"}
    found = event("lidarr/retag", eventType="TrackFileDeleted", trackFile=track)
    assert (found.old_files, found.files_kept) == (("Geogaddi (2002)/01.flac",), False)
    said = ignored("lidarr/retag", eventType="TrackFileDeleted", trackFile=track, deleteReason="Upgrade")
    assert said == ("The old file was replaced: its import follows.", "Boards of Canada")


def test_an_import_that_failed_is_no_import_although_its_body_looks_like_one() -> None:
    found = notice("lidarr/import-failure")
    assert (found.kind, found.subject) == (NoticeKind.FAILURE, "Boards of Canada")
    assert found.message == "It was downloaded but could not be imported."


def test_a_grab_of_several_albums_goes_by_the_artist() -> None:
    albums = [{"id": 1, "title": "Geogaddi"}, {"id": 2, "title": "Twoism"}]
    found = event("lidarr/grab", albums=albums)
    assert (found.display_title, found.sender_ids) == ("Boards of Canada", ())


def test_a_grab_without_an_artist_goes_by_its_album_or_its_release() -> None:
    assert event("lidarr/grab", artist=None).display_title == "Geogaddi (2002)"
    release = event("lidarr/grab", artist=None, albums=None)
    assert release.display_title == "Boards of Canada - Geogaddi (2002) [FLAC]"


@pytest.mark.parametrize("name", ["Grab", "ArtistAdd", "Rename", "AlbumDelete"])
def test_an_event_about_nobody_is_refused_in_plain_words(name: str) -> None:
    with pytest.raises(Permanent, match="Lidarr did not say which artist it is about"):
        parse("lidarr/test", eventType=name, artist=None, albums=None)
    with pytest.raises(Permanent, match="Readarr did not say which author it is about"):
        parse("readarr/test", eventType=name, author=None, books=None)


def test_what_went_from_the_disk_needs_its_folder() -> None:
    with pytest.raises(Permanent, match="in which folder Air lies"):
        parse("lidarr/artist-delete", artist={"name": "Air"})


def test_an_import_is_refused_by_the_names_its_sender_uses() -> None:
    with pytest.raises(Permanent, match=r"Readarr sent bookFiles\.0 in a form"):
        parse("readarr/download", bookFiles=[5])
    with pytest.raises(Permanent, match=r"Lidarr sent trackFiles\.0 in a form"):
        parse("lidarr/download", trackFiles=[5])
    with pytest.raises(Permanent, match="without an author"):
        parse("readarr/download", author=None)


def test_the_artists_tags_come_along() -> None:
    artist = body("lidarr/download")["artist"] | {"tags": ["vinyl", ""]}
    assert event("lidarr/download", artist=artist).tags == ("vinyl",)
    assert event("lidarr/download").kind is MediaKind.ALBUM
