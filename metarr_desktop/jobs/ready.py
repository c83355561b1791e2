"""Messages that something is ready to watch: they wait until a media server shows it, and link to it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from metarr_desktop.domain.errors import NotFound, NotNow, Refused
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.confirm import note_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.storage.history_store import Family

LOOKS = tuple(timedelta(seconds=each) for each in (5, 15, 35, 65, 125, 185, 245, 305, 365, 425, 485, 545))
"""When a message looks whether somebody saw it, counted from its creation."""
LONGEST = timedelta(minutes=10)
OVERSLEPT = timedelta(seconds=60)
"""So much later than it was due a message runs only where the computer slept or the program was closed."""
GRACE = timedelta(seconds=90)
"""Then the looks at the media servers come first, which slept as well."""
WAITS = Text("Waits until a media server shows it.")
NOT_SHOWN = "Imported, but no media server shows it yet"
UNSEEN = Text("No media server showed it within 10 min.")


class ArrivalNotes(Protocol):
    """Where it stands what media servers show."""

    async def named(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the notes of that name, by service."""


class Families(Protocol):
    """Knows which jobs belong together."""

    async def families(self, root_ids: Collection[int]) -> tuple[Family, ...]:
        """Return these families."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where it is ready to watch: the server's name, empty where nobody saw it, and its page there."""

    place: str = ""
    link: str | None = None

    @property
    def warning(self) -> Text | None:
        """What the message's own report says besides."""
        return None if self.place else UNSEEN

    def into(self, notification: Notification) -> Notification:
        """Return the message with what is known now; a person's own wording stays as it is."""
        link = self.link or notification.link
        if notification.marked:
            return replace(notification, link=link)
        line = f"Ready to watch in {self.place}" if self.place else NOT_SHOWN
        return replace(notification, link=link, body=_with_episode(notification, line))


class ReadyToWatch:
    """Tells a message whether it may go."""

    def __init__(self, *, notes: ArrivalNotes, titles: Mapping[str, str], clock: Clock) -> None:
        self._notes = notes
        self._titles = titles
        self._clock = clock

    async def arrival(self, job: Job, event: object) -> Arrival | None:
        """Return where it is ready; None for messages of another kind. Raises NotNow while they wait.

        A message about several imports waits for all of them, and goes after 10 minutes in any case.
        """
        if not isinstance(event, MediaEvent) or event.action is not Action.READY:
            return None
        together = (job, *job.merged)
        seen = [await self._notes.named(note_name(root)) for root in {each.root_id for each in together}]
        created, now = min(each.created_at for each in together), self._clock.now()
        elapsed = max(now - created, timedelta())
        if not all(seen) and elapsed >= LONGEST and _overslept(job, now):
            raise NotNow(WAITS, until=now + GRACE)
        if not all(seen) and elapsed < LONGEST:
            until = next((each for each in LOOKS if each > elapsed), LONGEST)
            raise NotNow(WAITS, until=created + until)
        if not all(seen):
            return Arrival()
        found = seen[0]
        key = next((each for each in self._titles if each in found), min(found))
        link = found[key].get("link")
        return Arrival(
            place=self._titles.get(key, key), link=link if isinstance(link, str) and len(seen) == 1 else None
        )


class LetGo:
    """Lets the messages of families run that wait until something arrived."""

    def __init__(self, *, families: Families, run_now: Callable[[int], Awaitable[None]]) -> None:
        self._families = families
        self._run_now = run_now

    async def __call__(self, roots: Sequence[int]) -> None:
        """Run those that wait; one that runs already looks for itself."""
        for family in await self._families.families(roots):
            for job in family.jobs:
                if _waits_for_arrival(job):
                    with suppress(NotFound, Refused):
                        await self._run_now(job.id)


def _overslept(job: Job, now: datetime) -> bool:
    """Whether it runs long after it was due, and did not just wait for its turn again and again."""
    return now - job.run_after > OVERSLEPT and job.deferrals <= len(LOOKS)


def _waits_for_arrival(job: Job) -> bool:
    event = job.payload.get("event")
    is_ready = isinstance(event, dict) and event.get("action") == Action.READY.value
    return is_ready and job.reason is not None and job.reason.template == WAITS.template


def _with_episode(notification: Notification, line: str) -> str:
    event = notification.event
    if isinstance(event, MediaEvent) and event.kind is MediaKind.EPISODE and event.episode_title:
        return f"{event.episode_title}\n{line}"
    return line
