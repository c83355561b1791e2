"""What the command line can ask about the wording of messages; ``actions.py`` lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.app.action import Action
from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.params import Params
    from metarr_desktop.app.template_views import ServiceTemplates

PARTS = ("title", "body")


async def _list(core: Core, params: Params) -> object:
    """Every template, or those of one service."""
    wanted = params.word("service")
    return [
        {"service": each.service, "event": kind.value, "title": written.title, "body": written.body}
        for each in await _templates(core, wanted)
        for kind, written in each.written.items()
    ]


async def _templates(core: Core, wanted: str) -> list[ServiceTemplates]:
    if wanted:
        return [await core.queries.templates(wanted)]
    found = []
    for service in await core.queries.services():
        form = await core.queries.service_form(service.key)
        if form.takes_messages:
            found.append(await core.queries.templates(service.key))
    return found


async def _show(core: Core, params: Params) -> object:
    """Tell one template, how it reads, and the fields there are."""
    service, event = params.word("service"), params.word("event")
    templates = await core.queries.templates(service)
    now = {kind.value: written for kind, written in templates.written.items()}.get(event)
    title, body = ("", "") if now is None else (now.title, now.body)
    preview = await core.queries.preview_template(service, event, title=title, body=body)
    return {
        "service": service,
        "event": event,
        "own": now is not None,
        "title": title,
        "body": body,
        "preview": {
            "title": preview.title,
            "body": preview.body,
            "example": str(preview.example),
            "complaint": None if preview.complaint is None else str(preview.complaint),
        },
        "fields": [{"name": field.name, "meaning": str(field.meaning)} for field in templates.fields],
    }


async def _set(core: Core, params: Params) -> object:
    """Change the title line, the message or both."""
    service, event, values = params.word("service"), params.word("event"), params.words("values")
    if wrong := sorted(values.keys() - set(PARTS)):
        raise Refused(
            text("A message has no part {name}. It has: {known}.", name=wrong[0][:40], known=", ".join(PARTS))
        )
    templates = await core.queries.templates(service)
    now = {kind.value: written for kind, written in templates.written.items()}.get(event)
    parts: dict[str, Any] = (
        {"title": "", "body": ""} if now is None else {"title": now.title, "body": now.body}
    )
    await core.commands.set_template(service, event, **(parts | values))
    return None


async def _reset(core: Core, params: Params) -> object:
    await core.commands.reset_template(params.word("service"), params.word("event"))
    return None


TEMPLATE_ACTIONS: dict[str, Action] = {
    "template_list": Action(_list, frozenset({"service"})),
    "template_show": Action(_show, frozenset({"service", "event"})),
    "template_set": Action(_set, frozenset({"service", "event", "values"})),
    "template_reset": Action(_reset, frozenset({"service", "event"})),
}
