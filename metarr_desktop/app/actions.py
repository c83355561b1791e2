"""What the command line can ask for: one table, called in this process or through the control address."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from metarr_desktop.app import wire
from metarr_desktop.app.action import Action, not_kept
from metarr_desktop.app.finding_actions import FINDING_ACTIONS
from metarr_desktop.app.household_actions import HOUSEHOLD_ACTIONS
from metarr_desktop.app.library_values import library_changes
from metarr_desktop.app.params import Params
from metarr_desktop.app.route_actions import route_list, route_reset, route_set
from metarr_desktop.app.sender_actions import SENDER_ACTIONS
from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.app.template_actions import TEMPLATE_ACTIONS
from metarr_desktop.domain.errors import (
    MetarrError,
    NotFound,
    PortUnavailable,
    Refused,
    SecretsUnavailable,
    StorageFailed,
)
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.schedules import rule_from_json
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.app.core import Core
    from metarr_desktop.app.snapshots import ServiceForm
    from metarr_desktop.domain.jobs import Job

logger = logging.getLogger(__name__)

MOST_HISTORY = 1_000
JOBS_AT_ONCE = 5_000


async def answer(core: Core, name: str, params: dict[str, Any]) -> dict[str, Any]:
    """Run one action and tell how it ended: ``result``, or ``error`` with its kind and message."""
    try:
        return {"result": await call(core, name, params)}
    except MetarrError as error:
        return {"error": error_json(error)}
    except Exception:
        logger.exception("The action %s failed", name)
        message = f"Something unexpected went wrong. The log says more: {core.paths.log_file}"
        return {"error": {"kind": "unexpected", "message": message}}


async def call(core: Core, name: str, params: dict[str, Any]) -> object:
    """Run one action. Raises from ``domain/errors.py``; Refused for an unknown one or wrong parameters."""
    action = ACTIONS.get(name)
    if action is None:
        raise Refused(text("There is no action called {name}.", name=name))
    if unknown := params.keys() - action.accepts:
        raise Refused(text("{name} knows no parameter {parameter}.", name=name, parameter=min(unknown)))
    return await action.run(core, Params(params))


def error_json(error: MetarrError) -> dict[str, str]:
    """An error as it travels: its kind decides the exit status, its message is for the person."""
    kinds = {
        NotFound: "not_found",
        PortUnavailable: "port",
        StorageFailed: "storage",
        SecretsUnavailable: "secrets",
    }
    kind = next((name for cls, name in kinds.items() if isinstance(error, cls)), "refused")
    return {"kind": kind, "message": str(error)}


async def _status(core: Core, _: Params) -> object:
    return wire.status_json(await core.queries.status())


async def _stats(core: Core, _: Params) -> object:
    return wire.statistics_json(await core.queries.statistics())


async def _jobs(core: Core, _: Params) -> object:
    """A long queue is read in parts: all at once it would keep the window waiting."""
    told: dict[int, object] = {}
    page = await core.queries.jobs(limit=JOBS_AT_ONCE)
    while any(job.id not in told for job in page):
        told |= await asyncio.to_thread(_jobs_json, page)
        page = await core.queries.jobs(after=page[-1], limit=JOBS_AT_ONCE)
    return list(told.values())


def _jobs_json(jobs: Sequence[Job]) -> dict[int, object]:
    return {job.id: wire.job_json(job) for job in jobs}


async def _lanes(core: Core, _: Params) -> object:
    return [wire.lane_json(lane) for lane in await core.queries.lanes()]


async def _history(core: Core, params: Params) -> object:
    limit = max(1, min(params.number("limit"), MOST_HISTORY))
    page = await core.queries.history(HistoryFilter(), limit=limit)
    return [wire.history_json(row) for row in page.rows]


async def _events(core: Core, params: Params) -> object:
    limit = max(1, min(params.number("limit"), MOST_HISTORY))
    return [wire.event_json(event) for event in await core.queries.events(limit=limit)]


async def _api_key(core: Core, _: Params) -> object:
    return {"key": await core.api_key.show()}


async def _api_new_key(core: Core, _: Params) -> object:
    return {"key": await core.api_key.renew()}


async def _services(core: Core, _: Params) -> object:
    return [wire.service_json(service) for service in await core.queries.services()]


async def _service_form(core: Core, params: Params) -> object:
    form = await core.queries.service_form(params.word("service"))
    return {
        "service": form.key,
        "fields": [
            {
                "name": field.name,
                "secret": field.kind == "secret",
                "title": field.title,
                "multiline": field.multiline,
            }
            for field in form.fields
        ],
        "of_players": _of_players(form),
    }


def _of_players(form: ServiceForm) -> list[str]:
    """Name the settings that each of several players has for itself; none where they are in the form."""
    shown = {field.name for field in form.fields}
    asked = () if form.household is None else form.household.fields
    return [field.name for field in asked if field.name not in shown]


async def _service_switch(core: Core, params: Params) -> object:
    await core.commands.set_enabled(params.word("service"), params.flag("enabled"))
    return None


async def _service_set(core: Core, params: Params) -> object:
    key = params.word("service")
    values = params.words("values")
    secrets = {name: value or None for name, value in params.words("secrets").items()}
    until_quit = params.flag("until_quit", default=False)
    if until_quit and not core.serving:
        raise Refused("Secrets can be kept until quit only while the program runs.")
    draft = Draft(values=core.commands.parse_values(key, values), secrets=secrets)
    try:
        await core.commands.save_service(key, draft, until_quit=until_quit)
    except SecretsUnavailable as error:
        prefix = await core.queries.secrets_at(key)
        raise not_kept(error, prefix=prefix, fields=secrets, running=core.serving) from error
    return None


async def _service_test(core: Core, params: Params) -> object:
    """Test the settings; with ``send`` a sample message, or a refresh of a folder, is really sent."""
    service = params.word("service")
    if params.flag("send", default=False):
        return wire.report_json(await core.commands.send_test_message(service))
    return wire.report_json(await core.commands.test_service(service))


async def _service_choices(core: Core, params: Params) -> object:
    found = await core.commands.service_choices(params.word("service"))
    return [
        {"field": field, "value": value, "label": label}
        for field, choices in found.items()
        for value, label in choices
    ]


async def _library_add(core: Core, params: Params) -> object:
    kind: Any = params.word("type")
    folder = await core.commands.add_library(params.word("path"), name=params.word("name"), type=kind)
    return wire.library_json(folder)


async def _library_list(core: Core, _: Params) -> object:
    return [wire.library_json(folder) for folder in await core.queries.libraries()]


async def _library_remove(core: Core, params: Params) -> object:
    await core.commands.remove_library(params.word("name"))
    return None


async def _library_set(core: Core, params: Params) -> object:
    values = library_changes(params.words("values"))
    return wire.library_json(await core.commands.set_library(params.word("name"), **values))


async def _scan(core: Core, params: Params) -> object:
    request = await core.commands.scan_path(params.word("path"), origin="command line")
    return wire.scan_json(request)


async def _trace(core: Core, params: Params) -> object:
    hops = await core.queries.trace(params.word("path"), params.word("from"), params.word("to"))
    return wire.trace_json(hops)


async def _mapping_add(core: Core, params: Params) -> object:
    await core.commands.add_mapping(params.word("scope"), params.word("from"), params.word("to"))
    return None


async def _mapping_list(core: Core, _: Params) -> object:
    return wire.mappings_json(await core.queries.mappings())


async def _mapping_propose(core: Core, _: Params) -> object:
    return wire.path_report_json(await core.commands.propose_mappings())


async def _mapping_remove(core: Core, params: Params) -> object:
    await core.commands.remove_mapping(params.word("scope"), params.word("from"))
    return None


async def _retry(core: Core, params: Params) -> object:
    return {"job_id": await core.commands.retry_job(params.number("job_id"))}


async def _run_now(core: Core, params: Params) -> object:
    await core.commands.run_now(params.number("job_id"))
    return None


async def _cancel(core: Core, params: Params) -> object:
    await core.commands.cancel_job(params.number("job_id"))
    return None


async def _retry_failed(core: Core, _: Params) -> object:
    return {"retried": await core.commands.retry_failed()}


async def _replay(core: Core, params: Params) -> object:
    return {"job_id": await core.commands.replay_event(params.number("event_id"))}


async def _pause(core: Core, params: Params) -> object:
    return wire.pause_json(await core.commands.pause(params.optional_number("minutes")))


async def _resume(core: Core, _: Params) -> object:
    await core.commands.resume()
    return None


async def _mute(core: Core, params: Params) -> object:
    return wire.pause_json(await core.commands.mute(params.optional_number("minutes")))


async def _unmute(core: Core, _: Params) -> object:
    await core.commands.unmute()
    return None


async def _schedules(core: Core, _: Params) -> object:
    return [wire.schedule_json(schedule) for schedule in await core.queries.schedules()]


async def _schedule_run(core: Core, params: Params) -> object:
    return {"job_id": await core.commands.run_schedule(params.word("name"))}


async def _schedule_set(core: Core, params: Params) -> object:
    await core.commands.set_schedule(params.word("name"), rule_from_json(params.words("rule")))
    return None


async def _settings(core: Core, _: Params) -> object:
    return core.queries.setting_values()


async def _settings_set(core: Core, params: Params) -> object:
    await core.commands.save_settings(**core.queries.parse_settings(params.words("values")))
    return None


async def _quit(core: Core, _: Params) -> object:
    await core.commands.quit()
    return None


async def _open(core: Core, _: Params) -> object:
    if core.on_open is None:
        raise Refused("The program runs without a window.")
    core.on_open()
    return None


async def _send_test(core: Core, params: Params) -> object:
    status, event_id = await core.commands.send_test(params.word("source"), event=params.word("event"))
    return {"status": status, "event_id": event_id}


async def _receiving_show(core: Core, _: Params) -> object:
    return [wire.address_json(address) for address in await core.queries.addresses()]


async def _receiving_allow(core: Core, params: Params) -> object:
    await core.commands.save_settings(allow=params.word("allow"))
    return None


async def _receiving_new_key(core: Core, _: Params) -> object:
    await core.commands.new_key()
    return None


ACTIONS: dict[str, Action] = {
    **HOUSEHOLD_ACTIONS,
    **SENDER_ACTIONS,
    **TEMPLATE_ACTIONS,
    **FINDING_ACTIONS,
    "status": Action(_status),
    "stats": Action(_stats),
    "jobs": Action(_jobs),
    "lanes": Action(_lanes),
    "history": Action(_history, frozenset({"limit"})),
    "events": Action(_events, frozenset({"limit"})),
    "api_key": Action(_api_key),
    "api_new_key": Action(_api_new_key),
    "services": Action(_services),
    "service_form": Action(_service_form, frozenset({"service"})),
    "service_switch": Action(_service_switch, frozenset({"service", "enabled"})),
    "service_set": Action(_service_set, frozenset({"service", "values", "secrets", "until_quit"})),
    "service_test": Action(_service_test, frozenset({"service", "send"})),
    "service_choices": Action(_service_choices, frozenset({"service"})),
    "route_list": Action(route_list, frozenset({"service"})),
    "route_set": Action(route_set, frozenset({"service", "source", "values"})),
    "route_reset": Action(route_reset, frozenset({"service", "source"})),
    "library_add": Action(_library_add, frozenset({"path", "name", "type"})),
    "library_list": Action(_library_list),
    "library_remove": Action(_library_remove, frozenset({"name"})),
    "library_set": Action(_library_set, frozenset({"name", "values"})),
    "scan": Action(_scan, frozenset({"path"})),
    "trace": Action(_trace, frozenset({"path", "from", "to"})),
    "mapping_add": Action(_mapping_add, frozenset({"scope", "from", "to"})),
    "mapping_list": Action(_mapping_list),
    "mapping_propose": Action(_mapping_propose),
    "mapping_remove": Action(_mapping_remove, frozenset({"scope", "from"})),
    "retry": Action(_retry, frozenset({"job_id"})),
    "run_now": Action(_run_now, frozenset({"job_id"})),
    "cancel": Action(_cancel, frozenset({"job_id"})),
    "retry_failed": Action(_retry_failed),
    "replay": Action(_replay, frozenset({"event_id"})),
    "pause": Action(_pause, frozenset({"minutes"})),
    "resume": Action(_resume),
    "mute": Action(_mute, frozenset({"minutes"})),
    "unmute": Action(_unmute),
    "schedules": Action(_schedules),
    "schedule_run": Action(_schedule_run, frozenset({"name"})),
    "schedule_set": Action(_schedule_set, frozenset({"name", "rule"})),
    "settings": Action(_settings),
    "settings_set": Action(_settings_set, frozenset({"values"})),
    "quit": Action(_quit),
    "open": Action(_open),
    "send_test": Action(_send_test, frozenset({"source", "event"})),
    "receiving_show": Action(_receiving_show),
    "receiving_allow": Action(_receiving_allow, frozenset({"allow"})),
    "receiving_new_key": Action(_receiving_new_key),
}
