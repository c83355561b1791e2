from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, RateLimited, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.services.forms import check_field
from metarr_desktop.services.nearness import is_near
from metarr_desktop.services.webhook import SERVICE, WebhookConfig, WebhookNotifier
from tests.fakes import FakeClock, tools
from tests.fakes_http import DROP, HANG, FakeServer, Reply, unused_port
from tests.fakes_smtp import make_certificates

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

HOSTILE = "\u202eevil\u0000\ud800 <b>&amp;</b>\r\nX-Evil: 1\x1b[31m \N{CLAPPER BOARD}"


@pytest.fixture
def notifier(http: Http) -> WebhookNotifier:
    return WebhookNotifier(tools(http, FakeClock()))


def config(server: FakeServer | str, **values: Any) -> WebhookConfig:
    url = server if isinstance(server, str) else f"{server.url}/hook/hush-path?token=hush-token"
    given: dict[str, Any] = {"url": SecretStr(url)}
    return WebhookConfig(**{**given, **values})


async def test_a_film_is_posted_as_json_with_all_its_fields(
    server: FakeServer, notifier: WebhookNotifier, notification: Make
) -> None:
    server.answer(Reply(status=204))
    told = replace(
        notification(files=("a.mkv",), poster_url="https://image.example/p.jpg", overview="A hacker."),
        job_id=9,
    )
    delivery = await notifier.send(config(server), told)
    assert str(delivery.detail) == "Accepted with HTTP 204."
    assert (server.last.method, server.last.path) == ("POST", "/hook/hush-path")
    assert server.last.query == {"token": "hush-token"}
    assert server.last.headers["Content-Type"] == "application/json"
    assert server.last.json == {
        "version": 1,
        "event": "downloaded",
        "title": "The Matrix (1999)",
        "message": "Downloaded in Bluray-1080p",
        "link": "https://www.themoviedb.org/movie/603",
        "poster": "https://image.example/p.jpg",
        "folder": "/movies/The Matrix (1999)",
        "source": "radarr",
        "job": 9,
        "media": {
            "kind": "movie",
            "title": "The Matrix",
            "year": 1999,
            "quality": "Bluray-1080p",
            "overview": "A hacker.",
            "folder": "/movies/The Matrix (1999)",
            "files": ["a.mkv"],
        },
    }


async def test_a_form_and_text_hold_the_same_words(
    server: FakeServer, notifier: WebhookNotifier, notification: Make
) -> None:
    server.answer(Reply(), Reply())
    await notifier.send(config(server, content="form", method="PUT"), notification(files=("a", "b")))
    assert server.last.method == "PUT"
    assert server.last.form["media_title"] == "The Matrix"
    assert server.last.form["media_files"] == "a\nb"
    assert server.last.form["event"] == "downloaded"
    await notifier.send(config(server, content="text"), notification())
    assert server.last.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert server.last.body.decode() == (
        "The Matrix (1999)\nDownloaded in Bluray-1080p\nhttps://www.themoviedb.org/movie/603"
    )


async def test_a_pack_and_a_notice_have_their_own_fields(
    server: FakeServer, notifier: WebhookNotifier, notification: Make
) -> None:
    server.answer(Reply(), Reply())
    episodes = tuple(
        MediaEvent(
            source="sonarr",
            kind=MediaKind.EPISODE,
            action=Action.IMPORTED,
            title="Severance",
            folder="/tv/Severance",
            season=2,
            episodes=(n,),
        )
        for n in (1, 2)
    )
    await notifier.send(config(server), replace(notification(), event=episodes[0], events=episodes))
    assert [each["media"]["episodes"] for each in server.last.json["events"]] == [[1], [2]]
    notice = Notice(source="radarr", kind=NoticeKind.HEALTH, message="No indexers", level="error")
    await notifier.send(config(server), replace(notification(), event=notice))
    assert server.last.json["event"] == "health"
    assert server.last.json["notice"] == {"kind": "health", "level": "error", "message": "No indexers"}


async def test_headers_and_log_in_go_along(
    server: FakeServer, notifier: WebhookNotifier, notification: Make
) -> None:
    server.answer(Reply())
    using = config(
        server,
        headers=SecretStr("X-Token: hush-header\n\nContent-Type: application/vnd.mine+json"),
        username="anna",
        password=SecretStr("hush: hush"),
    )
    await notifier.send(using, notification())
    headers = server.last.headers
    assert headers["X-Token"] == "hush-header"
    assert headers.getall("Content-Type") == ["application/vnd.mine+json"]
    assert headers["Authorization"] == f"Basic {b64encode(b'anna:hush: hush').decode()}"
    assert "hush" not in repr(using)


async def test_a_header_of_a_person_takes_the_place_of_ours_however_it_is_written(
    server: FakeServer, notifier: WebhookNotifier, notification: Make
) -> None:
    server.answer(Reply())
    headers = SecretStr(
        "content-type: application/vnd.hook+json\nAUTHORIZATION: Bearer hush-1234\naccept: */*"
    )
    using = config(server, headers=headers, username="anna", password=SecretStr("hush"))
    await notifier.send(using, notification())
    sent = server.last.headers
    assert sent.getall("Content-Type") == ["application/vnd.hook+json"]
    assert sent.getall("Authorization") == ["Bearer hush-1234"]
    assert sent.getall("Accept") == ["*/*"]


async def test_every_try_of_a_job_carries_the_same_key(
    server: FakeServer, notifier: WebhookNotifier, notification: Make
) -> None:
    server.answer(Reply(status=500), Reply(), Reply())
    told = replace(notification(), job_id=4)
    with pytest.raises(Transient):
        await notifier.send(config(server), told)
    await notifier.send(config(server), told)
    await notifier.send(config(server), replace(told, job_id=5))
    first, second, third = (each.headers["Idempotency-Key"] for each in server.requests)
    assert first == second != third


@pytest.mark.parametrize("content", ["json", "form", "text"])
async def test_hostile_text_stays_inside_the_body(
    server: FakeServer, notifier: WebhookNotifier, notification: Make, content: str
) -> None:
    server.answer(Reply())
    await notifier.send(config(server, content=content), notification(title=HOSTILE * 900, body=HOSTILE))
    assert "X-Evil" not in server.last.headers
    assert len(server.last.body) < 40_000


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (Reply(status=401), AuthFailed, "Key rejected"),
        (Reply(status=403, body=b"no hush-token"), AuthFailed, "Key rejected: no (hidden)"),
        (Reply(status=400, body=b"bad hush-path"), Permanent, "HTTP 400. bad (hidden)"),
        (Reply(status=404), Permanent, "HTTP 404"),
        (Reply(status=500), Transient, "HTTP 500"),
        (Reply(status=429, headers={"Retry-After": "7"}), RateLimited, "in 7 s"),
        (Reply(status=302, headers={"Location": "http://127.0.0.1/login"}), Permanent, "it redirects to"),
        (Reply(fault=DROP), Transient, "No connection"),
        (Reply(fault=HANG), Transient, "Timed out"),
    ],
)
async def test_each_answer_has_its_outcome(
    server: FakeServer,
    notifier: WebhookNotifier,
    notification: Make,
    reply: Reply,
    outcome: type[MetarrError],
    words: str,
) -> None:
    server.answer(reply)
    with pytest.raises(MetarrError) as caught:
        await notifier.send(config(server), notification())
    assert type(caught.value) is outcome
    assert words in str(caught.value)
    assert "hush" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("url", "file:///etc/passwd", "begins with http:// or https://"),
        ("url", "ftp://host/", "begins with http:// or https://"),
        ("url", "http://", "begins with http:// or https://"),
        ("url", "http://host:port/", "begins with http:// or https://"),
        ("url", "http://ho st/", "begins with http:// or https://"),
        ("url", "http://host/\\..", "begins with http:// or https://"),
        ("url", "http://a:b@host/", "Leave user name and password out"),
        ("headers", "X-Token", "Line 1 is no header. Write it as Name: value."),
        ("headers", "A: b\nX Y: z", "Line 2 is no header."),
        ("headers", "A: b\nHost: evil", "The header Host is set by Metarr Desktop."),
        ("headers", "A: \x00", "Line 1 is no header."),
        ("headers", "\n".join(f"A{n}: b" for n in range(51)), "At most 50 headers"),
        ("username", "a:b", "no colon"),
        ("content", "xml", "Content is one of: json, form, text."),
    ],
)
def test_wrong_settings_are_told(field: str, value: str, words: str) -> None:
    assert words in str(check_field(SERVICE, field, value))


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", True), ("192.168.1.2", True), ("fe80::1", True), ("nas", True), ("nas.local", True),
        ("home.arpa", False), ("8.8.8.8", False), ("hooks.example.org", False),
    ],
)  # fmt: skip
def test_the_home_network_is_told_by_how_a_host_is_written(host: str, near: bool) -> None:
    assert is_near(host) is near


async def test_a_test_connects_and_sends_nothing(server: FakeServer, notifier: WebhookNotifier) -> None:
    (step,) = await notifier.test(config(server))
    assert step.ok
    assert "Only a test message shows" in str(step.detail)
    assert server.requests == []
    (step,) = await notifier.test(config(f"http://127.0.0.1:{await unused_port()}/"))
    assert not step.ok
    assert str(step.detail).startswith("No connection to 127.0.0.1:")


async def test_a_test_does_not_trust_a_certificate_of_nobody_known(
    notifier: WebhookNotifier, tmp_path: Path
) -> None:
    certificates = make_certificates(tmp_path)

    def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    context: ssl.SSLContext = certificates.context()
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        (step,) = await notifier.test(config(f"https://127.0.0.1:{port}/"))
    assert not step.ok
    assert str(step.detail).startswith("Certificate not trusted: ")


async def test_a_test_through_a_proxy_tries_the_proxy(
    server: FakeServer, notifier: WebhookNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    (step,) = await notifier.test(config("http://hooks.example.invalid/x"))
    assert step.ok, step
