"""Which message tells of a film or some episodes already, so that one stands for all that becomes of it."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.tools import Tools

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=7)
CHANGES = frozenset({Action.UPGRADED, Action.READY})
"""What is told by changing the message of the import; Discord notifies nobody of a change."""
LIVE = CHANGES | {Action.GRABBED, Action.IMPORTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message of ours: its number, the thread it is in, and the job and the time of its first news.

    With ``opened`` it began a post of a forum, which would be left without a beginning.
    """

    identity: str
    job: int
    at: str
    thread: str = ""
    opened: bool = False


class Live:
    """Remembers the message of each film or set of episodes for seven days, and the one of a grab apart."""

    def __init__(self, tools: Tools) -> None:
        self._notes = tools.notes
        self._clock = tools.clock
        self._spawn = tools.spawn
        self._unwritten: dict[str, Posted] = {}

    async def posted(self, name: str) -> Posted | None:
        """Return the message that was noted, unless it is too old."""
        found = self._unwritten.get(name)
        try:
            if found is None and (note := await self._notes.get(name)) is not None:
                found = Posted(**note)
            fresh = found is not None and self._clock.now() - datetime.fromisoformat(found.at) < KEPT_FOR
        except (TypeError, ValueError):
            return None
        return found if fresh else None

    def keep(self, name: str, posted: Posted) -> None:
        """Remember a message; where that fails the next news is a message of its own.

        Nobody waits for the disk: so the note shares a commit with the end of the job.
        """
        self._unwritten[name] = posted
        self._spawn(self._write(name, posted), name="note a Discord message")

    async def _write(self, name: str, posted: Posted) -> None:
        try:
            await self._notes.put(name, asdict(posted))
        except MetarrError as error:
            logger.warning("Which message told of it could not be noted: %s", error)
        finally:
            if self._unwritten.get(name) is posted:
                del self._unwritten[name]

    async def drop(self, name: str) -> None:
        """Forget a message that is gone."""
        self._unwritten.pop(name, None)
        try:
            await self._notes.drop(name)
        except MetarrError as error:
            logger.warning("That a message is gone could not be noted: %s", error)


def name_of(notification: Notification, *, webhook: str) -> str | None:
    """Name the note of what a notification is about; None where no later news can be about the same.

    A sample is never told apart from the real film, so it is not live.
    """
    event = notification.event
    if not notification.job_id or not isinstance(event, MediaEvent) or event.action not in LIVE:
        return None
    parts = [each for each in notification.events if isinstance(each, MediaEvent)] or [event]
    about = _parts(event.kind, parts)
    if about is None:
        return None
    work = [event.tmdb_id, event.tvdb_id] if event.tmdb_id or event.tvdb_id else [event.title, event.year]
    identity = [webhook, event.source, event.instance, event.kind.value, work, about]
    return f"live/{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]}"


def _parts(kind: MediaKind, events: list[MediaEvent]) -> Sequence[object] | None:
    """Which parts of it: numbers of episodes by season, names of albums; None where they are not known."""
    match kind:
        case MediaKind.MOVIE:
            return []
        case MediaKind.EPISODE:
            if any(each.season is None or not each.episodes for each in events):
                return None
            return sorted({(each.season or 0, number) for each in events for number in each.episodes})
        case MediaKind.ALBUM | MediaKind.BOOK:
            names = sorted({each.album or each.musicbrainz_id or "" for each in events})
            return names if all(names) else None
