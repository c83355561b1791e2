from __future__ import annotations

import asyncio
from dataclasses import replace
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
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.services.answer import TooLarge
from metarr_desktop.services.declaration import Group, Member
from metarr_desktop.services.kodi import KodiConfig, KodiNotifier
from tests.fakes import START, FakeClock, MemoryNotes, tools, until
from tests.fakes_http import CUT_OFF, DROP, HANG, FakeServer, Reply, unused_port
from tests.fakes_kodi import FILE, FOLDER, PASSWORD, VIDEO, Kodi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Delivery
    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

SCAN = {"directory": FOLDER, "showdialogs": False}


@pytest.fixture
def kodi(server: FakeServer) -> Iterator[Kodi]:
    made = Kodi()
    server.respond = made
    yield made
    assert made.complaints == []


@pytest.fixture
async def notifier(http: Http, clock: FakeClock, notes: MemoryNotes) -> AsyncIterator[KodiNotifier]:
    """A notifier whose waits pass as soon as they begin."""

    async def pass_time() -> None:
        while True:
            await until(lambda: clock.sleeping, within=60)
            clock.advance(1)

    passing = asyncio.ensure_future(pass_time())
    yield KodiNotifier(tools(http, clock, notes=notes))
    passing.cancel()


@pytest.fixture
def config(server: FakeServer) -> Callable[..., Group]:
    """Make a household of one player."""

    def make(**values: Any) -> Group:
        given = {"port": server.port, "password": SecretStr(PASSWORD), "ws_port": 0, **values}
        config = KodiConfig(host="127.0.0.1", **given)
        return Group(name="Default", members=(Member(id=1, name="Kodi", config=config),))

    return make


async def test_a_new_film_is_scanned_and_found(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    delivery = await notifier.send(config(), notification())
    assert kodi.params("VideoLibrary.Scan") == [SCAN]
    assert [film["file"] for film in kodi.films] == [FILE]
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
    kodi.add_film("/movies/The Matrix (1999) Extras/x.mkv")
    film = kodi.add_film(FILE)
    await notifier.send(config(), notification(action=Action.UPGRADED))
    assert kodi.params("VideoLibrary.RefreshMovie") == [{"movieid": film["movieid"], "ignorenfo": False}]
    assert kodi.methods.index("VideoLibrary.Scan") < kodi.methods.index("VideoLibrary.RefreshMovie")


async def test_of_two_known_films_in_a_folder_the_replaced_one_is_read_anew(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make
) -> None:
    kodi.on_disk.append(FOLDER + "Another.mkv")
    kodi.add_film(FOLDER + "Another.mkv")
    film = kodi.add_film(FILE)
    await notifier.send(config(), notification(action=Action.UPGRADED, files=("The Matrix (1999).mkv",)))
    assert kodi.params("VideoLibrary.RefreshMovie") == [{"movieid": film["movieid"], "ignorenfo": False}]


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
    kodi: Kodi,
    notifier: KodiNotifier,
    notes: MemoryNotes,
    clock: FakeClock,
    config: Any,
    notification: Make,
) -> None:
    kodi.playing = [VIDEO]
    with pytest.raises(NotNow, match="playing a video") as caught:
        await notifier.send(config(), notification())
    assert caught.value.until == START + timedelta(minutes=10)
    clock.advance(timedelta(hours=5, minutes=50))
    with pytest.raises(NotNow):
        await notifier.send(config(), notification())
    assert set(kodi.methods) == {"Player.GetActivePlayers"}
    assert notes.kept == {"waiting/0": {"since": START.isoformat()}}
    clock.advance(timedelta(minutes=10))
    await notifier.send(config(), notification())
    assert kodi.params("VideoLibrary.Scan") == [SCAN]
    assert notes.kept == {}


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
    assert said[2] == "It may be told to scan, to remove what was deleted, and to show messages."
    assert said[3] == "Sources: /movies/, smb://nas/tv/"
    assert said[4] == "Its web socket is not used."
    assert said[-1] == "Connected to Kodi 21.1 in 0 ms."
    assert not {"VideoLibrary.Scan", "GUI.ShowNotification"} & set(kodi.methods)


async def test_the_test_stops_where_kodi_allows_no_scan(
    kodi: Kodi, notifier: KodiNotifier, config: Any
) -> None:
    kodi.rights["UpdateData"] = False
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


@pytest.mark.parametrize("action", [Action.IMPORTED, Action.DELETED])
async def test_a_password_in_the_address_of_a_share_is_sent_and_not_shown(
    kodi: Kodi, notifier: KodiNotifier, config: Any, notification: Make, action: Action
) -> None:
    """Kodi compares letter by letter, so that a mapping may need the password its source was added with."""
    folder = "smb://tv:s3cret@nas/movies/The Matrix (1999)/"
    kodi.add_film(folder + "old.mkv")
    told = notification(folder=folder)
    assert isinstance(told.event, MediaEvent)
    event = replace(told.event, action=action, old_files=("old.mkv",))
    delivery = await notifier.send(config(), replace(told, event=event, events=(event,)))
    assert any(folder in str(params) for _, params in kodi.calls)
    said = " ".join(map(str, (delivery.detail, *delivery.warnings)))
    assert "smb://nas/movies/The Matrix (1999)/" in said
    assert "s3cret" not in said
