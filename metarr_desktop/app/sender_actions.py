"""What the command line can ask of senders; there they are called sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.action import Action, not_kept
from metarr_desktop.app.sender_wire import sender_json
from metarr_desktop.app.wire import report_json
from metarr_desktop.domain.errors import Refused, SecretsUnavailable
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.senders import Sender

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.params import Params


async def _sources(core: Core, _: Params) -> object:
    return [sender_json(sender) for sender in await core.queries.senders()]


async def _source(core: Core, params: Params) -> object:
    return sender_json(await core.queries.sender(params.word("name")))


async def _source_form(core: Core, params: Params) -> object:
    """Name the fields of a type of sender, or of one sender."""
    kind = params.word("type")
    if not kind:
        kind = (await core.queries.sender(params.word("name"))).type
    form = core.queries.new_sender_form(kind)
    return {
        "type": kind,
        "fields": [
            {"name": field.name, "secret": field.kind == "secret", "title": field.title}
            for field in form.fields
        ],
    }


async def _source_add(core: Core, params: Params) -> object:
    name, kind = params.word("name"), params.word("type")
    draft, until_quit = _draft(core, params, kind)
    try:
        await core.commands.add_sender(name, type=kind, draft=draft, until_quit=until_quit)
    except SecretsUnavailable as error:
        prefix = Sender(id=0, type=kind, name=name).secret_prefix
        raise not_kept(error, prefix=prefix, fields=draft.secrets, running=core.serving) from error
    return sender_json(await core.queries.sender(name))


async def _source_set(core: Core, params: Params) -> object:
    sender = await core.queries.sender(params.word("name"))
    draft, until_quit = _draft(core, params, sender.type)
    try:
        await core.commands.save_sender(sender.name, draft, until_quit=until_quit)
    except SecretsUnavailable as error:
        prefix = Sender(id=0, type=sender.type, name=sender.name).secret_prefix
        raise not_kept(error, prefix=prefix, fields=draft.secrets, running=core.serving) from error
    return None


def _draft(core: Core, params: Params, kind: str) -> tuple[Draft, bool]:
    until_quit = params.flag("until_quit", default=False)
    if until_quit and not core.serving:
        raise Refused("Secrets can be kept until quit only while the program runs.")
    values = core.commands.parse_sender_values(kind, params.words("values"))
    secrets = {name: value or None for name, value in params.words("secrets").items()}
    return Draft(values=values, secrets=secrets), until_quit


async def _source_connect(core: Core, params: Params) -> object:
    report = await core.commands.connect_sender(params.word("name"), address=params.word("address"))
    return report_json(report)


async def _source_resume(core: Core, params: Params) -> object:
    return report_json(await core.commands.resume_sender(params.word("name")))


async def _source_catch_up(core: Core, params: Params) -> object:
    return {"job_id": await core.commands.catch_up(params.word("name"))}


async def _source_dismiss(core: Core, params: Params) -> object:
    await core.commands.dismiss_missed(params.word("name"))
    return None


async def _source_switch(core: Core, params: Params) -> object:
    await core.commands.set_sender_enabled(params.word("name"), enabled=params.flag("enabled"))
    return None


async def _source_new_key(core: Core, params: Params) -> object:
    await core.commands.renew_sender_key(params.word("name"))
    return {"url": await core.queries.sender_address(params.word("name"))}


async def _source_address(core: Core, params: Params) -> object:
    return {"url": await core.queries.sender_address(params.word("name"))}


async def _source_remove(core: Core, params: Params) -> object:
    return {"done": str(await core.commands.remove_sender(params.word("name")))}


_NAME = frozenset({"name"})
SENDER_ACTIONS: dict[str, Action] = {
    "sources": Action(_sources),
    "source": Action(_source, _NAME),
    "source_form": Action(_source_form, frozenset({"type", "name"})),
    "source_add": Action(_source_add, frozenset({"name", "type", "values", "secrets", "until_quit"})),
    "source_set": Action(_source_set, frozenset({"name", "values", "secrets", "until_quit"})),
    "source_connect": Action(_source_connect, frozenset({"name", "address"})),
    "source_resume": Action(_source_resume, _NAME),
    "source_catch_up": Action(_source_catch_up, _NAME),
    "source_dismiss": Action(_source_dismiss, _NAME),
    "source_switch": Action(_source_switch, frozenset({"name", "enabled"})),
    "source_new_key": Action(_source_new_key, _NAME),
    "source_address": Action(_source_address, _NAME),
    "source_remove": Action(_source_remove, _NAME),
}
