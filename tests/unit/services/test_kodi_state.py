"""What was watched and rated outlives an upgrade and a rename, whatever happens in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import NotNow, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.services.declaration import Group, Member
from metarr_desktop.services.kodi import KodiConfig, KodiNotifier
from metarr_desktop.services.kodi_state import note_name
from tests.fakes import START, FakeClock, MemoryNotes, tools, until
from tests.fakes_http import DROP, FakeServer, Reply
from tests.fakes_kodi import FOLDER, PASSWORD, VIDEO, FakeSocket, Kodi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Delivery
    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

OLD, NEW = FOLDER + "old 720p.mkv", FOLDER + "new 1080p.mkv"
SEEN = {
    "playcount": 2,
    "lastplayed": "2026-01-02 03:04:05",
    "userrating": 8,
    "dateadded": "2020-01-02 03:04:05",
    "resume": {"position": 100.0, "total": 2000.0},
}
TMDB = {"tmdb": "603"}
NOTE = note_name("Default", MediaKind.MOVIE, folder=FOLDER)


def seen(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in SEEN}


class Room:
    """One Kodi, and a job that is told to it again and again."""

    def __init__(self, server: FakeServer, http: Http, notification: Make) -> None:
        self.server = server
        self.kodi = Kodi(on_disk=[NEW], ids={NEW: TMDB})
        server.respond = self.kodi
        self.http, self.clock, self.notes = http, FakeClock(), MemoryNotes()
        self.ws_port = 0
        self.notification = notification
        self.restart()

    def restart(self) -> None:
        self.notifier = KodiNotifier(tools(self.http, self.clock, notes=self.notes))

    async def tell(self, action: Action = Action.UPGRADED, *, job: int = 7, **changes: Any) -> Delivery:
        names: dict[str, Any] = {"old_files": ("old 720p.mkv",), "files": ("new 1080p.mkv",)}
        folder = changes.pop("folder", FOLDER)
        told = self.notification(folder=folder)
        assert isinstance(told.event, MediaEvent)
        event = replace(told.event, action=action, folder=folder, **{**names, **changes})
        return await self.send(replace(told, event=event, events=(event,), job_id=job))

    async def send(self, notification: Notification) -> Delivery:
        config = KodiConfig(
            host="127.0.0.1", port=self.server.port, ws_port=self.ws_port, password=SecretStr(PASSWORD)
        )
        group = Group(name="Default", members=(Member(id=1, name="Kodi", config=config),))
        return await self.notifier.send(group, notification)

    def film(self, file: str) -> dict[str, Any]:
        (row,) = [row for row in self.kodi.films if row["file"] == file]
        return row


@pytest.fixture
async def room(server: FakeServer, http: Http, notification: Make) -> AsyncIterator[Room]:
    made = Room(server, http, notification)

    async def pass_time() -> None:
        while True:
            await until(lambda: made.clock.sleeping, within=60)
            made.clock.advance(1)

    passing = asyncio.ensure_future(pass_time())
    yield made
    passing.cancel()
    assert made.kodi.complaints == []


@pytest.mark.parametrize("action", [Action.UPGRADED, Action.RENAMED])
async def test_the_new_file_has_what_the_old_one_had(room: Room, action: Action) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    delivery = await room.tell(action)
    assert [row["file"] for row in room.kodi.films] == [NEW]
    assert seen(room.film(NEW)) == SEEN
    assert delivery.warnings == ()
    assert room.notes.kept == {}


async def test_it_is_saved_before_the_scan(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    at_scan: list[set[str]] = []
    room.kodi.after["VideoLibrary.Scan"] = lambda: at_scan.append(set(room.notes.kept))
    await room.tell()
    assert at_scan == [{NOTE}]


async def test_a_crash_after_the_scan_loses_nothing(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)

    def crash() -> None:
        """Kodi is switched off, and while it is cleans its library."""
        room.kodi.finish_scan()
        room.kodi.films[:] = [row for row in room.kodi.films if row["file"] == NEW]
        room.server.respond = lambda _request: Reply(fault=DROP)

    room.kodi.after["VideoLibrary.Scan"] = crash
    with pytest.raises(Transient):
        await room.tell()
    assert seen(room.film(NEW)) != SEEN
    room.kodi.after.clear()
    room.server.respond = room.kodi
    room.restart()
    # Of two that come together again another one may lead.
    await room.tell(job=8)
    assert seen(room.film(NEW)) == SEEN
    assert room.notes.kept == {}


async def test_what_happened_since_is_not_taken_back(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    later = {
        "playcount": 3,
        "lastplayed": "2026-11-01 00:00:00",
        "userrating": 9,
        "dateadded": "2026-01-01 00:00:00",
    }
    room.kodi.add_film(NEW, uniqueid=TMDB, **later, resume={"position": 5.0, "total": 9.0})
    await room.tell()
    assert seen(room.film(NEW)) == {
        **later,
        "dateadded": SEEN["dateadded"],
        "resume": {"position": 5.0, "total": 9.0},
    }


async def test_of_two_upgrades_that_come_together_the_last_one_counts(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    between = FOLDER + "between.mkv"
    room.kodi.add_film(between, uniqueid=TMDB)
    told = room.notification(folder=FOLDER)
    assert isinstance(told.event, MediaEvent)
    first = replace(told.event, action=Action.UPGRADED, files=("between.mkv",), old_files=("old 720p.mkv",))
    second = replace(first, files=("new 1080p.mkv",), old_files=("between.mkv",))
    await room.send(replace(told, event=first, events=(first, second)))
    assert [row["file"] for row in room.kodi.films] == [NEW]
    assert seen(room.film(NEW)) == SEEN


async def test_a_name_that_changes_its_case_only_is_a_rename(room: Room) -> None:
    room.kodi.on_disk = [FOLDER + "film.mkv"]
    room.kodi.add_film(FOLDER + "Film.mkv", **SEEN)
    await room.tell(Action.RENAMED, old_files=("Film.mkv",), files=("film.mkv",))
    assert [row["file"] for row in room.kodi.films] == [FOLDER + "film.mkv"]
    assert seen(room.film(FOLDER + "film.mkv")) == SEEN


async def test_nothing_is_set_where_nothing_was_seen(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, dateadded="2026-11-24 12:00:00")
    await room.tell()
    assert "VideoLibrary.SetMovieDetails" not in room.kodi.methods
    assert [row["file"] for row in room.kodi.films] == [NEW]


async def test_a_film_of_the_same_file_is_read_anew_and_keeps_it(room: Room) -> None:
    room.kodi.add_film(NEW, uniqueid=TMDB, **SEEN)
    room.kodi.refresh_lasts = 3
    await room.tell(old_files=("new 1080p.mkv",))
    assert room.kodi.params("VideoLibrary.RefreshMovie") == [
        {"movieid": room.film(NEW)["movieid"], "ignorenfo": False}
    ]
    assert seen(room.film(NEW)) == SEEN


async def test_a_film_that_is_read_anew_for_long_is_looked_at_later(room: Room) -> None:
    room.kodi.add_film(NEW, uniqueid=TMDB, **SEEN)
    room.kodi.refresh_lasts = 1_000
    with pytest.raises(NotNow, match="reading the film anew") as caught:
        await room.tell(old_files=())
    assert caught.value.until > START
    assert room.notes.kept[NOTE]["refreshed"] == [room.film(NEW)["movieid"]]
    room.kodi.finish_refresh()
    assert seen(room.film(NEW)) != SEEN
    room.restart()
    await room.tell(old_files=())
    assert len(room.kodi.params("VideoLibrary.RefreshMovie")) == 1
    assert seen(room.film(NEW)) == SEEN


async def test_the_web_socket_tells_that_a_film_was_read(room: Room) -> None:
    room.kodi.add_film(NEW, uniqueid=TMDB)
    room.kodi.refresh_lasts = 1_000
    tasks: list[asyncio.Task[None]] = []
    async with FakeSocket() as socket:
        room.ws_port = socket.port

        def say(*methods: str, **data: Any) -> None:
            async def tell() -> None:
                for method in methods:
                    await socket.tell(f"VideoLibrary.{method}", **data)

            tasks.append(asyncio.ensure_future(tell()))

        def scanned() -> None:
            room.kodi.finish_scan()
            say("OnScanStarted", "OnScanFinished")

        room.kodi.after["VideoLibrary.Scan"] = scanned
        room.kodi.after["VideoLibrary.RefreshMovie"] = lambda: say(
            "OnUpdate", item={"id": 1, "type": "movie"}, added=True
        )
        await room.tell(old_files=())
        await asyncio.gather(*tasks)
        assert len(room.kodi.params("XBMC.GetInfoBooleans")) == 1, "the end of the scan was asked for"


async def test_a_scan_that_is_announced_and_never_ends_is_asked_for(room: Room) -> None:
    room.kodi.scan_lasts = 2
    tasks: list[asyncio.Task[None]] = []
    async with FakeSocket() as socket:
        room.ws_port = socket.port
        room.kodi.after["VideoLibrary.Scan"] = lambda: tasks.append(
            asyncio.ensure_future(socket.tell("VideoLibrary.OnScanStarted"))
        )
        assert (await room.tell(Action.IMPORTED)).warnings == ()
        await asyncio.gather(*tasks)


@pytest.mark.parametrize("method", ["System.OnQuit", "System.OnSleep"])
async def test_a_kodi_that_is_switched_off_during_the_scan_is_told_again(room: Room, method: str) -> None:
    tasks: list[asyncio.Task[None]] = []
    async with FakeSocket() as socket:
        room.ws_port = socket.port
        room.kodi.after["VideoLibrary.Scan"] = lambda: tasks.append(
            asyncio.ensure_future(socket.tell(method))
        )
        with pytest.raises(Transient, match="switched off during the scan") as caught:
            await room.tell(Action.IMPORTED)
        await asyncio.gather(*tasks)
    assert caught.value.connection


async def test_a_scan_that_goes_on_keeps_what_was_saved(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    room.kodi.scan_lasts = 1_000
    with pytest.raises(NotNow, match="still scanning") as caught:
        await room.tell()
    assert caught.value.until <= room.clock.now() + timedelta(minutes=1)
    assert NOTE in room.notes.kept
    room.kodi.finish_scan()
    room.kodi.scan_lasts = 1
    await room.tell()
    assert seen(room.film(NEW)) == SEEN


async def test_another_film_in_the_folder_is_left_alone(room: Room) -> None:
    other = FOLDER + "Behind the scenes.mkv"
    room.kodi.on_disk.append(other)
    room.kodi.add_film(other, uniqueid={"tmdb": "5"}, **{**SEEN, "playcount": 9})
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    await room.tell()
    assert room.film(other)["playcount"] == 9
    assert room.film(NEW)["playcount"] == 2
    assert len(room.kodi.films) == 2


async def test_a_second_version_that_is_still_there_stays(room: Room) -> None:
    uhd = FOLDER + "uhd 2160p.mkv"
    room.kodi.on_disk.append(uhd)
    room.kodi.add_film(uhd, uniqueid=TMDB, **SEEN)
    await room.tell(Action.UPGRADED, old_files=())
    assert sorted(row["file"] for row in room.kodi.films) == [NEW, uhd]


async def test_an_old_version_that_is_gone_goes_even_if_nobody_named_it(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    await room.tell(old_files=())
    assert [row["file"] for row in room.kodi.films] == [NEW]
    assert seen(room.film(NEW)) == SEEN


async def test_an_old_file_that_is_still_there_stays(room: Room) -> None:
    room.kodi.on_disk.append(OLD)
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    await room.tell()
    assert sorted(row["file"] for row in room.kodi.films) == [NEW, OLD]


async def test_where_the_new_file_is_not_found_the_old_entry_keeps_it(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    room.kodi.on_disk = [FOLDER + "readme.txt"]
    room.kodi.sources = ["smb://nas/movies/"]
    await room.tell()
    assert seen(room.film(OLD)) == SEEN
    assert "VideoLibrary.RemoveMovie" not in room.kodi.methods


async def test_a_single_film_without_numbers_is_known_all_the_same(room: Room) -> None:
    room.kodi.ids = {}
    room.kodi.add_film(OLD, **SEEN)
    await room.tell()
    assert seen(room.film(NEW)) == SEEN


async def test_the_file_somebody_watches_is_not_taken_out(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    room.notes.kept["anyway/7"] = {}
    room.kodi.playing, room.kodi.item = [VIDEO], {"file": OLD}
    await room.tell()
    assert len(room.kodi.films) == 2


async def test_what_kodi_refuses_to_set_is_a_warning(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    room.kodi.errors["VideoLibrary.SetMovieDetails"] = -32602
    delivery = await room.tell()
    assert "What was watched could not be kept" in str(delivery.warnings[0])
    assert seen(room.film(OLD)) == SEEN, "it was taken out although nothing else has it"
    room.kodi.errors["VideoLibrary.SetMovieDetails"] = -32603
    room.kodi.films.clear()
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    with pytest.raises(Transient):
        await room.tell(job=8)
    assert NOTE in room.notes.kept


TV = "/tv/Severance/"
SERIES: dict[str, Any] = {"kind": MediaKind.EPISODE, "folder": TV, "season": 1}


async def test_an_episode_keeps_it_and_the_others_are_left_alone(room: Room) -> None:
    old, new, other = (TV + f"Season 01/S01E0{name}.mkv" for name in ("1 720p", "1 1080p", "2 720p"))
    room.kodi.on_disk = [new, other]
    room.kodi.add_episode(old, **SEEN)
    room.kodi.add_episode(other, **{**SEEN, "playcount": 5})
    await room.tell(
        **SERIES,
        episodes=(1,),
        old_files=("Season 01/S01E01 720p.mkv",),
        files=("Season 01/S01E01 1080p.mkv",),
    )
    assert {row["file"]: row["playcount"] for row in room.kodi.episodes} == {new: 2, other: 5}
    assert "VideoLibrary.RefreshMovie" not in room.kodi.methods


async def test_a_file_of_two_episodes_keeps_the_rating_of_each(room: Room) -> None:
    old, new = TV + "Season 01/old.mkv", TV + "Season 01/new.mkv"
    room.kodi.on_disk = [new]
    for episode, rating in ((1, 9), (2, 0)):
        room.kodi.add_episode(old, **{**SEEN, "userrating": rating}, season=1, episode=episode)
        room.kodi.add_episode(new, season=1, episode=episode)
    await room.tell(**SERIES, episodes=(1, 2), old_files=("Season 01/old.mkv",), files=("Season 01/new.mkv",))
    assert [(row["file"], row["episode"], row["userrating"]) for row in room.kodi.episodes] == [
        (new, 1, 9),
        (new, 2, 0),
    ]
    await room.tell(**SERIES, episodes=(1, 2), old_files=(), files=("Season 01/new.mkv",))
    assert [row["userrating"] for row in room.kodi.episodes] == [9, 0]


async def test_a_series_that_is_renamed_keeps_every_episode(room: Room) -> None:
    old = [f"Season 01/S01E{n:02}.mkv" for n in range(1, 11)]
    new = [f"Season 01/Severance - S01E{n:02}.mkv" for n in range(1, 11)]
    room.kodi.on_disk = [TV + file for file in new]
    for number, file in enumerate(old):
        room.kodi.add_episode(TV + file, **{**SEEN, "playcount": number})
    await room.tell(Action.RENAMED, **{**SERIES, "season": None}, old_files=tuple(old), files=tuple(new))
    assert {row["file"]: row["playcount"] for row in room.kodi.episodes} == {
        TV + file: number for number, file in enumerate(new)
    }


async def test_an_import_saves_nothing(room: Room) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    await room.tell(Action.IMPORTED, old_files=())
    assert "VideoLibrary.SetMovieDetails" not in room.kodi.methods
    assert "VideoLibrary.RefreshMovie" not in room.kodi.methods
    assert len(room.kodi.films) == 2


@pytest.mark.parametrize("note", [{}, {"rows": 5}, {"rows": [{"x": 1}], "refreshed": []}, {"rows": [5]}])
async def test_a_note_nobody_can_read_keeps_nothing_back(room: Room, note: dict[str, Any]) -> None:
    room.kodi.add_film(OLD, uniqueid=TMDB, **SEEN)
    room.notes.kept[NOTE] = note
    await room.tell()
    assert seen(room.film(NEW)) == SEEN
    assert room.notes.kept == {}
