"""Lidarr's history, told as its webhooks would have told it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.webhooks.sources.arr import ArrInterface
from metarr_desktop.webhooks.sources.history import (
    copied,
    date_of,
    download_of,
    file_of,
    grouped,
    number,
    part,
    present,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ONE_GO = timedelta(minutes=1)
"""Tracks that were imported by hand belong to one import where no longer time lies between two of them."""
ALBUM = ("title", "disambiguation", "overview", "albumType", "releaseDate", "genres", "images")
TRACK = ("title", "trackNumber")


def recovered(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make a body for each album that was imported; the history has a record for each track."""
    groups = [group for one in grouped(records, _import_of) for group in _in_one_go(one)]
    return [_body(group) for group in groups if part(group[0], "artist") and part(group[0], "album")]


def _import_of(record: Mapping[str, Any]) -> tuple[object, ...]:
    return (number(record, "albumId"), word(record, "downloadId"))


def _in_one_go(group: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    if word(group[0], "downloadId"):
        return [group]
    parts: list[list[Mapping[str, Any]]] = [[group[0]]]
    for record in group[1:]:
        at, before = date_of(record), date_of(parts[-1][-1])
        if at is not None and before is not None and at - before > ONE_GO:
            parts.append([])
        parts[-1].append(record)
    return parts


def _body(group: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    record = group[0]
    artist, album = part(record, "artist"), part(record, "album")
    folder = word(artist, "path")
    return {
        "artist": present(
            {
                "id": number(record, "artistId"),
                "name": word(artist, "artistName"),
                "path": folder,
                "mbId": word(artist, "foreignArtistId"),
                **copied(artist, "overview", "genres", "images", "tags"),
            }
        ),
        "album": present(
            {
                "id": number(record, "albumId"),
                "mbId": word(album, "foreignAlbumId"),
                **copied(album, *ALBUM),
            }
        ),
        "tracks": [
            present({"id": number(each, "trackId"), **copied(part(each, "track"), *TRACK)}) for each in group
        ],
        "trackFiles": _files(group, folder),
        "isUpgrade": False,
        **download_of(record),
        "eventType": "Download",
    }


def _files(group: Sequence[Mapping[str, Any]], folder: str) -> list[dict[str, Any]]:
    """Describe each file once: it may hold several tracks."""
    files = [file_of(each, folder=folder) for each in group]
    return list({file.get("path"): file for file in files}.values())


INTERFACE = ArrInterface(
    app_name="Lidarr",
    version="v1",
    port=8686,
    triggers=(
        "onGrab",
        "onReleaseImport",
        "onUpgrade",
        "onRename",
        "onArtistAdd",
        "onArtistDelete",
        "onAlbumDelete",
        "onTrackRetag",
        "onDownloadFailure",
        "onImportFailure",
        "onHealthIssue",
        "onHealthRestored",
        "onApplicationUpdate",
    ),
    history={
        "eventType": "trackFileImported",
        "includeArtist": "true",
        "includeAlbum": "true",
        "includeTrack": "true",
    },
    owner="artist",
    recovered=recovered,
)
