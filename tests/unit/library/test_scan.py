from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import NothingToDo, NotNow, Permanent, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.jobs import HIGH, SCAN_LANE, SCAN_MOVIE, Job, JobStatus
from metarr_desktop.domain.media import LibraryFolder, Movie, SavedMovie, ScannedMovie
from metarr_desktop.domain.paths import PathMapping
from metarr_desktop.library.listing import Listing, read_folder
from metarr_desktop.library.scan import ScanMovie
from tests.fakes import no_report

if TYPE_CHECKING:
    from metarr_desktop.domain.outcomes import Done
    from metarr_desktop.library.place import Place

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


class MemoryMovies:
    def __init__(self, *libraries: LibraryFolder, mappings: tuple[PathMapping, ...] = ()) -> None:
        self._libraries = libraries
        self._mappings = mappings
        self.known: Movie | None = None
        self.deleted: list[int] = []
        self.restores = False
        self.saved: list[ScannedMovie] = []
        self.times: list[datetime] = []

    async def libraries(self) -> tuple[LibraryFolder, ...]:
        return self._libraries

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        return tuple(one for one in self._mappings if scope in {None, one.scope})

    async def save_movie(self, movie: ScannedMovie, *, now: datetime) -> SavedMovie:
        self.saved.append(movie)
        self.times.append(now)
        return SavedMovie(movie_id=7, created=len(self.saved) == 1, restored=self.restores)

    async def find_movie(
        self, library_id: int, *, folder: str, paths: tuple[str, ...], tmdb_id: int | None
    ) -> Movie | None:
        known = self.known
        if known is None or known.library_id != library_id:
            return None
        found = known.folder == folder or known.file_path in paths or known.tmdb_id == tmdb_id
        return known if found else None

    async def mark_deleted(self, movie_id: int, *, now: datetime) -> bool:
        self.deleted.append(movie_id)
        return True


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "movies"
    folder.mkdir()
    return folder


def library(root: Path) -> LibraryFolder:
    return LibraryFolder(id=3, name="Movies", path=str(root), type="movies")


def job(payload: dict[str, Any]) -> Job:
    return Job(
        id=1,
        type=SCAN_MOVIE,
        lane=SCAN_LANE,
        priority=HIGH,
        status=JobStatus.PROCESSING,
        payload=payload,
        created_at=NOW,
        updated_at=NOW,
        run_after=NOW,
        root_id=1,
    )


def import_of(folder: Path | str, *files: str, **values: Any) -> Job:
    event = MediaEvent(
        source="radarr",
        kind=MediaKind.MOVIE,
        action=Action.IMPORTED,
        title="Dune",
        folder=str(folder),
        files=files,
        year=2021,
        tmdb_id=438631,
        imdb_id="tt1160419",
    )
    return job({"event": replace(event, **values).to_payload()})


def movie(root: Path, *files: str) -> Path:
    folder = root / "Dune (2021)"
    folder.mkdir()
    for file in files:
        (folder / file).write_bytes(b"x" * len(file))
    return folder


async def scan(work: Job, *, store: MemoryMovies) -> Done:
    return await ScanMovie(store=store, clock=StoppedClock())(work, no_report)


async def test_a_film_is_stored_with_its_video_and_what_lies_beside_it(root: Path) -> None:
    folder = movie(root, "Dune.mkv", "poster.jpg", "fanart.jpg", "movie.nfo")
    store = MemoryMovies(library(root))
    done = await scan(import_of(folder, "Dune.mkv"), store=store)
    assert str(done.detail) == "Found Dune.mkv, poster, fanart."
    assert done.result == {
        "movie_id": 7,
        "created": True,
        "video": str(folder / "Dune.mkv"),
        "artwork": ["poster", "fanart"],
    }
    saved = store.saved[0]
    assert (saved.library_id, saved.title, saved.year) == (3, "Dune", 2021)
    assert (saved.tmdb_id, saved.imdb_id) == (438631, "tt1160419")
    assert (saved.folder, saved.file_path) == (str(folder), str(folder / "Dune.mkv"))
    assert [(str(asset.type), Path(asset.path).name, asset.size) for asset in saved.assets] == [
        ("video", "Dune.mkv", 8),
        ("poster", "poster.jpg", 10),
        ("fanart", "fanart.jpg", 10),
        ("nfo", "movie.nfo", 9),
    ]
    assert store.times == [NOW]


async def test_a_film_without_artwork_is_told_without(root: Path) -> None:
    folder = movie(root, "Dune.mkv")
    done = await scan(import_of(folder), store=MemoryMovies(library(root)))
    assert str(done.detail) == "Found Dune.mkv."


async def test_the_source_s_mappings_are_used_and_no_other_s(root: Path) -> None:
    movie(root, "Dune.mkv")
    mapped = PathMapping(scope="radarr", from_path="D:\\Films", to_path=str(root))
    foreign = PathMapping(scope="kodi", from_path="D:\\Films\\Dune (2021)", to_path="/nowhere")
    store = MemoryMovies(library(root), mappings=(mapped, foreign))
    done = await scan(import_of("D:\\Films\\Dune (2021)", "Dune.mkv"), store=store)
    assert done.result["video"] == str(root / "Dune (2021)" / "Dune.mkv")


async def test_an_unknown_path_fails_for_good_and_stores_nothing(root: Path) -> None:
    store = MemoryMovies(library(root))
    with pytest.raises(Permanent, match=r"^Radarr's path /films/Dune is not on this computer\. Add"):
        await scan(import_of("/films/Dune"), store=store)
    assert store.saved == []


async def test_without_a_library_folder_the_scan_is_skipped() -> None:
    with pytest.raises(NothingToDo, match=r"^No library folder on this computer\.$"):
        await scan(import_of("/films/Dune"), store=MemoryMovies())


async def test_a_folder_without_a_video_is_looked_at_again(root: Path) -> None:
    folder = movie(root, "poster.jpg")
    with pytest.raises(Transient, match=r"^No video file in .*Dune \(2021\) yet\.$"):
        await scan(import_of(folder, "Dune.mkv"), store=MemoryMovies(library(root)))


async def test_a_video_that_links_out_of_the_library_fails_for_good(root: Path, tmp_path: Path) -> None:
    (tmp_path / "cloud.mkv").touch()
    folder = movie(root)
    (folder / "Dune.mkv").symlink_to(tmp_path / "cloud.mkv")
    with pytest.raises(Permanent, match=r"Dune\.mkv leads to a place outside the library folders"):
        await scan(import_of(folder, "Dune.mkv"), store=MemoryMovies(library(root)))


async def test_a_picture_that_links_out_of_the_library_is_left_out(root: Path, tmp_path: Path) -> None:
    (tmp_path / "poster.jpg").touch()
    folder = movie(root, "Dune.mkv")
    (folder / "poster.jpg").symlink_to(tmp_path / "poster.jpg")
    done = await scan(import_of(folder), store=MemoryMovies(library(root)))
    assert done.result["artwork"] == []


async def test_the_copy_of_a_blu_ray_is_found(root: Path) -> None:
    folder = movie(root, "poster.jpg")
    (folder / "BDMV").mkdir()
    (folder / "BDMV" / "index.bdmv").touch()
    done = await scan(import_of(folder), store=MemoryMovies(library(root)))
    assert done.result["video"] == str(folder / "BDMV" / "index.bdmv")
    assert str(done.detail) == "Found BDMV/index.bdmv, poster."


async def test_names_that_are_no_utf_8_are_stored_in_a_readable_form(root: Path) -> None:
    folder = movie(root)
    (folder / os.fsdecode(b"Am\xe9lie.mkv")).touch()
    store = MemoryMovies(library(root))
    done = await scan(import_of(folder), store=store)
    assert store.saved[0].file_path == str(folder / "Am\\xe9lie.mkv")
    str(done.detail).encode("utf-8")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"event": None},
        {"event": []},
        {"event": {"kind": "movie"}},
        {"event": {"kind": "x", "action": "y"}},
    ],
)
async def test_a_job_without_a_readable_event_fails_for_good(payload: dict[str, Any]) -> None:
    with pytest.raises(Permanent, match="does not say which movie"):
        await scan(job(payload), store=MemoryMovies())


async def test_an_episode_is_not_scanned_as_a_film(root: Path) -> None:
    with pytest.raises(NothingToDo, match="Only movies"):
        await scan(import_of(root, kind=MediaKind.EPISODE), store=MemoryMovies(library(root)))


@pytest.mark.parametrize("year", [-1, 2**31])
async def test_ids_that_no_database_holds_are_dropped(root: Path, year: int) -> None:
    folder = movie(root, "Dune.mkv")
    store = MemoryMovies(library(root))
    await scan(import_of(folder, tmdb_id=2**63, year=year), store=store)
    assert (store.saved[0].tmdb_id, store.saved[0].year) == (None, None)


async def test_a_path_with_letters_no_system_takes_fails_for_good(root: Path) -> None:
    with pytest.raises(Permanent, match="is not on this computer"):
        await scan(import_of(f"{root}/Du\ud800ne"), store=MemoryMovies(library(root)))


async def test_a_huge_folder_is_named_in_the_log(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = movie(root, "Dune.mkv")

    def half(place: Place, *, extra: tuple[str, ...]) -> Listing:
        return Listing(entries=read_folder(place, extra=extra).entries, complete=False)

    await ScanMovie(store=MemoryMovies(library(root)), clock=StoppedClock(), read=half)(
        import_of(folder), no_report
    )
    assert "Only 5000 entries of" in caplog.text


async def test_a_share_that_hangs_is_given_up_and_gets_no_second_reader(root: Path) -> None:
    folder = movie(root, "Dune.mkv")
    release = threading.Event()
    started: list[Place] = []
    ended = threading.Event()

    def hang(place: Place, *, extra: tuple[str, ...]) -> Listing:
        started.append(place)
        if len(started) > 1:
            return read_folder(place, extra=extra)
        release.wait(30)
        ended.set()
        return Listing(entries=())

    store = MemoryMovies(library(root))
    handler = ScanMovie(store=store, clock=StoppedClock(), read=hang, deadline=timedelta(milliseconds=50))
    for _ in range(2):
        with pytest.raises(Transient, match="does not answer"):
            await handler(import_of(folder), no_report)
    assert len(started) == 1
    release.set()
    assert ended.wait(30)
    for _ in range(1000):
        try:
            await handler(import_of(folder), no_report)
        except Transient:  # its thread is on the way out
            await asyncio.sleep(0.01)
        else:
            break
    assert len(store.saved) == 1


def known(folder: Path) -> Movie:
    return Movie(
        id=7,
        library_id=3,
        title="Dune",
        folder=str(folder),
        file_path=str(folder / "Dune.mkv"),
        tmdb_id=438631,
    )


async def test_a_deleted_film_whose_folder_is_gone_is_marked(root: Path) -> None:
    movie(root, "other")
    folder = root / "Alien (1979)"
    store = MemoryMovies(library(root))
    store.known = known(folder)
    done = await scan(import_of(folder, action=Action.DELETED), store=store)
    assert store.deleted == [7]
    assert store.saved == []
    assert str(done.detail).startswith("Dune (2021) was deleted. If it does not come back within 7 days")


async def test_a_deleted_file_whose_folder_is_left_counts_as_well(root: Path) -> None:
    folder = movie(root, "poster.jpg")
    store = MemoryMovies(library(root))
    store.known = known(folder)
    await scan(import_of(folder, action=Action.DELETED, old_files=("Dune.mkv",)), store=store)
    assert store.deleted == [7]


async def test_a_film_whose_video_is_still_there_stays(root: Path) -> None:
    folder = movie(root, "Dune.mkv")
    store = MemoryMovies(library(root))
    store.known = known(folder)
    with pytest.raises(NothingToDo, match=r"Dune\.mkv is still there: Dune \(2021\) stays in the library"):
        await scan(import_of(folder, action=Action.DELETED), store=store)
    assert store.deleted == []


async def test_a_film_that_moved_to_another_folder_stays(root: Path) -> None:
    folder = movie(root, "Dune.mkv")
    store = MemoryMovies(library(root))
    store.known = known(folder)
    with pytest.raises(NothingToDo, match="is still there"):
        await scan(import_of(root / "Dune", action=Action.DELETED), store=store)


async def test_nothing_is_deleted_while_the_library_folder_is_away(root: Path) -> None:
    store = MemoryMovies(library(root))
    store.known = known(root / "Dune (2021)")
    root.rmdir()
    with pytest.raises(Transient, match=r"is not there\. Is the drive"):
        await scan(import_of(root / "Dune (2021)", action=Action.DELETED), store=store)
    assert store.deleted == []


async def test_nothing_is_deleted_while_no_drive_is_mounted_at_the_library_folder(root: Path) -> None:
    store = MemoryMovies(library(root))
    gone = import_of(root / "Dune (2021)", action=Action.DELETED)
    with pytest.raises(NothingToDo, match="was not known in the library"):
        await scan(gone, store=store)
    store.known = known(root / "Dune (2021)")
    with pytest.raises(Transient, match=r"is empty\. Is the drive"):
        await scan(gone, store=store)
    assert store.deleted == []


@pytest.mark.parametrize("action", [Action.IMPORTED, Action.DELETED, Action.SCANNED])
async def test_a_missing_anchor_puts_the_scan_off(root: Path, action: Action) -> None:
    folder = movie(root, "Dune.mkv") if action is Action.IMPORTED else root / "Dune (2021)"
    store = MemoryMovies(replace(library(root), anchor=".mounted"))
    store.known = known(folder)
    with pytest.raises(
        NotNow, match=r"^The drive of Movies is not connected: \.mounted is missing\.$"
    ) as late:
        await scan(import_of(folder, action=action), store=store)
    assert late.value.until == NOW + timedelta(seconds=5)
    assert (store.deleted, store.saved) == ([], [])


async def test_a_folder_that_a_person_asked_for_and_is_gone_counts_as_deleted(root: Path) -> None:
    movie(root, "other")
    folder = root / "Alien (1979)"
    store = MemoryMovies(library(root))
    store.known = known(folder)
    await scan(import_of(folder, action=Action.SCANNED), store=store)
    assert store.deleted == [7]


async def test_an_empty_library_folder_is_taken_for_a_drive_that_is_not_mounted(root: Path) -> None:
    store = MemoryMovies(library(root))
    store.known = known(root / "Dune (2021)")
    with pytest.raises(Transient, match="is not there yet"):
        await scan(import_of(root / "Dune (2021)", action=Action.SCANNED), store=store)
    assert store.deleted == []


async def test_a_restored_film_is_told_as_such(root: Path) -> None:
    folder = movie(root, "Dune.mkv")
    store = MemoryMovies(library(root))
    store.restores = True
    done = await scan(import_of(folder), store=store)
    assert str(done.detail) == "Found Dune.mkv. It had been deleted and is restored."
    assert done.result["restored"] is True


async def test_a_renamed_film_brings_the_paths_of_before(root: Path) -> None:
    folder = movie(root, "Dune (2021).mkv")
    mapped = PathMapping(scope="radarr", from_path="/data", to_path=str(root))
    store = MemoryMovies(library(root), mappings=(mapped,))
    old = ("dune.mkv", "/data/Dune/dune.mkv", "/elsewhere/dune.mkv", "../dune.mkv")
    job = import_of("/data/Dune (2021)", "Dune (2021).mkv", action=Action.RENAMED, old_files=old)
    await scan(job, store=store)
    assert store.saved[0].file_path == str(folder / "Dune (2021).mkv")
    assert store.saved[0].old_paths == (str(folder / "dune.mkv"), str(root / "Dune" / "dune.mkv"))


async def test_what_a_folder_is_called_is_no_sender_s_word(root: Path) -> None:
    folder = movie(root, "Dune.mkv")
    store = MemoryMovies(library(root))
    await scan(import_of(folder, action=Action.SCANNED), store=store)
    await scan(import_of(folder), store=store)
    assert [saved.named for saved in store.saved] == [False, True]


async def test_the_mappings_of_the_very_sender_come_first(root: Path) -> None:
    movie(root, "Dune.mkv")
    own = PathMapping(scope="radarr-4k", from_path="/data", to_path=str(root))
    of_type = PathMapping(scope="radarr", from_path="/data/Dune (2021)", to_path="/elsewhere")
    store = MemoryMovies(library(root), mappings=(own, of_type))
    done = await scan(import_of("/data/Dune (2021)", instance="Radarr 4K"), store=store)
    assert done.result["created"] is True
