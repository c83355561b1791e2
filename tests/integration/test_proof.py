"""A test of a media server that proves the paths, and a real refresh where a person asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import AuthFailed, Refused, Transient
from metarr_desktop.domain.events import Action, EventKind, MediaEvent
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.lanes import BlockCause
from metarr_desktop.domain.outcomes import Blocked
from metarr_desktop.domain.routing import Route
from metarr_desktop.domain.text import Text
from metarr_desktop.services.registry import service as registered
from metarr_desktop.storage.job_store import Run
from tests.fake_library import Shelf, jellybean
from tests.fakes import START
from tests.integration.senders import Home, connected, idle
from tests.integration.test_walk import post

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.app.core import Core

DOWNLOAD = Path(__file__).parents[2] / "resources" / "samples" / "radarr" / "download.json"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path)
    yield home
    await home.close()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def program(home: Home, shelf: Shelf) -> Any:
    return home.program(services=(jellybean(shelf), registered("discord")))


async def with_radarr(home: Home, core: Core, *folders: str) -> None:
    """Connect a Radarr that keeps its films in these folders."""
    arr = await home.arr("radarr")
    arr.folders = list(folders)
    await connected(core, arr, "Mine")


async def paths_step(core: Core, given: Draft | None = None) -> tuple[bool, str]:
    report = await core.commands.test_service("jellybean", given)
    line = report.lines[-1]
    assert str(line.name) == "Paths"
    assert report.ok is line.ok
    return line.ok, str(line.detail)


async def test_a_folder_in_no_library_is_named_with_the_remedy_until_it_is_mapped(
    home: Home, shelf: Shelf
) -> None:
    async with program(home, shelf) as core:
        await with_radarr(home, core, "/movies", "/library/films")
        ok, words = await paths_step(core)
        assert not ok
        assert words == (
            "/movies of Mine is in no library of Jellybean. Jellybean has: /library/films."
            " Add a path mapping for Jellybean, or the folder in Jellybean."
        )
        await core.commands.add_mapping("jellybean", "/movies", "/films")
        assert "/movies of Mine is /films there, which is in no library" in (await paths_step(core))[1]
        await core.commands.add_mapping("jellybean", "/movies", "/library/films/hd")
        ok, words = await paths_step(core)
        assert ok
        assert words == "Every known folder is in a library of Jellybean: /library/films/hd, /library/films."


async def test_what_waits_for_a_key_is_freed_though_a_path_is_wrong(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        await with_radarr(home, core, "/movies")
        await core.commands.set_enabled("jellybean", True)
        await core.commands.pause()
        queue = core.commands._queue
        await queue.add([NewJob(type="notify-jellybean", lane="jellybean", priority=5)])
        claim = await queue.claim({"jellybean": 1})
        assert claim.job is not None
        blocked = Blocked(reason=Text("Key rejected."), cause=BlockCause.KEY_REJECTED)
        await queue.settle(claim.job, blocked, run=Run(started_at=START, duration=START - START))
        report = await core.commands.test_service("jellybean")
        assert (report.ok, report.released) == (False, 1)
        assert await queue.lane_stops() == ()
        await core.commands.add_mapping("jellybean", "/movies", "/library/films")
        assert (await core.commands.test_service("jellybean")).ok


async def test_nothing_known_is_no_failure_and_what_came_last_tells_where_no_sender_does(
    home: Home, shelf: Shelf
) -> None:
    async with program(home, shelf) as core:
        assert await paths_step(core) == (
            True,
            "No folders are known yet, so there are no paths to check.",
        )
        await post(core, DOWNLOAD.read_bytes())
        await idle(core)
        ok, words = await paths_step(core)
        assert not ok
        assert words.startswith("/movies of Radarr is in no library")


async def test_folders_of_this_computer_are_checked_too(home: Home, shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    async with program(home, shelf) as core:
        await core.commands.add_library(str(folder))
        ok, words = await paths_step(core)
        assert not ok
        assert f"{folder} of this computer is in no library" in words
        shelf.locations = (str(tmp_path),)
        assert (await paths_step(core))[0]


async def test_what_a_service_is_not_told_need_not_be_in_its_libraries(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        await with_radarr(home, core, "/movies", "/kids", "/library/films")
        only = Route(events=frozenset({EventKind.DOWNLOADED}), exclude_paths=("/kids",))
        await core.commands.set_route("jellybean", "radarr", only)
        assert "/kids" not in (await paths_step(core))[1]
        await core.commands.set_route("jellybean", "radarr", Route(include_paths=("/library",)))
        assert (await paths_step(core))[0]


async def test_paths_are_looked_at_only_where_the_rest_passed(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        shelf.failure = AuthFailed("Jellybean rejected its key.")
        report = await core.commands.test_service("jellybean")
        assert [str(line.detail) for line in report.lines] == ["Jellybean rejected its key."]


async def test_unsaved_settings_are_tried(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        await with_radarr(home, core, "/library/films")
        ok, _ = await paths_step(core, Draft(values={"confirm": False}))
        assert ok
        assert (await core.queries.service_form("jellybean")).values["confirm"] is True


async def test_a_folder_is_really_refreshed_where_a_person_asks_for_it(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        with pytest.raises(Refused, match="No film is known yet"):
            await core.commands.send_test_message("jellybean")
        await core.commands.add_mapping("jellybean", "/movies", "/library/films")
        await post(core, DOWNLOAD.read_bytes())
        await idle(core)
        report = await core.commands.send_test_message("jellybean")
        (told,) = shelf.told
        assert isinstance(told.event, MediaEvent)
        assert told.event.action is Action.SCANNED
        assert told.folder is not None
        assert told.folder.startswith("/library/films/")
        assert report.ok
        assert str(report.lines[0].detail) == f"{told.folder}: Refreshed."
        shelf.failure = Transient("Jellybean is away.")
        report = await core.commands.send_test_message("jellybean", Draft(values={"confirm": False}))
        assert (report.ok, str(report.lines[0].detail)) == (False, f"{told.folder}: Jellybean is away.")


async def test_films_of_this_computer_do_where_nothing_came_yet(
    home: Home, shelf: Shelf, tmp_path: Path
) -> None:
    film = tmp_path / "films" / "Dune (2021) {tmdb-438631}"
    film.mkdir(parents=True)
    (film / "Dune.mkv").write_bytes(b"x" * 100)
    async with program(home, shelf) as core:
        await core.commands.add_library(str(film.parent))
        await core.commands.scan_path(str(film))
        await idle(core)
        await core.commands.send_test_message("jellybean")
        assert shelf.told[0].folder == str(film)
