"""Puts an event into plain words for the services that show it to people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.domain.packs import combined, title_of
from metarr_desktop.services.wording import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import Event

COUNTED_FILES = 20
"""More files are not counted: of very many an event lists only the first."""


def compose(event: Event, *, folder: str | None) -> Notification:
    """Put an event into plain words; a title is one line without control characters, and never empty."""
    if isinstance(event, Notice):
        return Notification(
            title=_title(_headline(event), event),
            body=_words(event),
            event=event,
            events=(event,),
            link=event.link,
        )
    return Notification(
        title=_title(event.display_title, event),
        body=_body(event),
        event=event,
        events=(event,),
        folder=folder,
        link=_link(event),
    )


def compose_all(events: Sequence[Event], *, folder: str | None) -> Notification:
    """Put what belongs together into one message; only parts of one download ever do."""
    media = [event for event in events if isinstance(event, MediaEvent)]
    if not media:
        return compose(events[0], folder=folder)
    one = compose(combined(media), folder=folder)
    return replace(one, title=_title(title_of(media), media[0]), events=tuple(media))


def _title(words: str, event: Event) -> str:
    return clean(words) or clean(_sender(event)) or "Metarr Desktop"


def _body(event: MediaEvent) -> str:
    line = _what_happened(event)
    if event.kind is MediaKind.EPISODE and event.episode_title:
        return f"{event.episode_title}\n{line}"
    return line


def _what_happened(event: MediaEvent) -> str:
    match event.action:
        case Action.IMPORTED:
            return f"Downloaded in {event.quality}" if event.quality else "Downloaded"
        case Action.UPGRADED:
            return f"Upgraded to {event.quality}" if event.quality else "Upgraded"
        case Action.GRABBED:
            return f"Grabbed in {event.quality}" if event.quality else "Grabbed"
        case Action.ADDED:
            return f"Added to {_sender(event)}"
        case Action.RENAMED:
            return _renamed(event.files)
        case Action.DELETED if event.files_kept:
            return f"Removed from {_sender(event)}, the files were kept"
        case Action.DELETED:
            return _deleted(event.old_files)
        case Action.SCANNED:
            return "Scanned"
        case Action.READY:
            return f"Ready to watch in {event.quality}" if event.quality else "Ready to watch"
        case _:
            assert_never(event.action)


def _renamed(files: tuple[str, ...]) -> str:
    match len(files):
        case 0:
            return "Renamed"
        case 1:
            return f"Renamed to {_file_name(files[0])}"
        case count:
            return f"Renamed {_count(count)} files"


def _deleted(files: tuple[str, ...]) -> str:
    match len(files):
        case 0:
            return "Deleted"
        case 1:
            return f"Deleted: {_file_name(files[0])}"
        case count:
            return f"Deleted {_count(count)} files"


def _count(files: int) -> str:
    return str(files) if files <= COUNTED_FILES else f"more than {COUNTED_FILES}"


def _file_name(path: str) -> str:
    """Return the last part of a path, which Windows may have written."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _headline(notice: Notice) -> str:
    sender = _sender(notice)
    match notice.kind:
        case NoticeKind.HEALTH:
            return f"{sender} has a notice" if notice.level == "notice" else f"{sender} has a problem"
        case NoticeKind.RESTORED:
            return f"{sender} is well again"
        case NoticeKind.UPDATED:
            return f"{sender} was updated"
        case NoticeKind.INTERACTION:
            return f"{sender} waits for you"
        case NoticeKind.FAILURE:
            return f"{sender}: a download failed"
        case NoticeKind.REQUEST | NoticeKind.ISSUE:
            return notice.subject or sender
        case NoticeKind.CAUGHT_UP | NoticeKind.UNDELIVERED:
            return notice.subject
        case _:
            assert_never(notice.kind)


def _words(notice: Notice) -> str:
    if notice.kind in {NoticeKind.INTERACTION, NoticeKind.FAILURE} and notice.subject:
        return f"{notice.subject}\n{notice.message}"
    return notice.message


def _sender(event: Event) -> str:
    return event.instance or event.source.capitalize()


def _link(event: MediaEvent) -> str | None:
    match event.kind:
        case MediaKind.MOVIE if event.tmdb_id:
            return f"https://www.themoviedb.org/movie/{event.tmdb_id}"
        case MediaKind.EPISODE if event.tmdb_id:
            return f"https://www.themoviedb.org/tv/{event.tmdb_id}"
        case MediaKind.EPISODE if event.tvdb_id:
            return f"https://www.thetvdb.com/?tab=series&id={event.tvdb_id}"
        case _ if event.imdb_id and event.imdb_id.startswith("tt") and event.imdb_id[2:].isdigit():
            return f"https://www.imdb.com/title/{event.imdb_id}/"
        case _:
            return None
