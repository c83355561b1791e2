from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.storage.history_rows import Ended, insert_ended, insert_events

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.event_store import EventStore


async def test_webhooks_are_read_page_by_page_newest_first(database: Database, events: EventStore) -> None:
    await database.run(insert_events, {number: f"Film {number}" for number in range(1, 6)})
    assert [each.id for each in await events.page(limit=2)] == [5, 4]
    assert [each.id for each in await events.page(limit=2, before=4)] == [3, 2]
    assert [each.id for each in await events.page(limit=2, before=2)] == [1]
    assert await events.page(limit=2, before=1) == ()


async def test_a_webhook_has_a_root_for_each_replay(database: Database, events: EventStore) -> None:
    await database.run(insert_events, {1: "Film", 2: "Other"})
    rows = [
        Ended(id=10, event=1, root=10),
        Ended(id=11, event=1, root=10),
        Ended(id=20, event=1, root=20),
        Ended(id=30, event=2, root=30),
    ]
    await database.run(insert_ended, rows)
    assert await events.all_roots(1, limit=20) == (20, 10)
    assert await events.all_roots(1, limit=1) == (20,)
    assert await events.all_roots(3, limit=20) == ()
