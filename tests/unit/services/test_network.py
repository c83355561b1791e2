from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import Transient
from metarr_desktop.services.network import Network, target_of_environment
from tests.fakes_network import FakeDevice

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUP = ("224.0.0.251", 5353)


async def test_everything_is_asked_twice_and_each_answer_comes_once() -> None:
    async with FakeDevice(lambda _question: [b"here"]) as device:
        replies = await Network(target=device.target).ask(b"who?", to=GROUP, seconds=0.3)
    assert device.questions == [b"who?", b"who?"]
    assert [(reply.data, reply.host) for reply in replies] == [(b"here", "127.0.0.1")]


async def test_of_hundreds_of_answers_fifty_are_read_and_then_nothing_is_waited_for() -> None:
    def flood(_question: bytes) -> Iterable[bytes]:
        yield b"x" * 9_001
        for number in range(120):
            yield str(number).encode()

    began = time.monotonic()
    async with FakeDevice(flood) as device:
        replies = await Network(target=device.target).ask(b"who?", to=GROUP, seconds=5)
    assert len(replies) == 50
    assert all(len(reply.data) < 10 for reply in replies)
    assert time.monotonic() - began < 2


async def test_silence_ends_in_time_with_nothing() -> None:
    began = time.monotonic()
    async with FakeDevice(lambda _question: []) as device:
        assert await Network(target=device.target).ask(b"who?", to=GROUP, seconds=0.2) == []
    assert 0.15 < time.monotonic() - began < 1.5


async def test_a_network_that_cannot_be_asked_is_told_in_a_sentence() -> None:
    with pytest.raises(Transient, match="There is no network to ask"):
        # An address of documentation (RFC 5737) is none of this computer: no socket can be bound to it.
        await Network(ways=["192.0.2.77"]).ask(b"who?", to=("127.0.0.1", 9), seconds=0.2)


async def test_where_asking_is_forbidden_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_way: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("metarr_desktop.services.network._socket", forbidden)
    with pytest.raises(Transient, match="may not ask its network"):
        await Network(target=("127.0.0.1", 9)).ask(b"who?", to=GROUP, seconds=0.2)


async def test_one_way_that_works_is_enough() -> None:
    async with FakeDevice(lambda _question: [b"here"]) as device:
        network = Network(ways=["192.0.2.77", "127.0.0.1", "::1", "nonsense"])
        assert network._ways == ("192.0.2.77",)
        network._ways = ("192.0.2.77", "")
        replies = await network.ask(b"who?", to=device.target, seconds=0.2)
    assert len(replies) == 1


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("127.0.0.1:7000", ("127.0.0.1", 7000)),
        ("", None),
        ("127.0.0.1", None),
        ("localhost:1", None),
        ("1:x", None),
    ],
)
def test_the_environment_may_name_who_is_asked(
    monkeypatch: pytest.MonkeyPatch, given: str, target: tuple[str, int] | None
) -> None:
    monkeypatch.setenv("METARR_DISCOVERY_TARGET", given)
    assert target_of_environment() == target
