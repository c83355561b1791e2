from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.actions import call
from metarr_desktop.app.sender_actions import SENDER_ACTIONS
from metarr_desktop.domain.errors import NotFound, Refused, SecretsUnavailable

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from tests.fakes import MemorySecretStore

ADD = {
    "name": "Radarr 4K",
    "type": "radarr",
    "values": {"url": "http://nas:7878/"},
    "secrets": {"api_key": "k" * 32},
    "until_quit": False,
}


async def ask(core: Core, action: str, /, **params: Any) -> Any:
    """What travels has to be JSON, so it is made to travel."""
    return json.loads(json.dumps(await call(core, action, params)))


async def test_every_action_of_the_command_line_is_there() -> None:
    assert set(SENDER_ACTIONS) == {
        "sources", "source", "source_form", "source_add", "source_set", "source_connect", "source_resume",
        "source_catch_up", "source_dismiss", "source_switch", "source_new_key", "source_address",
        "source_remove",
    }  # fmt: skip


async def test_a_source_is_added_shown_changed_and_removed(core: Core, secrets: MemorySecretStore) -> None:
    added = await ask(core, "source_add", **ADD)
    assert (await ask(core, "sources"), await ask(core, "source", name="radarr-4k")) == ([added], added)
    assert added == {
        "id": 1,
        "name": "Radarr 4K",
        "slug": "radarr-4k",
        "type": "radarr",
        "title": "Radarr",
        "enabled": True,
        "url": "http://nas:7878",
        "state": "not_connected",
        "detail": None,
        "version": "",
        "webhook_address": "http://127.0.0.1:3000/webhooks/radarr/radarr-4k",
        "last_contact": None,
        "events_24h": 0,
        "root_folders": [],
        "missed": 0,
        "last_catch_up": None,
        "issues": [],
    }
    await ask(
        core, "source_set", name="Radarr 4K", values={"url": "http://nas"}, secrets={}, until_quit=False
    )
    await ask(core, "source_switch", name="Radarr 4K", enabled=False)
    shown = await ask(core, "source", name="Radarr 4K")
    assert (shown["url"], shown["state"]) == ("http://nas", "off")
    told = await ask(core, "source_remove", name="Radarr 4K")
    assert told == {"done": "Radarr 4K is removed."}
    assert secrets.secrets == {}


async def test_the_fields_are_named_by_type_or_by_source(core: Core) -> None:
    fields = [
        {"name": "url", "secret": False, "title": "Address"},
        {"name": "api_key", "secret": True, "title": "API key"},
    ]
    assert await ask(core, "source_form", type="lidarr", name="") == {"type": "lidarr", "fields": fields}
    assert await ask(core, "source_form", type="prowlarr", name="") == {"type": "prowlarr", "fields": []}
    await ask(core, "source_add", **ADD)
    assert await ask(core, "source_form", type="", name="radarr 4k") == {"type": "radarr", "fields": fields}
    with pytest.raises(NotFound):
        await ask(core, "source_form", type="torrent", name="")


async def test_without_a_keyring_the_variable_is_named(core: Core, secrets: MemorySecretStore) -> None:
    secrets.failure = SecretsUnavailable("No keyring found.")
    with pytest.raises(SecretsUnavailable, match="METARR_SECRET_SOURCE_RADARR_4K_API_KEY"):
        await ask(core, "source_add", **ADD)
    assert await ask(core, "sources") == []
    with pytest.raises(Refused, match="while the program runs"):
        await ask(core, "source_add", **{**ADD, "until_quit": True})


async def test_a_source_that_is_not_connected_cannot_be_caught_up_with(core: Core) -> None:
    await ask(core, "source_add", **ADD)
    with pytest.raises(Refused, match="Connect it first"):
        await ask(core, "source_catch_up", name="Radarr 4K")


async def test_a_new_key_is_in_the_address_where_one_is_needed(
    core: Core, secrets: MemorySecretStore
) -> None:
    await ask(core, "source_add", **ADD)
    address = "http://127.0.0.1:3000/webhooks/radarr/radarr-4k"
    assert await ask(core, "source_new_key", name="Radarr 4K") == {"url": address}
    await core.commands.save_settings(require_key_locally=True)
    key = secrets.secrets["source-radarr-4k/webhook_key"]
    assert await ask(core, "source_address", name="Radarr 4K") == {"url": f"{address}?apikey={key}"}
    renewed = await ask(core, "source_new_key", name="Radarr 4K")
    assert renewed["url"] != f"{address}?apikey={key}"
    ((kind, name),) = core.receiving.rules().source_keys
    assert (kind, name) == ("radarr", "radarr-4k")
