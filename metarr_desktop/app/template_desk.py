"""Says, changes and previews the messages people worded themselves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from metarr_desktop.app.example_events import ExampleEvents, sample_of
from metarr_desktop.app.route_desk import KIND_TITLES
from metarr_desktop.app.template_views import ServiceTemplates, TemplatePreview
from metarr_desktop.domain.changes import SettingsChanged
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import EventKind, MediaEvent
from metarr_desktop.domain.message_templates import FIELDS, LONGEST_BODY, LONGEST_TITLE, MessageTemplate
from metarr_desktop.domain.text import Text, text
from metarr_desktop.jobs.composer import worded
from metarr_desktop.jobs.composing import compose
from metarr_desktop.jobs.templating import check
from metarr_desktop.services.declaration import as_it_is

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.event_store import EventStore
    from metarr_desktop.storage.template_store import TemplateStore
    from metarr_desktop.webhooks.sources.declaration import Source


class TemplateDesk:
    """A template is named by a service that people read, and a kind of event."""

    def __init__(
        self,
        *,
        services: Sequence[Service],
        sources: Sequence[Source],
        store: TemplateStore,
        events: EventStore,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._services = {service.key: service for service in services}
        self._store = store
        self._examples = ExampleEvents(events=events, sources=sources)
        self._bus = bus
        self._clock = clock

    async def templates(self, key: str) -> ServiceTemplates:
        """Return what was written for a service. Raises NotFound, or Refused where it takes no messages."""
        service = self._service(key)
        written = {each.event: each for each in await self._store.templates() if each.service == key}
        return ServiceTemplates(
            service=key,
            title=service.title,
            kinds=tuple(
                (kind, Text(title)) for kind, title in KIND_TITLES.items() if kind in service.events.takes
            ),
            written=written,
            fields=FIELDS,
        )

    async def set_template(self, key: str, kind: str, *, title: str, body: str) -> None:
        """Word a kind of event; an empty line is worded as without. Raises NotFound or Refused."""
        template = self._template(key, kind, title=title, body=body)
        if not template.title and not template.body:
            raise Refused("Write a title or a message. To go back to the built-in words, reset it.")
        await asyncio.to_thread(_check, template)
        await self._store.save(template, now=self._clock.now())
        self._bus.publish(SettingsChanged())

    async def reset_template(self, key: str, kind: str) -> None:
        """Go back to the built-in words. Raises NotFound or Refused."""
        service = self._service(key)
        await self._store.reset(key, _kind(kind, service))
        self._bus.publish(SettingsChanged())

    async def preview(self, key: str, kind: str, *, title: str, body: str) -> TemplatePreview:
        """Fill a template in as it would be for the last event of its kind. Raises NotFound or Refused.

        The markup of values is not escaped here: it reads as the service will show it.
        """
        template = self._template(key, kind, title=title, body=body, check_length=False)
        last = await self._examples.last(template.event)
        event = last or sample_of(template.event)
        folder = event.folder if isinstance(event, MediaEvent) else None
        plain = compose(event, folder=folder or None)
        if last is None:
            example = Text("An example: no such event has come lately.")
        else:
            example = text("With the last one that came: {title}", title=plain.title)
        try:
            _check_length(template)
            filled = await asyncio.to_thread(_filled, plain, template)
        except Refused as error:
            return TemplatePreview(title="", body="", example=example, complaint=error.text)
        return TemplatePreview(title=filled.title, body=filled.body, example=example)

    def _template(
        self, key: str, kind: str, *, title: str, body: str, check_length: bool = True
    ) -> MessageTemplate:
        service = self._service(key)
        template = MessageTemplate(
            service=key,
            event=_kind(kind, service),
            title=" ".join(title.split("\n")).strip(),
            body=body.replace("\r\n", "\n").rstrip(),
        )
        if check_length:
            _check_length(template)
        return template

    def _service(self, key: str) -> Service:
        service = self._services.get(key)
        if service is None:
            raise NotFound(text("There is no service called {service}.", service=key))
        if not service.sends_messages:
            raise Refused(text("{service} takes no messages.", service=service.title))
        return service


def _filled(plain: Notification, template: MessageTemplate) -> Notification:
    return worded(plain, template, escape=as_it_is)


def _check_length(template: MessageTemplate) -> None:
    for name, words, most in (
        ("Title", template.title, LONGEST_TITLE),
        ("Message", template.body, LONGEST_BODY),
    ):
        if len(words) > most:
            raise Refused(
                text(
                    "{field} has at most {most} characters. This has {n}.",
                    field=name,
                    most=most,
                    n=len(words),
                )
            )


def _check(template: MessageTemplate) -> None:
    for words in (template.title, template.body):
        check(words)


def _kind(typed: str, service: Service) -> EventKind:
    known = {kind.value: kind for kind in KIND_TITLES if kind in service.events.takes}
    kind = known.get(typed.strip().casefold())
    if kind is None:
        raise Refused(
            text(
                "{kind} is no kind of event that {service} can be told of. Known are: {known}.",
                kind=typed[:40] or "Nothing",
                service=service.title,
                known=", ".join(known),
            )
        )
    return kind
