"""Our Kodi notifier against a real Kodi, as Debian packages it, on a screen nobody sees."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.clock import SystemClock
from metarr_desktop.domain.errors import Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.http import Http
from metarr_desktop.services.kodi import KodiConfig, KodiNotifier
from metarr_desktop.services.kodi_rpc import KodiRpc
from tests.fakes import tools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

NEEDED = ("kodi", "Xvfb")
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
  <setting id="services.esenabled">false</setting>
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
<path pathversion="1">{folder}/</path><allowsharing>true</allowsharing></source></video></sources>
"""
NFO = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<movie><title>{title}</title><plot>{plot}</plot></movie>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealKodi:
    """Where it is and where its files lie."""

    port: int
    movies: Path
    userdata: Path

    def make_film(self, title: str, *, plot: str) -> str:
        folder = self.movies / title
        folder.mkdir(exist_ok=True)
        (folder / f"{title}.mkv").write_bytes(bytes(4096))
        (folder / f"{title}.nfo").write_text(NFO.format(title=title, plot=plot))
        return str(folder)

    def set_content(self) -> None:
        """Do what Kodi's own "Set content" dialog does: films, with local information only."""
        (database,) = (self.userdata / "Database").glob("MyVideos*.db")
        with contextlib.closing(sqlite3.connect(database, timeout=10)) as connection, connection:
            connection.execute(
                "INSERT INTO path(strPath, strContent, strScraper, scanRecursive, useFolderNames, noUpdate,"
                " exclude, dateAdded) VALUES (?, 'movies', 'metadata.local', 2147483647, 0, 0, 0, '')",
                (f"{self.movies}/",),
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
        port=free_port(), movies=tmp_path / "movies", userdata=tmp_path / "home" / ".kodi" / "userdata"
    )
    kodi.movies.mkdir()
    kodi.userdata.mkdir(parents=True)
    (kodi.userdata / "guisettings.xml").write_text(SETTINGS.format(port=kodi.port, password=PASSWORD))
    (kodi.userdata / "advancedsettings.xml").write_text(ADVANCED.format(port=free_port()))
    (kodi.userdata / "sources.xml").write_text(SOURCES.format(folder=kodi.movies))
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


def told(folder: str, *, action: Action = Action.IMPORTED) -> Notification:
    event = MediaEvent(source="radarr", kind=MediaKind.MOVIE, action=action, title="Film", folder=folder)
    return Notification(title="Film", body="Downloaded", event=event, folder=folder)


async def answers(rpc: KodiRpc) -> None:
    async with asyncio.timeout(90):
        while True:
            with contextlib.suppress(Transient):
                assert await rpc.call("JSONRPC.Ping") == "pong"
                return
            await asyncio.sleep(0.2)


async def plots(rpc: KodiRpc) -> dict[str, str]:
    reply: dict[str, Any] = await rpc.call("VideoLibrary.GetMovies", properties=["plot"])
    return {film["label"]: film["plot"] for film in reply.get("movies", [])}


async def test_films_arrive_in_a_real_kodi(real_kodi: RealKodi, http: Http, tmp_path: Path) -> None:
    clock = SystemClock()
    notifier = KodiNotifier(tools(http, clock))
    config = KodiConfig(host="127.0.0.1", port=real_kodi.port, password=SecretStr(PASSWORD))
    rpc = KodiRpc(
        http=http, clock=clock, host="127.0.0.1", port=real_kodi.port, username="kodi", password=PASSWORD
    )
    await answers(rpc)

    steps = await notifier.test(config)
    assert all(step.ok for step in steps), steps
    assert str(steps[-1].detail).startswith("Connected to Kodi ")
    wrong = KodiConfig(host="127.0.0.1", port=real_kodi.port, password=SecretStr("wrong"))
    assert "Key rejected" in str((await notifier.test(wrong))[0].detail)

    first = real_kodi.make_film("The Matrix (1999)", plot="One")
    unready = await notifier.send(config, told(first))
    assert "did not find it" in str(unready.warnings[0]), "the source has no content yet"

    real_kodi.set_content()
    assert (await notifier.send(config, told(first))).warnings == ()
    assert await plots(rpc) == {"The Matrix (1999)": "One"}

    # Kodi has listed the source by now, so a new folder is not there for a scan alone.
    second = real_kodi.make_film("Heat (1995) & ä", plot="Two")
    third = real_kodi.make_film("Dune #1 100% (2021)", plot="Three")
    for folder in (second, third):
        assert (await notifier.send(config, told(folder))).warnings == ()
    assert sorted((await plots(rpc)).values()) == ["One", "Three", "Two"]

    real_kodi.make_film("The Matrix (1999)", plot="One again")
    await notifier.send(config, told(first, action=Action.UPGRADED))
    async with asyncio.timeout(10):
        while "One again" not in (await plots(rpc)).values():  # noqa: ASYNC110 - Kodi sends us no event
            await asyncio.sleep(0.1)

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    delivery = await notifier.send(config, told(str(elsewhere)))
    assert "did not find it" in str(delivery.warnings[0])
