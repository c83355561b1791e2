"""The message a Discord channel shows for one event."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from metarr_desktop.domain.events import EventKind, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.services.discord_markup import cut, escape
from metarr_desktop.services.wording import clean, cut_utf16, utf16_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import Event
    from metarr_desktop.domain.notification import Notification

LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_IN_ALL, LONGEST_ADDRESS = 256, 4096, 6000, 2048
LONGEST_VALUE, LONGEST_FOOTER, LONGEST_OVERVIEW = 1024, 200, 500
LONGEST_USERNAME, LONGEST_THREAD_NAME = 80, 100
MOST_PARTS = 50
IMPORTED_COLOUR, UPGRADED_COLOUR, READY_COLOUR = 0x3498DB, 0x2ECC71, 0x9B59B6
QUIET_COLOUR, ALARM_COLOUR = 0x95A5A6, 0xE67E22
COLOURS = {
    EventKind.UPGRADED: UPGRADED_COLOUR,
    EventKind.READY: READY_COLOUR,
    EventKind.GRABBED: QUIET_COLOUR,
    EventKind.ADDED: QUIET_COLOUR,
    EventKind.RENAMED: QUIET_COLOUR,
    EventKind.SCANNED: QUIET_COLOUR,
    EventKind.UPDATED: QUIET_COLOUR,
    EventKind.DELETED: ALARM_COLOUR,
    EventKind.FAILED: ALARM_COLOUR,
    EventKind.HEALTH: ALARM_COLOUR,
    EventKind.INTERACTION: ALARM_COLOUR,
    EventKind.UNDELIVERED: ALARM_COLOUR,
}


def message(notification: Notification, *, username: str, mention: str, timestamp: str) -> dict[str, Any]:
    """Build the body of one new message."""
    body: dict[str, Any] = {
        "embeds": [embed(notification, timestamp=timestamp)],
        "allowed_mentions": {"parse": []},
    }
    if name := cut_utf16(clean(username), LONGEST_USERNAME):
        body["username"] = name
    if mention:
        body["content"] = f"<@&{mention}>"
        body["allowed_mentions"]["roles"] = [mention]
    return body


def change(notification: Notification, *, timestamp: str) -> dict[str, Any]:
    """Build what an earlier message is changed to; its name and its mention stay."""
    return {"embeds": [embed(notification, timestamp=timestamp)], "allowed_mentions": {"parse": []}}


def thread_name(template: str, notification: Notification) -> str:
    """Return the name of a new post of a forum, which shows no markup."""
    title = notification.event.display_title or notification.title
    name = clean(template.replace("{title}", clean(title)))
    return cut_utf16(name, LONGEST_THREAD_NAME) or "Metarr"


def embed(notification: Notification, *, timestamp: str) -> dict[str, Any]:
    """Build one embed within Discord's limits, which count UTF-16 units.

    https://docs.discord.com/developers/resources/message#embed-object-embed-limits
    """
    event = notification.event
    title, body = clean(notification.title), clean(notification.body, lines=True)
    if not notification.marked:
        title, body = escape(title), escape(body)
    built: dict[str, Any] = {
        "title": cut(title, LONGEST_TITLE) or "Untitled",
        "color": _colour(event),
        "timestamp": timestamp,
        "footer": {"text": cut_utf16(clean(event.instance) or event.source.capitalize(), LONGEST_FOOTER)},
    }
    # An empty or odd address would have the whole message refused.
    if link := _web_address(notification.link):
        built["url"] = link
    if poster := _web_address(event.poster_url):
        built["thumbnail"] = {"url": poster}
    if fields := _fields(notification):
        built["fields"] = fields
    overview = event.overview if isinstance(event, MediaEvent) and not notification.marked else ""
    parts = (body, escape(cut_utf16(clean(overview), LONGEST_OVERVIEW)))
    room = min(LONGEST_DESCRIPTION, LONGEST_IN_ALL - _length(built))
    if description := cut("\n\n".join(part for part in parts if part), room):
        built["description"] = description
    return built


def _fields(notification: Notification) -> list[dict[str, Any]]:
    """Say what people look for at a glance; a person's own template says it already."""
    event = notification.event
    if not isinstance(event, MediaEvent) or notification.marked:
        return []
    parts = [each for each in notification.events if isinstance(each, MediaEvent)]
    fields = []
    if quality := escape(cut_utf16(clean(event.quality), LONGEST_FOOTER)):
        fields.append({"name": "Quality", "value": quality, "inline": True})
    if len(parts) > 1 and (listed := _list(parts)):
        name = "Episodes" if event.kind is MediaKind.EPISODE else "Albums"
        fields.append({"name": name, "value": listed, "inline": False})
    return fields


def _list(parts: Sequence[MediaEvent]) -> str:
    """Name the parts of a pack, a line each, as many as have room, and count the others."""
    shared = len({each.quality for each in parts}) == 1
    lines = dict.fromkeys(filter(None, (_line(each, quality=not shared) for each in parts)))
    shown: list[str] = []
    used = len(more := f"and {len(lines)} more")
    for line in lines:
        used += utf16_length(line) + 1
        if used > LONGEST_VALUE or len(shown) == MOST_PARTS:
            break
        shown.append(line)
    if left := len(lines) - len(shown):
        more = f"and {left} more"
        shown.append(more)
    return "\n".join(shown)


def _line(part: MediaEvent, *, quality: bool) -> str:
    title = part.episode_title if part.kind is MediaKind.EPISODE else part.album
    words = [part.episode_code, title, f"({part.quality})" if quality and part.quality else ""]
    return escape(cut_utf16(clean(" ".join(each for each in words if each)), LONGEST_FOOTER))


def _length(built: dict[str, Any]) -> int:
    """Count what Discord adds up for its limit of all text together."""
    texts = [built["title"], built["footer"]["text"]]
    texts += [words for each in built.get("fields", ()) for words in (each["name"], each["value"])]
    return sum(utf16_length(each) for each in texts)


def _colour(event: Event) -> int:
    """Return an alarm's colour for what is wrong, and another once it is well again."""
    if isinstance(event, Notice) and event.kind is NoticeKind.RESTORED:
        return UPGRADED_COLOUR
    return COLOURS.get(event.event_kind, IMPORTED_COLOUR)


def _web_address(address: str | None) -> str | None:
    if not address or len(address) > LONGEST_ADDRESS or not re.fullmatch(r"https?://[!-~]+", address):
        return None
    try:
        return address if urlsplit(address).hostname else None
    except ValueError:
        return None
