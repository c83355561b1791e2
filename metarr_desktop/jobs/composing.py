"""Puts an event into plain words for the services that show it to people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.domain.packs import combined, title_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import Event

VERBS = {
    Action.IMPORTED: "Downloaded",
    Action.UPGRADED: "Upgraded",
    Action.RENAMED: "Renamed",
    Action.DELETED: "Deleted",
    Action.GRABBED: "Grabbed",
    Action.ADDED: "Added",
    Action.SCANNED: "Scanned",
}
WITH_QUALITY = frozenset({Action.IMPORTED, Action.UPGRADED, Action.GRABBED})


def compose(event: Event, *, folder: str | None) -> Notification:
    """Put an event into plain words."""
    if isinstance(event, Notice):
        return Notification(
            title=_headline(event), body=_words(event), event=event, events=(event,), link=event.link
        )
    return Notification(
        title=event.display_title,
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
    return replace(one, title=title_of(media), events=tuple(media))


def _body(event: MediaEvent) -> str:
    line = VERBS[event.action]
    if event.action in WITH_QUALITY and event.quality:
        line += f" in {event.quality}"
    if event.action is Action.DELETED and event.files_kept:
        line = f"Removed from {_sender(event)}, the files were kept"
    if event.kind is MediaKind.EPISODE and event.episode_title:
        return f"{event.episode_title}\n{line}"
    return line


def _headline(notice: Notice) -> str:
    sender = _sender(notice)
    match notice.kind:
        case NoticeKind.HEALTH:
            return f"{sender} has a problem"
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
        case NoticeKind.CAUGHT_UP:
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
