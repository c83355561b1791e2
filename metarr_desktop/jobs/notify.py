"""The job that tells one service about one event."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from metarr_desktop.domain.errors import MetarrError, NothingToDo, Permanent, SecretsUnavailable
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.packs import combined, title_of
from metarr_desktop.domain.paths import PathMapping, map_path
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.forms import build_config, secret_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.services.declaration import Service, ServiceConfig
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.service_store import ServiceRow, ServiceStore


logger = logging.getLogger(__name__)


class Mappings(Protocol):
    """Where path mappings are kept."""

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        """Return the mappings of one scope, or all."""


class Notify:
    """Handler of ``notify-<key>``: checks again that the service is on, then sends."""

    def __init__(
        self,
        *,
        service: Service,
        notifier: Notifier[Any],
        services: ServiceStore,
        secrets: SecretStore,
        mappings: Mappings,
        clock: Clock,
    ) -> None:
        self._service = service
        self._notifier = notifier
        self._services = services
        self._secrets = secrets
        self._mappings = mappings
        self._clock = clock

    async def __call__(self, job: Job, _report: Report) -> Done:
        """Deliver one message; raises NothingToDo where the service was switched off meanwhile."""
        row = await self._services.row(self._service.key)
        if not row.enabled:
            raise NothingToDo(text("{service} is turned off.", service=self._service.title))
        config = await load_config(self._service, row, self._secrets)
        events = self._events(job)
        notification = compose_all(events, folder=await self._folder(events[0]))
        delivery = await self._notifier.send(config, notification)
        result: dict[str, Any] = {"warnings": [str(warning) for warning in delivery.warnings]}
        if delivery.message_id is not None:
            result["message_id"] = delivery.message_id
        await self._remember(row)
        return Done(detail=_with_warnings(delivery.detail, delivery.warnings), result=result)

    def _events(self, job: Job) -> list[MediaEvent]:
        """What to tell: all that came together where people read it; one refresh does for a folder."""
        together = job.merged if self._service.sends_messages else ()
        events = [event for each in (job, *together) if (event := _event_of(each)) is not None]
        if not events:
            raise Permanent("This job does not say what was imported.")
        return events

    async def _remember(self, row: ServiceRow) -> None:
        """A delivery is the best connection test, but only news is worth a write."""
        if row.check is not None and row.check.ok:
            return
        try:
            await self._services.record_check(self._service.key, ok=True, detail=None, now=self._clock.now())
        except MetarrError as error:
            # The message is out: failing now would send it again.
            logger.warning("That %s works could not be noted: %s", self._service.title, error)

    async def _folder(self, event: MediaEvent) -> str:
        """Folder as the service writes it: mapped from the sender's path, else from this computer's."""
        for_service = await self._mappings.mappings(self._service.key)
        if not for_service:
            return event.folder
        here = map_path(event.folder, await self._mappings.mappings(event.source))
        mapped = map_path(event.folder, for_service)
        if mapped is None and here is not None:
            mapped = map_path(here, for_service)
        return event.folder if mapped is None else mapped


async def load_config(service: Service, row: ServiceRow, secrets: SecretStore) -> ServiceConfig:
    """Build a service's settings with its secrets. Raises NotSetUp or SecretsUnavailable.

    The keyring is asked only for fields whose marker stands.
    """
    values: dict[str, str] = {}
    for field in secret_fields(service):
        name = f"{service.key}/{field}"
        if field in row.kept_secrets or secrets.provided(name):
            value = await secrets.get(name)
            if value is None:
                raise SecretsUnavailable(
                    text(
                        "The keyring has no {field} for {service} any more. Enter it again in the settings.",
                        field=field,
                        service=service.title,
                    )
                )
            values[field] = value
    return build_config(service, row.values, values)


def _event_of(job: Job) -> MediaEvent | None:
    """Read what a job tells of; None for a payload that somebody damaged, which keeps no other back."""
    try:
        return MediaEvent.from_payload(job.payload["event"])
    except (AttributeError, KeyError, TypeError, ValueError):
        logger.warning("Job %d does not say what was imported", job.id)
        return None


def compose_all(events: Sequence[MediaEvent], *, folder: str | None) -> Notification:
    """Put what belongs together into one message."""
    one = compose(combined(events), folder=folder)
    return replace(one, title=title_of(events), events=tuple(events))


def compose(event: MediaEvent, *, folder: str | None) -> Notification:
    """Put an event into plain words."""
    verb = "Upgraded" if event.action is Action.UPGRADED else "Downloaded"
    body = f"{verb} in {event.quality}" if event.quality else verb
    if event.kind is MediaKind.EPISODE and event.episode_title:
        body = f"{event.episode_title}\n{body}"
    return Notification(
        title=event.display_title,
        body=body,
        event=event,
        events=(event,),
        folder=folder,
        link=_link(event),
    )


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


def _with_warnings(detail: Text, warnings: tuple[Text, ...]) -> Text:
    if not warnings:
        return detail
    return text("{detail} {warnings}", detail=str(detail), warnings=" ".join(str(each) for each in warnings))
