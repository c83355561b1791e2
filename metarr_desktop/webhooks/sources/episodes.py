"""Episodes, as Sonarr and Whisparr 2 tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.paths import last_part
from metarr_desktop.domain.text import text
from metarr_desktop.webhooks.sources.notices import DOWNLOAD, family_event, is_replacement, replaced
from metarr_desktop.webhooks.sources.places import (
    files_below,
    fit,
    folder_of,
    old_files_of,
    renamed_files,
    usable_folder,
)
from metarr_desktop.webhooks.sources.shapes import (
    Image,
    MediaFile,
    Number,
    OldFiles,
    Release,
    RenamedFile,
    SenderId,
    Shape,
    Some,
    Words,
    event_name,
    read,
    read_what_fits,
)
from metarr_desktop.webhooks.sources.wording import (
    MAX_NAME,
    ids_of,
    known,
    line,
    name_of,
    one_quality,
    picture,
    prose,
    tags_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.events import Event, Ignored
    from metarr_desktop.webhooks.sources.origin import Origin

ACTIONS = {
    "grab": Action.GRABBED,
    "seriesadd": Action.ADDED,
    "seriesadded": Action.ADDED,
    "rename": Action.RENAMED,
    "seriesrename": Action.RENAMED,
    "episodefilerename": Action.RENAMED,
    "episodefiledelete": Action.DELETED,
    "episodefiledeleted": Action.DELETED,
    "seriesdelete": Action.DELETED,
    "seriesdeleted": Action.DELETED,
}
WHOLE_SERIES = frozenset({"seriesdelete", "seriesdeleted"})
"""Deletions of the series itself, which say whether its files went too."""
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
    images: Some[Image] | None = None
    tags: Words = Field(default_factory=list)


class Episode(Shape):
    """Season 0 holds the specials; titles are often empty."""

    id: SenderId = None
    season_number: Number | None = Field(default=None, alias="seasonNumber")
    episode_number: Number | None = Field(default=None, alias="episodeNumber")
    title: str | None = None
    overview: str | None = None


class About(Shape):
    """What every event of a series may say."""

    series: Series | None = None
    episodes: Some[Episode] | None = None
    episode_file: MediaFile | None = Field(default=None, alias="episodeFile")
    download_id: str | None = Field(default=None, alias="downloadId")
    instance_name: str | None = Field(default=None, alias="instanceName")


class Download(About):
    """One file was imported, or a whole download ("import complete": ``episode_files``)."""

    episode_files: Some[MediaFile] | None = Field(default=None, alias="episodeFiles")
    is_upgrade: bool | None = Field(default=None, alias="isUpgrade")
    deleted_files: OldFiles = Field(default_factory=list, alias="deletedFiles")


class Change(About):
    """Anything else happened to a series. Here ``deletedFiles`` says whether the files went too."""

    release: Release | None = None
    renamed_files: Some[RenamedFile] | None = Field(default=None, alias="renamedEpisodeFiles")
    delete_reason: str | None = Field(default=None, alias="deleteReason")
    deleted_files: bool | None = Field(default=None, alias="deletedFiles")


def parse_series(body: Mapping[str, Any], *, origin: Origin) -> Event | Ignored:
    """Give a body of this shape its meaning."""
    event = event_name(body, sender=origin.title)
    if event.casefold() == DOWNLOAD:
        return _imported(read(Download, body, sender=origin.title), origin)
    change = read_what_fits(Change, body)
    action = ACTIONS.get(event.casefold())
    if action is None:
        tags = tags_of((change.series or Series()).tags)
        return family_event(event, body, origin=origin, subject=_heading(change, origin), tags=tags)
    if action is Action.DELETED and is_replacement(change.delete_reason):
        return replaced(_heading(change, origin))
    return _changed(change, action, origin, whole=event.casefold() in WHOLE_SERIES)


def _imported(download: Download, origin: Origin) -> MediaEvent:
    if download.series is None:
        raise Permanent(text("{source} sent an import without a series.", source=origin.title))
    folder = folder_of(download.series.path, sender=origin.title, title=line(download.series.title))
    files = [*([download.episode_file] if download.episode_file else []), *(download.episode_files or [])]
    return _event(
        download,
        origin,
        action=Action.UPGRADED if download.is_upgrade else Action.IMPORTED,
        folder=folder,
        files=files_below([file.relative_path for file in files], sender=origin.title),
        old_files=old_files_of(folder, download.deleted_files),
        quality=one_quality(files),
        complete=download.episode_files is not None,
    )


def _changed(change: Change, action: Action, origin: Origin, *, whole: bool) -> MediaEvent:
    series = change.series
    if series is None or not (line(series.title) or usable_folder(series.path)):
        raise Permanent(text("{source} did not say which series it is about.", source=origin.title))
    folder = usable_folder(series.path)
    if action in {Action.RENAMED, Action.DELETED}:
        folder = folder_of(series.path, sender=origin.title, title=line(series.title))
    match action:
        case Action.RENAMED:
            old, new = renamed_files(folder, change.renamed_files or ())
            return _event(change, origin, action=action, folder=folder, files=new, old_files=old)
        case Action.DELETED:
            old = old_files_of(folder, [change.episode_file])
            kept = whole and not change.deleted_files
            return _event(change, origin, action=action, folder=folder, old_files=old, files_kept=kept)
        case _:
            quality = line(change.release.quality if change.release else None, limit=MAX_NAME)
            return _event(change, origin, action=action, folder=folder, quality=quality)


def _event(about: About, origin: Origin, *, action: Action, folder: str, **changes: Any) -> MediaEvent:
    series, episodes = about.series or Series(), about.episodes or []
    season, numbers = _numbers(episodes)
    event = MediaEvent(
        source=origin.key,
        kind=MediaKind.EPISODE,
        action=action,
        title=line(series.title) or line(last_part(folder)),
        folder=folder,
        instance=line(about.instance_name, limit=MAX_NAME),
        year=known(series.year),
        tmdb_id=known(series.tmdb_id),
        imdb_id=name_of(series.imdb_id),
        tvdb_id=known(series.tvdb_id),
        season=season,
        episodes=numbers,
        episode_title=_titles(episodes),
        overview=prose(episodes[0].overview) if len(episodes) == 1 else "",
        poster_url=picture(series.images),
        download_id=line(about.download_id, limit=MAX_NAME),
        tags=tags_of(series.tags),
        sender_ids=ids_of(episode.id for episode in episodes),
        **changes,
    )
    return fit(event, sender=origin.title)


def _numbers(episodes: Sequence[Episode]) -> tuple[int | None, tuple[int, ...]]:
    """Season and episode numbers; neither where the episodes are of several seasons."""
    seasons = {episode.season_number for episode in episodes}
    season = seasons.pop() if len(seasons) == 1 else None
    if season is None or season < 0:
        return None, ()
    numbers = (episode.episode_number for episode in episodes)
    return season, tuple(number for number in numbers if number is not None and number >= 0)[:MAX_EPISODES]


def _titles(episodes: Sequence[Episode]) -> str:
    if len(episodes) > NAMED_EPISODES:
        return ""
    return line(" / ".join(title for title in (line(episode.title) for episode in episodes) if title))


def _heading(about: About, origin: Origin) -> str:
    """Return the series and its episodes as a person knows them; empty where it is not said."""
    if about.series is None:
        return ""
    season, numbers = _numbers(about.episodes or [])
    return MediaEvent(
        source=origin.key,
        kind=MediaKind.EPISODE,
        action=Action.ADDED,
        title=line(about.series.title),
        folder="",
        season=season,
        episodes=numbers,
    ).display_title
