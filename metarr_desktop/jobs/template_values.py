"""What stands in the place of each field of a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.events import MediaEvent, MediaKind
from metarr_desktop.services.wording import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Notice
    from metarr_desktop.domain.notification import Notification

Value = str | int | list[str] | None
"""None is a field of which nothing is known: it reads as nothing, and is no in a condition."""


def values_of(notification: Notification) -> Mapping[str, Value]:
    """Return the value of every field for a message as it is without a template."""
    event = notification.event
    values: dict[str, Value] = {
        "heading": notification.title,
        "text": notification.body,
        "event": event.event_kind.value,
        "sender": event.instance or event.source.capitalize(),
        "source": event.source,
        "tags": list(event.tags),
        "count": max(1, len(notification.events)),
        "link": notification.link,
        "poster": event.poster_url,
        **(_of_media(event, notification) if isinstance(event, MediaEvent) else _of_notice(event)),
    }
    return {name: _readable(value) for name, value in values.items()}


def _of_media(event: MediaEvent, notification: Notification) -> dict[str, Value]:
    makes = event.kind in {MediaKind.ALBUM, MediaKind.BOOK}
    return {
        "title": event.title,
        "year": event.year,
        "quality": event.quality,
        "season": event.season,
        "episode": event.episodes[0] if event.episodes else None,
        "episodes": [str(number) for number in event.episodes],
        "code": event.episode_code,
        "episode_title": event.episode_title,
        "album": event.album,
        "artist": event.title if makes else None,
        "overview": event.overview,
        "folder": notification.folder,
        "files": len(event.files) or len(event.old_files) or None,
        "kind": event.kind.value,
        "message": None,
        "subject": None,
        "level": None,
        "tmdb_id": event.tmdb_id,
        "imdb_id": event.imdb_id,
        "tvdb_id": event.tvdb_id,
    }


def _of_notice(notice: Notice) -> dict[str, Value]:
    unknown = dict.fromkeys((
        "year", "quality", "season", "episode", "episodes", "code", "episode_title", "album", "artist",
        "overview", "folder", "files", "kind", "tmdb_id", "imdb_id", "tvdb_id",
    ))  # fmt: skip
    return {
        **unknown,
        "title": notice.subject,
        "message": notice.message,
        "subject": notice.subject,
        "level": notice.level,
    }


def _readable(value: Value) -> Value:
    """Return a value without control characters; what is empty is nothing."""
    if isinstance(value, str):
        return clean(value, lines=True) or None
    if isinstance(value, list):
        return [clean(each) for each in value] or None
    return value
