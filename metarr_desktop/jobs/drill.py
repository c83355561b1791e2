"""What a notify job does in a drill: it tries its service as the Test button does, and sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import NothingToDo, Permanent, Transient
from metarr_desktop.domain.events import MediaEvent
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from metarr_desktop.domain.events import Event
    from metarr_desktop.services.declaration import Group, Service, ServiceConfig
    from metarr_desktop.services.notifier import Notifier

ASLEEP = "{service} does not answer. It may be switched off, which is no failure."


def is_drill(event: Event) -> bool:
    """Whether nobody is to be told of it."""
    return isinstance(event, MediaEvent) and event.drill


async def drill(service: Service, notifier: Notifier[Any], config: ServiceConfig | Group) -> Done:
    """Try a service. Raises Transient where it is not well, with the first reason.

    A service that may be switched off is skipped where nobody answers: NothingToDo. Nothing stops the lane,
    for what a drill finds keeps no message back.
    """
    steps = await notifier.test(config)
    wrong = [step for step in steps if not step.ok]
    if not wrong:
        if not steps:
            raise Permanent(text("{service} was not tried.", service=service.title))
        return Done(detail=text("Drill: {service} answered. Nothing was sent.", service=service.title))
    failed = next((step for step in wrong if not (step.silent and service.retry.patient)), None)
    if failed is None:
        raise NothingToDo(text(ASLEEP, service=service.title))
    raise Transient(failed.detail)
