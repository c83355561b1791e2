from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind
from metarr_desktop.domain.routing import EVERY_SOURCE, EventChoice, Route, Routes, sender_scope
from metarr_desktop.storage.route_store import RouteStore

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database

CHOICE = EventChoice(takes=frozenset(EventKind), default=frozenset({EventKind.DOWNLOADED}))
ROUTE = Route(
    events=frozenset({EventKind.GRABBED, EventKind.HEALTH}),
    include_tags=("4k",),
    exclude_tags=("kids",),
    include_paths=("/movies",),
    exclude_paths=("/movies/x",),
)


RADARR_4K = sender_scope("radarr", "Radarr 4K")


@pytest.fixture
def store(any_database: Database) -> RouteStore:
    return RouteStore(any_database)


def event(action: Action, instance: str = "Radarr 4K") -> MediaEvent:
    return MediaEvent(
        source="radarr",
        kind=MediaKind.MOVIE,
        action=action,
        title="Dune",
        folder="/movies/Dune",
        instance=instance,
    )


async def test_without_a_route_a_service_is_told_what_it_is_told_by_itself(store: RouteStore) -> None:
    routes = await store.routes()
    assert routes == Routes()
    assert routes.passes(event(Action.IMPORTED), service="discord", choice=CHOICE)
    assert not routes.passes(event(Action.GRABBED), service="discord", choice=CHOICE)


async def test_a_route_comes_back_as_it_was_set(store: RouteStore) -> None:
    await store.save("discord", RADARR_4K, ROUTE)
    await store.save("kodi", EVERY_SOURCE, Route(events=frozenset()))
    assert (await store.routes()).stored == {
        ("discord", "radarr/radarr-4k"): ROUTE,
        ("kodi", ""): Route(events=frozenset()),
    }


async def test_the_last_route_counts_until_it_is_taken_back(store: RouteStore) -> None:
    await store.save("discord", "radarr", ROUTE)
    await store.save("discord", "radarr", Route(include_tags=("x",)))
    assert (await store.routes()).stored == {("discord", "radarr"): Route(include_tags=("x",))}
    await store.reset("discord", "radarr")
    assert await store.routes() == Routes()


async def test_the_route_of_a_sender_counts_before_that_of_its_type_and_of_all(store: RouteStore) -> None:
    await store.save("discord", EVERY_SOURCE, Route(events=frozenset({EventKind.DELETED})))
    await store.save("discord", "radarr", Route(events=frozenset({EventKind.RENAMED})))
    await store.save("discord", RADARR_4K, Route(events=frozenset({EventKind.GRABBED})))
    routes = await store.routes()

    def told(instance: str) -> list[Action]:
        actions = (Action.GRABBED, Action.RENAMED, Action.DELETED)
        return [
            each for each in actions if routes.passes(event(each, instance), service="discord", choice=CHOICE)
        ]

    assert told("Radarr 4K") == [Action.GRABBED]
    assert told("Radarr") == [Action.RENAMED]
    await store.reset("discord", "radarr")
    routes = await store.routes()
    assert told("Radarr") == [Action.DELETED]


async def test_a_rule_that_was_damaged_by_hand_does_not_restrict(
    any_database: Database, store: RouteStore
) -> None:
    await store.save("discord", "radarr", ROUTE)
    await any_database.run(
        lambda db: db.execute("UPDATE routes SET rule = ?", ('{"events": 5, "include_tags": "x"}',))
    )
    assert (await store.routes()).stored == {("discord", "radarr"): Route()}
