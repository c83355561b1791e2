from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from metarr_desktop.domain.knowledge import Knowledge
from metarr_desktop.domain.senders import Sender
from metarr_desktop.webhooks.entry import Owner, filled_in, find_entry, free_name
from metarr_desktop.webhooks.own_address import Door, names_of_computer
from metarr_desktop.webhooks.sources.arr_client import field_of

DOOR = Door(
    host="0.0.0.0",
    port=3000,
    base_path="",
    own_addresses=frozenset({"127.0.0.1", "192.168.1.20"}),
)


def owner(*, url: str = "http://192.168.1.30:7878", door: Door = DOOR, **known: Any) -> Owner:
    sender = Sender(id=1, type="radarr", name="Radarr 4K", url=url, known=known)
    return Owner(sender=sender, known=Knowledge.of(sender), door=door, computer="den")


def entry(number: int, name: str, url: str, *, implementation: str = "Webhook") -> dict[str, Any]:
    fields = [{"name": "url", "value": url}]
    return {"id": number, "name": name, "implementation": implementation, "fields": fields}


def found(entries: list[dict[str, Any]], whose: Owner) -> int | None:
    mine = find_entry(entries, whose)
    return None if mine is None else mine["id"]


OTHERS = [
    entry(1, "Metarr Desktop", "http://192.168.1.77:3000/webhooks/radarr/radarr-4k"),
    entry(2, "Something", "http://192.168.1.20:8080/hook"),
    entry(3, "Email", "", implementation="Email"),
]


def test_another_computers_entry_is_not_ours() -> None:
    assert found(OTHERS, owner()) is None
    assert free_name(OTHERS, owner()) == "Metarr Desktop (den)"
    assert free_name([], owner()) == "Metarr Desktop"


def test_the_one_we_made_is_found_by_its_number_or_its_address() -> None:
    moved = entry(4, "metarr desktop", "http://192.168.1.55:3000/webhooks/radarr/radarr-4k")
    assert found([*OTHERS, moved], owner(webhook_id=4)) == 4
    assert found([*OTHERS, moved], owner(webhook_url=field_of(moved, "url"))) == 4


def test_a_number_that_was_given_to_something_else_is_not_ours() -> None:
    assert found(OTHERS, owner(webhook_id=2)) is None
    attic = entry(9, "Metarr Desktop (attic)", "http://192.168.1.77:3000/webhooks/radarr/radarr-4k")
    assert found([attic], owner(webhook_id=9)) is None
    mine = {**attic, "name": "Metarr Desktop (den)"}
    assert found([mine], owner(webhook_id=9)) == 9


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.20:3000/webhooks/radarr",
        "http://192.168.1.20:3000/webhooks/radarr/?apikey=4f",
        "http://192.168.1.20:3000/api/webhooks/radarr/radarr-4k",
    ],
)
def test_what_a_person_made_by_hand_for_us_is_used(url: str) -> None:
    assert found([*OTHERS, entry(5, "by hand", url)], owner()) == 5


def test_loopback_means_us_only_where_the_sender_runs_here() -> None:
    local = [
        entry(5, "x", "http://localhost:3000/webhooks/radarr"),
        entry(6, "y", "http://127.0.0.1:3000/webhooks/radarr"),
    ]
    assert found(local, owner()) is None
    assert found(local[1:], owner(url="http://127.0.0.1:7878")) == 6
    assert found(local[:1], owner(url="http://127.0.0.1:7878")) == 5
    assert found(local[1:], owner(url="http://127.0.0.1:7878", is_docker=True)) is None


def test_names_of_this_computer_mean_us() -> None:
    door = replace(DOOR, own_names=names_of_computer("Den.fritz.box"))
    for host in ("den", "DEN.fritz.box", "den.local"):
        by_name = entry(5, "x", f"http://{host}:3000/webhooks/radarr")
        assert found([by_name], owner(door=door)) == 5
    assert found([entry(5, "x", "http://attic:3000/webhooks/radarr")], owner(door=door)) is None
    local = entry(5, "x", "http://localhost:3000/webhooks/radarr")
    assert found([local], owner(url="http://den:7878", door=door)) == 5


def test_what_containers_call_their_computer_means_us_where_the_container_runs_here() -> None:
    by_name = entry(5, "x", "http://host.docker.internal:3000/webhooks/radarr?apikey=4f")
    assert found([by_name], owner(url="http://127.0.0.1:7878", is_docker=True)) == 5
    assert found([by_name], owner(is_docker=True)) is None
    assert found([by_name], owner(url="http://127.0.0.1:7878")) is None


def test_an_entry_without_a_number_cannot_be_changed() -> None:
    assert find_entry([{**entry(5, "Metarr Desktop (den)", ""), "id": None}], owner()) is None


@pytest.mark.parametrize("url", ["http://[::1", "http://x:y/webhooks/radarr", ""])
def test_an_address_that_is_none_is_nobodys(url: str) -> None:
    assert found([entry(5, "x", url)], owner()) is None


def test_only_what_this_version_has_is_switched_on() -> None:
    schema: dict[str, Any] = {
        "onGrab": False, "supportsOnGrab": True,
        "onRename": False, "supportsOnRename": False,
        "onImportComplete": True, "supportsOnImportComplete": True,
        "onHealthIssue": False, "supportsOnHealthIssue": True, "includeHealthWarnings": False,
        "fields": [{"name": name} for name in ("url", "method", "username", "password")],
    }  # fmt: skip
    wanted = filled_in(
        schema,
        schema=schema,
        triggers=("onGrab", "onRename", "onHealthIssue", "onManualInteractionRequired"),
        url="http://x",
        password="k",
    )
    switches = {name: value for name, value in wanted.items() if name.startswith(("on", "include"))}
    assert switches == {
        "onGrab": True, "onRename": False, "onImportComplete": False, "onHealthIssue": True,
        "includeHealthWarnings": True,
    }  # fmt: skip
    assert [each["value"] for each in wanted["fields"]] == ["http://x", 1, "metarr", "k"]
