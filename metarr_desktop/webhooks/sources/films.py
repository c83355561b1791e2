"""Films, as Radarr and Whisparr 3 tell of them."""

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
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event, Ignored
    from metarr_desktop.webhooks.sources.origin import Origin

ACTIONS = {
    "grab": Action.GRABBED,
    "movieadded": Action.ADDED,
    "movieadd": Action.ADDED,
    "rename": Action.RENAMED,
    "movierename": Action.RENAMED,
    "movierenamed": Action.RENAMED,
    "moviefiledelete": Action.DELETED,
    "moviefiledeleted": Action.DELETED,
    "moviedelete": Action.DELETED,
    "moviedeleted": Action.DELETED,
}
WHOLE_FILM = frozenset({"moviedelete", "moviedeleted"})
"""Deletions of the film itself, which say whether its files went too."""


class Movie(Shape):
    """Radarr says ``folderPath``; hand-made bodies say ``path``."""

    id: SenderId = None
    title: str | None = None
    year: Number | None = None
    folder_path: str | None = Field(default=None, alias="folderPath")
    path: str | None = None
    tmdb_id: Number | None = Field(default=None, alias="tmdbId")
    imdb_id: str | None = Field(default=None, alias="imdbId")
    overview: str | None = None
    images: Some[Image] | None = None
    tags: Words = Field(default_factory=list)


class RemoteMovie(Shape):
    """The same film as its provider has it; Radarr 3 gives the year only here."""

    title: str | None = None
    year: Number | None = None
    tmdb_id: Number | None = Field(default=None, alias="tmdbId")
    imdb_id: str | None = Field(default=None, alias="imdbId")


class About(Shape):
    """What every event of a film may say."""

    movie: Movie | None = None
    remote_movie: RemoteMovie | None = Field(default=None, alias="remoteMovie")
    movie_file: MediaFile | None = Field(default=None, alias="movieFile")
    download_id: str | None = Field(default=None, alias="downloadId")
    instance_name: str | None = Field(default=None, alias="instanceName")


class Download(About):
    """A film was imported or upgraded."""

    is_upgrade: bool | None = Field(default=None, alias="isUpgrade")
    deleted_files: OldFiles = Field(default_factory=list, alias="deletedFiles")


class Change(About):
    """Anything else happened to a film. Here ``deletedFiles`` says whether the files went too."""

    release: Release | None = None
    renamed_files: Some[RenamedFile] | None = Field(default=None, alias="renamedMovieFiles")
    delete_reason: str | None = Field(default=None, alias="deleteReason")
    deleted_files: bool | None = Field(default=None, alias="deletedFiles")


def parse_film(body: Mapping[str, Any], *, origin: Origin) -> Event | Ignored:
    """Give a body of this shape its meaning."""
    event = event_name(body, sender=origin.title)
    if event.casefold() == DOWNLOAD:
        return _imported(read(Download, body, sender=origin.title), origin)
    change = read_what_fits(Change, body)
    action = ACTIONS.get(event.casefold())
    if action is None:
        movie = change.movie or Movie()
        return family_event(event, body, origin=origin, subject=_heading(change), tags=tags_of(movie.tags))
    if action is Action.DELETED and is_replacement(change.delete_reason):
        return replaced(_heading(change))
    return _changed(change, action, origin, whole=event.casefold() in WHOLE_FILM)


def _imported(download: Download, origin: Origin) -> MediaEvent:
    if download.movie is None:
        raise Permanent(text("{source} sent an import without a movie.", source=origin.title))
    movie, file = download.movie, download.movie_file
    title = line(movie.title) or line((download.remote_movie or RemoteMovie()).title)
    folder = folder_of(movie.folder_path, movie.path, sender=origin.title, title=title)
    return _event(
        download,
        origin,
        action=Action.UPGRADED if download.is_upgrade else Action.IMPORTED,
        folder=folder,
        files=files_below([file.relative_path] if file else [], sender=origin.title),
        old_files=old_files_of(folder, download.deleted_files),
        quality=one_quality([file]),
    )


def _changed(change: Change, action: Action, origin: Origin, *, whole: bool) -> MediaEvent:
    if change.movie is None:
        raise Permanent(text("{source} did not say which movie it is about.", source=origin.title))
    movie, release = change.movie, change.release or Release()
    folder = usable_folder(movie.folder_path, movie.path)
    if action in {Action.RENAMED, Action.DELETED}:
        folder = folder_of(movie.folder_path, movie.path, sender=origin.title, title=line(movie.title))
    if not folder and not line(movie.title):
        raise Permanent(text("{source} did not say which movie it is about.", source=origin.title))
    match action:
        case Action.RENAMED:
            old, new = renamed_files(folder, change.renamed_files or ())
            return _event(change, origin, action=action, folder=folder, files=new, old_files=old)
        case Action.DELETED:
            return _event(
                change,
                origin,
                action=action,
                folder=folder,
                old_files=old_files_of(folder, [change.movie_file]),
                files_kept=whole and not change.deleted_files,
            )
        case _:
            quality = line(release.quality, limit=MAX_NAME)
            return _event(change, origin, action=action, folder=folder, quality=quality)


def _event(about: About, origin: Origin, *, action: Action, folder: str, **changes: Any) -> MediaEvent:
    movie, remote = about.movie or Movie(), about.remote_movie or RemoteMovie()
    event = MediaEvent(
        source=origin.key,
        kind=MediaKind.MOVIE,
        action=action,
        title=line(movie.title) or line(remote.title) or line(last_part(folder)),
        folder=folder,
        instance=line(about.instance_name, limit=MAX_NAME),
        year=known(movie.year) or known(remote.year),
        tmdb_id=known(movie.tmdb_id) or known(remote.tmdb_id),
        imdb_id=name_of(movie.imdb_id) or name_of(remote.imdb_id),
        overview=prose(movie.overview),
        poster_url=picture(movie.images),
        download_id=line(about.download_id, limit=MAX_NAME),
        tags=tags_of(movie.tags),
        sender_ids=ids_of([movie.id]),
        **changes,
    )
    return fit(event, sender=origin.title)


def _heading(about: About) -> str:
    movie = about.movie or Movie()
    title, year = line(movie.title), known(movie.year)
    return f"{title} ({year})" if title and year else title
