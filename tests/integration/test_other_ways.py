"""Other ways in than webhooks, on a real core: by hand, by autoscan's form, by the watcher of folders."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.folder_watch import WatchTimes
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.forms import Draft
from tests.fakes import MemorySecretStore, eventually
from tests.integration.fake_kodi import FakeKodi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

QUICK = WatchTimes(quiet_s=0.3, at_most_s=2.0, poll_s=0.3, look_s=0.3)


@pytest.fixture
def kodi() -> Iterator[FakeKodi]:
    kodi = FakeKodi()
    server = kodi.start()
    yield kodi
    kodi.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    put(folder / "Alien (1979)", "Alien.mkv")
    return folder


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore()


@pytest.fixture
async def core(
    tmp_path: Path, films: Path, kodi: FakeKodi, secrets: MemorySecretStore
) -> AsyncIterator[Core]:
    paths = AppPaths(tmp_path / "data")
    async with open_core(paths, serve=True, port=0, secrets=secrets, watch_times=QUICK) as core:
        await core.commands.add_library(str(films), name="Films")
        draft = Draft(values={"host": "127.0.0.1", "port": kodi.port}, secrets={"password": "kodi"})
        await core.commands.save_service("kodi", draft, enabled=True)
        yield core


def put(folder: Path, *names: str, size: int = 10) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x" * size)
    return folder


def rows(core: Core) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(core.paths.database)) as db:
        return db.execute("SELECT id, title, year, file_path, deleted_at FROM movies ORDER BY id").fetchall()


async def ended(core: Core, kind: str) -> list[str]:
    """Status and detail of the jobs of a type that ended, the first one first."""
    page = await core.queries.history(HistoryFilter(), limit=100)
    found = [row for row in reversed(page.rows) if row.record.type == kind]
    return [f"{row.record.status}: {row.attempts[-1].detail if row.attempts else ''}" for row in found]


async def scans(core: Core, *, count: int) -> list[str]:
    async def there() -> bool:
        return len(await ended(core, "scan-movie")) >= count

    await eventually(there, within=20)
    return await ended(core, "scan-movie")


async def told(kodi: FakeKodi, *folders: Path | str) -> None:
    async def there() -> bool:
        return kodi.scanned == [f"{folder}/" for folder in folders]

    await eventually(there, within=20)


async def test_a_folder_asked_for_by_hand_is_scanned_and_kodi_looks_at_it(
    core: Core, films: Path, kodi: FakeKodi
) -> None:
    folder = put(films / "Dune (2021)", "Dune.mkv", "poster.jpg")
    request = await core.commands.scan_path(str(folder / "Dune.mkv"), origin="command line")
    assert (await scans(core, count=1))[0] == "completed: Found Dune.mkv, poster."
    await told(kodi, folder)
    assert [row[1:4] for row in rows(core)] == [("Dune", 2021, str(folder / "Dune.mkv"))]
    again = await core.commands.replay_event(request.event_id)
    assert again > request.job_id
    assert len(await scans(core, count=2)) == 2


async def test_a_deleted_film_is_kept_for_a_while_and_comes_back(core: Core, films: Path) -> None:
    folder = put(films / "Dune (2021)", "Dune.mkv")
    await core.commands.scan_path(str(folder))
    await scans(core, count=1)
    (folder / "Dune.mkv").unlink()
    folder.rmdir()
    await core.commands.scan_path(str(folder))
    assert "Dune (2021) was deleted" in (await scans(core, count=2))[1]
    ((movie_id, *_, deleted_at),) = rows(core)
    assert deleted_at is not None
    put(folder, "Dune.mkv")
    await core.commands.scan_path(str(folder))
    assert (await scans(core, count=3))[2] == (
        "completed: Found Dune.mkv. It had been deleted and is restored."
    )
    assert [(row[0], row[4]) for row in rows(core)] == [(movie_id, None)]


async def test_without_its_anchor_a_library_waits_and_deletes_nothing(
    core: Core, films: Path, kodi: FakeKodi
) -> None:
    folder = put(films / "Dune (2021)", "Dune.mkv")
    await core.commands.set_enabled("kodi", False)
    await core.commands.scan_path(str(folder))
    await scans(core, count=1)
    await core.commands.set_enabled("kodi", True)
    await core.commands.set_library("Films", anchor=".disk")
    hidden = films.rename(films.with_name("unplugged"))
    films.mkdir()

    await core.commands.scan_path(str(folder))

    async def waits() -> bool:
        reasons = [str(job.reason) for job in await core.queries.jobs() if job.reason is not None]
        return sum("The drive of Films is not connected: .disk is missing." in each for each in reasons) == 2

    await eventually(waits)
    assert [row[4] for row in rows(core)] == [None]
    films.rmdir()
    hidden.rename(films)
    put(films, ".disk")
    for job in await core.queries.jobs():
        await core.commands.run_now(job.id)
    assert (await scans(core, count=2))[1] == "completed: Found Dune.mkv."
    await told(kodi, folder)


@pytest.mark.parametrize("mode", ["events", "polling"])
async def test_the_watcher_asks_once_for_what_became_quiet(
    core: Core, films: Path, kodi: FakeKodi, mode: Any
) -> None:
    await core.commands.set_library("Films", watch=mode)

    async def watched() -> bool:
        return "Watching the library folder Films" in "\n".join(line.message for line in core.log.lines())

    await eventually(watched)
    put(films, "loose.mkv", ".hidden.mkv")
    folder = put(films / "Dune (2021)", "Dune.mkv.part", "readme.txt")
    (folder / "Dune.mkv.part").rename(folder / "Dune.mkv")
    put(folder, "poster.jpg")
    await told(kodi, folder)
    assert await scans(core, count=1) == ["completed: Found Dune.mkv, poster."]
    await core.commands.set_library("Films", watch="off")
    assert [row[1] for row in rows(core)] == ["Dune"]


async def test_a_folder_a_sender_told_of_is_not_asked_for_again(
    core: Core, films: Path, kodi: FakeKodi
) -> None:
    await core.commands.set_library("Films", watch="events")
    await core.commands.add_mapping("radarr", "/movies", str(films))
    put(folder := films / "The Matrix (1999)", "The Matrix (1999).mkv")
    status, _ = await core.commands.send_test("radarr")
    assert status == 200
    await told(kodi, "/movies/The Matrix (1999)")
    put(folder, "fanart.jpg")
    other = put(films / "Dune (2021)", "Dune.mkv")
    await told(kodi, "/movies/The Matrix (1999)", other)
    assert [row[1] for row in rows(core)] == ["The Matrix", "Dune"]
    assert [event.source for event in await core.queries.events(limit=9)] == ["scan", "radarr"]


async def test_autoscan_s_form_needs_a_key_and_takes_folders(
    core: Core, films: Path, kodi: FakeKodi, secrets: MemorySecretStore
) -> None:
    listening = core.queries.listening()
    assert listening is not None
    address = f"http://127.0.0.1:{listening.port}/triggers/manual"
    folder = put(films / "Dune (2021)", "Dune.mkv")
    async with aiohttp.ClientSession() as session:

        async def post(**options: Any) -> tuple[int, dict[str, Any]]:
            async with session.request(options.pop("method", "POST"), address, **options) as answer:
                return answer.status, await answer.json()

        assert (await post(params={"dir": str(folder)}))[0] == 401
        await core.commands.new_key()
        key = {"X-Api-Key": secrets.secrets["receiving/key"]}
        assert (await post(params={"dir": str(folder)}, headers={"X-Api-Key": "wrong"}))[0] == 401
        assert (await post(method="GET", params={"dir": str(folder)}, headers=key))[0] == 405
        assert (await post(headers=key))[0] == 400
        status, answer = await post(params={"dir": "/etc"}, headers=key)
        assert (status, answer["error"][:4]) == (400, "/etc")
        params = [("dir", str(folder)), ("dir", "/etc")]
        status, answer = await post(params=params, data={"dir": f"{films}/Alien (1979)"}, headers=key)
        assert status == 200
        assert [scan["title"] for scan in answer["scans"]] == ["Dune (2021)", "Alien (1979)"]
        assert [each["dir"] for each in answer["refused"]] == ["/etc"]
    assert len(await scans(core, count=2)) == 2


async def test_the_api_and_its_key_lead_to_the_same_scan(
    core: Core, films: Path, secrets: MemorySecretStore
) -> None:
    listening = core.queries.listening()
    assert listening is not None
    key = {"X-Api-Key": await core.api_key.show()}
    address = f"http://127.0.0.1:{listening.port}"
    async with aiohttp.ClientSession(headers=key) as session:
        path = str(films / "Alien (1979)")
        async with session.post(f"{address}/api/v1/scan", json={"path": path}) as answer:
            assert answer.status == 200
            assert (await answer.json())["title"] == "Alien (1979)"
        async with session.post(f"{address}/api/v1/scan", json={"path": "/etc"}) as answer:
            assert answer.status == 409
            assert "is in no library folder" in (await answer.json())["error"]["message"]
        await scans(core, count=1)
        async with session.post(f"{address}/triggers/manual", params={"dir": path}) as answer:
            assert answer.status == 200
    assert await scans(core, count=2) == ["completed: Found Alien.mkv."] * 2
