"""The folder a media server is told to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NothingToDo, Permanent
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.paths import last_part, parts
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from metarr_desktop.domain.notification import Notification

LONGEST_PATH = 8000
"""In bytes: in an address a path may become three times as long."""
CHANGES = frozenset({Action.IMPORTED, Action.UPGRADED, Action.RENAMED, Action.DELETED, Action.SCANNED})


def media_event(notification: Notification, *, server: str) -> MediaEvent:
    """Return the event, where it changes a library. Raises NothingToDo where it does not."""
    event = notification.event
    if not isinstance(event, MediaEvent) or event.action not in CHANGES:
        raise NothingToDo(text("There is nothing for {server} to look at.", server=server))
    if event.kind is MediaKind.BOOK:
        raise NothingToDo(text("{server} is told of films, series and music, not of books.", server=server))
    return event


def told_together(notification: Notification, event: MediaEvent) -> tuple[MediaEvent, ...]:
    """Return all that one refresh stands for: what came for the same folder meanwhile may ask for more."""
    events = (each for each in notification.events if isinstance(each, MediaEvent))
    return tuple(each for each in events if each.action in CHANGES) or (event,)


def folder_of(notification: Notification, *, server: str) -> str:
    """Return the folder as the server writes it, without a separator at its end.

    Raises Permanent where there is none.
    """
    folder = notification.folder or ""
    if not folder.strip():
        raise Permanent(
            text("{server} cannot be told where to look: the webhook names no folder.", server=server)
        )
    try:
        length = len(folder.encode())
    except UnicodeEncodeError:
        raise Permanent(
            text("{server} cannot be told where to look: the folder's name is not valid text.", server=server)
        ) from None
    if length > LONGEST_PATH:
        raise Permanent(
            text("{server} cannot be told where to look: the folder's path is too long.", server=server)
        )
    bare = folder.rstrip("/\\")
    return bare if last_part(bare) else folder


def above(path: str) -> str:
    """Return the folder above, without a separator at its end; empty where that is a root, or none."""
    bare = path.rstrip("/\\")
    # A drive is a root, and so is a server with its share's name missing.
    fewest = 4 if bare.startswith("\\\\") or "://" in bare else 3
    if len(parts(bare)) < fewest:
        return ""
    return bare.removesuffix(last_part(bare)).rstrip("/\\")
