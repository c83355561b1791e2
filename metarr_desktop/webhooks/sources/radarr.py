"""Radarr: films."""

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
from metarr_desktop.webhooks.sources.radarr_history import INTERFACE
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
    from collections.abc import Mapping

TITLE = "Radarr"
REASONS = COMMON_REASONS | {
    "movieadded": "Added to {source}: nothing to do until it is imported.",
    "moviedelete": "Removed from {source}: nothing to do.",
    "moviefiledelete": "{source} deleted a file: nothing to do.",
}


class Movie(Shape):
    """Radarr says ``folderPath``; hand-made bodies say ``path``."""

    title: str | None = None
    year: Number | None = None
    folder_path: str | None = Field(default=None, alias="folderPath")
    path: str | None = None
    tmdb_id: Number | None = Field(default=None, alias="tmdbId")
    imdb_id: str | None = Field(default=None, alias="imdbId")
    overview: str | None = None
    images: list[Image] | None = None


class RemoteMovie(Shape):
    """The same film as its provider has it; Radarr 3 gives the year only here."""

    title: str | None = None
    year: Number | None = None
    tmdb_id: Number | None = Field(default=None, alias="tmdbId")
    imdb_id: str | None = Field(default=None, alias="imdbId")


class Download(Shape):
    """A film was imported or upgraded."""

    movie: Movie | None = None
    remote_movie: RemoteMovie | None = Field(default=None, alias="remoteMovie")
    movie_file: MediaFile | None = Field(default=None, alias="movieFile")
    is_upgrade: bool | None = Field(default=None, alias="isUpgrade")
    download_id: str | None = Field(default=None, alias="downloadId")
    instance_name: str | None = Field(default=None, alias="instanceName")


class NamedMovie(Shape):
    """What a film is called."""

    title: str | None = None
    year: Number | None = None


class Heading(Shape):
    """What an event that leads to no work is about."""

    movie: NamedMovie | None = None


def parse(body: Mapping[str, Any]) -> MediaEvent | Ignored:
    """Give a body of Radarr its meaning."""
    event = event_name(body, sender=TITLE)
    if event.casefold() != DOWNLOAD:
        return Ignored(reason=reason_for(event, REASONS, sender=TITLE), title=_heading(body))
    return _imported(read(Download, body, sender=TITLE))


def _imported(download: Download) -> MediaEvent:
    movie, remote = download.movie, download.remote_movie or RemoteMovie()
    if movie is None:
        raise Permanent(text("{source} sent an import without a movie.", source=TITLE))
    title = line(movie.title) or line(remote.title)
    folder = folder_of(movie.folder_path, movie.path, sender=TITLE, title=title)
    file = download.movie_file
    return fit(
        MediaEvent(
            source=SOURCE.key,
            kind=MediaKind.MOVIE,
            action=Action.UPGRADED if download.is_upgrade else Action.IMPORTED,
            title=title or line(last_part(folder)),
            folder=folder,
            instance=line(download.instance_name, limit=MAX_NAME),
            year=known(movie.year) or known(remote.year),
            files=files_below([file.relative_path] if file else [], sender=TITLE),
            tmdb_id=known(movie.tmdb_id) or known(remote.tmdb_id),
            imdb_id=name_of(movie.imdb_id) or name_of(remote.imdb_id),
            quality=one_quality([file]),
            overview=prose(movie.overview),
            poster_url=picture(movie.images),
            download_id=line(download.download_id, limit=MAX_NAME),
        ),
        sender=TITLE,
    )


def _heading(body: Mapping[str, Any]) -> str:
    heading = read_leniently(Heading, body)
    if heading is None or heading.movie is None:
        return ""
    title, year = line(heading.movie.title), known(heading.movie.year)
    return f"{title} ({year})" if title and year else title


SOURCE = Source(
    key="radarr",
    title=TITLE,
    parse=parse,
    docs="docs/sources/radarr.md",
    scans=True,
    config=ArrConfig,
    interface=INTERFACE,
)
