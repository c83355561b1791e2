from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import (
    AuthFailed,
    MetarrError,
    NotNow,
    Permanent,
    RateLimited,
    StorageFailed,
    Transient,
)
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.jobs.composing import compose_all
from metarr_desktop.services.answer import TooLarge
from metarr_desktop.services.discord import DiscordConfig, DiscordNotifier
from metarr_desktop.services.discord_address import normalise
from tests.discord_rules import check_change, check_message
from tests.fakes import START, FakeClock, MemoryNotes, tools, until
from tests.fakes_http import CUT_OFF, DROP, HANG, FakeServer, Recorded, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

ID = "123456789012345678"
TOKEN = "t0kEn_-" * 9 + "xyzzy"
PATH = f"/api/webhooks/{ID}/{TOKEN}"
ADDRESS = f"https://discord.com{PATH}"
HOSTILE = "\u202eevil\u0000\ud800 **bold** @everyone <@1234> [x](http://y) `c`\r\n# 1. _u_ ~s~ ||p|| \x1b[31m"


class Discord:
    """A channel that refuses what Discord refuses; ``shown`` is what stands in it, by number."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.shown: dict[str, dict[str, Any]] = {}
        self.forum = False

    def __call__(self, request: Recorded) -> Reply:
        assert "Authorization" not in request.headers
        if not request.path.startswith(PATH):
            return Reply.of_json({"message": "Unknown Webhook", "code": 10015}, status=404)
        if request.method == "GET":
            assert not request.query
            return Reply.of_json({"id": ID, "type": 1, "name": "Films", "token": TOKEN})
        if request.method == "POST":
            assert request.path == PATH
            return self._post(request)
        identity = request.path.removeprefix(f"{PATH}/messages/")
        assert set(request.query) <= {"thread_id"}
        message = self.shown.get(identity)
        if message is None or message["thread"] != request.query.get("thread_id", ""):
            return GONE
        if request.method == "DELETE":
            assert not request.body
            del self.shown[identity]
            return Reply(status=204)
        assert request.method == "PATCH"
        check_change(request.json)
        self.shown[identity] |= request.json
        return Reply.of_json({"id": identity, "type": 0})

    def _post(self, request: Recorded) -> Reply:
        assert set(request.query) <= {"wait", "thread_id"}
        assert request.query["wait"] == "true"
        assert request.headers["Content-Type"] == "application/json"
        check_message(request.json)
        thread, name = request.query.get("thread_id", ""), request.json.get("thread_name")
        wrong = 220002 if thread and name else 220003 if name and not self.forum else 0
        if self.forum and not (thread or name):
            wrong = 220001
        if wrong:
            return Reply.of_json({"message": "thread", "code": wrong}, status=400)
        self.messages.append(request.json)
        identity = str(1110 + len(self.messages))
        channel = identity if name else thread or "77"
        self.shown[identity] = {**request.json, "thread": identity if name else thread}
        return Reply.of_json({"id": identity, "channel_id": channel, "type": 0})

    @property
    def bodies(self) -> list[str]:
        """The first lines of what stands in the channel."""
        return [each["embeds"][0]["description"].partition("\n")[0] for each in self.shown.values()]


GONE = Reply.of_json({"message": "Unknown Message", "code": 10008}, status=404)


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
                    "fields": [{"name": "Quality", "value": r"Bluray\-1080p", "inline": True}],
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
        (Reply.of_json({"code": 220001, "message": "thread"}, status=400), Permanent, "Enter a thread, or"),
        (Reply.of_json({"code": 220002, "message": "thread"}, status=400), Permanent, "not both"),
        (Reply.of_json({"code": 220003, "message": "thread"}, status=400), Permanent, "not belong to a"),
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


async def test_a_problem_alone_is_mentioned_where_that_was_chosen(
    discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    only_problems = config(mention="223456789012345678", mention_for="problems")
    await notifier.send(only_problems, notification())
    for kind, level in (
        (NoticeKind.FAILURE, "warning"),
        (NoticeKind.HEALTH, "error"),
        (NoticeKind.HEALTH, "notice"),
        (NoticeKind.RESTORED, "ok"),
        (NoticeKind.UNDELIVERED, "error"),
    ):
        notice = Notice(source="radarr", kind=kind, message="words", level=level)
        await notifier.send(only_problems, Notification(title="Radarr", body="words", event=notice))
    assert ["content" in each for each in discord.messages] == [False, True, True, False, False, True]


def episode(number: int, **values: Any) -> MediaEvent:
    given: dict[str, Any] = {"source": "sonarr", "kind": MediaKind.EPISODE, "action": Action.IMPORTED,
                             "title": "Severance", "folder": "/tv/Severance", "tvdb_id": 371980, "season": 2,
                             "episodes": (number,), "episode_title": f"Part *{number}*"}  # fmt: skip
    return MediaEvent(**{**given, **values})


def pack(*events: MediaEvent, job: int = 0) -> Notification:
    return replace(compose_all(events, folder=None), job_id=job, root_id=job)


async def test_a_pack_lists_its_episodes_with_what_differs(
    discord: Discord, notifier: DiscordNotifier
) -> None:
    await notifier.send(config(), pack(*(episode(each, quality="WEBDL-1080p") for each in (1, 2))))
    await notifier.send(config(), pack(episode(1, quality="HDTV"), episode(2, quality="DVD")))
    shared, differing = (each["embeds"][0]["fields"] for each in discord.messages)
    assert shared == [
        {"name": "Quality", "value": r"WEBDL\-1080p", "inline": True},
        {"name": "Episodes", "value": "S02E01 Part \\*1\\*\nS02E02 Part \\*2\\*", "inline": False},
    ]
    assert differing == [
        {"name": "Episodes", "value": "S02E01 Part \\*1\\* \\(HDTV\\)\nS02E02 Part \\*2\\* \\(DVD\\)",
         "inline": False},
    ]  # fmt: skip


async def test_a_pack_of_many_lists_what_has_room_and_counts_the_others(
    discord: Discord, notifier: DiscordNotifier
) -> None:
    many = [episode(each, episode_title="A long *title* " * 10) for each in range(1, 300)]
    await notifier.send(config(), pack(*many))
    (field,) = discord.messages[0]["embeds"][0]["fields"]
    lines = field["value"].split("\n")
    assert lines[-1] == f"and {299 - len(lines) + 1} more"
    assert len(lines) > 2


async def test_a_template_of_a_person_keeps_its_markdown_and_says_all_there_is(
    discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    body = "**New:** [it](https://x/y) " + "word " * 2000
    await notifier.send(config(), notification(title="__Film__", body=body, overview="plot", marked=True))
    (embed,) = discord.messages[0]["embeds"]
    assert embed["title"] == "__Film__"
    assert embed["description"].startswith("**New:** [it](https://x/y) word")
    assert "plot" not in embed["description"]
    assert "fields" not in embed


# One message for all that becomes of a film


@pytest.fixture
def live(http: Http, clock: FakeClock, notes: MemoryNotes) -> DiscordNotifier:
    return DiscordNotifier(tools(http, clock, notes=notes))


NEWS = {
    Action.GRABBED: "Grabbed",
    Action.IMPORTED: "Downloaded",
    Action.UPGRADED: "Upgraded",
    Action.READY: "Ready",
}


@pytest.mark.parametrize(
    ("actions", "shown", "posts"),
    [
        ((Action.GRABBED, Action.IMPORTED), ["Downloaded"], 2),
        ((Action.GRABBED, Action.IMPORTED, Action.READY), ["Ready"], 2),
        ((Action.IMPORTED, Action.UPGRADED), ["Upgraded"], 1),
        ((Action.IMPORTED, Action.READY, Action.UPGRADED, Action.READY), ["Ready"], 1),
        ((Action.IMPORTED, Action.GRABBED), ["Downloaded", "Grabbed"], 2),
        ((Action.IMPORTED, Action.GRABBED, Action.UPGRADED), ["Upgraded"], 2),
        ((Action.GRABBED, Action.GRABBED, Action.UPGRADED), ["Upgraded"], 3),
        ((Action.IMPORTED, Action.IMPORTED), ["Downloaded"], 2),
        ((Action.READY,), ["Ready"], 1),
    ],
)
async def test_one_message_stands_for_all_that_becomes_of_a_film(
    discord: Discord,
    live: DiscordNotifier,
    notification: Make,
    actions: tuple[Action, ...],
    shown: list[str],
    posts: int,
) -> None:
    for job, action in enumerate(actions, start=1):
        await live.send(config(), notification(action=action, body=NEWS[action], job=job))
    assert discord.bodies == shown
    assert len(discord.messages) == posts


async def test_each_news_is_a_message_where_that_was_chosen(
    discord: Discord, live: DiscordNotifier, notes: MemoryNotes, notification: Make
) -> None:
    for job, action in enumerate((Action.GRABBED, Action.IMPORTED, Action.UPGRADED), start=1):
        told = notification(action=action, body=NEWS[action], job=job)
        await live.send(config(live=False), told)
    assert discord.bodies == ["Grabbed", "Downloaded", "Upgraded"]
    assert notes.kept == {}


async def test_a_change_says_so_and_keeps_the_number_of_the_message(
    server: FakeServer, discord: Discord, live: DiscordNotifier, notification: Make
) -> None:
    await live.send(config(), notification(job=1))
    delivery = await live.send(config(), notification(action=Action.UPGRADED, job=2))
    assert (str(delivery.detail), delivery.message_id) == ("The earlier message was updated.", "1111")
    assert (server.last.method, server.last.path) == ("PATCH", f"{PATH}/messages/1111")


@pytest.mark.parametrize(
    "other",
    [
        {"instance": "4K"}, {"source": "whisparr"}, {"title_of_film": "Other"}, {"tmdb_id": 603},
        {"year": 2021},
    ],
)  # fmt: skip
async def test_what_is_about_something_else_is_another_message(
    discord: Discord, live: DiscordNotifier, notification: Make, other: dict[str, Any]
) -> None:
    await live.send(config(), notification(job=1))
    told = notification(action=Action.UPGRADED, job=2)
    other = {"title" if name == "title_of_film" else name: value for name, value in other.items()}
    await live.send(config(), replace(told, event=replace(told.event, **other), events=()))
    assert len(discord.messages) == 2


async def test_a_grabbed_season_is_the_season_that_was_imported(
    discord: Discord, live: DiscordNotifier
) -> None:
    season = episode(1, action=Action.GRABBED, episodes=(1, 2, 3), episode_title="")
    await live.send(config(), pack(season, job=1))
    await live.send(config(), pack(episode(3), episode(1), episode(2), job=2))
    await live.send(config(), pack(episode(4), job=3))
    assert discord.bodies == ["Downloaded", r"Part \*4\*"]


async def test_episodes_without_numbers_are_messages_of_their_own(
    discord: Discord, live: DiscordNotifier
) -> None:
    for job in (1, 2):
        await live.send(config(), pack(episode(1, episodes=(), action=Action.UPGRADED), job=job))
    assert len(discord.shown) == 2


async def test_a_sample_takes_no_message_away(
    discord: Discord, live: DiscordNotifier, notification: Make
) -> None:
    await live.send(config(), notification(job=1))
    await live.send(config(), notification(job=0))
    assert len(discord.shown) == 2


async def test_a_run_again_of_the_same_job_changes_its_own_message(
    server: FakeServer, discord: Discord, live: DiscordNotifier, notification: Make
) -> None:
    await live.send(config(), notification(job=1))
    await live.send(config(), notification(job=1))
    assert len(discord.messages) == 1
    server.answer(Reply(status=502))
    with pytest.raises(Transient):
        await live.send(config(), notification(action=Action.UPGRADED, body="Upgraded", job=2))
    await live.send(config(), notification(action=Action.UPGRADED, body="Upgraded", job=2))
    assert discord.bodies == ["Upgraded"]
    assert len(discord.messages) == 1


async def test_after_a_week_it_is_a_message_of_its_own(
    discord: Discord, live: DiscordNotifier, clock: FakeClock, notification: Make
) -> None:
    await live.send(config(), notification(job=1))
    clock.advance(timedelta(days=7))
    await live.send(config(), notification(action=Action.UPGRADED, job=2))
    assert len(discord.shown) == 2


@pytest.mark.parametrize(
    "note",
    [{"identity": "1"}, {"identity": "1", "job": 5, "at": "soon"}, {"identity": "1", "job": 5, "at": 7}],
)
async def test_a_note_that_cannot_be_read_is_none(
    discord: Discord, live: DiscordNotifier, notes: MemoryNotes, notification: Make, note: dict[str, Any]
) -> None:
    await live.send(config(), notification(job=1))
    await until(lambda: notes.kept)
    (name,) = notes.kept
    notes.kept[name] = note
    await live.send(config(), notification(action=Action.UPGRADED, job=2))
    assert len(discord.messages) == 2


@pytest.mark.parametrize(
    "reply",
    [
        GONE,
        Reply.of_json({"message": "Unknown Channel", "code": 10003}, status=404),
        Reply.of_json({"message": "Maximum number of edits", "code": 30046}, status=429),
        Reply.of_json({"message": "Thread is archived", "code": 50083}, status=400),
    ],
)
async def test_a_message_that_can_be_changed_no_more_makes_room_for_a_new_one(
    server: FakeServer, discord: Discord, live: DiscordNotifier, notification: Make, reply: Reply
) -> None:
    await live.send(config(), notification(job=1))
    server.answer(reply)
    delivery = await live.send(config(), notification(action=Action.UPGRADED, body="Upgraded", job=2))
    assert delivery.message_id == "1112"
    assert discord.bodies == ["Upgraded"]
    await live.send(config(), notification(action=Action.READY, body="Ready", job=3))
    assert discord.bodies == ["Ready"]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply.of_json(LIMITED, status=429), RateLimited),
        (Reply(status=500), Transient),
        (Reply.of_html("<h1>Log in</h1>"), Transient),
        (Reply(fault=DROP), Transient),
        (Reply.of_json({"message": "Unknown Webhook", "code": 10015}, status=404), AuthFailed),
        (Reply.of_json(TREE, status=400), Permanent),
    ],
)
async def test_a_refused_change_ends_in_its_class_and_posts_nothing(
    server: FakeServer,
    discord: Discord,
    live: DiscordNotifier,
    notification: Make,
    reply: Reply,
    kind: type[MetarrError],
) -> None:
    await live.send(config(), notification(job=1))
    server.answer(reply, reply)
    with pytest.raises(MetarrError) as caught:
        await live.send(config(), notification(action=Action.UPGRADED, job=2))
    assert type(caught.value) is kind
    assert len(discord.messages) == 1


@pytest.mark.parametrize(
    "reply", [Reply(status=500), Reply(fault=HANG), GONE, Reply.of_json(LIMITED, status=429)]
)
async def test_a_grab_that_cannot_be_removed_fails_nothing(
    server: FakeServer, discord: Discord, live: DiscordNotifier, notification: Make, reply: Reply
) -> None:
    await live.send(config(), notification(action=Action.GRABBED, job=1))
    posted = Reply.of_json({"id": "9", "channel_id": "77"})
    server.answer(posted, reply)
    delivery = await live.send(config(), notification(job=2))
    assert delivery.message_id == "9"
    assert [each.method for each in server.requests] == ["POST", "POST", "DELETE"]


async def test_a_note_that_cannot_be_kept_fails_nothing(
    discord: Discord, http: Http, notification: Make, caplog: pytest.LogCaptureFixture
) -> None:
    class FullDisk(MemoryNotes):
        async def put(self, _name: str, _value: object, /) -> None:
            raise StorageFailed("The disk is full.")

    notifier = DiscordNotifier(tools(http, FakeClock(), notes=FullDisk()))
    assert (await notifier.send(config(), notification(job=1))).message_id == "1111"
    await until(lambda: "could not be noted: The disk is full." in caplog.text)
    # What was not noted is not known.
    assert (await notifier.send(config(), notification(action=Action.UPGRADED, job=2))).message_id == "1112"


async def test_the_next_news_need_not_wait_for_the_note_and_another_start_finds_it(
    discord: Discord, http: Http, notification: Make
) -> None:
    class SlowDisk(MemoryNotes):
        written = asyncio.Event()

        async def put(self, name: str, value: Mapping[str, Any], /) -> None:
            await self.written.wait()
            await super().put(name, value)

    notes = SlowDisk()
    notifier = DiscordNotifier(tools(http, FakeClock(), notes=notes))
    await notifier.send(config(), notification(job=1))
    assert notes.kept == {}
    await notifier.send(config(), notification(action=Action.UPGRADED, body="Upgraded", job=2))
    notes.written.set()
    await until(lambda: notes.kept)
    another = DiscordNotifier(tools(http, FakeClock(), notes=notes))
    await another.send(config(), notification(action=Action.READY, body="Ready", job=3))
    assert discord.bodies == ["Ready"]
    assert len(discord.messages) == 1


async def test_no_note_holds_what_lets_somebody_post(
    discord: Discord, live: DiscordNotifier, notes: MemoryNotes, notification: Make
) -> None:
    await live.send(config(), notification(job=1))
    await until(lambda: notes.kept)
    assert TOKEN not in str(notes.kept)


# Threads and forums


async def test_a_thread_of_its_own_setting_is_posted_and_changed_in(
    server: FakeServer, discord: Discord, live: DiscordNotifier, notification: Make
) -> None:
    in_thread = config(thread_id="42")
    await live.send(in_thread, notification(job=1))
    assert server.last.query == {"thread_id": "42", "wait": "true"}
    await live.send(in_thread, notification(action=Action.UPGRADED, body="Upgraded", job=2))
    assert server.last.query == {"thread_id": "42"}
    assert discord.bodies == ["Upgraded"]


async def test_in_a_forum_a_film_has_one_post_to_which_news_are_added(
    server: FakeServer, discord: Discord, live: DiscordNotifier, notification: Make
) -> None:
    discord.forum = True
    forum = config(thread_name="Film: {title}")
    await live.send(forum, notification(action=Action.GRABBED, body="Grabbed", job=1))
    assert discord.messages[0]["thread_name"] == "Film: The Matrix (1999)"
    await live.send(forum, notification(body="Downloaded", job=2))
    await live.send(forum, notification(action=Action.UPGRADED, body="Upgraded", job=3))
    assert server.last.query == {"thread_id": "1111"}
    # The message that began the post stays: without it the post would have no beginning.
    assert discord.bodies == ["Grabbed", "Upgraded"]
    assert [each["thread"] for each in discord.shown.values()] == ["1111", "1111"]


async def test_a_post_of_a_forum_that_was_deleted_is_begun_anew(
    server: FakeServer, discord: Discord, live: DiscordNotifier, notification: Make
) -> None:
    discord.forum = True
    forum = config(thread_name="{title}")
    await live.send(forum, notification(action=Action.GRABBED, job=1))
    server.answer(Reply.of_json({"message": "Unknown Channel", "code": 10003}, status=404))
    await live.send(forum, notification(job=2))
    assert [each.get("thread_name") for each in discord.messages] == ["The Matrix (1999)"] * 2


async def test_the_name_of_a_post_is_short_and_never_empty(
    discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    discord.forum = True
    told = notification(title="x")
    for title in ("\N{CLAPPER BOARD}" * 200, "", HOSTILE):
        assert isinstance(told.event, MediaEvent)
        named = replace(told, event=replace(told.event, title=title, year=None))
        await notifier.send(config(thread_name="{title}"), named)
    assert len(discord.messages) == 3


async def test_a_forum_without_a_thread_and_a_channel_with_a_post_say_what_to_enter(
    discord: Discord, notifier: DiscordNotifier, notification: Make
) -> None:
    with pytest.raises(Permanent, match="not belong to a forum"):
        await notifier.send(config(thread_name="{title}"), notification())
    discord.forum = True
    with pytest.raises(Permanent, match="Enter a thread, or the name of a new post"):
        await notifier.send(config(), notification())


# Pauses


async def test_after_a_rate_limit_nothing_is_sent_until_it_ends(
    server: FakeServer, discord: Discord, http: Http, notification: Make
) -> None:
    clock = FakeClock()
    notifier = DiscordNotifier(tools(http, clock))
    server.answer(Reply.of_json(LIMITED, status=429))
    with pytest.raises(RateLimited):
        await notifier.send(config(), notification())
    with pytest.raises(NotNow) as caught:
        await notifier.send(config(), notification())
    assert caught.value.until == START + timedelta(seconds=64.57)
    clock.advance(65)
    await notifier.send(config(), notification())
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply.of_json({**LIMITED, "global": True}, status=429),
        Reply.of_json(LIMITED, status=429, headers={"X-RateLimit-Global": "true"}),
        Reply.of_html(PAGE, status=429),
    ],
)
async def test_a_limit_of_all_webhooks_holds_for_another_too(
    server: FakeServer, discord: Discord, notifier: DiscordNotifier, notification: Make, reply: Reply
) -> None:
    server.answer(reply)
    with pytest.raises(RateLimited):
        await notifier.send(config(), notification())
    other = config(webhook_url=SecretStr(ADDRESS.replace(ID, "223456789012345678")))
    with pytest.raises(NotNow):
        await notifier.send(other, notification())
    assert len(server.requests) == 1
