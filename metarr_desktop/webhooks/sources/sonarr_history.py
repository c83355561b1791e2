"""Sonarr's history, told as its webhooks would have told it."""

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

SERIES = ("title", "titleSlug", "tvdbId", "tvMazeId", "tmdbId", "imdbId", "year", "genres", "images", "tags")
EPISODE = ("episodeNumber", "seasonNumber", "title", "overview", "airDate", "airDateUtc", "tvdbId")


def recovered(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make a body for each file that was imported; one file may hold several episodes."""
    return [_body(group) for group in grouped(records, _import_of) if part(group[0], "series")]


def _import_of(record: Mapping[str, Any]) -> tuple[object, ...]:
    data = part(record, "data")
    file = word(data, "importedPath") or number(data, "fileId") or number(record, "episodeId")
    return (number(record, "seriesId"), word(record, "downloadId"), file)


def _body(group: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    record = group[0]
    series = part(record, "series")
    folder = word(series, "path")
    return {
        "series": present(
            {
                "id": number(record, "seriesId"),
                "path": folder,
                "type": word(series, "seriesType"),
                **copied(series, *SERIES),
            }
        ),
        "episodes": [
            present(
                {
                    "id": number(each, "episodeId"),
                    "seriesId": number(each, "seriesId"),
                    **copied(part(each, "episode"), *EPISODE),
                }
            )
            for each in group
        ],
        "episodeFile": file_of(record, folder=folder),
        "isUpgrade": False,
        **download_of(record),
        "eventType": "Download",
    }


INTERFACE = ArrInterface(
    app_name="Sonarr",
    version="v3",
    port=8989,
    # Never onImportComplete: it tells of the same imports once more.
    triggers=(
        "onGrab",
        "onDownload",
        "onUpgrade",
        "onRename",
        "onSeriesAdd",
        "onSeriesDelete",
        "onEpisodeFileDelete",
        "onEpisodeFileDeleteForUpgrade",
        "onHealthIssue",
        "onHealthRestored",
        "onApplicationUpdate",
        "onManualInteractionRequired",
    ),
    history={"eventType": "downloadFolderImported", "includeSeries": "true", "includeEpisode": "true"},
    owner="series",
    recovered=recovered,
)
