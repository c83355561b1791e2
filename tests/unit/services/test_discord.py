from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, MetarrError, NotNow, Permanent, RateLimited, Transient
from metarr_desktop.domain.events import Action, Notice, NoticeKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.answer import TooLarge
from metarr_desktop.services.discord import DiscordConfig, DiscordNotifier, normalise
from metarr_desktop.services.wording import utf16_length
from tests.fakes import START, FakeClock, tools, until
from tests.fakes_http import CUT_OFF, DROP, HANG, FakeServer, Recorded, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

ID = "123456789012345678"
TOKEN = "t0kEn_-" * 9 + "xyzzy"
PATH = f"/api/webhooks/{ID}/{TOKEN}"
ADDRESS = f"https://discord.com{PATH}"
HOSTILE = "\u202eevil\u0000\ud800 **bold** @everyone <@1234> [x](http://y) `c`\r\n# 1. _u_ ~s~ ||p|| \x1b[31m"


class Discord:
    """A channel that refuses what Discord refuses."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def __call__(self, request: Recorded) -> Reply:
        assert "Authorization" not in request.headers
        if request.path != PATH:
            return Reply.of_json({"message": "Unknown Webhook", "code": 10015}, status=404)
        if request.method == "GET":
            assert not request.query
            return Reply.of_json({"id": ID, "type": 1, "name": "Films", "token": TOKEN})
        assert request.method == "POST"
        assert request.query["wait"] == "true"
        assert request.headers["Content-Type"] == "application/json"
        self._accept(request.json)
        self.messages.append(request.json)
        return Reply.of_json({"id": "1111", "type": 0})

    @staticmethod
    def _accept(body: dict[str, Any]) -> None:
        assert set(body) <= {"content", "username", "embeds", "allowed_mentions"}
        assert body["allowed_mentions"]["parse"] == []
        (embed,) = body["embeds"]
        assert 1 <= utf16_length(embed["title"].strip()) <= 256
        assert embed.get("description", "x").strip()
        assert utf16_length(embed.get("description", "")) <= 4096
        assert 1 <= utf16_length(embed["footer"]["text"]) <= 2048
        assert utf16_length(embed["title"] + embed.get("description", "") + embed["footer"]["text"]) <= 6000
        for address in (embed.get("url", "https://x"), embed.get("thumbnail", {"url": "https://x"})["url"]):
            assert re.match(r"https?://\S+$", address)
            assert len(address) <= 2048
        assert not re.search(r"[\x00-\x09\x0b-\x1f\ud800-\udfff\u202e]", str(body))
        assert 1 <= len(body.get("username", "x")) <= 80


@pytest.fixture
def discord(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Discord:
    monkeypatch.setenv("METARR_DISCORD_BASE", server.url + "/")
    channel = Discord()
    server.respond = channel
    return channel


@pytest.fixture
def notifier(http: Http) -> DiscordNotifier:
    return DiscordNotifier(tools(http, FakeClock()))


def config(**values: Any) -> DiscordConfig:
    return DiscordConfig(**{"webhook_url": SecretStr(ADDRESS), **values})


async def test_a_film_becomes_one_embed(
    discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    delivery = await notifier.send(config(), notification(poster_url="https://image.tmdb.org/t/p/w185/a.jpg"))
    assert delivery.message_id == "1111"
    assert discord.messages == [
        {
            "username": "Metarr",
            "allowed_mentions": {"parse": []},
            "embeds": [
                {
                    "title": r"The Matrix \(1999\)",
                    "url": "https://www.themoviedb.org/movie/603",
                    "description": r"Downloaded in Bluray\-1080p",
                    "color": 0x3498DB,
                    "timestamp": START.isoformat(),
                    "footer": {"text": "Radarr"},
                    "thumbnail": {"url": "https://image.tmdb.org/t/p/w185/a.jpg"},
                }
            ],
        }
    ]


async def test_an_upgrade_has_another_colour(
    discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    await notifier.send(config(), notification())
    await notifier.send(config(), notification(action=Action.UPGRADED))
    first, second = (message["embeds"][0]["color"] for message in discord.messages)
    assert first != second


async def test_good_news_has_another_colour_than_a_problem(
    discord: Discord, notifier: DiscordNotifier
) -> None:
    for kind in (NoticeKind.HEALTH, NoticeKind.RESTORED):
        notice = Notice(source="radarr", kind=kind, message="Missing root folder: /movies/", instance="4K")
        told = Notification(title="4K", body=notice.message, event=notice)
        await notifier.send(config(), told)
    first, second = (message["embeds"][0] for message in discord.messages)
    assert (first["color"], second["color"]) == (0xE67E22, 0x2ECC71)
    assert first["footer"] == {"text": "4K"}


async def test_only_the_configured_role_is_pinged(
    discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    await notifier.send(config(mention="<@&223456789012345678>"), notification(body="@everyone <@&1>"))
    (message,) = discord.messages
    assert message["content"] == "<@&223456789012345678>"
    assert message["allowed_mentions"] == {"parse": [], "roles": ["223456789012345678"]}
    assert "@everyone" not in message["embeds"][0]["description"]


@pytest.mark.parametrize(
    "words",
    [HOSTILE, HOSTILE * 400, "\N{CLAPPER BOARD}" * 40_000, "*" * 40_000, "e\u0301" * 40_000, "", "\x00 "],
)
async def test_hostile_text_stays_within_what_discord_takes(
    discord: Discord, notifier: DiscordNotifier, notification: Make, words: str
) -> None:
    await notifier.send(
        config(username=""),
        notification(title=words, body=words, overview=words, link="javascript:x", poster_url="http://["),
    )
    (message,) = discord.messages
    assert "username" not in message
    (embed,) = message["embeds"]
    assert "url" not in embed
    assert "thumbnail" not in embed
    shown = embed["title"] + embed.get("description", "")
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_~|`\[\]()]", shown), "unescaped Markdown"


async def test_an_address_that_names_a_thread_posts_there(
    server: FakeServer, discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    address = SecretStr(ADDRESS + "?thread_id=42&x=1")
    await notifier.send(config(webhook_url=address), notification())
    assert server.last.query == {"thread_id": "42", "wait": "true"}
    assert [step.ok for step in await notifier.test(config(webhook_url=address))] == [True]


@pytest.mark.parametrize(
    "pasted",
    [
        ADDRESS,
        f"  <{ADDRESS}>  ",
        f"https://discordapp.com{PATH}",
        f"https://ptb.discord.com{PATH}",
        f"https://canary.discord.com/api/v10/webhooks/{ID}/{TOKEN}/",
        f"{ADDRESS}/slack?wait=true",
        f"{ADDRESS}/github",
        f"HTTPS://Discord.com{PATH}",
    ],
)
def test_every_form_of_a_webhook_address_is_understood(pasted: str) -> None:
    assert normalise(pasted) == ADDRESS
    assert config(webhook_url=SecretStr(pasted)).webhook_url.get_secret_value() == ADDRESS


@pytest.mark.parametrize(
    "pasted",
    [
        "", "x", "https://[", f"http://discord.com{PATH}", f"https://discord.com.evil.org{PATH}",
        f"https://discord.com@evil.org{PATH}", f"https://evil.org{PATH}", f"https://discord.com/api/webhooks/{ID}",
        f"https://discord.com/channels/{ID}/{TOKEN}", f"https://discord.com{PATH}/messages/1",
        f"https://discord.com:444{PATH}", "http://127.0.0.1:1" + PATH,
    ],
)  # fmt: skip
def test_anything_else_is_no_webhook_address(pasted: str) -> None:
    with pytest.raises(ValueError, match="Paste a webhook address from Discord"):
        normalise(pasted)


def test_another_base_is_called_for_both_kinds_of_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METARR_DISCORD_BASE", "http://127.0.0.1:18006/")
    expected = "http://127.0.0.1:18006" + PATH
    assert normalise(ADDRESS) == normalise(expected) == expected


@pytest.mark.parametrize("name", ["Discord bot", "clyde", "x" * 81])
def test_names_discord_forbids_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"allow|80"):
        config(username=name)


LIMITED = {"message": "You are being rate limited.", "retry_after": 64.57, "global": False}
PAGE = "<html><h1>Error 1015</h1></html>"


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (Reply.of_json(LIMITED, status=429, headers={"Retry-After": "65"}), 64.57),
        (Reply.of_json({"message": "x"}, status=429, headers={"Retry-After": "7"}), 7),
        (Reply(status=429, headers={"Retry-After": "Tue, 24 Nov 2026 12:00:30 GMT"}), 30),
        (Reply.of_html(PAGE, status=429, headers={"Retry-After": "120"}), 120),
        (Reply.of_html(PAGE, status=429), 900),
        (Reply.of_json({"retry_after": "soon"}, status=429), 30),
        (Reply.of_json({"retry_after": 0.2}, status=429), 1),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait(
    server: FakeServer,
    discord: Discord,
    notifier: DiscordNotifier,
    notification: Make,
    reply: Reply,
    seconds: float,
) -> None:
    server.answer(reply)
    with pytest.raises(RateLimited) as caught:
        await notifier.send(config(), notification())
    assert caught.value.retry_after == timedelta(seconds=seconds)


TREE = {
    "message": "Invalid Form Body",
    "code": 50035,
    "errors": {
        "embeds": {"0": {"title": {"_errors": [{"code": "X", "message": "Must be 256 or fewer in length."}]}}}
    },
}


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply.of_json({"message": "Unknown Webhook", "code": 10015}, status=404), AuthFailed, "gone"),
        (Reply.of_html("<h1>404</h1>", status=404), AuthFailed, "gone"),
        (
            Reply.of_json({"message": "Unknown Channel", "code": 10003}, status=404),
            Permanent,
            "Unknown Channel",
        ),
        (Reply.of_json({"message": "Invalid Token", "code": 50027}, status=401), AuthFailed, "Invalid"),
        (Reply.of_json({"message": "Missing Permissions", "code": 50013}, status=403), AuthFailed, "Missing"),
        (Reply.of_json(TREE, status=400), Permanent, "embeds.0.title: Must be 256 or fewer in length."),
        (Reply.of_json({"embeds": ["0"]}, status=400), Permanent, "embeds"),
        (Reply.of_json({"code": 220001, "message": "thread"}, status=400), Permanent, "forum"),
        (Reply.of_json({"code": 40005, "message": "Too large"}, status=413), Permanent, "Too large"),
        (Reply(status=405), Permanent, "HTTP 405"),
        (Reply(status=302, headers={"Location": f"https://x{PATH}"}), Permanent, "redirects to https://x/api"),
        (Reply.of_html("<h1>oops</h1>", status=500), Transient, r"Unexpected answer: HTTP 500\.$"),
        (Reply(status=503, headers={"Retry-After": "9"}), RateLimited, "9 s"),
        (Reply.of_html("<h1>Log in to this Wi-Fi</h1>"), Transient, "not understood"),
        (Reply(), Transient, "not understood"),
        (Reply.of_json(["a", "list"]), Transient, "not understood"),
        (Reply(fault=HANG), Transient, "Timed out"),
        (Reply(fault=DROP), Transient, "connection was closed"),
        (Reply(fault=CUT_OFF), Transient, "cut off"),
        (Reply(body=b"x" * 20 * 1024 * 1024), TooLarge, "larger than 5 MB"),
        (Reply.of_json({"message": f"no {TOKEN} {ADDRESS}"}, status=400), Permanent, r"\(hidden\)"),
    ],
)  # fmt: skip
async def test_every_refusal_ends_in_its_class(
    server: FakeServer,
    discord: Discord,
    notifier: DiscordNotifier,
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
    assert TOKEN not in f"{caught.value!r} {caught.value.text.to_json()}"


async def test_two_server_errors_then_a_success(
    server: FakeServer, discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    server.answer(Reply(status=500), Reply(status=502))
    for _ in range(2):
        with pytest.raises(Transient):
            await notifier.send(config(), notification())
    assert (await notifier.send(config(), notification())).message_id == "1111"


async def test_an_answer_without_content_is_a_success(
    server: FakeServer, discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    server.answer(Reply(status=204))
    assert (await notifier.send(config(), notification())).message_id is None


def exhausted(seconds: str) -> Reply:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": seconds}
    return Reply.of_json({"id": "1"}, headers=headers)


async def test_the_next_message_waits_when_the_last_answer_asked_for_a_long_pause(
    server: FakeServer, discord: Discord, http: Http, notification: Make
) -> None:
    clock = FakeClock()
    notifier = DiscordNotifier(tools(http, clock))
    server.answer(exhausted("42.5"))
    await notifier.send(config(), notification())
    clock.advance(2)
    with pytest.raises(NotNow) as caught:
        await notifier.send(config(), notification())
    assert caught.value.until == START + timedelta(seconds=42.5)
    clock.advance(41)
    await notifier.send(config(), notification())
    assert len(server.requests) == 2


async def test_a_short_pause_is_slept_through(
    server: FakeServer, discord: Discord, http: Http, notification: Make
) -> None:

    clock = FakeClock()
    notifier = DiscordNotifier(tools(http, clock))
    server.answer(exhausted("2"))
    await notifier.send(config(), notification())
    second = asyncio.ensure_future(notifier.send(config(), notification()))
    await until(lambda: clock.sleeping)
    assert len(server.requests) == 1
    clock.advance(2)
    await second
    assert len(server.requests) == 2


async def test_the_test_looks_at_the_webhook_and_posts_nothing(
    server: FakeServer, discord: Discord, notifier: DiscordNotifier
) -> None:
    (step,) = await notifier.test(config())
    assert step.ok
    assert str(step.detail) == "Connected to Films in 0 ms."
    assert [request.method for request in server.requests] == ["GET"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply.of_json({"code": 10015}, status=404), "gone"),
        (Reply.of_html("<html>"), "not understood"),
        (Reply(fault=HANG), "Timed out"),
        (Reply(fault=DROP), "closed"),
    ],
)
async def test_a_failed_test_is_told_and_not_raised(
    server: FakeServer, discord: Discord, notifier: DiscordNotifier, reply: Reply, words: str
) -> None:
    server.answer(reply, reply)
    (step,) = await notifier.test(config())
    assert not step.ok
    assert words in str(step.detail)
