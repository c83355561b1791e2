"""A household: one player scans, the next where it cannot, and every screen that is on shows what is new."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, NothingToDo, NotNow, NotSetUp, Permanent, Transient
from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind
from metarr_desktop.services.declaration import Group, Member
from metarr_desktop.services.kodi import SERVICE, KodiConfig, KodiNotifier
from metarr_desktop.services.kodi_link import LINGER_S
from metarr_desktop.services.kodi_scan import NOWHERE
from tests.fakes import START, FakeClock, MemoryNotes, tools, until
from tests.fakes_http import DROP, FakeServer, Reply, unused_port
from tests.fakes_kodi import FOLDER, PASSWORD, VIDEO, FakeSocket, Kodi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Delivery
    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

NAMES = ("Living room", "Bedroom", "Kitchen")


class House:
    """Three Kodis that share one library, each of which can be switched off."""

    def __init__(self, servers: list[FakeServer], http: Http, socket: FakeSocket) -> None:
        self.servers = servers
        self.socket = socket
        self.kodis = [Kodi() for _ in servers]
        for server, kodi in zip(servers, self.kodis, strict=True):
            kodi.films = self.kodis[0].films
            server.respond = kodi
        self.ports = [server.port for server in servers]
        self.clock, self.notes = FakeClock(), MemoryNotes()
        self.hurried: list[int] = []
        self.notifier = KodiNotifier(tools(http, self.clock, notes=self.notes, hurry=self.hurried.append))
        self.values: dict[str, Any] = {}
        self.passwords = [PASSWORD] * len(servers)
        self.ws_ports = [0] * len(servers)

    def group(self, *, of: int = 2) -> Group:
        def config(number: int) -> KodiConfig:
            return KodiConfig(
                host="127.0.0.1",
                port=self.ports[number],
                ws_port=self.ws_ports[number],
                password=SecretStr(self.passwords[number]),
                **self.values,
            )

        members = [Member(id=n + 1, name=NAMES[n], config=config(n)) for n in range(of)]
        return Group(name="Home", members=tuple(members))

    async def off(self, number: int) -> None:
        self.ports[number] = await unused_port()

    async def send(self, notification: Notification, *, of: int = 2) -> Delivery:
        return await self.notifier.send(self.group(of=of), notification)

    def scanned(self) -> list[int]:
        return [len(kodi.scanned) for kodi in self.kodis]


@pytest.fixture
async def still(http: Http) -> AsyncIterator[House]:
    """A household whose time passes only as a test has it pass."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(FakeServer()) for _ in NAMES]
        yield House(servers, http, await stack.enter_async_context(FakeSocket()))


@pytest.fixture
async def house(http: Http) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(FakeServer()) for _ in NAMES]
        made = House(servers, http, await stack.enter_async_context(FakeSocket()))

        async def pass_time() -> None:
            while True:
                await until(lambda: made.clock.sleeping, within=60)
                made.clock.advance(1)

        passing = asyncio.ensure_future(pass_time())
        yield made
        passing.cancel()
        assert [kodi.complaints for kodi in made.kodis] == [[], [], []]


async def test_one_player_scans_for_all(house: House, notification: Make) -> None:
    delivery = await house.send(notification(), of=3)
    assert house.scanned() == [1, 0, 0]
    assert str(delivery.detail) == f"Living room scanned {FOLDER}."


async def test_the_next_player_scans_where_the_first_is_off(house: House, notification: Make) -> None:
    await house.off(0)
    delivery = await house.send(notification(), of=3)
    assert house.scanned() == [0, 1, 0]
    assert str(delivery.detail).startswith("Bedroom scanned")


@pytest.mark.parametrize("code", [-32099, -32603, -32601])
async def test_the_next_player_scans_where_the_first_refuses(
    house: House, notification: Make, code: int
) -> None:
    house.kodis[0].errors["VideoLibrary.Scan"] = code
    assert str((await house.send(notification())).detail).startswith("Bedroom scanned")


async def test_who_is_off_is_tried_last_until_it_answers_again(house: House, notification: Make) -> None:
    house.servers[0].respond = lambda _request: Reply(fault=DROP)
    await house.send(notification())
    asked = len(house.servers[0].requests)
    await house.send(notification())
    assert house.scanned() == [0, 2, 0]
    # Only its screen is tried again, at the same time as all others.
    assert [each.json["method"] for each in house.servers[0].requests[asked:]] == ["XBMC.GetInfoBooleans"]
    house.servers[0].respond = house.kodis[0]
    await house.send(notification())
    await house.send(notification())
    assert house.scanned() == [1, 3, 0]


async def test_a_household_that_sleeps_is_told_later(house: House, notification: Make) -> None:
    await house.off(0)
    with pytest.raises(
        Transient, match=r"^Living room does not answer; it is told when it is seen again\."
    ) as caught:
        await house.send(notification(), of=1)
    assert caught.value.connection
    await house.off(1)
    with pytest.raises(Transient, match=r"^No player answers \(Living room, Bedroom\)") as caught:
        await house.send(notification())
    assert caught.value.connection
    assert SERVICE.retry.patient


async def test_a_rejected_key_of_one_player_does_not_stop_the_others(
    house: House, notification: Make
) -> None:
    house.passwords[0] = "wrong"
    await house.send(notification())
    assert house.scanned() == [0, 1, 0]


async def test_a_rejected_key_is_told_beside_what_another_player_did(
    house: House, notification: Make
) -> None:
    house.passwords[1] = "wrong"
    for _ in range(2):
        delivery = await house.send(notification(), of=3)
        assert str(delivery.detail).startswith("Living room scanned")
        assert [str(each).partition(":")[0] for each in delivery.warnings] == ["Bedroom"]
    house.passwords[1] = PASSWORD
    delivery = await house.send(notification(), of=3)
    assert delivery.warnings == ()


async def test_a_rejected_key_is_told_by_name_where_nobody_else_can_do_it(
    house: House, notification: Make
) -> None:
    house.passwords[0] = house.passwords[1] = "wrong"
    with pytest.raises(AuthFailed, match=r"^Living room: Key rejected"):
        await house.send(notification())


async def test_a_rejected_key_does_not_keep_a_player_that_wakes_from_its_work(
    house: House, notification: Make
) -> None:
    ports, requests = list(house.ports), house.servers[0].requests
    house.passwords[0] = "wrong"
    await house.off(1)
    for _ in range(3):
        with pytest.raises(Transient, match=r"Bedroom does not answer.*Living room: Key rejected") as caught:
            await house.send(notification())
        assert caught.value.connection
    assert len(requests) == 1, "a wrong password is shown once, not at every look"
    house.ports = ports
    await house.send(notification())
    assert house.scanned() == [0, 1, 0]


async def test_who_rejected_us_is_asked_again_after_a_test(house: House, notification: Make) -> None:
    house.kodis[0].password = "another"
    await house.off(1)
    with pytest.raises(Transient):
        await house.send(notification())
    house.kodis[0].password = PASSWORD
    await house.notifier.test(house.group(of=1))
    await house.send(notification())
    assert house.scanned() == [1, 0, 0]


async def test_what_all_refuse_fails(house: House, notification: Make) -> None:
    for kodi in house.kodis:
        kodi.errors["VideoLibrary.Scan"] = -32602
    with pytest.raises(Permanent, match=r"^Living room: Kodi refused"):
        await house.send(notification())


async def test_a_group_without_players_has_to_be_set_up(house: House, notification: Make) -> None:
    with pytest.raises(NotSetUp, match="no player"):
        await house.send(notification(), of=0)
    (step,) = await house.notifier.test(house.group(of=0))
    assert not step.ok


async def test_a_player_that_is_idle_scans_while_another_plays(house: House, notification: Make) -> None:
    house.kodis[0].playing = [VIDEO]
    await house.send(notification())
    assert house.scanned() == [0, 1, 0]


async def test_a_job_waits_where_every_player_that_is_on_plays(house: House, notification: Make) -> None:
    house.kodis[0].playing = house.kodis[1].playing = [VIDEO]
    await house.off(2)
    told = replace(notification(), job_id=9)
    with pytest.raises(NotNow, match="every player that is on") as caught:
        await house.send(told, of=3)
    assert caught.value.until == START + timedelta(minutes=10)
    assert house.notes.kept == {"waiting/9": {"since": START.isoformat()}}
    house.kodis[1].playing = []
    await house.send(told, of=3)
    assert house.notes.kept == {}


async def test_the_six_hours_outlive_a_restart(house: House, http: Http, notification: Make) -> None:
    house.kodis[0].playing = [VIDEO]
    told = replace(notification(), job_id=9)
    with pytest.raises(NotNow):
        await house.send(told, of=1)
    house.clock.advance(timedelta(hours=5, minutes=55))
    house.notifier = KodiNotifier(tools(http, house.clock, notes=house.notes))
    with pytest.raises(NotNow) as caught:
        await house.send(told, of=1)
    assert caught.value.until == START + timedelta(hours=6)
    house.clock.advance(timedelta(minutes=5))
    await house.send(told, of=1)
    assert house.scanned() == [1, 0, 0]


@pytest.mark.parametrize("note", [{}, {"since": 5}, {"since": "soon"}])
async def test_a_note_nobody_can_read_makes_the_wait_begin_anew(
    house: House, notification: Make, note: dict[str, Any]
) -> None:
    house.kodis[0].playing = [VIDEO]
    house.notes.kept["waiting/9"] = note
    with pytest.raises(NotNow):
        await house.send(replace(notification(), job_id=9), of=1)
    assert house.notes.kept == {"waiting/9": {"since": START.isoformat()}}


async def test_scan_anyway_is_for_one_job(house: House, notification: Make) -> None:
    house.kodis[0].playing = [VIDEO]
    house.notes.kept["anyway/9"] = {}
    with pytest.raises(NotNow):
        await house.send(replace(notification(), job_id=8), of=1)
    await house.send(replace(notification(), job_id=9), of=1)
    assert house.scanned() == [1, 0, 0]
    assert set(house.notes.kept) == {"waiting/8"}


async def test_a_job_that_waits_goes_on_when_the_video_stops(house: House, notification: Make) -> None:
    house.kodis[0].playing = [VIDEO]
    house.ws_ports[0] = house.socket.port
    for job in (9, 8):
        with pytest.raises(NotNow):
            await house.send(replace(notification(), job_id=job), of=1)
    await until(lambda: house.socket.sockets)
    await until(lambda: len(house.kodis[0].calls) == 3)
    assert house.hurried == []
    await house.socket.tell("Player.OnPlay")
    await house.socket.tell("Player.OnStop", end=True)
    await until(lambda: house.hurried)
    assert house.hurried == [8, 9]
    assert house.socket.opened == 1


async def wait_for_the_end(house: House, notification: Make, job: int) -> None:
    with pytest.raises(NotNow):
        await house.send(replace(notification(), job_id=job), of=1)
    await until(lambda: house.clock.next_wake)


async def test_a_job_that_came_later_or_looked_again_is_listened_for_as_well(
    still: House, notification: Make
) -> None:
    still.kodis[0].playing = [VIDEO]
    still.ws_ports[0] = still.socket.port
    await wait_for_the_end(still, notification, 9)
    still.clock.advance(300)
    await wait_for_the_end(still, notification, 8)
    still.clock.advance(299.9)
    # Its 10 minutes are over as it looks again, and so are those of the first listening.
    await wait_for_the_end(still, notification, 9)
    for _ in range(4):
        still.clock.advance(100)
        await asyncio.sleep(0.02)
    await still.socket.tell("Player.OnStop", end=True)
    await until(lambda: (still.clock.next_wake or 9) <= 2)
    still.clock.advance(2)
    await until(lambda: still.hurried)
    assert still.hurried == [8, 9]
    assert still.socket.opened == 1


async def test_nobody_is_listened_for_who_does_not_come_again(still: House, notification: Make) -> None:
    still.kodis[0].playing = [VIDEO]
    still.ws_ports[0] = still.socket.port
    await wait_for_the_end(still, notification, 9)
    still.clock.advance(616)
    await until(lambda: still.clock.next_wake == LINGER_S)
    still.clock.advance(LINGER_S)
    await until(lambda: not still.socket.sockets)
    assert still.hurried == []


async def test_a_video_that_stopped_before_anybody_listened_is_noticed(
    house: House, notification: Make
) -> None:
    house.kodis[0].playing = [VIDEO]
    house.ws_ports[0] = house.socket.port
    house.kodis[0].after["Player.GetActivePlayers"] = lambda: setattr(house.kodis[0], "playing", [])
    with pytest.raises(NotNow):
        await house.send(replace(notification(), job_id=9), of=1)
    await until(lambda: house.hurried)
    assert house.hurried == [9]


async def test_two_groups_never_scan_one_kodi_at_once(house: House, notification: Make) -> None:
    house.kodis[0].scan_lasts = 3
    groups = [house.group(of=1), replace(house.group(of=1), name="Other")]
    await asyncio.gather(
        *(
            house.notifier.send(group, notification(folder=f"/movies/{number}"))
            for number, group in enumerate(groups * 2)
        )
    )
    assert house.kodis[0].stopped_scans == 0
    assert house.scanned() == [4, 0, 0]


async def test_the_other_screens_are_drawn_anew(house: House, notification: Make) -> None:
    house.kodis[2].scanning_for = 1_000
    await house.send(notification(), of=3)
    assert house.kodis[1].params("VideoLibrary.Scan") == [{"directory": NOWHERE, "showdialogs": False}]
    assert house.kodis[2].params("VideoLibrary.Scan") == [], "it would stop the scan that runs"
    assert NOWHERE not in [each["directory"] for each in house.kodis[0].params("VideoLibrary.Scan")]


async def test_music_has_its_own_library(house: House, notification: Make) -> None:
    house.kodis[0].on_disk = ["/music/Air/Moon Safari/1.mp3"]
    await house.send(notification(kind=MediaKind.ALBUM, folder="/music/Air"))
    assert house.kodis[0].songs == ["/music/Air/Moon Safari/1.mp3"]
    assert house.kodis[1].params("AudioLibrary.Scan") == [{"directory": NOWHERE, "showdialogs": False}]
    assert "VideoLibrary.Scan" not in house.kodis[1].methods


async def test_a_screen_shows_what_came_although_something_was_deleted_first(
    house: House, notification: Make
) -> None:
    house.values = {"show_message": True}
    told = notification()
    assert isinstance(told.event, MediaEvent)
    gone = replace(told.event, action=Action.DELETED, old_files=("old.mkv",))
    await house.send(replace(told, events=(gone, told.event)))
    assert len(house.kodis[1].params("GUI.ShowNotification")) == 1


async def test_every_screen_that_is_on_shows_what_is_new(house: House, notification: Make) -> None:
    house.values = {"show_message": True}
    await house.off(1)
    house.kodis[2].errors["GUI.ShowNotification"] = -32603
    told = notification(title="T" * 100, body="B\n" * 300, poster_url="https://image.example/a.jpg")
    await house.send(told, of=3)
    (shown,) = house.kodis[0].params("GUI.ShowNotification")
    assert (len(shown["title"]), len(shown["message"])) == (60, 200)
    assert shown["image"] == "https://image.example/a.jpg"
    assert 1_500 <= shown["displaytime"] <= 30_000
    assert len(house.kodis[2].params("GUI.ShowNotification")) == 1
    methods = house.kodis[0].methods
    assert methods.index("GUI.ShowNotification") > methods.index("VideoLibrary.Scan")


async def test_no_screen_shows_anything_unasked(house: House, notification: Make) -> None:
    await house.send(notification())
    house.values = {"show_message": True}
    await house.send(notification(action=Action.RENAMED))
    assert [kodi.params("GUI.ShowNotification") for kodi in house.kodis] == [[], [], []]


@pytest.mark.parametrize("address", ["file:///etc/passwd", "special://home/x", "https://x/\n", None])
async def test_a_picture_comes_from_the_web_or_not_at_all(
    house: House, notification: Make, address: str | None
) -> None:
    house.values = {"show_message": True}
    await house.send(notification(poster_url=address), of=1)
    assert house.kodis[0].params("GUI.ShowNotification")[0]["image"] == "info"


async def test_a_grab_is_shown_wherever_it_plays(house: House, notification: Make) -> None:
    grab = notification(action=Action.GRABBED)
    for kodi in house.kodis[1:]:
        kodi.playing, kodi.item = [VIDEO], {"title": "The Matrix", "year": 1999}
    await house.off(0)
    await house.send(grab, of=3)
    assert [len(kodi.params("GUI.ShowNotification")) for kodi in house.kodis] == [0, 1, 1]
    for kodi in house.kodis:
        kodi.playing = []
    with pytest.raises(NothingToDo):
        await house.send(grab, of=3)


async def test_every_player_is_tested_by_name(house: House) -> None:
    await house.off(1)
    house.ws_ports[0] = house.socket.port
    house.kodis[0].rights["RemoveData"] = False
    steps = await house.notifier.test(house.group())
    said = {str(step.name): (step.ok, str(step.detail)) for step in steps}
    assert said["Living room: Permission"] == (
        True,
        "It may be told to scan. It may not be told to remove what was deleted.",
    )
    assert said["Living room: Web socket"][1].startswith("Its web socket is open")
    assert said["Bedroom: Connection"][0] is False
    assert "Bedroom: Interface" not in said
    assert {method.partition(".")[2] for method in house.kodis[0].methods}.isdisjoint(
        {"Scan", "ShowNotification"}
    )


async def test_a_closed_web_socket_is_no_failure(house: House) -> None:
    house.ws_ports[0] = await unused_port()
    steps = await house.notifier.test(house.group(of=1))
    assert all(step.ok for step in steps)
    assert "Its web socket is closed" in str(steps[4].detail)


def test_it_is_told_of_everything_that_changes_a_folder() -> None:
    assert {EventKind.RENAMED, EventKind.DELETED, EventKind.GRABBED} <= SERVICE.events.default
    assert SERVICE.seen_within == timedelta(minutes=5)
