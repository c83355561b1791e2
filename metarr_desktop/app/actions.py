"""What the command line can ask for: one table, called in this process or through the control address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from metarr_desktop.app import wire
from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.clock import iso
from metarr_desktop.domain.errors import (
    MetarrError,
    NotFound,
    PortUnavailable,
    Refused,
    SecretsUnavailable,
    StorageFailed,
)
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.text import text
from metarr_desktop.storage.secrets import variable_name

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core

Action = Callable[["Core", dict[str, Any]], Awaitable[object]]
MOST_HISTORY = 1_000


async def call(core: Core, name: str, params: dict[str, Any]) -> object:
    """Run one action. Raises from ``domain/errors.py``; Refused for an unknown one or wrong parameters."""
    action = ACTIONS.get(name)
    if action is None:
        raise Refused(text("There is no action called {name}.", name=name))
    try:
        return await action(core, params)
    except (KeyError, TypeError) as error:
        raise Refused(text("Wrong parameters for {name}: {detail}.", name=name, detail=str(error))) from error


def error_json(error: MetarrError) -> dict[str, str]:
    """An error as it travels: its kind decides the exit code, its message is for the person."""
    kinds = {
        NotFound: "not_found",
        PortUnavailable: "port",
        StorageFailed: "storage",
        SecretsUnavailable: "secrets",
    }
    kind = next((name for cls, name in kinds.items() if isinstance(error, cls)), "refused")
    return {"kind": kind, "message": str(error)}


def _number(params: dict[str, Any], name: str) -> int:
    value = params[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is a number")
    return value


def _word(params: dict[str, Any], name: str) -> str:
    value = params[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is a text")
    return value


async def _status(core: Core, _: dict[str, Any]) -> object:
    return wire.status_json(await core.queries.status())


async def _jobs(core: Core, _: dict[str, Any]) -> object:
    return [wire.job_json(job) for job in await core.queries.jobs()]


async def _history(core: Core, params: dict[str, Any]) -> object:
    limit = max(1, min(_number(params, "limit"), MOST_HISTORY))
    page = await core.queries.history(HistoryFilter(), limit=limit)
    return [wire.history_json(row) for row in page.rows]


async def _services(core: Core, _: dict[str, Any]) -> object:
    return [wire.service_json(service) for service in await core.queries.services()]


async def _service_form(core: Core, params: dict[str, Any]) -> object:
    form = await core.queries.service_form(_word(params, "service"))
    return {
        "service": form.key,
        "fields": [
            {"name": field.name, "secret": field.kind == "secret", "title": field.title}
            for field in form.fields
        ],
    }


async def _service_switch(core: Core, params: dict[str, Any]) -> object:
    await core.commands.set_enabled(_word(params, "service"), bool(params["enabled"]))
    return None


async def _service_set(core: Core, params: dict[str, Any]) -> object:
    key = _word(params, "service")
    values = {str(name): str(value) for name, value in dict(params["values"]).items()}
    secrets = {str(name): str(value) or None for name, value in dict(params["secrets"]).items()}
    until_quit = bool(params.get("until_quit", False))
    if until_quit and core.listener is None:
        raise Refused("Secrets can be kept until quit only while the program runs.")
    draft = Draft(values=core.commands.parse_values(key, values), secrets=secrets)
    try:
        await core.commands.save_service(key, draft, until_quit=until_quit)
    except SecretsUnavailable as error:
        names = ", ".join(variable_name(f"{key}/{field}") for field in secrets)
        hint = (
            text(
                "Nothing was saved. {error} Or give it as an environment variable: {names}.",
                error=str(error),
                names=names,
            )
            if core.listener is None
            else text(
                "Nothing was saved. {error} Repeat with --until-quit to keep it until the program quits,"
                " or give it as an environment variable: {names}.",
                error=str(error),
                names=names,
            )
        )
        raise SecretsUnavailable(hint) from error
    return None


async def _service_test(core: Core, params: dict[str, Any]) -> object:
    return wire.report_json(await core.commands.test_service(_word(params, "service")))


async def _library_add(core: Core, params: dict[str, Any]) -> object:
    kind: Any = _word(params, "type")
    folder = await core.commands.add_library(_word(params, "path"), name=_word(params, "name"), type=kind)
    return wire.library_json(folder)


async def _library_list(core: Core, _: dict[str, Any]) -> object:
    return [wire.library_json(folder) for folder in await core.queries.libraries()]


async def _library_remove(core: Core, params: dict[str, Any]) -> object:
    await core.commands.remove_library(_word(params, "name"))
    return None


async def _mapping_add(core: Core, params: dict[str, Any]) -> object:
    await core.commands.add_mapping(_word(params, "scope"), _word(params, "from"), _word(params, "to"))
    return None


async def _mapping_list(core: Core, _: dict[str, Any]) -> object:
    return wire.mappings_json(await core.queries.mappings())


async def _mapping_remove(core: Core, params: dict[str, Any]) -> object:
    await core.commands.remove_mapping(_word(params, "scope"), _word(params, "from"))
    return None


async def _retry(core: Core, params: dict[str, Any]) -> object:
    return {"job_id": await core.commands.retry_job(_number(params, "job_id"))}


async def _retry_failed(core: Core, _: dict[str, Any]) -> object:
    return {"retried": await core.commands.retry_failed()}


async def _replay(core: Core, params: dict[str, Any]) -> object:
    return {"job_id": await core.commands.replay_event(_number(params, "event_id"))}


async def _pause(core: Core, params: dict[str, Any]) -> object:
    minutes = None if params.get("minutes") is None else _number(params, "minutes")
    pause = await core.commands.pause(minutes)
    return {"paused": pause.paused, "until": iso(pause.until)}


async def _resume(core: Core, _: dict[str, Any]) -> object:
    await core.commands.resume()
    return None


async def _quit(core: Core, _: dict[str, Any]) -> object:
    await core.commands.quit()
    return None


async def _open(core: Core, _: dict[str, Any]) -> object:
    if core.on_open is None:
        raise Refused("The program runs without a window.")
    core.on_open()
    return None


async def _send_test(core: Core, params: dict[str, Any]) -> object:
    status, event_id = await core.commands.send_test(_word(params, "source"), event=_word(params, "event"))
    return {"status": status, "event_id": event_id}


async def _receiving_show(core: Core, _: dict[str, Any]) -> object:
    return [wire.address_json(address) for address in await core.queries.addresses()]


async def _receiving_allow(core: Core, params: dict[str, Any]) -> object:
    await core.commands.save_settings(allow=_word(params, "allow"))
    return None


async def _receiving_new_key(core: Core, _: dict[str, Any]) -> object:
    await core.commands.new_key()
    return None


ACTIONS: dict[str, Action] = {
    "status": _status,
    "jobs": _jobs,
    "history": _history,
    "services": _services,
    "service_form": _service_form,
    "service_switch": _service_switch,
    "service_set": _service_set,
    "service_test": _service_test,
    "library_add": _library_add,
    "library_list": _library_list,
    "library_remove": _library_remove,
    "mapping_add": _mapping_add,
    "mapping_list": _mapping_list,
    "mapping_remove": _mapping_remove,
    "retry": _retry,
    "retry_failed": _retry_failed,
    "replay": _replay,
    "pause": _pause,
    "resume": _resume,
    "quit": _quit,
    "open": _open,
    "send_test": _send_test,
    "receiving_show": _receiving_show,
    "receiving_allow": _receiving_allow,
    "receiving_new_key": _receiving_new_key,
}
