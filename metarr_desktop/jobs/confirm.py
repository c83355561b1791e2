"""The job that looks whether what a media server was told of is in its library."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.arrivals import BRINGS, LOOKS, brought, next_look
from metarr_desktop.domain.clock import iso
from metarr_desktop.domain.errors import (
    MetarrError,
    NeedsAttention,
    NothingToDo,
    NotNow,
    Permanent,
    RateLimited,
    SecretsUnavailable,
    Transient,
)
from metarr_desktop.domain.events import MediaEvent, read_event
from metarr_desktop.domain.jobs import CONFIRM_LANE, NORMAL, NewJob
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.paths import composed, is_inside
from metarr_desktop.domain.text import text
from metarr_desktop.services.declaration import confirms
from metarr_desktop.services.redact import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import Event
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.text import Text
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.jobs.notify import Notify
    from metarr_desktop.services.declaration import Group, Service, ServiceConfig
    from metarr_desktop.services.notifier import MediaServer, Sighting

logger = logging.getLogger(__name__)

CONCURRENCY = 4
ONE_LOOK = timedelta(seconds=60)
LONGEST_ANSWER_S = 45.0
LONGEST_ASKED_WAIT = timedelta(minutes=10)
LEFT_ALONE_S = 30.0
"""Who did not answer one look is asked by no other for so long; then by one, which asks for all."""
LONGEST_SILENCE = timedelta(hours=1)
"""A server that restarts or updates itself comes back within this time, or the looks at it are given up."""
SHOWN_FOLDERS = 8
NOT_YET = "Not in {service}'s library yet."
UNSEEN = "{service} accepted it, but did not show it within {time}."
IN_NO_FOLDER = (
    UNSEEN + " {folder} is in no {service} library; it has: {folders}."
    " Add a path mapping for {service}, or the folder in {service}."
)
IN_A_FOLDER = (
    UNSEEN + " {folder} lies in its library folder {library}: its scanner may still be busy, or not"
    " recognise the name."
)
HAS_NO_FOLDERS = UNSEEN + " It has no library folders. Add one in {service}."
TOO_SLOW = "{service} did not answer within {seconds} s."
NOT_ASKED = "{service} accepted it, but could not be asked whether it arrived: {error}"

Tell = Callable[["Sequence[int]"], Awaitable[None]]
"""Lets messages go that wait until something arrived; takes the roots of their families."""


def note_name(root_id: int) -> str:
    """Return the name of the note that says what of a webhook's family was seen at a server."""
    return f"arrival/{root_id}"


def confirmation(
    job: Job, events: Sequence[Event], *, service: Service, config: ServiceConfig | Group
) -> Callable[[frozenset[str]], tuple[NewJob, ...]] | None:
    """Return what follows a refresh: one look for all that it stands for; None where nothing is looked for.

    ``events`` are those of the job and of all it led, in their order. The lane says which group is meant.
    """
    left = brought(events) if service.seen_within is not None and confirms(config) else ()
    if not left:
        return None
    first, *others = [event.to_payload() for event in left]
    payload: dict[str, Any] = {**job.payload, "event": first, "lane": job.lane}
    if others:
        payload["events"] = others
    if job.merged:
        payload["roots"] = sorted({job.root_id, *(each.root_id for each in job.merged)})
    new = NewJob(
        type=service.confirm_type,
        lane=CONFIRM_LANE,
        priority=NORMAL,
        payload=payload,
        max_retries=service.retry.max_retries,
    )
    return lambda enabled: (new,) if service.key in enabled else ()


@dataclass(slots=True, kw_only=True)
class _Silence:
    """Why a place was not to be asked, and until when, by elapsed time, no look asks it again."""

    reason: Text
    until: float


class Confirm:
    """Handler of ``confirm-<key>``: looks again and again, until all is there or the time is over.

    It shares its lane with those of other servers, so what one of them says never stops it. One that does not
    answer uses no retry, and takes up the lane with one look at a time.
    """

    def __init__(
        self, *, service: Service, notify: Notify, notifier: MediaServer[Any], clock: Clock, tell: Tell
    ) -> None:
        self._service = service
        self._notify = notify
        self._notifier = notifier
        self._clock = clock
        self._tell = tell
        self._silences: dict[str, _Silence] = {}

    async def __call__(self, job: Job, _report: Report) -> Done:
        """Look once. Raises NotNow where it is not there yet, Permanent with the remedy at the end."""
        service, now = self._service, self._clock.now()
        events = _events(job)
        elapsed = max(now - job.created_at, timedelta())
        within = service.seen_within or timedelta()
        following = next_look(elapsed, within=within)
        if elapsed < LOOKS[0]:  # no server is so quick; what it shows may be what was there before
            raise self._not_yet(job.created_at + (following or within))
        told = _as_told(job, service)
        folder = await self._notify.folder(events[0], told)
        try:
            config = await self._notify.settings(told)
            if not confirms(config):
                raise NothingToDo(
                    text("{service} is not looked at for arrivals any more.", service=service.title)
                )
            sightings = await self._ask(config, events, told)
            if sightings is None and following is None:
                raise await self._unseen(config, folder, within)
        except (Transient, SecretsUnavailable) as error:
            raise self._unanswered(error, job, following) from error
        except NeedsAttention as error:
            raise self._not_asked(error) from error
        if sightings is None:
            raise self._not_yet(job.created_at + (following or within))
        return await self._seen(job, sightings, elapsed, now)

    def _not_yet(self, until: datetime) -> NotNow:
        return NotNow(text(NOT_YET, service=self._service.title), until=until)

    def _not_asked(self, error: MetarrError) -> Permanent:
        return Permanent(text(NOT_ASKED, service=self._service.title, error=str(error)))

    def _unanswered(self, error: MetarrError, job: Job, following: timedelta | None) -> NotNow | Permanent:
        """Look again where nobody answered, but not for ever: what is off for long is given up."""
        now = self._clock.now()
        if now - job.created_at >= LONGEST_SILENCE:
            return self._not_asked(error)
        if isinstance(error, RateLimited):
            return NotNow(error.text, until=now + min(error.retry_after, LONGEST_ASKED_WAIT))
        until = now + timedelta(minutes=1) if following is None else job.created_at + following
        return NotNow(error.text, until=until)

    async def _ask(
        self, config: ServiceConfig | Group, events: Sequence[MediaEvent], told: Job
    ) -> list[Sighting] | None:
        """Look, unless the place left another look without an answer just now."""
        silence = self._silences.get(told.lane)
        if silence is not None:
            if self._clock.monotonic() < silence.until:
                raise Transient(silence.reason)
            silence.until = self._clock.monotonic() + LONGEST_ANSWER_S
        try:
            async with asyncio.timeout(LONGEST_ANSWER_S):
                found = await self._look(config, events, told)
        except TimeoutError:
            slow = Transient(text(TOO_SLOW, service=self._service.title, seconds=round(LONGEST_ANSWER_S)))
            self._fall_silent(told, slow, LEFT_ALONE_S)
            raise slow from None
        except RateLimited as error:
            self._fall_silent(told, error, min(error.retry_after, LONGEST_ASKED_WAIT).total_seconds())
            raise
        except Transient as error:
            self._fall_silent(told, error, LEFT_ALONE_S)
            raise
        except MetarrError:
            self._silences.pop(told.lane, None)
            raise
        self._silences.pop(told.lane, None)
        return found

    def _fall_silent(self, told: Job, error: MetarrError, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        self._silences[told.lane] = _Silence(reason=error.text, until=until)

    async def _look(
        self, config: ServiceConfig | Group, events: Sequence[MediaEvent], told: Job
    ) -> list[Sighting] | None:
        """Look for all of it; None as soon as one is not there."""
        found = []
        for event in events:
            folder = await self._notify.folder(event, told)
            sighting = await self._notifier.sighting(config, event, folder=folder or event.folder)
            if sighting is None:
                return None
            found.append(sighting)
        return found

    async def _seen(self, job: Job, found: Sequence[Sighting], elapsed: timedelta, now: datetime) -> Done:
        link = next((each.link for each in found if each.link), None)
        seconds = round(elapsed.total_seconds())
        note = {"at": iso(now), "link": link, "seconds": seconds}
        roots = _roots(job)
        for root in roots:
            await self._notifier.notes.put(note_name(root), note)
        await self._tell(roots)
        details = " ".join(dict.fromkeys(str(each.detail) for each in found))
        template = "Confirmed: {detail}" if job.retry_of else "Confirmed after {time}: {detail}"
        return Done(
            detail=text(template, time=_duration(elapsed), detail=details),
            result={"link": link, "seconds": seconds},
        )

    async def _unseen(
        self, config: ServiceConfig | Group, folder: str | None, within: timedelta
    ) -> Permanent:
        """Say what is wrong, and what to do: it depends on where the server looks at all."""
        known: dict[str, str | int] = {"service": self._service.title, "time": _duration(within)}
        try:
            locations = await self._notifier.locations(config)
        except MetarrError as error:
            logger.info("%s does not say which folders it has: %s", self._service.title, error)
            return Permanent(text(UNSEEN, **known))
        if folder is None:
            return Permanent(text(UNSEEN, **known))
        # Servers tell their folders without the password in the address, and people need not read it.
        folder = redact(folder, secrets=())
        around = next((each for each in locations if is_inside(composed(folder), composed(each))), None)
        if around is not None:
            return Permanent(text(IN_A_FOLDER, folder=folder, library=around, **known))
        if not locations:
            return Permanent(text(HAS_NO_FOLDERS, **known))
        return Permanent(text(IN_NO_FOLDER, folder=folder, folders=listed(locations), **known))


def listed(folders: Sequence[str]) -> str:
    """Name folders in a sentence, not more than a person reads."""
    words = ", ".join(folders[:SHOWN_FOLDERS])
    more = len(folders) - SHOWN_FOLDERS
    return words if more <= 0 else f"{words} and {more} more"


def _as_told(job: Job, service: Service) -> Job:
    """Return the job in the lane of the one that told the server: of several groups, it says which one."""
    lane = job.payload.get("lane")
    return replace(job, lane=lane if isinstance(lane, str) else service.lane)


def _events(job: Job) -> tuple[MediaEvent, ...]:
    """Read what is looked for. Raises Permanent where the job does not say."""
    payload: Mapping[str, Any] = job.payload
    try:
        told = [payload["event"], *payload.get("events", ())]
        events = [event for each in told if isinstance(event := read_event(each), MediaEvent)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Permanent("This job does not say what to look for.") from error
    if not events or events[0].action not in BRINGS:
        raise Permanent("This job does not say what to look for.")
    return tuple(events)


def _roots(job: Job) -> tuple[int, ...]:
    """Return the families for which it arrived: those of all that were told by one refresh."""
    told = job.payload.get("roots")
    others = [each for each in told if isinstance(each, int)] if isinstance(told, list) else []
    return tuple(dict.fromkeys((job.root_id, *others)))


def _duration(time: timedelta) -> str:
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"  # noqa: PLR2004 - two minutes
