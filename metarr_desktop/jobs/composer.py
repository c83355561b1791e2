"""Words a message: by the template of a person where there is one, else as ``composing.py`` does."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.text import Text, text
from metarr_desktop.jobs.composing import compose_all
from metarr_desktop.jobs.template_values import values_of
from metarr_desktop.jobs.templating import LONGEST_OUTPUT, render
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metarr_desktop.domain.events import Event, EventKind
    from metarr_desktop.domain.message_templates import MessageTemplate
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Service

logger = logging.getLogger(__name__)

NOT_USED = "Your template could not be used, so the message went out in the built-in words. {reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A message, and what went wrong while it was worded."""

    notification: Notification
    warning: Text | None = None


class Templates(Protocol):
    """Where templates are kept."""

    async def template(self, service: str, event: EventKind, /) -> MessageTemplate | None:
        """Return a template, or None where the built-in words are used."""


class BuiltInWords:
    """Words everything as ``composing.py`` does."""

    async def compose(self, service: Service, events: Sequence[Event], /, *, folder: str | None) -> Composed:  # noqa: ARG002 - as Composer's
        """Word what belongs together."""
        return Composed(notification=compose_all(events, folder=folder))


class Composer:
    """Words what a job tells. A template that fails never keeps a message back."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    async def compose(self, service: Service, events: Sequence[Event], /, *, folder: str | None) -> Composed:
        """Word what belongs together for one service."""
        plain = compose_all(events, folder=folder)
        if not service.sends_messages:
            return Composed(notification=plain)
        try:
            template = await self._templates.template(service.key, plain.event.event_kind)
            if template is None:
                return Composed(notification=plain)
            return Composed(
                notification=await asyncio.to_thread(worded, plain, template, escape=service.escape)
            )
        except MetarrError as error:
            logger.warning("The template of %s could not be used: %s", service.title, error)
            return Composed(notification=plain, warning=text(NOT_USED, reason=str(error)))


def worded(plain: Notification, template: MessageTemplate, *, escape: Callable[[str], str]) -> Notification:
    """Word a message by a template, in some milliseconds. Raises Refused.

    A line without a template, and a title that comes out empty, are as they were, with the markup escaped.
    """
    values = values_of(plain)

    def fill(source: str, otherwise: str) -> str:
        if not source.strip():
            return escape(otherwise)
        return render(source, values, escape=escape)

    title = clean(cut(fill(template.title, plain.title), LONGEST_OUTPUT))
    body = clean(cut(fill(template.body, plain.body), LONGEST_OUTPUT), lines=True)
    return replace(plain, title=title or escape(plain.title), body=body, marked=True)
