from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.problems import find_problems
from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.app.snapshots import ProblemKind
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.knowledge import Trouble, trouble_news
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.secrets import KeyringState

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.app.core import Core

DRAFT = Draft(values={"url": "http://192.168.1.30:7878"}, secrets={"api_key": "k" * 32})
CONNECTED = {"webhook_id": 1, "webhook_url": "http://192.168.1.20:3000/webhooks/radarr/radarr"}


async def learn(core: Core, **news: Any) -> None:
    sender = await core.queries.sender("Radarr")
    await core.commands._sender_store.learn(sender.id, news)


@pytest.fixture
async def radarr(core: Core) -> Core:
    await core.commands.add_sender("Radarr", type="radarr", draft=DRAFT)
    return core


@pytest.mark.parametrize(
    ("news", "state", "detail"),
    [
        ({}, SenderState.NOT_CONNECTED, None),
        (CONNECTED, SenderState.CONNECTED, None),
        (
            {**CONNECTED, "stopped": True},
            SenderState.STOPPED_CALLING,
            "Radarr stopped calling after failed deliveries.",
        ),
        (
            {**CONNECTED, "wanted_url": "http://192.168.1.77:3000/webhooks/radarr/radarr"},
            SenderState.ADDRESS_CHANGED,
            "This computer is now 192.168.1.77:3000. Radarr still sends to 192.168.1.20:3000.",
        ),
        (
            {**CONNECTED, "wanted_url": "http://192.168.1.20:3000/metarr/webhooks/radarr/radarr"},
            SenderState.ADDRESS_CHANGED,
            (
                "This computer is now http://192.168.1.20:3000/metarr/webhooks/radarr/radarr."
                f" Radarr still sends to {CONNECTED['webhook_url']}."
            ),
        ),
        (
            {**CONNECTED, **trouble_news(Trouble.KEY_REJECTED, Text("Wrong API key."))},
            SenderState.KEY_REJECTED,
            "Wrong API key.",
        ),
        (
            {**CONNECTED, "webhook_id": "x", "root_folders": 5, "missed": "9", "trouble": "?", "untold": 1},
            SenderState.NOT_CONNECTED,  # a slip by hand
            None,
        ),
    ],
)
async def test_a_sender_stands_as_what_is_known_of_it(
    radarr: Core, news: dict[str, Any], state: SenderState, detail: str | None
) -> None:
    await learn(radarr, **news)
    sender = await radarr.queries.sender("radarr")
    assert sender.state is state
    assert (None if sender.detail is None else str(sender.detail)) == detail


async def test_a_sender_that_only_sends_is_seen(core: Core) -> None:
    await core.commands.add_sender("Requests", type="overseerr", draft=Draft())
    sender = await core.queries.sender("Requests")
    assert (sender.state, sender.can_connect) == (SenderState.SEEN, False)
    form = await core.queries.sender_form("Requests")
    assert (form.fields, form.values) == ((), {})


async def test_new_settings_are_given_a_new_chance(radarr: Core) -> None:
    await learn(radarr, **CONNECTED, **trouble_news(Trouble.KEY_REJECTED, Text("Wrong API key.")))
    await radarr.commands.save_sender("Radarr", Draft(secrets={"api_key": "n" * 32}))
    assert (await radarr.queries.sender("Radarr")).state is SenderState.CONNECTED


async def test_its_folders_are_told_with_where_they_lie_here(radarr: Core, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    await radarr.commands.add_library(str(films))
    await radarr.commands.add_mapping("radarr", "/movies", str(films))
    await learn(radarr, **CONNECTED, root_folders=["/movies", "/other", str(films)])
    folders = (await radarr.queries.sender("Radarr")).root_folders
    assert [(each.path, each.here, each.library) for each in folders] == [
        ("/movies", str(films), True),
        ("/other", None, False),
        (str(films), str(films), True),
    ]


async def test_of_two_senders_each_says_what_it_missed(radarr: Core) -> None:
    await learn(radarr, **CONNECTED, missed=25)
    one = await radarr.queries.sender("Radarr")
    problems = find_problems(
        listener=None, storage=None, keyring=KeyringState.USABLE, stops=(), titles={}, keys={},
        last_scan=None, port=1, senders=[one, replace(one, name="Sonarr", missed=1)],
    )  # fmt: skip
    assert [str(each.text) for each in problems] == [
        "Radarr: 25 imports happened while Metarr Desktop was off.",
        "Sonarr: 1 import happened while Metarr Desktop was off.",
    ]


async def test_problems_name_the_sender(radarr: Core) -> None:
    await learn(radarr, **CONNECTED, missed=25, stopped=True)
    problems = await radarr.queries.problems()
    assert [(each.kind, each.subject) for each in problems] == [
        (ProblemKind.SOURCE_STOPPED, "Radarr"),
        (ProblemKind.MISSED, "Radarr"),
    ]
    assert str(problems[1].text) == "25 imports happened while Metarr Desktop was off."
    await radarr.commands.set_sender_enabled("Radarr", enabled=False)
    assert await radarr.queries.problems() == ()
    one = await radarr.queries.sender("Radarr")
    assert (
        find_problems(
            listener=None, storage=None, keyring=KeyringState.USABLE, stops=(), titles={}, keys={},
            last_scan=None, port=1, senders=[one],
        )
        == ()
    )  # fmt: skip
