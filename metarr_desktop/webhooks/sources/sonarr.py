"""Sonarr: episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action, Ignored, MediaEvent, MediaKind
from metarr_desktop.domain.paths import last_part
from metarr_desktop.domain.text import text
from metarr_desktop.webhooks.sources.arr import ArrConfig
from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.places import files_below, fit, folder_of
from metarr_desktop.webhooks.sources.shapes import (
    COMMON_REASONS,
    DOWNLOAD,
    Image,
    MediaFile,
    Number,
    Shape,
    event_name,
    read,
    read_leniently,
    reason_for,
)
from metarr_desktop.webhooks.sources.sonarr_history import INTERFACE
from metarr_desktop.webhooks.sources.wording import (
    MAX_NAME,
    known,
    line,
    name_of,
    one_quality,
    picture,
    prose,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TITLE = "Sonarr"
REASONS = COMMON_REASONS | {
    "seriesadd": "Added to {source}: nothing to do until it is imported.",
    "seriesdelete": "Removed from {source}: nothing to do.",
    "episodefiledelete": "{source} deleted a file: nothing to do.",
}
MAX_EPISODES = 200
NAMED_EPISODES = 3
"""A message names so many episodes by their titles; a pack goes by its numbers."""


class Series(Shape):
    """``path`` is the folder of the whole series."""

    title: str | None = None
    year: Number | None = None
    path: str | None = None
    tvdb_id: Number | None = Field(default=None, alias="tvdbId")
    tmdb_id: Number | None = Field(default=None, alias="tmdbId")
    imdb_id: str | None = Field(default=None, alias="imdbId")
    images: list[Image] | None = None


class Episode(Shape):
    """Season 0 holds the specials; titles are often empty."""

    season_number: Number | None = Field(default=None, alias="seasonNumber")
    episode_number: Number | None = Field(default=None, alias="episodeNumber")
    title: str | None = None
    overview: str | None = None


class Download(Shape):
    """One file was imported, or a whole download ("import complete": ``episode_files``)."""

    series: Series | None = None
    episodes: list[Episode] | None = None
    episode_file: MediaFile | None = Field(default=None, alias="episodeFile")
    episode_files: list[MediaFile] | None = Field(default=None, alias="episodeFiles")
    is_upgrade: bool | None = Field(default=None, alias="isUpgrade")
    download_id: str | None = Field(default=None, alias="downloadId")
    instance_name: str | None = Field(default=None, alias="instanceName")


class NamedSeries(Shape):
    """What a series is called."""

    title: str | None = None


class NumberedEpisode(Shape):
    """Which episode of which season."""

    season_number: Number | None = Field(default=None, alias="seasonNumber")
    episode_number: Number | None = Field(default=None, alias="episodeNumber")


class Heading(Shape):
    """What an event that leads to no work is about."""

    series: NamedSeries | None = None
    episodes: list[NumberedEpisode] | None = None


def parse(body: Mapping[str, Any]) -> MediaEvent | Ignored:
    """Give a body of Sonarr its meaning."""
    event = event_name(body, sender=TITLE)
    if event.casefold() != DOWNLOAD:
        return Ignored(reason=reason_for(event, REASONS, sender=TITLE), title=_heading(body))
    return _imported(read(Download, body, sender=TITLE))


def _imported(download: Download) -> MediaEvent:
    series, episodes = download.series, download.episodes or []
    if series is None:
        raise Permanent(text("{source} sent an import without a series.", source=TITLE))
    title = line(series.title)
    folder = folder_of(series.path, sender=TITLE, title=title)
    files = [*([download.episode_file] if download.episode_file else []), *(download.episode_files or [])]
    season, numbers = _numbers([(episode.season_number, episode.episode_number) for episode in episodes])
    return fit(
        MediaEvent(
            source=SOURCE.key,
            kind=MediaKind.EPISODE,
            action=Action.UPGRADED if download.is_upgrade else Action.IMPORTED,
            title=title or line(last_part(folder)),
            folder=folder,
            instance=line(download.instance_name, limit=MAX_NAME),
            year=known(series.year),
            files=files_below([file.relative_path for file in files], sender=TITLE),
            tmdb_id=known(series.tmdb_id),
            imdb_id=name_of(series.imdb_id),
            tvdb_id=known(series.tvdb_id),
            season=season,
            episodes=numbers,
            episode_title=_titles(episodes),
            quality=one_quality(files),
            overview=prose(episodes[0].overview) if len(episodes) == 1 else "",
            poster_url=picture(series.images),
            download_id=line(download.download_id, limit=MAX_NAME),
        ),
        sender=TITLE,
    )


def _numbers(pairs: Sequence[tuple[int | None, int | None]]) -> tuple[int | None, tuple[int, ...]]:
    """Season and episode numbers; neither where the episodes are of several seasons."""
    seasons = {season for season, _ in pairs}
    season = seasons.pop() if len(seasons) == 1 else None
    if season is None or season < 0:
        return None, ()
    return season, tuple(number for _, number in pairs if number is not None and number >= 0)[:MAX_EPISODES]


def _titles(episodes: Sequence[Episode]) -> str:
    if len(episodes) > NAMED_EPISODES:
        return ""
    return line(" / ".join(title for title in (line(episode.title) for episode in episodes) if title))


def _heading(body: Mapping[str, Any]) -> str:
    heading = read_leniently(Heading, body)
    if heading is None or heading.series is None:
        return ""
    season, numbers = _numbers([(one.season_number, one.episode_number) for one in heading.episodes or ()])
    return MediaEvent(
        source=SOURCE.key,
        kind=MediaKind.EPISODE,
        action=Action.IMPORTED,
        title=line(heading.series.title),
        folder="",
        season=season,
        episodes=numbers,
    ).display_title


SOURCE = Source(
    key="sonarr",
    title=TITLE,
    parse=parse,
    docs="docs/sources/sonarr.md",
    config=ArrConfig,
    interface=INTERFACE,
)
