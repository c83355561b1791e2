from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import NotNow
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.jobs import NORMAL, Job, JobStatus
from metarr_desktop.domain.media import LibraryFolder
from metarr_desktop.domain.paths import PathMapping
from metarr_desktop.library.listing import Listing
from metarr_desktop.library.readiness import Readiness
from tests.fakes import START

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from metarr_desktop.domain.text import Text
    from metarr_desktop.library.place import Place


class WritingClock:
    """Time passes by sleeping only; what is written meanwhile is written then."""

    def __init__(self) -> None:
        self.passed = timedelta()
        self.slept: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def now(self) -> datetime:
        return START + self.passed

    def monotonic(self) -> float:
        return self.passed.total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += timedelta(seconds=seconds)
        self.meanwhile()


class Folders:
    def __init__(self, *libraries: LibraryFolder, mappings: tuple[PathMapping, ...] = ()) -> None:
        self._libraries, self._mappings = libraries, mappings

    async def libraries(self) -> tuple[LibraryFolder, ...]:
        return self._libraries

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        return tuple(one for one in self._mappings if scope in {None, one.scope})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


@pytest.fixture
def clock() -> WritingClock:
    return WritingClock()


def films(root: Path, **values: Any) -> LibraryFolder:
    return replace(LibraryFolder(id=1, name="Films", path=str(root), type="movies"), **values)


def event(folder: Path | str, *files: str, **values: Any) -> MediaEvent:
    plain = MediaEvent(
        source="radarr",
        kind=MediaKind.MOVIE,
        action=Action.IMPORTED,
        title="Dune",
        folder=str(folder),
        files=files,
    )
    return replace(plain, **values)


def job(*, deferrals: int = 0, age: timedelta = timedelta()) -> Job:
    return Job(
        id=1,
        type="notify-kodi",
        lane="kodi",
        priority=NORMAL,
        status=JobStatus.PROCESSING,
        payload={},
        created_at=START - age,
        updated_at=START,
        run_after=START,
        root_id=1,
        deferrals=deferrals,
    )


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


async def check(
    what: MediaEvent, *folders: LibraryFolder, clock: WritingClock, work: Job | None = None
) -> Text | None:
    return await Readiness(store=Folders(*folders), clock=clock).check(what, work or job())


async def test_a_whole_video_is_ready_after_two_seconds(root: Path, clock: WritingClock) -> None:
    folder = put(root / "Dune", "Dune.mkv")
    assert await check(event(folder, "Dune.mkv"), films(root), clock=clock) is None
    assert clock.slept == [2.0]


async def test_what_lies_in_no_library_folder_goes_at_once(tmp_path: Path, clock: WritingClock) -> None:
    assert await check(event("/data/Dune", "Dune.mkv"), films(tmp_path / "films"), clock=clock) is None
    assert await check(event("/data/Dune", "Dune.mkv"), clock=clock) is None
    assert clock.slept == []


async def test_the_sender_s_path_is_translated_first(root: Path, clock: WritingClock) -> None:
    mapping = PathMapping(scope="radarr", from_path="/data", to_path=str(root))
    ready = Readiness(store=Folders(films(root), mappings=(mapping,)), clock=clock)
    with pytest.raises(NotNow, match="Dune is not there yet"):
        await ready.check(event("/data/Dune", "Dune.mkv"), job())


async def test_a_video_that_grows_is_waited_for(root: Path, clock: WritingClock) -> None:
    folder = put(root / "Dune", "Dune.mkv")
    clock.meanwhile = lambda: (folder / "Dune.mkv").write_bytes(b"xx")
    with pytest.raises(NotNow, match=r"^Dune\.mkv is still being written\.$"):
        await check(event(folder, "Dune.mkv"), films(root), clock=clock)


@pytest.mark.parametrize(("deferrals", "seconds"), [(0, 5), (1, 15), (2, 30), (3, 60), (9, 60)])
async def test_it_looks_again_ever_later(
    root: Path, clock: WritingClock, deferrals: int, seconds: int
) -> None:
    (root / "Dune").mkdir()
    with pytest.raises(NotNow, match="No video file in") as late:
        await check(event(root / "Dune"), films(root), clock=clock, work=job(deferrals=deferrals))
    assert late.value.until == START + timedelta(seconds=seconds)


async def test_after_ten_minutes_it_goes_with_a_warning(root: Path, clock: WritingClock) -> None:
    (root / "Dune").mkdir()
    old = job(deferrals=12, age=timedelta(minutes=10))
    warning = await check(event(root / "Dune"), films(root), clock=clock, work=old)
    assert str(warning).startswith("No video file in ")
    assert str(warning).endswith("After 10 minutes it was told all the same.")


async def test_a_missing_anchor_has_no_limit(root: Path, clock: WritingClock) -> None:
    folder = put(root / "Dune", "Dune.mkv")
    old = job(deferrals=500, age=timedelta(hours=8))
    with pytest.raises(NotNow, match=r"^The drive of Films is not connected: \.disk is missing\.$"):
        await check(event(folder), films(root, anchor=".disk"), clock=clock, work=old)
    put(root, ".disk")
    assert await check(event(folder), films(root, anchor=".disk"), clock=clock, work=old) is None


@pytest.mark.parametrize("action", [Action.RENAMED, Action.DELETED])
async def test_renames_and_deletes_wait_for_the_drive_and_for_no_video(
    root: Path, clock: WritingClock, action: Action
) -> None:
    gone = event(root / "Dune", "Dune.mkv", action=action)
    assert await check(gone, films(root), clock=clock) is None
    with pytest.raises(NotNow, match="not connected"):
        await check(gone, films(root, anchor=".disk"), clock=clock)


async def test_grabs_wait_for_nothing(root: Path, clock: WritingClock) -> None:
    grabbed = event(root / "Dune", action=Action.GRABBED)
    assert await check(grabbed, films(root, anchor=".disk"), clock=clock) is None


async def test_an_nfo_is_waited_for_where_it_is_asked_for(root: Path, clock: WritingClock) -> None:
    folder = put(root / "Dune", "Dune.mkv")
    with pytest.raises(NotNow, match=r"No NFO in .*Dune yet"):
        await check(event(folder), films(root, needs_nfo=True), clock=clock)
    put(folder, "movie.nfo")
    assert await check(event(folder), films(root, needs_nfo=True), clock=clock) is None


async def test_each_episode_needs_its_own_file_and_nfo(root: Path, clock: WritingClock) -> None:
    series = films(root, type="tv", needs_nfo=True)
    folder = put(root / "Severance", "Season 02/S02E01.mkv", "tvshow.nfo")
    files = ("Season 02/S02E01.mkv", "Season 02/S02E02.mkv")
    told = event(folder, *files, kind=MediaKind.EPISODE)
    with pytest.raises(NotNow, match=r"S02E02\.mkv is not there yet"):
        await check(told, series, clock=clock)
    put(folder, files[1], "Season 02/S02E01.nfo")
    with pytest.raises(NotNow, match=r"S02E02\.nfo is not there yet"):
        await check(told, series, clock=clock)
    put(folder, "Season 02/S02E02.nfo")
    assert await check(told, series, clock=clock) is None


async def test_a_series_without_named_files_needs_some_video(root: Path, clock: WritingClock) -> None:
    series = films(root, type="tv")
    folder = put(root / "Severance", "Season 02/poster.jpg")
    told = event(folder, kind=MediaKind.EPISODE, action=Action.SCANNED)
    with pytest.raises(NotNow, match="No video file in"):
        await check(told, series, clock=clock)
    put(folder, "Season 02/S02E01.mkv")
    assert await check(told, series, clock=clock) is None


async def test_a_folder_that_is_gone_is_told_at_once_where_a_person_asks(
    root: Path, clock: WritingClock
) -> None:
    put(root / "Alien", "Alien.mkv")
    assert await check(event(root / "Dune", action=Action.SCANNED), films(root), clock=clock) is None
    assert clock.slept == []


async def test_what_no_later_look_can_find_is_told_with_a_warning(
    root: Path, clock: WritingClock, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "Dune").symlink_to(tmp_path / "elsewhere")
    warning = await check(event(root / "Dune"), films(root), clock=clock)
    assert "leads to a place outside the library folders" in str(warning)


async def test_a_share_that_hangs_puts_it_off(root: Path, clock: WritingClock) -> None:
    folder = put(root / "Dune", "Dune.mkv")
    release = threading.Event()

    def hang(place: Place, *, extra: tuple[str, ...] = ()) -> Listing:
        release.wait(30)
        return Listing(entries=())

    ready = Readiness(store=Folders(films(root)), clock=clock, deadline=timedelta(milliseconds=50), read=hang)
    with pytest.raises(NotNow, match="does not answer"):
        await ready.check(event(folder), job())
    release.set()
