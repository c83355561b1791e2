"""What the command line can ask of groups and players."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.action import Action, not_kept
from metarr_desktop.app.household_wire import household_json
from metarr_desktop.domain.errors import Refused, SecretsUnavailable
from metarr_desktop.domain.forms import Draft

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.params import Params

CALLED = "name"
"""Not a setting, yet given like one: what a player is called."""


async def _household(core: Core, params: Params) -> object:
    return household_json(await core.queries.household(params.word("service")))


async def _form(core: Core, params: Params) -> object:
    form = await core.queries.household(params.word("service"))
    fields = [
        {"name": each.name, "secret": each.kind == "secret", "title": each.title} for each in form.fields
    ]
    return {"fields": [*fields, {"name": CALLED, "secret": False, "title": "Name"}]}


async def _group_add(core: Core, params: Params) -> object:
    group = await core.commands.add_group(params.word("service"), params.word("name"))
    return {"name": group.name, "slug": group.slug}


async def _group_remove(core: Core, params: Params) -> object:
    await core.commands.remove_group(params.word("service"), params.word("name"))
    return None


async def _group_link(core: Core, params: Params) -> object:
    service, group = params.word("service"), params.word("group")
    change = core.commands.link_group if params.flag("linked") else core.commands.unlink_group
    await change(service, group, params.word("library"))
    return None


async def _player_add(core: Core, params: Params) -> object:
    key = params.word("service")
    draft, name, until_quit = _draft(core, params)
    try:
        player = await core.commands.add_player(
            key, params.word("group"), draft, name=name or "", until_quit=until_quit
        )
    except SecretsUnavailable as error:
        # Its number, which the name of the variable needs, is not given before it is stored.
        raise not_kept(error, prefix=f"{key}/N", fields=draft.secrets, running=core.serving) from error
    return {"id": player.id}


async def _player_set(core: Core, params: Params) -> object:
    key, named = params.word("service"), params.word("player")
    draft, name, until_quit = _draft(core, params)
    try:
        await core.commands.save_player(key, named, draft, name=name, until_quit=until_quit)
    except SecretsUnavailable as error:
        prefix = (await core.queries.player(key, named)).secrets_at
        raise not_kept(error, prefix=prefix, fields=draft.secrets, running=core.serving) from error
    return None


def _draft(core: Core, params: Params) -> tuple[Draft, str | None, bool]:
    """Read what is said of a player: its settings, its name, and how long to keep its secrets."""
    values = params.words("values")
    name = values.pop(CALLED, None)
    secrets = {field: value or None for field, value in params.words("secrets").items()}
    until_quit = params.flag("until_quit", default=False)
    if until_quit and not core.serving:
        raise Refused("Secrets can be kept until quit only while the program runs.")
    plain = core.commands.parse_player_values(params.word("service"), values)
    return Draft(values=plain, secrets=secrets), name, until_quit


async def _player_switch(core: Core, params: Params) -> object:
    key, named = params.word("service"), params.word("player")
    await core.commands.save_player(key, named, Draft(), enabled=params.flag("enabled"))
    return None


async def _player_remove(core: Core, params: Params) -> object:
    await core.commands.remove_player(params.word("service"), params.word("player"))
    return None


async def _scan_anyway(core: Core, params: Params) -> object:
    await core.commands.scan_anyway(params.number("job_id"))
    return None


_OF_PLAYER = frozenset({"service", "values", "secrets", "until_quit"})
HOUSEHOLD_ACTIONS: dict[str, Action] = {
    "household": Action(_household, frozenset({"service"})),
    "player_form": Action(_form, frozenset({"service"})),
    "group_add": Action(_group_add, frozenset({"service", "name"})),
    "group_remove": Action(_group_remove, frozenset({"service", "name"})),
    "group_link": Action(_group_link, frozenset({"service", "group", "library", "linked"})),
    "player_add": Action(_player_add, _OF_PLAYER | {"group"}),
    "player_set": Action(_player_set, _OF_PLAYER | {"player"}),
    "player_switch": Action(_player_switch, frozenset({"service", "player", "enabled"})),
    "player_remove": Action(_player_remove, frozenset({"service", "player"})),
    "scan_anyway": Action(_scan_anyway, frozenset({"job_id"})),
}
