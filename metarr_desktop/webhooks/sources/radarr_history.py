"""Radarr's history, told as its webhooks would have told it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.webhooks.sources.arr import ArrInterface
from metarr_desktop.webhooks.sources.history import (
    copied,
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


def recovered(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make a body for each film that was imported."""
    return [_body(group[0]) for group in grouped(records, _import_of) if part(group[0], "movie")]


def _import_of(record: Mapping[str, Any]) -> tuple[object, ...]:
    return (number(record, "movieId"), word(record, "downloadId"), word(part(record, "data"), "importedPath"))


def _body(record: Mapping[str, Any]) -> dict[str, Any]:
    movie = part(record, "movie")
    folder = word(movie, "path")
    facts = copied(movie, "title", "year", "tmdbId", "imdbId", "overview", "genres", "images", "tags")
    return {
        "movie": present({"id": number(record, "movieId"), "folderPath": folder, **facts}),
        "remoteMovie": copied(movie, "tmdbId", "imdbId", "title", "year"),
        "movieFile": file_of(record, folder=folder),
        "isUpgrade": False,
        **download_of(record),
        "eventType": "Download",
    }


INTERFACE = ArrInterface(
    app_name="Radarr",
    version="v3",
    port=7878,
    triggers=(
        "onGrab",
        "onDownload",
        "onUpgrade",
        "onRename",
        "onMovieAdded",
        "onMovieDelete",
        "onMovieFileDelete",
        "onMovieFileDeleteForUpgrade",
        "onHealthIssue",
        "onHealthRestored",
        "onApplicationUpdate",
        "onManualInteractionRequired",
    ),
    history={"eventType": "downloadFolderImported", "includeMovie": "true"},
    owner="movie",
    recovered=recovered,
    films="movie",
)
