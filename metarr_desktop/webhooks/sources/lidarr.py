"""Lidarr: albums."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import Field

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action, Ignored, MediaEvent, MediaKind
from metarr_desktop.domain.paths import last_part
from metarr_desktop.domain.text import text
from metarr_desktop.webhooks.sources.arr import ArrConfig
from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.lidarr_history import INTERFACE
from metarr_desktop.webhooks.sources.places import files_inside, fit, folder_of
from metarr_desktop.webhooks.sources.shapes import (
    COMMON_REASONS,
    DOWNLOAD,
    Image,
    MediaFile,
    Shape,
    event_name,
    read,
    read_leniently,
    reason_for,
)
from metarr_desktop.webhooks.sources.wording import MAX_NAME, line, name_of, one_quality, picture, prose

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE = "Lidarr"
REASONS = COMMON_REASONS | {
    "artistadd": "Added to {source}: nothing to do until it is imported.",
    "artistdelete": "Removed from {source}: nothing to do.",
    "albumdelete": "Removed from {source}: nothing to do.",
    "downloadfailure": "A download of {source} failed: nothing to do.",
    "importfailure": "{source} could not import a download: nothing to do here.",
    "retag": "{source} wrote new tags: nothing to do.",
}
_YEAR = re.compile(r"([1-9]\d{3})-")
UNKNOWN_YEAR = 9999


class Artist(Shape):
    """``path`` is the folder of all albums of the artist."""

    name: str | None = None
    path: str | None = None
    overview: str | None = None
    images: list[Image] | None = None


class Album(Shape):
    """The date is a full date-time, unlike Radarr's."""

    title: str | None = None
    mb_id: str | None = Field(default=None, alias="mbId")
    overview: str | None = None
    release_date: str | None = Field(default=None, alias="releaseDate")
    images: list[Image] | None = None


class TrackFile(MediaFile):
    """Lidarr gives the full path in the library, and no relative one."""

    path: str | None = None


class Download(Shape):
    """An album was imported or upgraded; very old senders leave the album out."""

    artist: Artist | None = None
    album: Album | None = None
    track_files: list[TrackFile] | None = Field(default=None, alias="trackFiles")
    is_upgrade: bool | None = Field(default=None, alias="isUpgrade")
    download_id: str | None = Field(default=None, alias="downloadId")
    instance_name: str | None = Field(default=None, alias="instanceName")


class NamedArtist(Shape):
    """What an artist is called."""

    name: str | None = None


class NamedAlbum(Shape):
    """What an album is called."""

    title: str | None = None


class Heading(Shape):
    """What an event that leads to no work is about: Grab and Test have a list of albums."""

    artist: NamedArtist | None = None
    album: NamedAlbum | None = None
    albums: list[NamedAlbum] | None = None


def parse(body: Mapping[str, Any]) -> MediaEvent | Ignored:
    """Give a body of Lidarr its meaning."""
    event = event_name(body, sender=TITLE)
    if event.casefold() != DOWNLOAD:
        return Ignored(reason=reason_for(event, REASONS, sender=TITLE), title=_heading(body))
    return _imported(read(Download, body, sender=TITLE))


def _imported(download: Download) -> MediaEvent:
    artist, album, files = download.artist, download.album or Album(), download.track_files or []
    if artist is None:
        raise Permanent(text("{source} sent an import without an artist.", source=TITLE))
    name = line(artist.name)
    folder = folder_of(artist.path, sender=TITLE, title=name)
    return fit(
        MediaEvent(
            source=SOURCE.key,
            kind=MediaKind.ALBUM,
            action=Action.UPGRADED if download.is_upgrade else Action.IMPORTED,
            title=name or line(last_part(folder)),
            folder=folder,
            instance=line(download.instance_name, limit=MAX_NAME),
            year=_year(album.release_date),
            files=files_inside(folder, [file.path for file in files], sender=TITLE),
            musicbrainz_id=name_of(album.mb_id),
            album=line(album.title),
            quality=one_quality(files),
            overview=prose(album.overview) or prose(artist.overview),
            poster_url=picture(album.images, cover="cover") or picture(artist.images),
            download_id=line(download.download_id, limit=MAX_NAME),
        ),
        sender=TITLE,
    )


def _year(date: str | None) -> int | None:
    match = _YEAR.match(date or "")
    year = int(match.group(1)) if match else UNKNOWN_YEAR
    return None if year == UNKNOWN_YEAR else year


def _heading(body: Mapping[str, Any]) -> str:
    heading = read_leniently(Heading, body)
    if heading is None or heading.artist is None:
        return ""
    albums = [heading.album] if heading.album else heading.albums or []
    names = (line(heading.artist.name), line(albums[0].title) if len(albums) == 1 else "")
    return " - ".join(name for name in names if name)


SOURCE = Source(
    key="lidarr",
    title=TITLE,
    parse=parse,
    docs="docs/sources/lidarr.md",
    config=ArrConfig,
    interface=INTERFACE,
)
