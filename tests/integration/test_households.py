"""Groups of players through a real core: who is told, in which lane, and what is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.app.snapshots import ProblemKind, ServiceState
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import EndStatus, NewJob
from tests.fakes import MemorySecretStore, eventually
from tests.fakes_http import FakeServer, Reply
from tests.household import HOUSE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.snapshots import FamilySnapshot


@pytest.fixture
async def living() -> AsyncIterator[FakeServer]:
    async with FakeServer(lambda _: Reply.of_json({})) as server:
        yield server


@pytest.fixture
async def kids() -> AsyncIterator[FakeServer]:
    async with FakeServer(lambda _: Reply.of_json({})) as server:
        yield server


@pytest.fixture
async def core(tmp_path: Path, living: FakeServer, kids: FakeServer) -> AsyncIterator[Core]:
    """A household with a player in the first group and one in the group Kids."""
    paths = AppPaths(tmp_path / "data")
    async with open_core(paths, serve=True, port=0, secrets=MemorySecretStore(), services=[HOUSE]) as core:
        await core.commands.save_service(
            "house", Draft(values=player(living), secrets={"password": "one"}), enabled=True
        )
        await core.commands.add_group("house", "Kids")
        await core.commands.add_player("house", "Kids", Draft(values=player(kids)), name="Den")
        yield core


def player(server: FakeServer) -> dict[str, str | int]:
    return {"host": "127.0.0.1", "port": server.port}


async def send(core: Core, folder: str = "/movies/Up (2009)") -> int:
    listening = core.queries.listening()
    assert listening is not None
    body = {"eventType": "Download", "movie": {"id": 1, "title": "Up", "year": 2009, "folderPath": folder}}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{listening.port}/webhooks/radarr", json=body) as answer,
    ):
        return int((await answer.json())["eventId"])


async def family(core: Core, event_id: int) -> FamilySnapshot:
    found = await core.queries.recent(limit=20)
    return next(each for each in found if each.event is not None and each.event.id == event_id)


async def ends(core: Core, event_id: int, *, count: int) -> dict[str, EndStatus]:
    """Wait until so many deliveries ended, and return how, by lane."""
    told: dict[str, EndStatus] = {}

    async def over() -> bool:
        records = (await family(core, event_id)).records
        told.update({each.lane: each.status for each in records if each.type == "notify-house"})
        return len(told) == count

    await eventually(over)
    return told


def scans(server: FakeServer) -> list[str]:
    return [each.json["folder"] for each in server.requests if each.path == "/scan"]


async def test_one_group_fails_and_alone_is_tried_again(
    core: Core, living: FakeServer, kids: FakeServer
) -> None:
    kids.respond = lambda _: Reply(status=401)
    event_id = await send(core)
    await ends(core, event_id, count=1)

    async def stopped() -> bool:
        return [lane.lane for lane in await core.queries.lanes()] == ["house/kids"]

    await eventually(stopped)
    (lane,) = await core.queries.lanes()
    assert lane.title == "House (Kids)"
    (problem,) = [each for each in await core.queries.problems() if each.kind is ProblemKind.KEY_REJECTED]
    assert (problem.subject, "House (Kids)" in str(problem.text)) == ("house", True)
    (service,) = await core.queries.services()
    assert (service.state, service.waiting) == (ServiceState.NEEDS_ATTENTION, 1)
    again = await send(core, "/movies/Heat (1995)")
    assert (await ends(core, again, count=1)) == {"house": EndStatus.COMPLETED}
    kids.respond = lambda _: Reply.of_json({})
    await core.commands.save_player("house", "Den", Draft(values={"host": "localhost"}))
    for each in (event_id, again):
        assert set((await ends(core, each, count=2)).values()) == {EndStatus.COMPLETED}
    assert scans(living) == ["/movies/Up (2009)", "/movies/Heat (1995)"]
    assert scans(kids)[1:] == ["/movies/Up (2009)", "/movies/Heat (1995)"]


async def test_retry_of_a_failed_group_leaves_the_other_alone(
    core: Core, living: FakeServer, kids: FakeServer
) -> None:
    kids.respond = lambda _: Reply(status=500)
    event_id = await send(core)
    await ends(core, event_id, count=1)

    async def waits() -> bool:
        jobs = (await family(core, event_id)).jobs
        return [job.lane for job in jobs if job.type == "notify-house" and job.error] == ["house/kids"]

    await eventually(waits)
    (job,) = (await family(core, event_id)).jobs
    assert job.payload["group"] == "Kids"
    kids.respond = lambda _: Reply.of_json({})
    await core.commands.run_now(job.id)
    assert set((await ends(core, event_id, count=2)).values()) == {EndStatus.COMPLETED}
    assert len(scans(living)) == 1


async def test_a_linked_group_is_told_of_its_folder_with_its_own_paths(
    core: Core, living: FakeServer, kids: FakeServer, tmp_path: Path
) -> None:
    for name, film in (("films", "Heat"), ("cartoons", "Up")):
        (tmp_path / name / film).mkdir(parents=True)
        (tmp_path / name / film / f"{film}.mkv").write_bytes(b"x" * 100)
        await core.commands.add_library(str(tmp_path / name), type="movies")
    await core.commands.add_mapping("radarr", "/data", str(tmp_path))
    await core.commands.add_mapping("house", "/data", "smb://nas/all")
    await core.commands.add_mapping("house/kids", "/data/cartoons", "smb://nas/kids")
    await core.commands.link_group("house", "Kids", "cartoons")
    films = await send(core, "/data/films/Heat")
    assert await ends(core, films, count=1) == {"house": EndStatus.COMPLETED}
    hops = await core.queries.trace("/data/cartoons/Up", "radarr", "house/kids")
    assert hops[-1].path == "smb://nas/kids/Up"
    cartoons = await send(core, "/data/cartoons/Up")
    assert set((await ends(core, cartoons, count=2)).values()) == {EndStatus.COMPLETED}
    assert scans(kids) == ["smb://nas/kids/Up"]
    assert scans(living)[-1] == "smb://nas/all/cartoons/Up"


async def test_what_waits_for_a_group_that_was_removed_is_skipped(core: Core, kids: FakeServer) -> None:
    kids.respond = lambda _: Reply(status=401)
    event_id = await send(core)

    async def stopped() -> bool:
        return bool(await core.queries.lanes())

    await eventually(stopped)
    await core.commands.remove_group("house", "Kids")
    assert (await ends(core, event_id, count=2))["house/kids"] is EndStatus.SKIPPED


async def test_a_scan_that_waits_for_a_video_runs_when_a_person_says_so(
    core: Core, living: FakeServer, kids: FakeServer
) -> None:
    kids.respond = lambda asked: Reply(status=200 if asked.query.get("anyway") == "True" else 409)
    event_id = await send(core)
    await ends(core, event_id, count=1)

    async def put_off() -> bool:
        jobs = (await family(core, event_id)).jobs
        return any(job.deferrals for job in jobs)

    await eventually(put_off)
    (job,) = (await family(core, event_id)).jobs
    assert core.queries.may_scan_anyway(job)
    await core.commands.scan_anyway(job.id)
    assert (await ends(core, event_id, count=2))["house/kids"] is EndStatus.COMPLETED
    with pytest.raises(NotFound):
        await core.commands.scan_anyway(job.id)
    await core.commands.pause()
    other = await send(core, "/movies/Heat")

    async def planned() -> bool:
        return any(each.type == "notify-house" for each in (await family(core, other)).jobs)

    await eventually(planned)
    waiting = next(each for each in (await family(core, other)).jobs if each.type == "notify-house")
    with pytest.raises(Refused, match="video"):
        await core.commands.scan_anyway(waiting.id)


async def test_a_test_asks_every_player_and_frees_the_groups_that_are_well(
    core: Core, living: FakeServer, kids: FakeServer
) -> None:
    for server in (living, kids):
        server.respond = lambda asked: Reply(status=200 if asked.path == "/ping" else 401)
    event_id = await send(core)

    async def stopped() -> bool:
        return len(await core.queries.lanes()) == 2

    await eventually(stopped)
    living.respond = lambda _: Reply.of_json({})
    kids.respond = lambda _: Reply(status=401)
    report = await core.commands.test_service("house")
    assert [(str(line.name), line.ok) for line in report.lines] == [
        ("127.0.0.1: Connection", True),
        ("Den: Connection", False),
    ]
    assert (report.ok, report.released) == (False, 1)
    assert await ends(core, event_id, count=1) == {"house": EndStatus.COMPLETED}
    kids.respond = lambda _: Reply.of_json({})
    assert (await core.commands.test_player("house", "Den")).ok
    assert (await ends(core, event_id, count=2))["house/kids"] is EndStatus.COMPLETED


@pytest.mark.parametrize("queue", ["database", "redis"])
async def test_a_group_that_another_computer_adds_is_served_at_once(
    tmp_path: Path, kids: FakeServer, postgres_url: str, queue: str, request: pytest.FixtureRequest
) -> None:
    queue_url = str(request.getfixturevalue("redis_url")) if queue == "redis" else None
    options: Any = {"services": [HOUSE], "database_url": postgres_url, "queue_url": queue_url}
    async with (
        open_core(
            AppPaths(tmp_path / "here"), serve=True, port=0, secrets=MemorySecretStore(), **options
        ) as here,
        open_core(AppPaths(tmp_path / "there"), serve=False, secrets=MemorySecretStore(), **options) as there,
    ):
        await there.commands.set_enabled("house", True)
        await there.commands.add_group("house", "Kids")
        await there.commands.add_player("house", "Kids", Draft(values=player(kids)))
        event = MediaEvent(
            source="sonarr", kind=MediaKind.EPISODE, action=Action.IMPORTED, title="Dark", folder="/tv/Dark"
        )
        await there.commands._queue.add(
            [
                NewJob(
                    type="notify-house", lane="house/kids", priority=5, payload={"event": event.to_payload()}
                )
            ]
        )

        async def told() -> bool:
            return scans(kids) == ["/tv/Dark"]

        await eventually(told)
        assert {lane.lane for lane in await here.queries.lanes()} == set()


async def test_unsaved_settings_are_tested_over_those_of_the_player_they_are_of(
    core: Core, living: FakeServer, kids: FakeServer
) -> None:
    async with FakeServer(lambda _: Reply.of_json({})) as other:
        moved = Draft(values={"port": other.port}, secrets={"password": "two"})
        assert (await core.commands.test_player("house", "127.0.0.1", moved)).ok
        assert [each.json["password"] for each in other.requests] == ["two"]
        assert (await core.commands.test_player("house", None, Draft(values=player(other)))).ok
        assert [each.json["password"] for each in other.requests] == ["two", ""]
        assert (await core.commands.test_service("house", moved)).ok
        assert len(other.requests) == 3
        assert (living.requests, len(kids.requests)) == ([], 1)
    report = await core.commands.test_player("house", None, Draft(values={"port": 1}))
    assert "host" in str(report.lines[0].detail)
