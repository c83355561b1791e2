"""Our Kodi notifier against a real Kodi, as Debian packages it, on a screen nobody sees."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.clock import SystemClock
from metarr_desktop.domain.errors import NotNow, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.declaration import Group, Member
from metarr_desktop.services.http import Http
from metarr_desktop.services.kodi import KodiConfig, KodiNotifier
from metarr_desktop.services.kodi_link import KNOWN, KodiLink
from metarr_desktop.services.kodi_rpc import KodiRpc
from tests.fakes import MemoryNotes, tools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from metarr_desktop.services.declaration import Delivery
    from tests.integration.conftest import Program

NEEDED = ("kodi", "Xvfb")
FFMPEG = shutil.which("ffmpeg")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.timeout(240),
]

PASSWORD = "s3cret"
SETTINGS = """<settings version="2">
  <setting id="services.webserver">true</setting>
  <setting id="services.webserverport">{port}</setting>
  <setting id="services.webserverauthentication">true</setting>
  <setting id="services.webserverusername">kodi</setting>
  <setting id="services.webserverpassword">{password}</setting>
  <setting id="services.webserverssl">false</setting>
  <setting id="services.esenabled">true</setting>
  <setting id="services.zeroconf">false</setting>
  <setting id="services.upnp">false</setting>
  <setting id="general.addonupdates">2</setting>
  <setting id="videolibrary.updateonstartup">false</setting>
  <setting id="videolibrary.backgroundupdate">true</setting>
</settings>
"""
ADVANCED = """<advancedsettings version="1.0">
  <jsonrpc><tcpport>{port}</tcpport></jsonrpc>
  <network><curlclienttimeout>3</curlclienttimeout></network>
  <splash>false</splash>
</advancedsettings>
"""
SOURCES = """<sources><video><default pathversion="1"></default><source><name>Movies</name>
<path pathversion="1">{movies}/</path><allowsharing>true</allowsharing></source><source><name>Series</name>
<path pathversion="1">{series}/</path><allowsharing>true</allowsharing></source></video></sources>
"""
NFO = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<movie><title>{title}</title><plot>{plot}</plot>{ids}</movie>
"""
EPISODE = (
    "<episodedetails><title>{number}</title><season>1</season><episode>{number}</episode></episodedetails>"
)
SEEN: dict[str, Any] = {
    "playcount": 2,
    "lastplayed": "2026-01-02 03:04:05",
    "userrating": 8,
    "dateadded": "2020-01-02 03:04:05",
    "resume": {"position": 100.0, "total": 2000.0},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RealKodi:
    """Where it is and where its files lie."""

    port: int
    ws_port: int
    movies: Path
    series: Path
    userdata: Path

    def make_film(self, title: str, *, plot: str, name: str = "", tmdb: int = 0) -> str:
        folder = self.movies / title
        folder.mkdir(exist_ok=True)
        ids = f'<uniqueid type="tmdb" default="true">{tmdb}</uniqueid>' if tmdb else ""
        (folder / f"{name or title}.mkv").write_bytes(bytes(4096))
        (folder / f"{name or title}.nfo").write_text(NFO.format(title=title, plot=plot, ids=ids))
        return str(folder)

    def make_episode(self, name: str, *, number: int) -> str:
        folder = self.series / "Severance"
        season = folder / "Season 01"
        season.mkdir(parents=True, exist_ok=True)
        (folder / "tvshow.nfo").write_text("<tvshow><title>Severance</title></tvshow>")
        (season / f"{name}.mkv").write_bytes(bytes(4096))
        (season / f"{name}.nfo").write_text(EPISODE.format(number=number))
        return str(folder)

    def set_content(self) -> None:
        """Do what Kodi's own "Set content" dialog does: with local information only."""
        (database,) = (self.userdata / "Database").glob("MyVideos*.db")
        with contextlib.closing(sqlite3.connect(database, timeout=10)) as connection, connection:
            connection.executemany(
                "INSERT INTO path(strPath, strContent, strScraper, scanRecursive, useFolderNames, noUpdate,"
                " exclude, dateAdded) VALUES (?, ?, 'metadata.local', ?, 0, 0, 0, '')",
                [(f"{self.movies}/", "movies", 2147483647), (f"{self.series}/", "tvshows", 0)],
            )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def screen() -> Iterator[str]:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "640x480x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        yield ":" + told.readline().strip()
    server.terminate()
    server.wait(10)


@pytest.fixture
def real_kodi(screen: str, tmp_path: Path) -> Iterator[RealKodi]:
    kodi = RealKodi(
        port=free_port(),
        ws_port=free_port(),
        movies=tmp_path / "movies",
        series=tmp_path / "series",
        userdata=tmp_path / "home" / ".kodi" / "userdata",
    )
    kodi.movies.mkdir()
    kodi.series.mkdir()
    kodi.userdata.mkdir(parents=True)
    (kodi.userdata / "guisettings.xml").write_text(SETTINGS.format(port=kodi.port, password=PASSWORD))
    (kodi.userdata / "advancedsettings.xml").write_text(ADVANCED.format(port=kodi.ws_port))
    (kodi.userdata / "sources.xml").write_text(SOURCES.format(movies=kodi.movies, series=kodi.series))
    (tmp_path / "home" / ".asoundrc").write_text("pcm.!default { type null }\nctl.!default { type null }\n")
    environment = {
        **os.environ,
        "HOME": str(tmp_path / "home"),
        "DISPLAY": screen,
        "XDG_RUNTIME_DIR": str(tmp_path),
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "LP_NUM_THREADS": "1",
        "LC_ALL": "C.UTF-8",
    }
    with (tmp_path / "kodi.log").open("ab") as log:
        # kodi is a shell script around the program: a session of its own lets us end both.
        program = subprocess.Popen(
            ["kodi", "--windowing=x11", "--audio-backend=alsa"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield kodi
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait(20)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    made = Http()
    yield made
    await made.close()


class House:
    """A household whose only player is that Kodi."""

    def __init__(self, kodi: RealKodi, http: Http) -> None:
        self.kodi = kodi
        self.notes = MemoryNotes()
        clock = SystemClock()
        self.hurried: asyncio.Queue[int] = asyncio.Queue()
        self.notifier = KodiNotifier(tools(http, clock, notes=self.notes, hurry=self.hurried.put_nowait))
        self.link = KodiLink(tools=tools(http, clock), url=f"ws://127.0.0.1:{kodi.ws_port}/jsonrpc")
        self.rpc = KodiRpc(
            http=http, clock=clock, host="127.0.0.1", port=kodi.port, username="kodi", password=PASSWORD
        )

    def group(self, *, password: str = PASSWORD, ws_port: int | None = None) -> Group:
        config = KodiConfig(
            host="127.0.0.1",
            port=self.kodi.port,
            ws_port=self.kodi.ws_port if ws_port is None else ws_port,
            password=SecretStr(password),
            show_message=True,
        )
        return Group(name="Default", members=(Member(id=1, name="Living room", config=config),))

    async def tell(
        self, folder: str, action: Action = Action.IMPORTED, *, ws_port: int | None = None, **changes: Any
    ) -> Delivery:
        event = self.event(folder, action, **changes)
        told = Notification(title="Film", body="Downloaded", event=event, folder=folder, job_id=7)
        return await self.notifier.send(self.group(ws_port=ws_port), told)

    def event(self, folder: str, action: Action, **changes: Any) -> MediaEvent:
        values = {"kind": MediaKind.MOVIE, "title": "Film", **changes}
        return MediaEvent(source="radarr", action=action, folder=folder, **values)

    async def films(self) -> list[dict[str, Any]]:
        properties = ["plot", "file", *SEEN]
        reply = await self.rpc.call("VideoLibrary.GetMovies", properties=properties)
        return list(reply.get("movies", []))

    async def shows_a_message(self) -> bool:
        flag = "Window.IsVisible(notification)"
        reply = await self.rpc.call("XBMC.GetInfoBooleans", booleans=[flag])
        return bool(reply[flag])

    async def plots(self) -> dict[str, str]:
        return {film["label"]: film["plot"] for film in await self.films()}

    async def film_at(self, file: str) -> dict[str, Any]:
        (film,) = [film for film in await self.films() if film["file"].endswith(file)]
        return film


async def answers(rpc: KodiRpc) -> None:
    async with asyncio.timeout(90):
        while True:
            with contextlib.suppress(Transient):
                assert await rpc.call("JSONRPC.Ping") == "pong"
                return
            await asyncio.sleep(0.2)


def seen(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in SEEN}


async def test_a_real_kodi_has_what_happened(real_kodi: RealKodi, http: Http, tmp_path: Path) -> None:
    house = House(real_kodi, http)
    await answers(house.rpc)
    await it_is_tested(house)
    await films_arrive(house, tmp_path)
    await an_upgrade_keeps_what_was_seen(house)
    await a_rename_keeps_what_was_seen(house)
    await a_film_read_anew_keeps_what_was_seen(house)
    await an_episode_keeps_what_was_seen(house)
    await what_was_deleted_is_forgotten(house)
    if FFMPEG is not None:
        await a_job_waits_for_the_end_of_a_video(house, tmp_path)
    assert house.notes.kept == {}


async def test_a_webhook_brings_a_film_into_a_real_kodi(
    real_kodi: RealKodi, http: Http, program: Callable[..., Program]
) -> None:
    """From the webhook of a sender to the library, and out of it again, by the program as it is."""
    house = House(real_kodi, http)
    running = program(METARR_SECRET_KODI_PASSWORD=PASSWORD)
    running.start()
    await answers(house.rpc)
    real_kodi.set_content()
    place = f"host=127.0.0.1 port={real_kodi.port} ws_port={real_kodi.ws_port}"
    for command in (
        f"service set kodi {place}",
        "service enable kodi",
        f"mapping add kodi /films {real_kodi.movies}",
        "service test kodi",
    ):
        done = running.run(*command.split())
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    titles = ("Heat (1995)", "Dune #1 100% \u00e4 (2021)")
    for number, title in enumerate(titles, 1):
        real_kodi.make_film(title, plot=title)
        film = {"id": number, "title": title, "year": 1999, "folderPath": f"/films/{title}"}
        file = {"id": number, "relativePath": f"{title}.mkv", "path": f"/films/{title}/{title}.mkv"}
        running.post(json.dumps({"eventType": "Download", "movie": film, "movieFile": file}).encode())
    running.wait_for(lambda: running.drained, within_s=60)
    assert await house.plots() == {title: title for title in titles}
    ended = running.rows("SELECT status, result FROM job_history WHERE type = 'confirm-kodi'")
    assert [status for status, _ in ended] == ["completed"] * 2, ended

    film = {"id": 1, "title": "Heat", "year": 1995, "folderPath": "/films/Heat (1995)"}
    shutil.rmtree(real_kodi.movies / "Heat (1995)")
    running.post(json.dumps({"eventType": "MovieDelete", "movie": film, "deletedFiles": True}).encode())
    running.wait_for(lambda: running.drained, within_s=60)
    assert await house.plots() == {titles[1]: titles[1]}
    assert running.stop() == 0


async def it_is_tested(house: House) -> None:
    steps = await house.notifier.test(house.group())
    assert all(step.ok for step in steps), steps
    assert "web socket is open" in str(steps[4].detail)
    assert str(steps[-1].detail).startswith("Connected to Kodi ")
    assert "Key rejected" in str((await house.notifier.test(house.group(password="wrong")))[0].detail)
    assert await house.notifier.locations(house.group()) == (
        f"{house.kodi.movies}/",
        f"{house.kodi.series}/",
    )


async def films_arrive(house: House, tmp_path: Path) -> None:
    first = house.kodi.make_film("The Matrix (1999)", plot="One", tmdb=603)
    unready = await house.tell(first)
    assert "did not find it" in str(unready.warnings[0]), "the source has no content yet"
    event = house.event(first, Action.IMPORTED, files=("The Matrix (1999).mkv",))
    assert await house.notifier.sighting(house.group(), event, folder=first) is None

    house.kodi.set_content()
    async with house.link.listening(methods=KNOWN) as ears:
        assert (await house.tell(first)).warnings == ()
        assert await ears.wait_for({"VideoLibrary.OnScanFinished"}, within=5) is not None
    assert await house.plots() == {"The Matrix (1999)": "One"}
    assert await house.shows_a_message()
    assert await house.notifier.sighting(house.group(), event, folder=first) is not None
    elsewhere = replace(event, tmdb_id=603)
    assert "another way" in str(
        getattr(await house.notifier.sighting(house.group(), elsewhere, folder="/films/x"), "detail", "")
    )
    (known,) = await house.notifier.films(house.group())
    assert (known.folder, known.tmdb_id) == (f"{first}/", 603)

    # Kodi has listed the source by now, so a new folder is not there for a scan alone. Without a web
    # socket its end is asked for.
    second = house.kodi.make_film("Heat (1995) & \u00e4", plot="Two")
    third = house.kodi.make_film("Dune #1 100% (2021)", plot="Three")
    for folder in (second, third):
        assert (await house.tell(folder, ws_port=0)).warnings == ()
    assert sorted((await house.plots()).values()) == ["One", "Three", "Two"]

    outside = tmp_path / "elsewhere"
    outside.mkdir()
    delivery = await house.tell(str(outside))
    assert "did not find it" in str(delivery.warnings[0])


async def an_upgrade_keeps_what_was_seen(house: House) -> None:
    before = await house.film_at("The Matrix (1999).mkv")
    await house.rpc.call("VideoLibrary.SetMovieDetails", movieid=before["movieid"], **SEEN)
    folder = house.kodi.movies / "The Matrix (1999)"
    for ending in ("mkv", "nfo"):
        (folder / f"The Matrix (1999).{ending}").unlink()
    house.kodi.make_film("The Matrix (1999)", plot="One again", name="The Matrix 1080p", tmdb=603)
    delivery = await house.tell(
        str(folder),
        Action.UPGRADED,
        files=("The Matrix 1080p.mkv",),
        old_files=("The Matrix (1999).mkv",),
    )
    assert delivery.warnings == ()
    after = await house.film_at("The Matrix 1080p.mkv")
    assert seen(after) == SEEN
    assert after["plot"] == "One again"
    assert len(await house.films()) == 3, "the replaced file is no film any more"


async def a_rename_keeps_what_was_seen(house: House) -> None:
    folder = house.kodi.movies / "The Matrix (1999)"
    for ending in ("mkv", "nfo"):
        (folder / f"The Matrix 1080p.{ending}").rename(folder / f"The Matrix.{ending}")
    await house.tell(
        str(folder), Action.RENAMED, files=("The Matrix.mkv",), old_files=("The Matrix 1080p.mkv",)
    )
    assert seen(await house.film_at("The Matrix.mkv")) == SEEN
    assert len(await house.films()) == 3


async def a_film_read_anew_keeps_what_was_seen(house: House) -> None:
    """RefreshMovie makes Kodi forget it, so this fails where nothing is given back."""
    for plot, ws_port in (("One more", None), ("Once more", 0)):
        folder = house.kodi.make_film("The Matrix (1999)", plot=plot, name="The Matrix", tmdb=603)
        delivery = await house.tell(
            folder,
            Action.UPGRADED,
            ws_port=ws_port,
            files=("The Matrix.mkv",),
            old_files=("The Matrix.mkv",),
        )
        assert delivery.warnings == ()
        film = await house.film_at("The Matrix.mkv")
        assert film["plot"] == plot
        assert seen(film) == SEEN


async def episodes(house: House) -> dict[str, dict[str, Any]]:
    reply = await house.rpc.call("VideoLibrary.GetEpisodes", properties=["file", *SEEN])
    return {each["file"].rpartition("/")[2]: each for each in reply.get("episodes", [])}


async def an_episode_keeps_what_was_seen(house: House) -> None:
    series: dict[str, Any] = {"kind": MediaKind.EPISODE, "title": "Severance", "season": 1}
    folder = house.kodi.make_episode("S01E01 720p", number=1)
    house.kodi.make_episode("S01E02 720p", number=2)
    await house.tell(folder, episodes=(1, 2), **series)
    first = (await episodes(house))["S01E01 720p.mkv"]
    await house.rpc.call("VideoLibrary.SetEpisodeDetails", episodeid=first["episodeid"], **SEEN)
    for ending in ("mkv", "nfo"):
        (house.kodi.series / "Severance" / "Season 01" / f"S01E01 720p.{ending}").unlink()
    house.kodi.make_episode("S01E01 1080p", number=1)
    await house.tell(
        folder,
        Action.UPGRADED,
        episodes=(1,),
        files=("Season 01/S01E01 1080p.mkv",),
        old_files=("Season 01/S01E01 720p.mkv",),
        **series,
    )
    known = await episodes(house)
    assert sorted(known) == ["S01E01 1080p.mkv", "S01E02 720p.mkv"]
    assert seen(known["S01E01 1080p.mkv"]) == SEEN
    assert seen(known["S01E02 720p.mkv"]) != SEEN


async def what_was_deleted_is_forgotten(house: House) -> None:
    folder = house.kodi.movies / "The Matrix (1999)"
    shutil.rmtree(folder)
    await house.tell(str(folder), Action.DELETED, old_files=("The Matrix.mkv",))
    assert "The Matrix (1999)" not in await house.plots()
    series = house.kodi.series / "Severance"
    (series / "Season 01" / "S01E02 720p.mkv").unlink()
    await house.tell(
        str(series),
        Action.DELETED,
        kind=MediaKind.EPISODE,
        old_files=("Season 01/S01E02 720p.mkv",),
    )
    assert list(await episodes(house)) == ["S01E01 1080p.mkv"]
    shutil.rmtree(series)
    house.kodi.series.joinpath("Other").mkdir()
    await house.tell(str(series), Action.DELETED, kind=MediaKind.EPISODE)
    assert await episodes(house) == {}
    assert (await house.rpc.call("VideoLibrary.GetTVShows")).get("tvshows", []) == []


async def a_job_waits_for_the_end_of_a_video(house: House, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mkv"
    making = await asyncio.create_subprocess_exec(
        str(FFMPEG),
        *("-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=10", "-t", "60", "-c:v", "mpeg4"),
        str(clip),
    )
    assert await making.wait() == 0
    await house.rpc.call("Player.Open", item={"file": str(clip)})
    folder = house.kodi.make_film("Alien (1979)", plot="Four")
    async with asyncio.timeout(20):
        while not (playing := await house.rpc.call("Player.GetActivePlayers")):  # noqa: ASYNC110 - Kodi says so to others only
            await asyncio.sleep(0.1)
    with pytest.raises(NotNow, match="Living room is playing a video"):
        await house.tell(folder)
    assert house.hurried.empty()
    await house.rpc.call("Player.Stop", playerid=playing[0]["playerid"])
    async with asyncio.timeout(20):
        assert await house.hurried.get() == 7
    await house.tell(folder)
    assert "Alien (1979)" in await house.plots()
