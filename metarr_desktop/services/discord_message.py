"""The message a Discord channel shows for one event."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from metarr_desktop.domain.events import EventKind, MediaEvent, Notice, NoticeKind
from metarr_desktop.services.wording import clean, cut_utf16, utf16_length

if TYPE_CHECKING:
    from metarr_desktop.domain.events import Event
    from metarr_desktop.domain.notification import Notification

LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_IN_ALL, LONGEST_ADDRESS = 256, 4096, 6000, 2048
LONGEST_OVERVIEW = 500
LONGEST_USERNAME = 80
IMPORTED_COLOUR, UPGRADED_COLOUR, QUIET_COLOUR, ALARM_COLOUR = 0x3498DB, 0x2ECC71, 0x95A5A6, 0xE67E22
COLOURS = {
    EventKind.UPGRADED: UPGRADED_COLOUR,
    EventKind.GRABBED: QUIET_COLOUR,
    EventKind.RENAMED: QUIET_COLOUR,
    EventKind.DELETED: ALARM_COLOUR,
    EventKind.FAILED: ALARM_COLOUR,
    EventKind.HEALTH: ALARM_COLOUR,
    EventKind.INTERACTION: ALARM_COLOUR,
}
_MARKDOWN = re.compile(r"([\\*_~|>#+`\[\]()-])")
_NUMBERED = re.compile(r"^(\s*\d+)\.", re.MULTILINE)


def message(notification: Notification, *, username: str, mention: str, timestamp: str) -> dict[str, Any]:
    """Build the body of one message within Discord's limits, which count UTF-16 units.

    https://docs.discord.com/developers/resources/message#embed-object-embed-limits
    """
    event = notification.event
    embed: dict[str, Any] = {
        "title": cut_utf16(_escape(clean(notification.title)) or "Untitled", LONGEST_TITLE),
        "color": _colour(event),
        "timestamp": timestamp,
        "footer": {"text": cut_utf16(clean(event.instance) or event.source.capitalize(), 200)},
    }
    # An empty or odd address would have the whole message refused.
    if link := _web_address(notification.link):
        embed["url"] = link
    if poster := _web_address(event.poster_url):
        embed["thumbnail"] = {"url": poster}
    overview = event.overview if isinstance(event, MediaEvent) else ""
    description = "\n\n".join(
        part
        for part in (
            _escape(clean(notification.body, lines=True)),
            _escape(cut_utf16(clean(overview), LONGEST_OVERVIEW)),
        )
        if part
    )
    if description:
        used = utf16_length(embed["title"]) + utf16_length(embed["footer"]["text"])
        embed["description"] = cut_utf16(description, min(LONGEST_DESCRIPTION, LONGEST_IN_ALL - used))
    body: dict[str, Any] = {"embeds": [embed], "allowed_mentions": {"parse": []}}
    if name := cut_utf16(clean(username), LONGEST_USERNAME):
        body["username"] = name
    if mention:
        body["content"] = f"<@&{mention}>"
        body["allowed_mentions"]["roles"] = [mention]
    return body


def _colour(event: Event) -> int:
    """Return an alarm's colour for what is wrong, and another once it is well again."""
    if isinstance(event, Notice) and event.kind is NoticeKind.RESTORED:
        return UPGRADED_COLOUR
    return COLOURS.get(event.event_kind, IMPORTED_COLOUR)


def _escape(value: str) -> str:
    """Show text as it is: no Markdown, no numbered list, no mention of everybody."""
    plain = _NUMBERED.sub(r"\1\\.", _MARKDOWN.sub(r"\\\1", value))
    return plain.replace("@", "@\N{ZERO WIDTH SPACE}").replace("://", ":\N{ZERO WIDTH SPACE}//")


def _web_address(address: str | None) -> str | None:
    if not address or len(address) > LONGEST_ADDRESS or not re.fullmatch(r"https?://[!-~]+", address):
        return None
    try:
        return address if urlsplit(address).hostname else None
    except ValueError:
        return None
