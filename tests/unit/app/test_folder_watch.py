from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.folder_watch import FolderWatch, WatchTimes
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import JobChanged, SettingsChanged
from metarr_desktop.domain.clock import SystemClock
from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.jobs import HIGH, SCAN_LANE, SCAN_MOVIE, Job, JobStatus
from metarr_desktop.domain.media import LibraryFolder
from tests.fakes import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.folder_thread import Tell, Watcher
    from metarr_desktop.domain.media import LibraryType
    from metarr_desktop.domain.paths import PathMapping

TIMES = WatchTimes(quiet_s=0.05, at_most_s=0.5, poll_s=0.1, look_s=0.05)


class Library:
    def __init__(self, root: Path) -> None:
        self.folders = [LibraryFolder(id=1, name="Films", path=str(root), type="movies", watch="events")]
        self.known: dict[str, int] = {}

    async def libraries(self) -> tuple[LibraryFolder, ...]:
        return tuple(self.folders)

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        return ()

    async def known_files(self, folder: str) -> dict[str, int]:
        return self.known


class Scans:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def request(self, path: str, *, origin: str, remote_address: str = "") -> Any:
        assert origin == "watcher"
        self.asked.append(path)
        raise Refused("Asked often enough.")


class Threads:
    """Stands for the threads; ``fails`` is raised by those that do not poll."""

    def __init__(self) -> None:
        self.started: list[tuple[Watcher, Tell]] = []
        self.fails: OSError | None = None

    def __call__(self, watcher: Watcher, tell: Tell, /, *, poll_s: float) -> None:
        self.started.append((watcher, tell))
        if self.fails is not None and not watcher.polling:
            watcher.ended, watcher.over = self.fails, True
            tell(frozenset())
            return
        watcher.began = True
        watcher.stop.wait(30)
        watcher.over = True

    @property
    def modes(self) -> list[str]:
        return ["polling" if watcher.polling else "events" for watcher, _ in self.started]


class Bench:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.library, self.scans, self.threads, self.bus = Library(root), Scans(), Threads(), Bus()
        parts: dict[str, Any] = {"library": self.library, "scans": self.scans, "watch": self.threads}
        self.watch = FolderWatch(bus=self.bus, clock=SystemClock(), times=TIMES, **parts)

    async def started(self, count: int) -> None:
        async def enough() -> bool:
            return len(self.threads.started) >= count

        await eventually(enough)

    async def asked(self, *names: str) -> None:
        async def there() -> bool:
            return self.scans.asked == [str(self.root / name) for name in names]

        await eventually(there)

    def see(self, *names: str) -> None:
        self.threads.started[-1][1](frozenset(self.root / name for name in names))

    def told(
        self, folder: Path, *, source: str, action: Action = Action.IMPORTED, kept: bool = False
    ) -> None:
        event = MediaEvent(
            source=source,
            kind=MediaKind.MOVIE,
            action=action,
            title="Dune",
            folder=str(folder),
            files_kept=kept,
        )
        now = SystemClock().now()
        job = Job(
            id=1, type=SCAN_MOVIE, lane=SCAN_LANE, priority=HIGH, status=JobStatus.PENDING,
            payload={"event": event.to_payload()}, created_at=now, updated_at=now, run_after=now, root_id=1,
        )  # fmt: skip
        self.bus.publish(JobChanged(job))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    root = tmp_path / "films"
    for name in ("Dune", "Alien"):
        (root / name).mkdir(parents=True)
        (root / name / "film.mkv").touch()
    bench = Bench(root)
    task = asyncio.get_running_loop().create_task(bench.watch.run())
    yield bench
    task.cancel()
    await bench.watch.close()
    assert all(watcher.over for watcher, _ in bench.threads.started)


async def test_what_became_quiet_is_asked_for_once(bench: Bench) -> None:
    await bench.started(1)
    bench.see("Dune")
    bench.see("Dune")
    await bench.asked("Dune")
    await asyncio.sleep(0.15)
    assert len(bench.scans.asked) == 1


@pytest.mark.parametrize(("kind", "parts"), [("tv", ()), ("music", ()), ("movies", ("Dune/Extended",))])
async def test_a_new_series_is_asked_for_once_with_its_seasons(
    bench: Bench, kind: LibraryType, parts: tuple[str, ...]
) -> None:
    await bench.started(1)
    (bench.root / "Dune" / "Extended").mkdir()
    (bench.root / "Dune" / "Extended" / "part.mkv").touch()
    bench.library.folders = [replace(bench.library.folders[0], type=kind)]
    bench.see("Dune", "Dune/Extended")
    await asyncio.sleep(0.2)
    assert sorted(bench.scans.asked) == sorted(str(bench.root / name) for name in ("Dune", *parts))


async def test_what_a_sender_told_of_is_not_asked_for(bench: Bench) -> None:
    await bench.started(1)
    bench.told(bench.root / "Dune", source="radarr")
    bench.see("Dune", "Alien")
    await bench.asked("Alien")


async def test_what_changes_no_file_is_nothing_told(bench: Bench) -> None:
    await bench.started(1)
    bench.told(bench.root / "Dune", source="radarr", action=Action.GRABBED)
    bench.told(bench.root / "Dune", source="sonarr", action=Action.ADDED)
    bench.told(bench.root / "Dune", source="lidarr", action=Action.DELETED, kept=True)
    bench.see("Dune")
    await bench.asked("Dune")


async def test_of_a_series_that_a_sender_told_of_nothing_is_asked_for_later(bench: Bench) -> None:
    await bench.started(1)
    (folder,) = bench.library.folders
    bench.library.folders = [replace(folder, type="tv")]
    bench.told(bench.root / "Dune", source="sonarr")
    bench.see("Dune")
    await asyncio.sleep(0.15)
    bench.watch._told.clear()  # ten minutes later
    await asyncio.sleep(0.15)
    assert bench.scans.asked == []


@pytest.mark.parametrize("source", ["scan", "radarr"])
async def test_after_a_film_was_told_more_is_asked_for_later(bench: Bench, source: str) -> None:
    await bench.started(1)
    bench.told(bench.root / "Dune", source=source)
    bench.see("Dune")
    await asyncio.sleep(0.15)
    assert bench.scans.asked == []
    bench.watch._told.clear()  # ten minutes later
    await bench.asked("Dune")


async def test_what_a_scan_knows_is_not_asked_for(bench: Bench) -> None:
    await bench.started(1)
    bench.library.known = {str(bench.root / "Dune" / "film.mkv"): 0}
    bench.see("Dune")
    await asyncio.sleep(0.15)
    assert bench.scans.asked == []


async def test_settings_start_and_stop_a_watcher(bench: Bench) -> None:
    await bench.started(1)
    (folder,) = bench.library.folders
    bench.library.folders = []
    bench.bus.publish(SettingsChanged())
    assert await asyncio.to_thread(bench.threads.started[0][0].stop.wait, 10)
    bench.library.folders = [folder]
    bench.bus.publish(SettingsChanged())
    await bench.started(2)
    assert bench.threads.modes == ["events", "events"]


async def test_where_the_system_cannot_watch_it_polls(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    await bench.started(1)
    bench.threads.fails = OSError("OS file watch limit reached.")
    bench.library.folders = [
        LibraryFolder(id=2, name="More", path=str(bench.root), type="movies", watch="events")
    ]
    bench.bus.publish(SettingsChanged())
    await bench.started(3)
    assert bench.threads.modes == ["events", "events", "polling"]
    assert "The system cannot watch the library folder More" in caplog.text


async def test_a_drive_that_goes_and_comes_back_is_watched_anew(bench: Bench) -> None:
    await bench.started(1)
    bench.see("Dune")
    away = bench.root.rename(bench.root.with_name("away"))
    assert await asyncio.to_thread(bench.threads.started[0][0].stop.wait, 10)
    await asyncio.sleep(0.15)
    assert len(bench.threads.started) == 1
    away.rename(bench.root)
    await bench.started(2)


async def test_a_library_without_its_anchor_is_not_watched(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    bench = Bench(tmp_path / "films")
    (folder,) = bench.library.folders
    bench.library.folders = [
        LibraryFolder(id=1, name="Films", path=folder.path, type="movies", watch="events", anchor=".disk")
    ]
    task = asyncio.get_running_loop().create_task(bench.watch.run())
    await asyncio.sleep(0.15)
    assert bench.threads.started == []
    (tmp_path / "films" / ".disk").touch()
    await bench.started(1)
    assert await asyncio.to_thread(lambda: bench.watch.watched) == {"Films"}
    task.cancel()
    await bench.watch.close()
