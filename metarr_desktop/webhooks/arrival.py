"""Waits for the Test of a sender to arrive at our own listener."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from metarr_desktop.domain.changes import EventStored
from metarr_desktop.domain.senders import slug

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.senders import Sender

WITHIN_S = 5.0
"""A test that was answered is stored already; its news needs no longer than this."""


class Arrival:
    """The first Test of one sender since we began to wait."""

    def __init__(self, sender: Sender) -> None:
        self._type = sender.type
        self._slug = sender.slug
        self._came = asyncio.Event()
        self._event_id = 0

    async def event_id(self) -> int | None:
        """Return the id of the webhook that arrived; None where none did."""
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._came.wait()
        except TimeoutError:
            return None
        return self._event_id

    @property
    def came(self) -> bool:
        """Whether it arrived."""
        return self._came.is_set()

    def hear(self, change: Change) -> None:
        """Take a change from the bus."""
        if (
            isinstance(change, EventStored)
            and change.source == self._type
            and change.event_type.casefold() == "test"
            and slug(change.instance) == self._slug
            and not self._came.is_set()
        ):
            self._event_id = change.event_id
            self._came.set()


@contextmanager
def arrival_of(sender: Sender, bus: Bus) -> Iterator[Arrival]:
    """Listen for the Test of a sender while the block runs."""
    arrival = Arrival(sender)
    end = bus.subscribe(arrival.hear)
    try:
        yield arrival
    finally:
        end()
