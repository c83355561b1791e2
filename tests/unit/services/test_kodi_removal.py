"""What was deleted leaves the library, and nothing that is there does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import NothingToDo, NotNow, Permanent
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.services.declaration import Group, Member
from metarr_desktop.services.kodi import KodiConfig, KodiNotifier
from tests.fakes import START, FakeClock, tools, until
from tests.fakes_kodi import FILE, FOLDER, PASSWORD, VIDEO, Kodi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Delivery
    from metarr_desktop.services.http import Http
    from tests.fakes_http import FakeServer

    Make = Callable[..., Notification]

BESIDE = "/movies/Heat (1995)/Heat.mkv"
TV = "/tv/Severance/"
EPISODES = tuple(f"{TV}Season 01/S01E0{number}.mkv" for number in (1, 2, 3))


class Room:
    """One Kodi that has two films, and a series of three episodes."""

    def __init__(self, server: FakeServer, http: Http, notification: Make) -> None:
        self.kodi = Kodi(on_disk=[FILE, BESIDE, *EPISODES, "/tv/Dark/S01E01.mkv"])
        server.respond = self.kodi
        self.port = server.port
        self.clock = FakeClock()
        self.notifier = KodiNotifier(tools(http, self.clock))
        self.notification = notification
        for file in (FILE, BESIDE):
            self.kodi.add_film(file)
        for file in EPISODES:
            self.kodi.add_episode(file)
        self.kodi.shows = [{"tvshowid": 4, "file": TV}, {"tvshowid": 5, "file": "/tv/Dark/"}]

    async def delete(self, *gone: str, folder: str = FOLDER, **changes: Any) -> Delivery:
        names = tuple(file.removeprefix(folder) for file in gone)
        return await self.tell(self.event(folder=folder, **{"old_files": names, **changes}), folder=folder)

    def event(self, **changes: Any) -> MediaEvent:
        event = self.notification().event
        assert isinstance(event, MediaEvent)
        values: dict[str, Any] = {"action": Action.DELETED, **changes}
        return replace(event, **values)

    async def tell(self, *events: MediaEvent, folder: str) -> Delivery:
        config = KodiConfig(host="127.0.0.1", port=self.port, ws_port=0, password=SecretStr(PASSWORD))
        group = Group(name="Default", members=(Member(id=1, name="Kodi", config=config),))
        told = replace(self.notification(folder=folder), event=events[0], events=events)
        return await self.notifier.send(group, told)

    def lose(self, *files: str) -> None:
        self.kodi.on_disk = [file for file in self.kodi.on_disk if file not in files]

    @property
    def files(self) -> list[str]:
        return [row["file"] for row in (*self.kodi.films, *self.kodi.episodes)]


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
    assert made.kodi.scanned == [], "nothing is scanned after a deletion"


async def test_a_deleted_film_leaves_the_library(room: Room) -> None:
    room.lose(FILE)
    delivery = await room.delete(FILE)
    assert room.files == [BESIDE, *EPISODES]
    assert "VideoLibrary.Clean" not in room.kodi.methods
    assert str(delivery.detail) == f"Kodi forgot 1 item(s) in {FOLDER}."


async def test_a_folder_that_is_gone_takes_all_of_it_along(room: Room) -> None:
    room.kodi.add_film(FOLDER + "Extras/x.mkv")
    room.lose(FILE)
    await room.delete(FILE)
    assert room.files == [BESIDE, *EPISODES]


async def test_files_that_were_kept_stay(room: Room) -> None:
    with pytest.raises(NothingToDo, match="were kept"):
        await room.delete(files_kept=True)
    assert room.kodi.calls == []


async def test_a_file_that_is_there_again_stays(room: Room) -> None:
    await room.delete(FILE)
    assert FILE in room.files
    assert room.kodi.params("VideoLibrary.Clean") == [
        {"showdialogs": False, "content": "movies", "directory": FOLDER}
    ]


async def test_a_drive_that_sleeps_takes_nothing_along_that_was_not_named(room: Room) -> None:
    room.kodi.on_disk = []
    room.kodi.sources = []
    await room.delete(folder=FOLDER)
    assert FILE in room.files
    assert room.kodi.params("VideoLibrary.Clean")[0]["directory"] == FOLDER
    await room.delete(FILE)
    assert FILE not in room.files


async def test_an_empty_mount_point_is_no_deleted_folder(room: Room) -> None:
    room.kodi.on_disk = []
    await room.delete(folder=FOLDER)
    assert FILE in room.files


@pytest.mark.parametrize("listed", ["smb://nas/{}", "smb://nas/{quoted}", "SMB://NAS/{}"])
async def test_a_folder_that_is_listed_in_another_way_is_not_gone(room: Room, listed: str) -> None:
    """Kodi may know a folder with its password and list it without: all of it would leave the library."""
    folder = "smb://tv:pass@nas/Dark 100% #1/"
    kept, gone = folder + "S01E01.mkv", folder + "S01E02.mkv"
    for file in (kept, gone):
        room.kodi.add_episode(file)
    there = {folder: ["S01E01.mkv"], "smb://tv:pass@nas/": ["Dark 100% #1/", "1899/"]}

    def directory(params: dict[str, Any]) -> dict[str, Any]:
        names = there[params["directory"]]
        place = listed if params["directory"] != folder else listed.replace("nas/", "nas/Dark 100% #1/")
        return {"files": [{"file": place.format(name, quoted=quote(name))} for name in names]}

    room.kodi._directory = directory  # type: ignore[method-assign]
    await room.delete(gone, folder=folder, kind=MediaKind.EPISODE)
    assert kept in room.files
    assert gone not in room.files


async def test_what_kodi_does_not_have_is_no_work(room: Room) -> None:
    delivery = await room.delete("a.mkv", folder="/movies/Alien (1979)/")
    assert str(delivery.detail) == "Kodi had nothing of it any more."
    assert len(room.files) == 5


@pytest.mark.parametrize("place", ["/movies/A_B/", "/movies/100% x/"])
async def test_a_sign_that_stands_for_any_letter_hits_no_other_folder(room: Room, place: str) -> None:
    other = "/movies/AxB/film.mkv"
    room.kodi.on_disk.append(other)
    room.kodi.add_film(other)
    room.kodi.add_film(place + "film.mkv")
    await room.delete(place + "film.mkv", folder=place)
    assert other in room.files
    assert place + "film.mkv" not in room.files


async def test_a_deleted_episode_leaves_alone_the_others(room: Room) -> None:
    room.lose(EPISODES[1])
    await room.delete(EPISODES[1], folder=TV, kind=MediaKind.EPISODE)
    assert room.files == [FILE, BESIDE, EPISODES[0], EPISODES[2]]
    assert "VideoLibrary.RemoveTVShow" not in room.kodi.methods


async def test_a_deleted_series_is_gone_altogether(room: Room) -> None:
    room.lose(*EPISODES)
    await room.delete(folder=TV, kind=MediaKind.EPISODE)
    assert room.files == [FILE, BESIDE]
    assert [show["tvshowid"] for show in room.kodi.shows] == [5]


async def test_a_windows_sender_names_files_its_own_way(room: Room) -> None:
    room.lose(EPISODES[0])
    event = room.event(
        kind=MediaKind.EPISODE, folder="D:\\TV\\Severance", old_files=("Season 01\\S01E01.mkv",)
    )
    await room.tell(event, folder=TV)
    assert EPISODES[0] not in room.files


async def test_what_somebody_watches_is_taken_out_later(room: Room) -> None:
    room.lose(FILE)
    room.kodi.playing, room.kodi.item = [VIDEO], {"file": FILE}
    with pytest.raises(NotNow, match="being played") as caught:
        await room.delete(FILE)
    assert caught.value.until >= START + timedelta(minutes=10)
    assert FILE in room.files
    room.kodi.item = {"file": BESIDE}
    await room.delete(FILE)
    assert FILE not in room.files


async def test_a_kodi_that_allows_no_removal_says_so(room: Room) -> None:
    room.lose(FILE)
    room.kodi.errors["VideoLibrary.RemoveMovie"] = -32099
    with pytest.raises(Permanent, match=r"does not allow VideoLibrary\.RemoveMovie"):
        await room.delete(FILE)


async def test_a_deletion_told_together_with_an_import_does_both(room: Room) -> None:
    new = FOLDER + "new.mkv"
    room.kodi.on_disk = [new, BESIDE]
    deleted = room.event(old_files=("The Matrix (1999).mkv",))
    imported = room.event(action=Action.IMPORTED, files=("new.mkv",))
    await room.tell(deleted, imported, folder=FOLDER)
    assert room.kodi.scanned == [FOLDER]
    assert room.files == [BESIDE, new, *EPISODES]
    room.kodi.calls.clear()


async def test_a_deleted_album_is_noticed_by_a_scan_of_its_artist(room: Room) -> None:
    room.kodi.on_disk.append("/music/Air/Talkie Walkie/1.mp3")
    await room.delete(folder="/music/Air/", kind=MediaKind.ALBUM)
    assert room.kodi.params("AudioLibrary.Scan") == [{"directory": "/music/Air/", "showdialogs": False}]
    room.kodi.calls.clear()
