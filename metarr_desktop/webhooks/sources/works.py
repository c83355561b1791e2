"""Albums and books, as Lidarr and Readarr tell of them: works that lie in the folder of who made them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import Field

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action, Ignored, MediaEvent, MediaKind
from metarr_desktop.domain.paths import last_part
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.sources.notices import DOWNLOAD, family_event, is_replacement, replaced
from metarr_desktop.webhooks.sources.places import (
    files_inside,
    fit,
    folder_of,
    old_files_of,
    renamed_files,
    usable_folder,
)
from metarr_desktop.webhooks.sources.shapes import (
    NO_OTHER_WORDS,
    Image,
    MediaFile,
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
    line,
    name_of,
    one_quality,
    picture,
    prose,
    tags_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event
    from metarr_desktop.webhooks.sources.origin import Origin

ACTIONS = {
    "grab": Action.GRABBED,
    "rename": Action.RENAMED,
    **dict.fromkeys(("artistadd", "artistadded", "authoradd", "authoradded"), Action.ADDED),
    **dict.fromkeys(("artistdelete", "artistdeleted", "authordelete", "authordeleted"), Action.DELETED),
    **dict.fromkeys(("albumdelete", "albumdeleted", "bookdelete", "bookdeleted"), Action.DELETED),
    **dict.fromkeys(("trackfiledelete", "trackfiledeleted", "bookfiledelete"), Action.DELETED),
    "bookfiledeleted": Action.DELETED,
}
ONE_FILE = frozenset({"trackfiledelete", "trackfiledeleted", "bookfiledelete", "bookfiledeleted"})
"""Deletions of a file; the others say whether the files went too."""
WITHOUT = {
    MediaKind.ALBUM: "{source} sent an import without an artist.",
    MediaKind.BOOK: "{source} sent an import without an author.",
}
ABOUT_NOTHING = {
    MediaKind.ALBUM: "{source} did not say which artist it is about.",
    MediaKind.BOOK: "{source} did not say which author it is about.",
}
UNKNOWN_YEAR = 9999
_YEAR = re.compile(r"([1-9]\d{3})-", re.ASCII)


class Maker(Shape):
    """An artist or an author; ``path`` is the folder of all their works."""

    name: str | None = None
    path: str | None = None
    overview: str | None = None
    images: Some[Image] | None = None
    tags: Words = Field(default_factory=list)


class Work(Shape):
    """An album or a book. The date is a full date-time, unlike Radarr's."""

    id: SenderId = None
    title: str | None = None
    mb_id: str | None = Field(default=None, alias="mbId")
    overview: str | None = None
    release_date: str | None = Field(default=None, alias="releaseDate")
    images: Some[Image] | None = None


class About(Shape):
    """What every event may say; very old senders leave the work out."""

    maker: Maker | None = Field(default=None, alias="artist")
    work: Work | None = Field(default=None, alias="album")
    download_id: str | None = Field(default=None, alias="downloadId")
    instance_name: str | None = Field(default=None, alias="instanceName")


class Download(About):
    """A work was imported or upgraded. Its files have full paths in the library, and no relative ones."""

    files: Some[MediaFile] | None = Field(default=None, alias="trackFiles")
    is_upgrade: bool | None = Field(default=None, alias="isUpgrade")
    deleted_files: OldFiles = Field(default_factory=list, alias="deletedFiles")


class Change(About):
    """Anything else happened. ``deletedFiles`` says whether the files went too."""

    works: Some[Work] | None = Field(default=None, alias="albums")
    file: MediaFile | None = Field(default=None, alias="trackFile")
    release: Release | None = None
    renamed_files: Some[RenamedFile] | None = Field(default=None, alias="renamedTrackFiles")
    delete_reason: str | None = Field(default=None, alias="deleteReason")
    deleted_files: bool | None = Field(default=None, alias="deletedFiles")

    @property
    def one_work(self) -> Work:
        """The work it is about, where it is about one."""
        works = [self.work] if self.work else self.works or []
        return works[0] if len(works) == 1 else Work()


def parse_work(
    body: Mapping[str, Any],
    *,
    origin: Origin,
    kind: MediaKind,
    words: Mapping[str, str] = NO_OTHER_WORDS,
) -> Event | Ignored:
    """Give a body of this shape its meaning; ``words`` is how the sender calls what Lidarr has names for."""
    body = {**body, **{ours: body[theirs] for ours, theirs in words.items() if theirs in body}}
    event = event_name(body, sender=origin.title)
    name = event.casefold()
    if name == DOWNLOAD:
        return _imported(read(Download, body, sender=origin.title, words=words), origin, kind)
    change = read_what_fits(Change, body)
    heading = _heading(change)
    if name == "retag":
        return Ignored(
            reason=text("{source} wrote new tags into files: nothing to do.", source=origin.title),
            title=heading,
        )
    action = ACTIONS.get(name)
    if action is None:
        tags = tags_of((change.maker or Maker()).tags)
        return family_event(event, body, origin=origin, subject=heading, tags=tags)
    if action is Action.DELETED and is_replacement(change.delete_reason):
        return replaced(heading)
    return _changed(change, action, origin, kind=kind, one_file=name in ONE_FILE)


def _imported(download: Download, origin: Origin, kind: MediaKind) -> MediaEvent:
    if download.maker is None:
        raise Permanent(Text(WITHOUT[kind], {"source": origin.title}))
    folder = folder_of(download.maker.path, sender=origin.title, title=line(download.maker.name))
    files = download.files or []
    return _event(
        download,
        origin,
        kind=kind,
        work=download.work or Work(),
        action=Action.UPGRADED if download.is_upgrade else Action.IMPORTED,
        folder=folder,
        files=files_inside(folder, [file.path for file in files], sender=origin.title),
        old_files=old_files_of(folder, download.deleted_files),
        quality=one_quality(files),
    )


def _changed(
    change: Change, action: Action, origin: Origin, *, kind: MediaKind, one_file: bool
) -> MediaEvent:
    maker = change.maker or Maker()
    folder = usable_folder(maker.path)
    if not folder and not _heading(change):
        raise Permanent(Text(ABOUT_NOTHING[kind], {"source": origin.title}))
    changes: dict[str, Any] = {}
    if action in {Action.RENAMED, Action.DELETED}:
        folder = folder_of(maker.path, sender=origin.title, title=_heading(change))
    match action:
        case Action.RENAMED:
            changes["old_files"], changes["files"] = renamed_files(folder, change.renamed_files or ())
        case Action.DELETED:
            changes["old_files"] = old_files_of(folder, [change.file])
            changes["files_kept"] = not one_file and not change.deleted_files
        case _:
            changes["quality"] = line(change.release.quality if change.release else None, limit=MAX_NAME)
    return _event(change, origin, kind=kind, work=change.one_work, action=action, folder=folder, **changes)


def _event(
    about: About,
    origin: Origin,
    *,
    kind: MediaKind,
    work: Work,
    action: Action,
    folder: str,
    **changes: Any,
) -> MediaEvent:
    maker, album = about.maker or Maker(), line(work.title)
    event = MediaEvent(
        source=origin.key,
        kind=kind,
        action=action,
        title=line(maker.name) or line(last_part(folder)) or album or (_heading(about)),
        folder=folder,
        instance=line(about.instance_name, limit=MAX_NAME),
        year=_year(work.release_date),
        musicbrainz_id=name_of(work.mb_id),
        album=album if line(maker.name) or folder else "",
        overview=prose(work.overview) or prose(maker.overview),
        poster_url=picture(work.images, cover="cover") or picture(maker.images),
        download_id=line(about.download_id, limit=MAX_NAME),
        tags=tags_of(maker.tags),
        sender_ids=ids_of([work.id]),
        **changes,
    )
    return fit(event, sender=origin.title)


def _year(date: str | None) -> int | None:
    match = _YEAR.match(date or "")
    year = int(match.group(1)) if match else UNKNOWN_YEAR
    return None if year == UNKNOWN_YEAR else year


def _heading(about: About) -> str:
    """Return who made it and what it is called, else what was grabbed; empty where nothing is said."""
    maker = line((about.maker or Maker()).name)
    if not isinstance(about, Change):
        return maker
    names = (maker, line(about.one_work.title))
    release = line(about.release.release_title if about.release else None)
    return " - ".join(name for name in names if name) or release
