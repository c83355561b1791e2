"""What happened, as programs of a person's own are told it: the fields in ``docs/services/webhook.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import MediaEvent
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from metarr_desktop.domain.events import Event, Notice
    from metarr_desktop.domain.notification import Notification

VERSION = 1
LONGEST_TITLE = 500
LONGEST_MESSAGE = 20_000
MOST_EVENTS = 200
MOST_FILES = 500
LONGEST_VALUE = 4_000


def document(notification: Notification) -> dict[str, Any]:
    """Return everything that is known of what happened; what is not known is left out."""
    event = notification.event
    told: dict[str, Any] = {
        "version": VERSION,
        "event": event.event_kind.value,
        "title": cut(clean(notification.title), LONGEST_TITLE),
        "message": cut(clean(notification.body, lines=True), LONGEST_MESSAGE),
        "link": clean(notification.link or ""),
        "poster": clean(event.poster_url or ""),
        "folder": clean(notification.folder or "", lines=True),
        "source": event.source,
        "instance": clean(event.instance),
        "job": notification.job_id,
        **_about(event),
    }
    if len(notification.events) > 1:
        told["events"] = [_about(each) for each in notification.events[:MOST_EVENTS]]
    return {name: value for name, value in told.items() if value not in ("", None)}


def flat(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the same as one level of words: ``media_title``; of a list, one value on each line.

    The single events of a pack have no place in it.
    """
    return dict(_flat({name: value for name, value in told.items() if name != "events"}))


def plain_words(notification: Notification) -> str:
    """Return title, message and link under each other."""
    told = document(notification)
    return "\n".join(str(told[name]) for name in ("title", "message", "link") if told.get(name))


def _about(event: Event) -> dict[str, Any]:
    if isinstance(event, MediaEvent):
        return {"media": _tidy(_media(event))}
    return {"notice": _tidy(_notice(event))}


def _media(event: MediaEvent) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "title": event.title,
        "year": event.year,
        "season": event.season,
        "episodes": list(event.episodes),
        "episode_title": event.episode_title,
        "album": event.album,
        "quality": event.quality,
        "overview": event.overview,
        "tmdb_id": event.tmdb_id,
        "imdb_id": event.imdb_id,
        "tvdb_id": event.tvdb_id,
        "musicbrainz_id": event.musicbrainz_id,
        "folder": event.folder,
        "files": list(event.files[:MOST_FILES]),
        "old_files": list(event.old_files[:MOST_FILES]),
        "tags": list(event.tags),
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "kind": notice.kind.value,
        "level": notice.level,
        "type": notice.type,
        "subject": notice.subject,
        "message": notice.message,
    }


def _tidy(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _cleaned(value) for name, value in values.items() if value not in ("", None, [])}


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - whatever JSON has
    match value:
        case str():
            return cut(clean(value, lines=True), LONGEST_VALUE)
        case list():
            return [_cleaned(each) for each in value]
        case _:
            return value


def _flat(told: Mapping[str, Any], *, before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in told.items():
        match value:
            case dict():
                yield from _flat(value, before=f"{before}{name}_")
            case list():
                yield f"{before}{name}", "\n".join(str(each) for each in value)
            case _:
                yield f"{before}{name}", str(value)
