"""The step of a connection test that proves the paths, within the time of the test."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.app.known_folders import KnownFolder
from metarr_desktop.app.path_trial import PathTrial, prove
from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.groups import Player, PlayerGroup
from metarr_desktop.domain.media import LibraryFolder
from metarr_desktop.domain.paths import PathMapping
from metarr_desktop.services.declaration import Group, MediaServerConfig, Member, ServiceConfig
from tests.fake_library import Library, Shelf, jellybean
from tests.fakes import FakeClock, tools

if TYPE_CHECKING:
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.services.http import Http

CONFIG = MediaServerConfig()


class Known:
    """All that is stored: folders, mappings, libraries and a household of two groups."""

    def __init__(self) -> None:
        self.folders = (KnownFolder(path="/movies", owner="Radarr", scopes=("radarr",)),)
        self.given: tuple[PathMapping, ...] = ()
        self.here: tuple[LibraryFolder, ...] = ()
        self.linked = frozenset[int]()

    async def of_service(self, _service: object) -> tuple[KnownFolder, ...]:
        return self.folders

    async def mappings(self) -> tuple[PathMapping, ...]:
        return self.given

    async def libraries(self) -> tuple[LibraryFolder, ...]:
        return self.here

    async def players(self, service: str) -> tuple[Player, ...]:
        return tuple(Player(id=number, group_id=number, service=service) for number in (1, 2))

    async def groups(self) -> dict[str, tuple[PlayerGroup, ...]]:
        names = {1: "default", 2: "kids"}
        return {
            "jellybean": tuple(
                PlayerGroup(
                    id=number, service="jellybean", name=name, slug=name, players=1, libraries=self.linked
                )
                for number, name in names.items()
            )
        }


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def trial(known: Known) -> PathTrial:
    given: Any = known
    return PathTrial(folders=given, library=given, players=given)


def server(shelf: Shelf) -> Library:
    return cast("Library", jellybean(shelf).notifier(tools(cast("Http", None), FakeClock())))


def mapping(scope: str, to_path: str) -> PathMapping:
    return PathMapping(scope=scope, from_path="/movies", to_path=to_path)


async def test_of_a_household_the_group_of_the_player_counts(known: Known, trial: PathTrial) -> None:
    shelf = Shelf()
    service = jellybean(shelf, member=ServiceConfig)
    known.given = (mapping("jellybean/kids", "/library/films/kids"), mapping("jellybean", "/elsewhere"))
    kids = Group(name="TV", members=(Member(id=2, name="TV", config=CONFIG),))
    assert "/library/films/kids" in str(await trial.look(service, server(shelf), kids))
    first = Group(name="TV", members=(Member(id=1, name="TV", config=CONFIG),))
    with pytest.raises(Permanent, match="is /elsewhere there"):
        await trial.look(service, server(shelf), first)


async def test_a_group_is_asked_only_for_what_it_is_linked_to(known: Known, trial: PathTrial) -> None:
    shelf = Shelf()
    service = jellybean(shelf, member=ServiceConfig)
    known.linked = frozenset({7})
    known.here = (LibraryFolder(id=7, name="Kids", path="/kids", type="movies"),)
    group = Group(name="TV", members=(Member(id=2, name="TV", config=CONFIG),))
    assert str(await trial.look(service, server(shelf), group)).startswith("No folders are known")


async def test_a_server_without_libraries_is_told_as_that(trial: PathTrial) -> None:
    shelf = Shelf()
    shelf.locations = ()
    with pytest.raises(Permanent, match="has no library folders"):
        await trial.look(jellybean(shelf), server(shelf), CONFIG)


async def test_a_folder_around_those_of_the_server_is_no_failure(known: Known, trial: PathTrial) -> None:
    shelf = Shelf()
    known.given = (mapping("jellybean", "/library"),)
    assert "/library" in str(await trial.look(jellybean(shelf), server(shelf), CONFIG))


async def test_the_paths_take_no_longer_than_what_is_left_of_ten_seconds(trial: PathTrial) -> None:
    shelf, clock = Shelf(), FakeClock()

    class Slow(Library):
        async def test(self, config: MediaServerConfig) -> list[TestStep]:
            clock.advance(9.4)
            return await super().test(config)

        async def locations(self, config: Any) -> tuple[str, ...]:
            await asyncio.Event().wait()
            return ()

    service = jellybean(shelf)
    slow = type("Slow", (Slow,), {"shelf": shelf})(tools(cast("Http", None), clock))
    proven = prove({service.key: slow}, services=[service], trial=trial)[service.key]
    async with asyncio.timeout(5):
        steps = await proven.test(CONFIG)
    assert [(step.ok, str(step.name)) for step in steps] == [(True, "Server"), (False, "Paths")]
    assert str(steps[-1].detail) == "Timed out after 10 s."


async def test_what_a_service_offers_to_choose_from_is_its_own(trial: PathTrial) -> None:
    class Choosy(Library):
        async def choices(self, config: MediaServerConfig) -> dict[str, tuple[tuple[str, str], ...]]:
            return {"room": (("1", "Den"),)}

    shelf = Shelf()
    service = jellybean(shelf)
    choosy = type("Choosy", (Choosy,), {"shelf": shelf})(tools(cast("Http", None), FakeClock()))
    proven = prove({service.key: choosy}, services=[service], trial=trial)[service.key]
    assert await proven.choices(CONFIG) == {"room": (("1", "Den"),)}
