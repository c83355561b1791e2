"""Who sleeps is woken, once in ten minutes, and told as soon as it answers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from metarr_desktop.domain.errors import Transient
from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import Delivery, Group, Member, MessageConfig
from metarr_desktop.services.kodi_config import KodiConfig, KodiPlayer
from metarr_desktop.services.network import TARGET
from metarr_desktop.services.registry import SERVICES
from metarr_desktop.services.wake import LONGEST_WAIT_S, Waker, mac_address, magic_packet
from tests.fakes import FakeClock, MemoryNotes
from tests.fakes_network import FakeDevice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.domain.errors import MetarrError
    from metarr_desktop.services.declaration import ServiceConfig

MAC = "00:11:32:aa:bb:cc"
BOX = KodiConfig(host="tv", mac="00-11-32-AA-BB-CC")
SILENCE = Transient("No answer.", connection=True)


class Soon(FakeClock):
    """Waits of no time."""

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)


class Place:
    """Answers after so many attempts."""

    def __init__(self, *, silent: int, error: MetarrError = SILENCE) -> None:
        self.silent = silent
        self.error = error
        self.attempts = 0

    async def send(self) -> Delivery:
        self.attempts += 1
        if self.attempts <= self.silent:
            raise self.error
        return Delivery(detail=Text("Scanned."), message_id="7")


@pytest.fixture
async def card(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDevice]:
    async with FakeDevice(lambda _question: []) as device:
        monkeypatch.setenv(TARGET, "{}:{}".format(*device.target))
        monkeypatch.setattr("metarr_desktop.services.wake.SENDING_S", 0.05)
        yield device


class Room:
    """A waker, its clock and its notes."""

    def __init__(self) -> None:
        self.clock = Soon()
        self.notes = MemoryNotes()
        self.waker = Waker(clock=self.clock, addresses=frozenset)

    async def deliver(self, place: Place, config: ServiceConfig | Group = BOX) -> Delivery:
        return await self.waker.deliver(config, place.send, notes=self.notes)


async def test_who_sleeps_is_woken_and_told_as_soon_as_it_answers(card: FakeDevice) -> None:
    room, place = Room(), Place(silent=4)
    delivery = await room.deliver(place)
    assert (str(delivery.detail), delivery.message_id) == ("Scanned. It was woken up.", "7")
    assert card.questions == [magic_packet(MAC)] * 2  # what is sent to everybody is easily lost
    assert magic_packet(MAC) == b"\xff" * 6 + bytes.fromhex("001132aabbcc") * 16
    assert place.attempts == 5


async def test_who_does_not_wake_up_is_waited_for_half_a_minute_and_left_alone_for_ten(
    card: FakeDevice,
) -> None:
    room, place = Room(), Place(silent=1_000)
    began = room.clock.monotonic()
    with pytest.raises(Transient, match="No answer"):
        await room.deliver(place)
    assert LONGEST_WAIT_S <= room.clock.monotonic() - began <= LONGEST_WAIT_S + 5
    attempts = place.attempts
    with pytest.raises(Transient, match="No answer"):
        await room.deliver(place)
    assert (place.attempts, len(card.questions)) == (attempts + 1, 2)
    room.clock.advance(timedelta(minutes=10))
    with pytest.raises(Transient, match="No answer"):
        await room.deliver(place)
    assert len(card.questions) == 4
    room.clock.jump(-timedelta(days=1))  # a clock that was set back keeps nobody asleep
    with pytest.raises(Transient, match="No answer"):
        await room.deliver(place)
    assert len(card.questions) == 6


@pytest.mark.parametrize(
    ("error", "config"),
    [
        (Transient("Busy."), BOX),
        (SILENCE, KodiConfig(host="tv")),
        (SILENCE, MessageConfig()),
    ],
)
async def test_who_answers_or_has_no_address_is_not_woken(
    card: FakeDevice, error: MetarrError, config: ServiceConfig
) -> None:
    room, place = Room(), Place(silent=1, error=error)
    with pytest.raises(Transient):
        await room.deliver(place, config)
    assert (card.questions, place.attempts) == ([], 1)


async def test_all_players_of_a_group_are_woken(card: FakeDevice) -> None:
    other = KodiConfig(host="pc", mac="0211.3244.5566")
    group = Group(
        name="Home",
        members=tuple(Member(id=n, name="x", config=each) for n, each in enumerate((BOX, other, BOX))),
    )
    await Room().deliver(Place(silent=1), group)
    assert card.questions == [magic_packet(MAC)] * 2 + [magic_packet("02:11:32:44:55:66")] * 2


async def test_without_a_network_it_ends_as_if_nobody_was_to_be_woken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(TARGET, raising=False)
    room, place = Room(), Place(silent=1)
    # An address of documentation (RFC 5737) is none of this computer: no socket can be bound to it.
    room.waker = Waker(clock=room.clock, addresses=lambda: {"192.0.2.77"})
    with pytest.raises(Transient, match="No answer"):
        await room.deliver(place)


@pytest.mark.parametrize("given", ["", "  ", "001132AABBCC", " 00:11:32:AA:bb:CC ", "0011.32aa.bbcc"])
def test_addresses_are_taken_as_people_copy_them(given: str) -> None:
    assert mac_address(given) == (MAC if given.strip() else "")


@pytest.mark.parametrize(
    "given",
    ["00:11:32:aa:bb", "00:11-32:aa:bb:cc", "zz:11:32:aa:bb:cc", "192.168.1.40", "ff:ff:ff:ff:ff:ff",
     "00:00:00:00:00:00", "01:11:32:aa:bb:cc", "0011.32aa.bbcc.dd"],
)  # fmt: skip
def test_anything_else_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="six pairs"):
        KodiPlayer(host="tv", mac=given)


def test_every_media_server_can_be_woken_and_nothing_else() -> None:
    able = {each.key for each in SERVICES if "mac" in (each.member or each.config).model_fields}
    assert able == {"kodi", "jellyfin", "emby", "plex"}
