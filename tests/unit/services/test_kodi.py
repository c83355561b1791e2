from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import (
    AuthFailed,
    MetarrError,
    NothingToDo,
    NotNow,
    Permanent,
    RateLimited,
    Transient,
)
from metarr_desktop.domain.events import Action, MediaKind
from metarr_desktop.services.answer import TooLarge
from metarr_desktop.services.kodi import KodiConfig, KodiNotifier
from tests.fakes import START, FakeClock, tools, until
from tests.fakes_http import CUT_OFF, DROP, HANG, FakeServer, Recorded, Reply, unused_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Delivery
    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

PASSWORD = "p\u00e4ss:word"
FOLDER = "/movies/The Matrix (1999)/"
SCAN = {"directory": FOLDER, "showdialogs": False}


class Kodi:
    """A Kodi as measured: wrong calls are refused, and a scan during a scan stops that scan."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.films: dict[str, int] = {}
        self.on_disk: list[str] = [FOLDER + "The Matrix (1999).mkv"]
        self.listed: set[str] = set()
        self.sources = ["/movies/"]
        self.playing: list[dict[str, Any]] = []
        self.item: dict[str, Any] = {}
        self.scanning_for = 0
        self.scan_lasts = 1
        self.pending = ""
        self.stopped_scans = 0
        self.may_update = True
        self.errors: dict[str, int] = {}

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.calls]

    def params(self, method: str) -> list[dict[str, Any]]:
        return [params for called, params in self.calls if called == method]

    def __call__(self, request: Recorded) -> Reply:
        expected = "Basic " + base64.b64encode(f"kodi:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return Reply(status=401)
        if request.path != "/jsonrpc":
            return Reply(status=404)
        if request.headers["Content-Type"] != "application/json":
            return Reply(status=415)
        assert request.method == "POST"
        assert len(request.body) < 20_000
        body = request.json
        assert body["jsonrpc"] == "2.0"
        assert isinstance(body["id"], int)
        method, params = body["method"], body.get("params", {})
        self.calls.append((method, params))
        reply = {"id": body["id"], "jsonrpc": "2.0"}
        if method in self.errors:
            # The order of keys is Kodi's: "error" is not the first.
            return Reply.of_json({**reply, "error": {"code": self.errors[method], "message": "No."}})
        return Reply.of_json({**reply, "result": self._result(method, params)})

    def _result(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "XBMC.GetInfoBooleans":
                return self._booleans(params)
            case "Files.GetDirectory":
                self.listed.add(params["directory"])
                return {"files": [], "limits": {"start": 0, "end": 0, "total": 0}}
            case "VideoLibrary.Scan" | "AudioLibrary.Scan":
                return self._scan(params)
            case "VideoLibrary.GetMovies":
                return self._movies(params)
            case "VideoLibrary.RefreshMovie":
                assert params["movieid"] in self.films.values()
                return "OK"
            case _:
                return self._facts()[method]

    def _facts(self) -> dict[str, Any]:
        return {
            "JSONRPC.Ping": "pong",
            "JSONRPC.Version": {"version": {"major": 13, "minor": 5, "patch": 0}},
            "JSONRPC.Permission": {"ReadData": True, "UpdateData": self.may_update},
            "Application.GetProperties": {
                "name": "Kodi",
                "version": {"major": 21, "minor": 1, "tag": "stable"},
            },
            "Files.GetSources": {"sources": [{"file": file, "label": "x"} for file in self.sources]},
            "Player.GetActivePlayers": self.playing,
            "Player.GetItem": {"item": self.item},
            "GUI.ShowNotification": "OK",
        }

    def _scan(self, params: dict[str, Any]) -> str:
        assert params["directory"].endswith(("/", "\\"))
        assert params["showdialogs"] is False
        if self.scanning_for:
            self.stopped_scans += 1
        self.pending, self.scanning_for = params["directory"], self.scan_lasts
        return "OK"

    def _movies(self, params: dict[str, Any]) -> dict[str, Any]:
        assert params["filter"]["field"] == "path"
        assert params["filter"]["operator"] == "startswith"
        found = [file for file in self.films if file.startswith(params["filter"]["value"])]
        films = [{"movieid": self.films[file], "label": "x", "file": file} for file in found]
        limits = {"start": 0, "end": len(found), "total": len(found)}
        return {"limits": limits, **({"movies": films} if films else {})}

    def _booleans(self, params: dict[str, Any]) -> dict[str, bool]:
        (flag,) = params["booleans"]
        assert flag in {"Library.IsScanningVideo", "Library.IsScanningMusic"}
        running = self.scanning_for > 0
        self.scanning_for = max(0, self.scanning_for - 1)
        parent = self.pending.rstrip("/").rpartition("/")[0] + "/"
        if not self.scanning_for and self.pending and parent in self.listed:
            for file in self.on_disk:
                if file.startswith(self.pending) and file.startswith(tuple(self.sources)):
                    self.films.setdefault(file, len(self.films) + 1)
            self.pending = ""
        return {flag: running}


@pytest.fixture
def kodi(server: FakeServer) -> Kodi:
    made = Kodi()
    server.respond = made
    return made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def notifier(http: Http, clock: FakeClock) -> AsyncIterator[KodiNotifier]:
    """A notifier whose waits pass as soon as they begin."""

    async def pass_time() -> None:
        while True:
            await until(lambda: clock.sleeping, within=60)
            clock.advance(1)

    passing = asyncio.ensure_future(pass_time())
    yield KodiNotifier(tools(http, clock))
    passing.cancel()


@pytest.fixture
def config(server: FakeServer) -> Callable[..., KodiConfig]:
    def make(**values: Any) -> KodiConfig:
        given = {"host": "127.0.0.1", "port": server.port, "password": SecretStr(PASSWORD), **values}
        return KodiConfig(**given)

    return make


async def test_a_new_film_is_scanned_and_found(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    delivery = await notifier.send(config(), notification())
    assert kodi.params("VideoLibrary.Scan") == [SCAN]
    assert kodi.films == {FOLDER + "The Matrix (1999).mkv": 1}
    assert delivery.warnings == ()
    assert str(delivery.detail) == f"Kodi scanned {FOLDER}."
    assert "VideoLibrary.RefreshMovie" not in kodi.methods


async def test_the_parent_folder_is_listed_before_the_scan(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    await notifier.send(config(), notification())
    assert kodi.params("Files.GetDirectory")[0]["directory"] == "/movies/"
    assert kodi.methods.index("Files.GetDirectory") < kodi.methods.index("VideoLibrary.Scan")


@pytest.mark.parametrize(
    ("folder", "sent", "parent"),
    [
        ("smb://nas/movies/The Matrix (1999)", "smb://nas/movies/The Matrix (1999)/", "smb://nas/movies/"),
        ("nfs://nas/m/Dune (2021)/", "nfs://nas/m/Dune (2021)/", "nfs://nas/m/"),
        (r"D:\Movies\Dune (2021)", "D:\\Movies\\Dune (2021)\\", "D:\\Movies\\"),
        (r"\\nas\movies\Dune", "\\\\nas\\movies\\Dune\\", "\\\\nas\\movies\\"),
        ("/movies/100% #1 [x] ä 🎬", "/movies/100% #1 [x] ä 🎬/", "/movies/"),
    ],
)
async def test_the_folder_is_sent_in_the_form_kodi_compares(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make, folder: str, sent: str, parent: str
) -> None:
    await notifier.send(config(), notification(folder=folder))
    assert [params["directory"] for params in kodi.params("VideoLibrary.Scan")] == [sent]
    assert kodi.params("Files.GetDirectory")[0]["directory"] == parent


async def test_a_film_kodi_accepts_but_does_not_find_is_a_warning(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    kodi.sources = ["smb://nas/movies/"]
    delivery = await notifier.send(config(), notification())
    (warning,) = delivery.warnings
    assert str(warning).startswith(f"Kodi accepted {FOLDER} but did not find it.")
    assert "path mapping" in str(warning)


async def test_an_upgraded_film_is_read_anew(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    kodi.films = {FOLDER + "The Matrix (1999).mkv": 7, "/movies/The Matrix (1999) Extras/x.mkv": 8}
    await notifier.send(config(), notification(action=Action.UPGRADED))
    assert kodi.params("VideoLibrary.RefreshMovie") == [{"movieid": 7, "ignorenfo": False}]
    assert kodi.methods.index("VideoLibrary.Scan") < kodi.methods.index("VideoLibrary.RefreshMovie")


async def test_of_two_known_films_in_a_folder_the_replaced_one_is_read_anew(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    kodi.films = {FOLDER + "The Matrix (1999).mkv": 7, FOLDER + "Another.mkv": 8}
    await notifier.send(config(), notification(action=Action.UPGRADED, files=("The Matrix (1999).mkv",)))
    assert kodi.params("VideoLibrary.RefreshMovie") == [{"movieid": 7, "ignorenfo": False}]


async def test_an_episode_makes_kodi_list_the_series_too(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    await notifier.send(config(), notification(kind=MediaKind.EPISODE, folder="/tv/Severance"))
    assert [each["directory"] for each in kodi.params("Files.GetDirectory")] == ["/tv/", "/tv/Severance/"]
    assert kodi.params("VideoLibrary.Scan") == [{"directory": "/tv/Severance/", "showdialogs": False}]
    assert "VideoLibrary.GetMovies" not in kodi.methods


async def test_an_album_is_scanned_into_the_music_library(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    await notifier.send(config(), notification(kind=MediaKind.ALBUM, folder="/music/Air"))
    assert kodi.params("AudioLibrary.Scan") == [{"directory": "/music/Air/", "showdialogs": False}]
    assert "VideoLibrary.Scan" not in kodi.methods
    assert {"booleans": ["Library.IsScanningMusic"]} in kodi.params("XBMC.GetInfoBooleans")


async def test_kodi_has_no_books(kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make) -> None:
    for action in (Action.IMPORTED, Action.GRABBED):
        with pytest.raises(NothingToDo, match="no books"):
            await notifier.send(config(), notification(kind=MediaKind.BOOK, action=action))
    assert kodi.calls == []


async def test_a_running_scan_is_waited_for_and_never_stopped(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    kodi.scanning_for, kodi.scan_lasts = 3, 3
    await asyncio.gather(*(notifier.send(config(), notification(folder=f"/movies/{n}")) for n in range(3)))
    assert kodi.stopped_scans == 0
    assert len(kodi.params("VideoLibrary.Scan")) == 3


async def test_a_scan_that_does_not_end_puts_ours_off(
    kodi: Kodi, notifier: KodiNotifier, clock: FakeClock, config: Any, notification: Make
) -> None:
    kodi.scanning_for = 10_000
    with pytest.raises(NotNow, match="busy with another scan") as caught:
        await notifier.send(config(), notification())
    assert caught.value.until == clock.now() + timedelta(minutes=1)
    assert "VideoLibrary.Scan" not in kodi.methods


async def test_our_own_scan_that_does_not_end_is_a_warning(
    kodi: Kodi, notifier: KodiNotifier, clock: FakeClock, config: Any, notification: Make
) -> None:
    kodi.scan_lasts = 10_000
    delivery = await notifier.send(config(), notification())
    assert "still scanning" in str(delivery.warnings[0])
    assert clock.now() - START < timedelta(minutes=4)


async def test_nothing_is_scanned_while_a_video_plays_but_for_at_most_six_hours(
    kodi: Kodi, notifier: KodiNotifier, clock: FakeClock, config: Any, notification: Make
) -> None:
    kodi.playing = [{"playerid": 1, "playertype": "internal", "type": "video"}]
    with pytest.raises(NotNow, match="playing a video") as caught:
        await notifier.send(config(), notification())
    assert caught.value.until == START + timedelta(minutes=10)
    clock.advance(timedelta(hours=5, minutes=50))
    with pytest.raises(NotNow):
        await notifier.send(config(), notification())
    assert set(kodi.methods) == {"Player.GetActivePlayers"}
    clock.advance(timedelta(minutes=10))
    await notifier.send(config(), notification())
    assert kodi.params("VideoLibrary.Scan") == [SCAN]


async def test_music_does_not_hold_up_a_scan_and_a_video_need_not(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    kodi.playing = [{"playerid": 0, "playertype": "internal", "type": "audio"}]
    await notifier.send(config(), notification())
    kodi.playing = [{"playerid": 1, "playertype": "internal", "type": "video"}]
    await notifier.send(config(skip_playing=False), notification())
    assert len(kodi.params("VideoLibrary.Scan")) == 2


@pytest.mark.parametrize("folder", [None, "", "  ", "/movies/\ud800", "/" + "x" * 40_000])
async def test_a_folder_nobody_could_scan_fails_without_a_call(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make, folder: str | None
) -> None:
    with pytest.raises(Permanent, match="cannot be told what to scan"):
        await notifier.send(config(), notification(folder=folder))
    assert kodi.calls == []


async def test_a_wrong_password_is_told_after_one_request(
    server: FakeServer, kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    with pytest.raises(AuthFailed, match="Key rejected"):
        await notifier.send(config(password=SecretStr("wrong")), notification())
    assert len(server.requests) == 1


async def test_an_empty_password_is_possible(server: FakeServer, notifier: KodiNotifier, config: Any) -> None:
    server.respond = lambda request: Reply.of_json({"id": request.json["id"], "result": "pong"})
    assert (await notifier.test(config(password=SecretStr(""))))[0].ok


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (-32700, Permanent), (-32600, Permanent), (-32601, Permanent), (-32602, Permanent),
        (-32099, Permanent), (-32603, Transient), (-32100, Transient), (5, Permanent),
    ],
)  # fmt: skip
async def test_errors_inside_the_answer_end_in_their_class(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make, code: int, kind: type[MetarrError]
) -> None:
    kodi.errors["VideoLibrary.Scan"] = code
    with pytest.raises(kind):
        await notifier.send(config(), notification())


@pytest.mark.parametrize("code", [-32602, -32100])
async def test_a_parent_kodi_cannot_list_does_not_keep_it_from_scanning(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make, code: int
) -> None:
    kodi.errors["Files.GetDirectory"] = code
    await notifier.send(config(), notification())
    assert kodi.params("VideoLibrary.Scan") == [SCAN]


async def test_what_happens_after_the_scan_was_accepted_does_not_fail_the_job(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    kodi.errors["VideoLibrary.GetMovies"] = -32603
    delivery = await notifier.send(config(), notification())
    assert "could not be seen" in str(delivery.warnings[0])


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(status=403), AuthFailed, "HTTP 403"),
        (Reply.of_html("<h1>404</h1>", status=404), Permanent, "is not Kodi"),
        (Reply(status=415), Permanent, "HTTP 415"),
        (Reply(status=429, headers={"Retry-After": "12"}), RateLimited, "12 s"),
        (Reply(status=429, headers={"Retry-After": "Tue, 24 Nov 2026 12:00:30 GMT"}), RateLimited, "30 s"),
        (Reply(status=500), Transient, "HTTP 500"),
        (
            Reply(status=301, headers={"Location": "https://box/jsonrpc"}),
            Permanent,
            "redirects to https://box",
        ),
        (Reply.of_html("<h1>Router</h1>"), Permanent, "is not Kodi"),
        (Reply.of_json({"jsonrpc": "2.0", "error": "odd"}), Permanent, "no reason given"),
        (Reply.of_json([1, 2]), Permanent, "is not Kodi"),
        (Reply(), Transient, "empty answer"),
        (Reply(fault=HANG), Transient, "Timed out"),
        (Reply(fault=DROP), Transient, "connection was closed"),
        (Reply(fault=CUT_OFF), Transient, "cut off"),
        (Reply(body=b"x" * 20 * 1024 * 1024), TooLarge, "larger than 5 MB"),
    ],
)
async def test_every_refusal_ends_in_its_class(
    server: FakeServer,
    notifier: KodiNotifier,
    config: Any,
    notification: Make,
    reply: Reply,
    kind: type[MetarrError],
    words: str,
) -> None:
    server.answer(reply)
    with pytest.raises(MetarrError, match=words) as caught:
        await notifier.send(config(), notification())
    assert type(caught.value) is kind
    assert len(server.requests) == 1
    assert PASSWORD not in f"{caught.value!r} {caught.value.text.to_json()}"


@pytest.mark.parametrize(
    "result", [5, None, "x", [None], {"movies": 5}, {"movies": [None, {"movieid": "x"}]}]
)
async def test_odd_results_never_end_in_a_traceback(
    server: FakeServer, notifier: KodiNotifier, config: Any, notification: Make, result: object
) -> None:
    server.respond = lambda request: Reply.of_json({"id": request.json["id"], "result": result})
    delivery = await notifier.send(config(), notification(action=Action.UPGRADED))
    assert "did not find it" in str(delivery.warnings[0])


async def test_two_server_errors_then_a_success(
    server: FakeServer, kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    server.answer(Reply(status=500), Reply(status=502))
    for _ in range(2):
        with pytest.raises(Transient):
            await notifier.send(config(), notification())
    delivery: Delivery = await notifier.send(config(), notification())
    assert delivery.warnings == ()


async def test_a_kodi_that_is_off_counts_as_connection_failure(
    notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    with pytest.raises(Transient, match="connection refused") as caught:
        await notifier.send(config(port=await unused_port()), notification())
    assert caught.value.connection


async def test_the_test_says_who_answers_and_what_it_may_do(
    kodi: Kodi, notifier: KodiNotifier, config: Any
) -> None:
    kodi.sources = ["/movies/", "smb://ann:hush@nas/tv/"]
    steps = await notifier.test(config())
    assert all(step.ok for step in steps)
    said = [str(step.detail) for step in steps]
    assert said[1] == "Its remote control is version 13.5.0."
    assert said[3] == "Video sources: /movies/, smb://nas/tv/"
    assert said[-1] == "Connected to Kodi 21.1 in 0 ms."
    assert not {"VideoLibrary.Scan", "GUI.ShowNotification"} & set(kodi.methods)


async def test_the_test_stops_where_kodi_allows_no_scan(
    kodi: Kodi, notifier: KodiNotifier, config: Any
) -> None:
    kodi.may_update = False
    steps = await notifier.test(config())
    assert [step.ok for step in steps] == [True, True, False]


async def test_a_kodi_of_odd_answers_fails_the_test_without_raising(
    server: FakeServer, notifier: KodiNotifier, config: Any
) -> None:
    server.respond = lambda request: Reply.of_json(
        {"id": 1, "result": "pong" if request.json["method"] == "JSONRPC.Ping" else 5}
    )
    assert [step.ok for step in await notifier.test(config())] == [True, True, False]
    server.respond = lambda _request: Reply.of_json({"id": 1, "result": [None]})
    assert [step.ok for step in await notifier.test(config())] == [False]
    assert [step.ok for step in await notifier.test(config(port=await unused_port()))] == [False]


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        (" 192.168.1.40 ", "192.168.1.40"), ("http://living-room.local/", "living-room.local"),
        ("[fe80::1]", "fe80::1"), ("fe80::1", "fe80::1"),
    ],
)  # fmt: skip
def test_a_host_is_taken_from_what_people_paste(typed: str, host: str) -> None:
    assert KodiConfig(host=typed).host == host


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("192.168.1.40:8080", "port in its own field"), ("http://[::1]:80/", "port in its own field"),
        ("https://kodi", "Only http"), ("a b", "Enter the name"), ("user@host", "Enter the name"),
        ("host?x", "Enter the name"), ("a\x00b", "Enter the name"),
    ],
)  # fmt: skip
def test_anything_else_is_no_host(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        KodiConfig(host=typed)
