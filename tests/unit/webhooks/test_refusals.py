from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import Change, WebhookRefused
from metarr_desktop.webhooks.refusals import MOST_REMEMBERED, Refusals
from tests.fakes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = "Refused webhook from 10.0.0.1: no."


class Told:
    """What was told, and a clock to move."""

    def __init__(self, minute_s: float = 60.0) -> None:
        self.now = 0.0
        self.sentences: list[str] = []
        bus = Bus()
        bus.subscribe(self._note)
        self.refusals = Refusals(bus=bus, clock=lambda: self.now, minute_s=minute_s)

    def _note(self, change: Change) -> None:
        assert isinstance(change, WebhookRefused)
        self.sentences.append(change.reason)

    def tell(self, count: int, address: str = "10.0.0.1") -> None:
        for _ in range(count):
            self.refusals.tell(address, reason="no.")


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    yield told
    told.refusals.close()


async def test_ten_refusals_a_minute_are_told_of_each_caller(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    told.tell(25)
    assert told.sentences == [LINE] * 10
    told.tell(1, "10.0.0.2")
    assert told.sentences[10:] == ["Refused webhook from 10.0.0.2: no."]
    told.now = 60
    told.tell(1)
    assert told.sentences[11:] == ["Refused 15 more from 10.0.0.1.", LINE]
    assert caplog.messages == told.sentences


async def test_a_caller_who_gave_up_is_summed_up_when_its_minute_is_over() -> None:
    told = Told(minute_s=0.02)
    told.tell(12)
    told.now = 0.02

    async def summed_up() -> bool:
        return told.sentences[10:] == ["Refused 2 more from 10.0.0.1."]

    await eventually(summed_up)


async def test_what_was_not_told_is_told_at_the_end(told: Told) -> None:
    told.tell(11)
    told.refusals.close()
    told.refusals.close()
    assert told.sentences[10:] == ["Refused 1 more from 10.0.0.1."]


async def test_a_thousand_callers_are_remembered_and_no_more(told: Told) -> None:
    told.tell(11)
    for number in range(MOST_REMEMBERED):
        told.tell(1, f"10.1.{number // 250}.{number % 250}")
    assert "Refused 1 more from 10.0.0.1." in told.sentences
    told.tell(1)
    assert told.sentences[-1] == LINE


async def test_a_caller_without_an_address_is_told_too(told: Told) -> None:
    told.tell(1, "")
    assert told.sentences == ["Refused webhook from ?: no."]
