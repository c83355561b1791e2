"""Path mappings found out by asking a sender and a media server, and the warning when films move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.snapshots import HistoryFilter, ProblemKind
from metarr_desktop.domain.errors import Transient
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.services.registry import service as registered
from tests.fake_library import Shelf, jellybean
from tests.fakes import eventually
from tests.integration.senders import Home, draft

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.core import Core
    from tests.fake_arr import FakeArr


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path)
    yield home
    await home.close()


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.locations = ("/media/films", "/media/tv")
    shelf.films = known("/media/films")
    return shelf


def known(root: str, count: int = 12) -> list[KnownFilm]:
    return [KnownFilm(folder=f"{root}/Film {number}", tmdb_id=number) for number in range(1, count + 1)]


def program(home: Home, shelf: Shelf) -> Any:
    return home.program(services=(jellybean(shelf), registered("discord")))


async def radarr(home: Home, core: Core) -> FakeArr:
    arr = await home.arr("radarr")
    arr.folders = ["/movies"]
    arr.movies = [{"path": each.folder, "tmdbId": each.tmdb_id, "title": "x"} for each in known("/movies")]
    arr.movies.append({"path": None, "tmdbId": "?"})
    await core.commands.add_sender("Radarr 4K", type="radarr", draft=draft(arr))
    await core.commands.set_enabled("jellybean", True)
    return arr


async def nightly(core: Core) -> str:
    """Let the nightly comparison run now; returns what its job says."""
    job_id = await core.commands.run_schedule("scheduled-path-check")

    async def over() -> bool:
        return any(row.record.job_id == job_id for row in (await core.queries.history(HistoryFilter())).rows)

    await eventually(over)
    attempt = (await core.queries.job(job_id)).attempts[-1]
    return str(attempt.detail)


async def test_films_both_know_say_what_to_map_and_nothing_more_once_it_is(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        arr = await radarr(home, core)
        arr.movies.append({"path": "/movies/Wanted", "tmdbId": 99, "title": "x", "hasFile": False})
        shelf.films.append(KnownFilm(folder="/media/films/Lent", tmdb_id=99))
        report = await core.commands.propose_mappings()
        (proposal,) = report.proposals
        assert (proposal.scope, proposal.from_path, proposal.to_path) == (
            "jellybean",
            "/movies",
            "/media/films",
        )
        assert (proposal.agree, proposal.total, proposal.origin) == (12, 12, "Radarr 4K")
        (problem,) = await core.queries.problems()
        assert (problem.kind, problem.subject) == (ProblemKind.PATH_DRIFT, "jellybean")
        assert "12 of 12 films" in str(problem.text)
        await core.commands.add_mapping(proposal.scope, proposal.from_path, proposal.to_path)
        assert (await core.commands.propose_mappings()).proposals == ()
        assert await core.queries.problems() == ()


async def test_a_film_of_another_sender_is_no_sign_that_a_copy_moved(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        arr = await radarr(home, core)
        await core.commands.add_mapping("jellybean", "/movies", "/media/films")
        assert (await core.commands.propose_mappings()).proposals == ()
        other = await home.arr("radarr")
        other.folders = ["/movies4k"]
        other.movies = [
            {**each, "path": str(each["path"]).replace("/movies", "/movies4k")} for each in arr.movies
        ]
        await core.commands.add_sender("Radarr UHD", type="radarr", draft=draft(other))
        report = await core.commands.propose_mappings()
        assert report.proposals == ()
        assert [(each.agree, each.total) for _, each in report.agreements] == [(12, 12)]
        assert await core.queries.problems() == ()


async def test_at_night_a_server_that_is_off_is_left_alone(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        await radarr(home, core)
        await core.commands.set_enabled("jellybean", False)
        shelf.failure = Transient("No answer.")
        assert "Jellybean" not in await nightly(core)
        shelf.failure = None
        assert (await core.commands.propose_mappings()).proposals


async def test_the_nightly_check_warns_of_films_that_moved_until_it_is_well_again(
    home: Home, shelf: Shelf
) -> None:
    async with program(home, shelf) as core:
        arr = await radarr(home, core)
        await core.commands.add_mapping("jellybean", "/movies", "/media/films")
        assert "Jellybean: 12 of 12 films agree." in await nightly(core)
        assert await core.queries.problems() == ()
        shelf.films = known("/media/films2", 4) + known("/media/films")[4:]
        assert "Jellybean: 8 of 12 films agree." in await nightly(core)
        (problem,) = await core.queries.problems()
        assert str(problem.text) == (
            "Jellybean writes 4 of 12 films under another path than the mapping says."
        )
        shelf.failure = Transient("No answer.")
        assert "could not be asked" in await nightly(core)
        assert len(await core.queries.problems()) == 1, "who does not answer did not mend anything"
        shelf.failure, shelf.films = None, known("/media/films")
        arr.key = "b" * 32
        assert "could not be asked for its films" in await nightly(core)
        assert len(await core.queries.problems()) == 1, "neither did a sender"
        arr.key = "a" * 32
        await nightly(core)
        assert await core.queries.problems() == ()


async def test_a_wrong_mapping_is_named(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        await radarr(home, core)
        await core.commands.add_mapping("jellybean", "/movies", "/films")
        (proposal,) = (await core.commands.propose_mappings()).proposals
        assert (proposal.to_path, proposal.instead) == ("/media/films", "/films")


async def test_folders_are_compared_where_no_films_are_known(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        sonarr = await home.arr("sonarr")
        sonarr.folders = ["/tv"]
        await core.commands.add_sender("Sonarr", type="sonarr", draft=draft(sonarr))
        await core.commands.set_enabled("jellybean", True)
        (proposal,) = (await core.commands.propose_mappings()).proposals
        assert (proposal.from_path, proposal.to_path, proposal.total) == ("/tv", "/media/tv", 0)
        assert await core.queries.problems() == ()


async def test_a_senders_folder_is_found_on_this_computer(home: Home, shelf: Shelf, tmp_path: Path) -> None:
    shelf.films, shelf.locations = [], ()
    folder = tmp_path / "movies"
    folder.mkdir()
    async with program(home, shelf) as core:
        await radarr(home, core)
        await core.commands.add_library(str(folder))
        (proposal,) = (await core.commands.propose_mappings()).proposals
        assert (proposal.scope, proposal.from_path, proposal.to_path) == ("radarr-4k", "/movies", str(folder))
        assert proposal.target == "This computer"


async def test_who_does_not_answer_is_named_and_the_others_are_compared(home: Home, shelf: Shelf) -> None:
    async with program(home, shelf) as core:
        await radarr(home, core)
        shelf.failure = Transient("Jellybean is away.")
        report = await core.commands.propose_mappings()
        assert [str(each) for each in report.unasked] == [
            "Jellybean could not be asked for its films: Jellybean is away."
        ]


async def test_nothing_to_compare_is_no_failure(home: Home, shelf: Shelf) -> None:
    async with home.program(services=(registered("discord"),)) as core:
        assert "No media server and no sender" in await nightly(core)
