"""The job that tells one service about one event."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from metarr_desktop.domain.errors import MetarrError, NothingToDo, NotNow, Permanent
from metarr_desktop.domain.events import Action, Event, MediaEvent, read_event
from metarr_desktop.domain.groups import scope_of, slug_of
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.tracing import scopes_of, to_here, to_service
from metarr_desktop.jobs.composer import BuiltInWords, Composed
from metarr_desktop.jobs.confirm import confirmation
from metarr_desktop.jobs.digest import compose_digest
from metarr_desktop.jobs.drill import drill, is_drill
from metarr_desktop.jobs.quiet import check_quiet, wanted_note
from metarr_desktop.jobs.recipients import load_config, load_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.domain.paths import PathMapping
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.jobs.ready import ReadyToWatch
    from metarr_desktop.jobs.recipients import Players
    from metarr_desktop.services.declaration import Delivery, Group, Service, ServiceConfig
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.services.wake import Waker
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.service_store import ServiceRow, ServiceStore


Happening = TypeVar("Happening", bound=Event)

logger = logging.getLogger(__name__)


class Mappings(Protocol):
    """Where path mappings are kept."""

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        """Return the mappings of one scope, or all."""


class ReadyCheck(Protocol):
    """Knows whether what an event tells of lies on the disk already."""

    async def check(self, event: MediaEvent, job: Job, /) -> Text | None:
        """Raise NotNow while it does not; returns a warning where it is told without."""


class Wording(Protocol):
    """Words what a job tells."""

    async def compose(self, service: Service, events: Sequence[Event], /, *, folder: str | None) -> Composed:
        """Word what belongs together for one service."""


class Notify:
    """Handler of ``notify-<key>``: checks again that the service is on, then sends.

    With ``ready`` it waits until a media server finds what it is told to look at, with ``arrivals`` a message
    that something is ready to watch waits until a server shows it. A service with players is given those of
    the group whose lane the job is in. With a ``waker`` who sleeps is woken up.
    """

    def __init__(  # noqa: PLR0913 - all that a delivery goes by
        self,
        *,
        service: Service,
        notifier: Notifier[Any],
        services: ServiceStore,
        secrets: SecretStore,
        mappings: Mappings,
        clock: Clock,
        players: Players | None = None,
        ready: ReadyCheck | None = None,
        wording: Wording | None = None,
        arrivals: ReadyToWatch | None = None,
        waker: Waker | None = None,
    ) -> None:
        self._service = service
        self._notifier = notifier
        self._services = services
        self._secrets = secrets
        self._mappings = mappings
        self._players = players
        self._clock = clock
        self._ready = ready
        self._wording = wording or BuiltInWords()
        self._arrivals = arrivals
        self._waker = waker

    async def __call__(self, job: Job, _report: Report) -> Done:
        """Deliver one message; raises NothingToDo where the service was switched off meanwhile."""
        row = await self._row()
        config = await self._config(row, job)
        events = self._events(job)
        if is_drill(events[0]):
            done = await drill(self._service, self._notifier, config)
            await self._remember(row)
            return done
        asked_for = await self._check_quiet(config, events, job)
        missing = await self._wait_for_files(job)
        arrival = None if self._arrivals is None else await self._arrivals.arrival(job, events[0])
        told = await self._word(job, events, config)
        notification = replace(told.notification, job_id=job.id, root_id=job.root_id)
        if arrival is not None:
            notification = arrival.into(notification)
        if not self._service.sends_messages and (together := _media_of(job)):
            # One refresh does for a folder, but not every event of it asks for the same.
            notification = replace(notification, events=together)
        delivery = await self._deliver(config, notification)
        ours = (told.warning, missing, None if arrival is None else arrival.warning)
        warnings = (*delivery.warnings, *(each for each in ours if each is not None))
        result: dict[str, Any] = {"warnings": [str(each) for each in warnings]}
        if delivery.message_id is not None:
            result["message_id"] = delivery.message_id
        await self._remember(row)
        if asked_for:
            await self._forget_asking(job)
        return Done(
            detail=_with_warnings(delivery.detail, warnings),
            result=result,
            fan_out=confirmation(job, _media_of(job), service=self._service, config=config),
        )

    async def _word(self, job: Job, events: Sequence[Event], config: ServiceConfig | Group) -> Composed:
        digest = compose_digest(job, events, config=config)
        if digest is not None:
            return Composed(notification=digest)
        return await self._wording.compose(self._service, events, folder=await self.folder(events[0], job))

    async def _deliver(self, config: ServiceConfig | Group, notification: Notification) -> Delivery:
        if self._waker is None:
            return await self._notifier.send(config, notification)
        send = partial(self._notifier.send, config, notification)
        return await self._waker.deliver(config, send, notes=self._notifier.notes)

    async def _check_quiet(self, config: ServiceConfig | Group, events: Sequence[Event], job: Job) -> bool:
        """Raise NotNow in quiet hours; returns whether a person wants it although they are not over."""
        try:
            check_quiet(config, events, now=self._clock.now())
        except NotNow:
            if await self._notifier.notes.get(wanted_note(job.id)) is None:
                raise
            return True
        return False

    async def _forget_asking(self, job: Job) -> None:
        try:
            await self._notifier.notes.drop(wanted_note(job.id))
        except MetarrError as error:
            # The message is out; the note is forgotten some day.
            logger.warning("What a person asked for could not be forgotten: %s", error)

    async def settings(self, job: Job) -> ServiceConfig | Group:
        """Return the settings of now. Raises NothingToDo where the service is off, NotSetUp or another."""
        return await self._config(await self._row(), job)

    async def _row(self) -> ServiceRow:
        row = await self._services.row(self._service.key)
        if not row.enabled:
            raise NothingToDo(text("{service} is turned off.", service=self._service.title))
        return row

    async def _config(self, row: ServiceRow, job: Job) -> ServiceConfig | Group:
        if self._service.member is None or self._players is None:
            return await load_config(self._service, row, self._secrets)
        return await load_group(self._service, row, self._secrets, players=self._players, lane=job.lane)

    async def _wait_for_files(self, job: Job) -> Text | None:
        """Wait for the files of all that one refresh stands for; what was replaced since is none of them."""
        events = _media_of(job)
        if self._ready is None or not events:
            return None
        files: dict[str, None] = {}
        for event in events:
            for gone in event.old_files:
                files.pop(gone, None)
            files |= dict.fromkeys(event.files)
        return await self._ready.check(replace(_speaks_for(events), files=tuple(files)), job)

    def _events(self, job: Job) -> list[Event]:
        """What to tell: all that came together where people read it; one refresh does for a folder."""
        events = [event for each in (job, *job.merged) if (event := _event_of(each)) is not None]
        if not events:
            raise Permanent("This job does not say what happened.")
        return events if self._service.sends_messages else [_speaks_for(events)]

    async def _remember(self, row: ServiceRow) -> None:
        """A delivery is the best connection test, but only news is worth a write."""
        if row.check is not None and row.check.ok:
            return
        try:
            await self._services.record_check(self._service.key, ok=True, detail=None, now=self._clock.now())
        except MetarrError as error:
            # The message is out: failing now would send it again.
            logger.warning("That %s works could not be noted: %s", self._service.title, error)

    async def folder(self, event: Event, job: Job) -> str | None:
        """Folder as the service writes it: mapped from the sender's path, else from this computer's."""
        if not isinstance(event, MediaEvent):
            return None
        mappings = await self._mappings.mappings()
        here = to_here(event.folder, scopes=scopes_of(event), mappings=mappings)
        key = self._service.key
        scope = key if self._service.member is None else scope_of(key, slug_of(key, job.lane))
        return to_service(event.folder, here=here, service=scope, mappings=mappings).path


def _speaks_for(events: Sequence[Happening]) -> Happening:
    """Return the event that says what one refresh is for: what came, before what went with it."""
    brings = {Action.IMPORTED, Action.UPGRADED}
    came = (each for each in events if isinstance(each, MediaEvent) and each.action in brings)
    return next(came, events[0])


def _media_of(job: Job) -> tuple[MediaEvent, ...]:
    """What a job and those that were merged into it tell of media."""
    events = (_event_of(each) for each in (job, *job.merged))
    return tuple(event for event in events if isinstance(event, MediaEvent))


def _event_of(job: Job) -> Event | None:
    """Read what a job tells of; None for a payload that somebody damaged, which keeps no other back."""
    try:
        return read_event(job.payload["event"])
    except (AttributeError, KeyError, TypeError, ValueError):
        logger.warning("Job %d does not say what happened", job.id)
        return None


def _with_warnings(detail: Text, warnings: tuple[Text, ...]) -> Text:
    if not warnings:
        return detail
    return text("{detail} {warnings}", detail=str(detail), warnings=" ".join(str(each) for each in warnings))
