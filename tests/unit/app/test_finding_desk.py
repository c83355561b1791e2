from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.actions import call
from metarr_desktop.app.core import open_core
from metarr_desktop.app.finding_desk import FindingDesk, is_same_place
from metarr_desktop.domain.errors import Transient
from metarr_desktop.domain.forms import Draft
from metarr_desktop.services import discord, jellyfin, kodi, plex
from metarr_desktop.services.finding import Found
from tests.fakes_network import FakeDevice, jellyfin_answer, kodi_answer, plex_answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from metarr_desktop.app.core import Core
    from metarr_desktop.app.finding_snapshots import FindReport
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.services.network import Network
    from tests.fakes import FakeClock, MemorySecretStore

SERVICES = (kodi.SERVICE, jellyfin.SERVICE, plex.SERVICE, discord.SERVICE)


def household(question: bytes) -> Iterable[bytes]:
    """One device of each kind, and what the others make of a question that is not theirs."""
    if question.startswith(b"M-SEARCH"):
        yield plex_answer()
    elif question.lower().startswith(b"who is"):
        yield jellyfin_answer()
    else:
        yield kodi_answer(question)
    yield b"nonsense"


@pytest.fixture
async def core(paths: AppPaths, clock: FakeClock, secrets: MemorySecretStore) -> AsyncIterator[Core]:
    async with open_core(paths, serve=False, clock=clock, secrets=secrets, services=SERVICES) as core:
        yield core


async def find(core: Core, monkeypatch: pytest.MonkeyPatch) -> FindReport:
    async with FakeDevice(household) as device:
        monkeypatch.setenv("METARR_DISCOVERY_TARGET", f"127.0.0.1:{device.target[1]}")
        monkeypatch.setattr(core.commands._finding, "_seconds", 0.3)
        return await core.commands.find_services()


async def test_everything_in_the_network_is_found_at_once(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = await find(core, monkeypatch)
    assert not report.failures
    assert [(each.title, each.name, each.address, each.set_up) for each in report.found] == [
        ("Kodi", "Living room", "192.168.1.40:8080", False),
        ("Jellyfin", "nas", "http://192.168.1.30:8096", False),
        ("Plex", "nas", "http://127.0.0.1:32400", False),
    ]


async def test_what_is_set_up_already_is_told_so(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    await core.commands.save_service("jellyfin", Draft(values={"url": "http://192.168.1.30:8096/"}))
    await core.commands.save_service("kodi", Draft(values={"host": "192.168.1.41", "port": 8080}))
    report = await find(core, monkeypatch)
    assert {each.service: each.set_up for each in report.found} == {
        "kodi": False,
        "jellyfin": True,
        "plex": False,
    }
    kodi_found = report.found[0]
    assert (kodi_found.is_player, kodi_found.adds) == (True, True), "it becomes one more player"
    await core.commands.add_player("kodi", "", Draft(values={"host": "192.168.1.40", "port": 8080}))
    assert (await find(core, monkeypatch)).found[0].set_up


async def test_the_command_line_gets_it_as_json(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.commands._finding, "_services", {"kodi": kodi.SERVICE})
    async with FakeDevice(household) as device:
        monkeypatch.setenv("METARR_DISCOVERY_TARGET", f"127.0.0.1:{device.target[1]}")
        monkeypatch.setattr(core.commands._finding, "_seconds", 0.2)
        told = json.loads(json.dumps(await call(core, "find_services", {})))
    assert told == {
        "found": [
            {
                "service": "kodi",
                "title": "Kodi",
                "name": "Living room",
                "address": "192.168.1.40:8080",
                "values": {"host": "192.168.1.40", "port": 8080},
                "set_up": False,
                "adds": False,
            }
        ],
        "failures": [],
    }


async def test_one_that_cannot_be_looked_for_keeps_nobody_from_the_others(core: Core) -> None:
    async def refused(_network: Network, /, *, seconds: float) -> Sequence[Found]:
        raise Transient(f"There is no network to ask for {seconds:g} s.")

    async def foreign(_network: Network, /, *, seconds: float) -> Sequence[Found]:
        assert seconds == 0.1
        return [
            Found(service="plex", name="nas", values={"url": "http://1.2.3.4"}),
            Found(service="discord", name="not its own", values={}),
        ]

    desk = FindingDesk(
        services=(replace(jellyfin.SERVICE, finder=refused), replace(plex.SERVICE, finder=foreign)),
        store=core.commands._finding._store,
        players=core.commands._finding._players,
        seconds=0.1,
    )
    report = await desk.find()
    assert [each.name for each in report.found] == ["nas"]
    assert [str(each) for each in report.failures] == [
        "Jellyfin was not looked for. There is no network to ask for 0.1 s."
    ]


@pytest.mark.parametrize(
    ("stored", "found", "same"),
    [
        ({"url": "HTTP://NAS:8096/"}, {"url": "http://nas:8096"}, True),
        ({"url": "nas"}, {"url": "http://nas:8096"}, True),
        ({"url": "http://nas:8097"}, {"url": "http://nas:8096"}, False),
        ({"url": "http://["}, {"url": "http://nas:8096"}, False),
        ({"url": ""}, {"url": "http://nas:8096"}, False),
        ({}, {"url": "http://nas:8096"}, False),
        ({"host": "NAS", "port": 8080, "username": "x"}, {"host": "nas", "port": 8080}, True),
        ({"host": "nas", "port": 8080}, {"host": "nas", "port": 8081}, False),
        ({"host": ""}, {"host": "", "port": 1}, False),
    ],
)
def test_a_place_is_the_same_however_it_is_written(
    stored: dict[str, PlainValue], found: dict[str, PlainValue], same: bool
) -> None:
    assert is_same_place(stored, found) is same
