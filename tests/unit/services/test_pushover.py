from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import (
    AuthFailed,
    MetarrError,
    Permanent,
    RateLimited,
    StorageFailed,
    Transient,
)
from metarr_desktop.domain.events import Notice, NoticeKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.domain.quota import QUOTA_NOTE, Quota
from metarr_desktop.services.answer import TooLarge
from metarr_desktop.services.pushover import SERVICE, PushoverNotifier
from metarr_desktop.services.pushover_config import PushoverConfig
from tests.fakes import START, FakeClock, MemoryNotes, tools
from tests.fakes_http import CUT_OFF, DROP, HANG, FakeServer, Part, Recorded, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

APP, USER = "azGDORePK8gMaC0QOYAMyEEuzJnyUi", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
HOSTILE = "\u202eevil\u0000\ud800 <b>&amp;</b>\r\nSubject: x\x1b[31m \N{CLAPPER BOARD}"


FIELDS = {"token", "user", "message", "title", "url", "priority", "retry", "expire", "sound", "device",
          "html", "timestamp", "ttl"}  # fmt: skip
LIMITS = {"X-Limit-App-Limit": "10000", "X-Limit-App-Remaining": "7500", "X-Limit-App-Reset": "1796104800"}
SOUNDS = {"pushover": "Pushover (default)", "siren": "Siren", "my_own": "Doorbell", "not a sound": "x"}


class Pushover:
    """Refuses what Pushover refuses; ``pictures`` are the attachments it took."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.pictures: list[Part] = []
        self.remaining = 7500

    def __call__(self, request: Recorded) -> Reply:
        if request.method == "GET":
            return self._tell(request)
        assert request.method == "POST"
        assert not request.query
        form, picture = self._read(request)
        if form["token"] != APP:
            return invalid("token", "application token is invalid")
        if form["user"] != USER:
            return invalid("user", "user identifier is invalid")
        if request.path == "/1/users/validate.json":
            assert set(form) <= {"token", "user", "device"}
            return Reply.of_json(
                {"status": 1, "group": 0, "devices": ["iphone", "tv", "a b", 5], "request": "v"}
            )
        assert request.path == "/1/messages.json"
        if not form["message"].strip():
            return invalid("message", "message cannot be blank")
        self._check(form)
        self.messages.append(form)
        if picture is not None:
            self.pictures.append(picture)
        receipt = {"receipt": "rcpt1"} if form["priority"] == "2" else {}
        return Reply.of_json({"status": 1, "request": "647d2300", **receipt}, headers=LIMITS)

    def _tell(self, request: Recorded) -> Reply:
        assert set(request.query) == {"token"}
        if request.query["token"] != APP:
            return invalid("token", "application token is invalid")
        if request.path == "/1/sounds.json":
            return Reply.of_json({"sounds": SOUNDS, "status": 1, "request": "s"})
        assert request.path == "/1/apps/limits.json"
        told = {"limit": 10_000, "remaining": self.remaining, "reset": 1796104800, "status": 1}
        return Reply.of_json(told)

    @staticmethod
    def _read(request: Recorded) -> tuple[dict[str, str], Part | None]:
        if request.headers["Content-Type"] == "application/x-www-form-urlencoded":
            return request.form, None
        parts = request.parts
        picture = parts.pop("attachment")
        assert picture.type.startswith("image/")
        assert 0 < len(picture.content) <= 5_242_880
        return {name: each.content.decode() for name, each in parts.items()}, picture

    @staticmethod
    def _check(form: dict[str, str]) -> None:
        assert set(form) <= FIELDS, f"unknown: {set(form) - FIELDS}"
        assert all(form.values()), "an empty field"
        assert len(form["message"]) <= 1024
        assert len(form.get("title", "")) <= 250
        assert len(form.get("url", "")) <= 512
        assert int(form["priority"]) in range(-2, 3)
        assert int(form["timestamp"]) > 0
        assert form.get("html", "1") == "1"
        assert ({"retry", "expire"} <= set(form)) is (form["priority"] == "2")
        if form["priority"] == "2":
            assert int(form["retry"]) >= 30
            assert int(form["expire"]) <= 10800
            assert "ttl" not in form
        assert int(form.get("ttl", 1)) > 0
        assert re.fullmatch(r"[A-Za-z0-9_,-]*", form.get("device", "") + form.get("sound", ""))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", form["message"] + form.get("title", ""))


def invalid(field: str, words: str) -> Reply:
    return Reply.of_json({field: "invalid", "errors": [words], "status": 0, "request": "x"}, status=400)


@pytest.fixture
def pushover(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Pushover:
    monkeypatch.setenv("METARR_PUSHOVER_BASE", server.url)
    service = Pushover()
    server.respond = service
    return service


@pytest.fixture
def notifier(http: Http) -> PushoverNotifier:
    return PushoverNotifier(tools(http, FakeClock()))


def config(**values: Any) -> PushoverConfig:
    return PushoverConfig(**{"token": SecretStr(APP), "user_key": SecretStr(USER), **values})


async def test_a_film_becomes_one_message(
    pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    delivery = await notifier.send(config(), notification())
    assert delivery.message_id == "647d2300"
    assert delivery.warnings == ()
    assert pushover.messages == [
        {
            "token": APP,
            "user": USER,
            "title": "The Matrix (1999)",
            "message": "Downloaded in Bluray-1080p",
            "priority": "0",
            "timestamp": str(int(START.timestamp())),
            "url": "https://www.themoviedb.org/movie/603",
        }
    ]


async def test_device_sound_and_emergency_are_sent_as_set(
    pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    await notifier.send(config(device="iphone, tv", sound="siren", priority=2), notification())
    (form,) = pushover.messages
    assert form["device"] == "iphone,tv"
    assert form["sound"] == "siren"
    assert (form["priority"], form["retry"], form["expire"]) == ("2", "60", "3600")


@pytest.mark.parametrize("words", [HOSTILE, HOSTILE * 400, "\N{CLAPPER BOARD}" * 40_000, "", "\x00 \ud800"])
async def test_hostile_text_stays_within_what_pushover_takes(
    pushover: Pushover, notifier: PushoverNotifier, notification: Make, words: str
) -> None:
    await notifier.send(config(), notification(title=words, body=words, link="https://x/" + "y" * 600))
    (form,) = pushover.messages
    assert "url" not in form
    assert "html" not in form


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"token": SecretStr("x" * 30)}, "application token is invalid"),
        ({"user_key": SecretStr("x" * 30)}, "user identifier is invalid"),
    ],
)
async def test_a_wrong_key_is_told_by_the_body_since_the_status_is_400(
    server: FakeServer,
    pushover: Pushover,
    notifier: PushoverNotifier,
    notification: Make,
    values: dict[str, SecretStr],
    words: str,
) -> None:
    with pytest.raises(AuthFailed, match=f"Key rejected: {words}"):
        await notifier.send(config(**values), notification())
    assert len(server.requests) == 1


RESET = int(START.timestamp())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Limit-App-Reset": str(RESET + 7200)}, 7200),
        ({"X-Limit-App-Reset": str(RESET - 50)}, 5),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "Tue, 24 Nov 2026 12:01:00 GMT"}, 60),
    ],
)
async def test_a_quota_that_resets_soon_is_waited_for(
    server: FakeServer,
    pushover: Pushover,
    notifier: PushoverNotifier,
    notification: Make,
    headers: dict[str, str],
    seconds: int,
) -> None:
    server.answer(Reply.of_json({"status": 0}, status=429, headers=headers))
    with pytest.raises(RateLimited) as caught:
        await notifier.send(config(), notification())
    assert caught.value.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "headers", [{"X-Limit-App-Reset": str(RESET + 7 * 86400)}, {"X-Limit-App-Reset": "x"}, {}]
)
async def test_a_quota_that_resets_next_month_is_not(
    server: FakeServer,
    pushover: Pushover,
    notifier: PushoverNotifier,
    notification: Make,
    headers: dict[str, str],
) -> None:
    server.answer(Reply(status=429, headers=headers))
    with pytest.raises(Permanent, match="used up"):
        await notifier.send(config(), notification())


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (invalid("message", "message cannot be blank"), Permanent, r"HTTP 400\): message cannot be blank"),
        (invalid("device", f"no device for {USER}"), Permanent, r"no device for \(hidden\)"),
        (Reply.of_html("<h1>404</h1>", status=404), Permanent, "HTTP 404"),
        (Reply(status=413), Permanent, "HTTP 413"),
        (Reply(status=403, body=b"blocked"), Permanent, "blocked"),
        (Reply(status=500), Transient, "HTTP 500"),
        (Reply.of_json({"status": 0, "errors": ["internal"]}, status=503), Transient, "HTTP 503"),
        (Reply.of_json({"status": 0, "errors": ["odd"]}), Permanent, "odd"),
        (Reply(status=302, headers={"Location": "https://login/"}), Permanent, "redirects to https://login/"),
        (Reply.of_html("<h1>Log in to this Wi-Fi</h1>"), Transient, "not understood"),
        (Reply(), Transient, "not understood"),
        (Reply(fault=HANG), Transient, "Timed out"),
        (Reply(fault=DROP), Transient, "connection was closed"),
        (Reply(fault=CUT_OFF), Transient, "cut off"),
        (Reply(body=b"x" * 20 * 1024 * 1024), TooLarge, "larger than 5 MB"),
    ],
)
async def test_every_refusal_ends_in_its_class(
    server: FakeServer,
    pushover: Pushover,
    notifier: PushoverNotifier,
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
    assert not re.search(f"{APP}|{USER}", f"{caught.value!r} {caught.value.text.to_json()}")


async def test_two_server_errors_then_a_success(
    server: FakeServer, pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    server.answer(Reply(status=500), Reply(status=502))
    for _ in range(2):
        with pytest.raises(Transient):
            await notifier.send(config(), notification())
    assert (await notifier.send(config(), notification())).message_id == "647d2300"


async def test_few_messages_left_are_a_warning(
    server: FakeServer, pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    few = {**LIMITS, "X-Limit-App-Remaining": "499"}
    server.answer(Reply.of_json({"status": 1, "request": "r"}, headers=few))
    delivery = await notifier.send(config(), notification())
    assert [str(each) for each in delivery.warnings] == ["Only 499 messages are left this month."]


async def test_the_test_checks_keys_devices_and_what_is_left_and_sends_nothing(
    server: FakeServer, pushover: Pushover, notifier: PushoverNotifier
) -> None:
    steps = await notifier.test(config())
    assert [(str(step.name), step.ok, str(step.detail)) for step in steps] == [
        ("Keys", True, "Connected to Pushover in 0 ms. Devices: iphone, tv"),
        ("Messages left", True, "7500 of 10000 messages left until 2026-12-01."),
    ]
    assert [step.ok for step in await notifier.test(config(device="tv,iphone"))] == [True, True, True]
    steps = await notifier.test(config(device="tablet"))
    assert [step.ok for step in steps] == [True, False]
    assert str(steps[-1].detail) == "Pushover knows no device tablet."
    assert {request.path for request in server.requests} == {"/1/users/validate.json", "/1/apps/limits.json"}


async def test_a_month_that_is_used_up_fails_the_test(pushover: Pushover, notifier: PushoverNotifier) -> None:
    pushover.remaining = 0
    steps = await notifier.test(config())
    assert [step.ok for step in steps] == [True, False]
    assert str(steps[-1].detail) == "0 of 10000 messages left until 2026-12-01."


VALID = Reply.of_json({"status": 1, "devices": ["tv"]})


@pytest.mark.parametrize("reply", [Reply(status=500), Reply.of_json({"status": 1}), Reply(fault=DROP)])
async def test_a_month_that_cannot_be_asked_for_fails_no_test(
    server: FakeServer, pushover: Pushover, notifier: PushoverNotifier, reply: Reply
) -> None:
    server.answer(VALID, reply, reply)
    steps = await notifier.test(config())
    assert [step.ok for step in steps] == [True, True]
    assert "did not say" in str(steps[-1].detail)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (invalid("user", "user key is invalid"), "Key rejected: user key is invalid"),
        (Reply.of_html("<html>"), "not understood"),
        (Reply(fault=HANG), "Timed out"),
        (Reply.of_json({"status": 1, "devices": 5}), ""),
    ],
)
async def test_a_failed_test_is_told_and_not_raised(
    server: FakeServer, pushover: Pushover, notifier: PushoverNotifier, reply: Reply, words: str
) -> None:
    server.answer(reply)
    step = (await notifier.test(config()))[0]
    assert step.ok is not bool(words)
    assert words in str(step.detail)


def test_it_is_never_tried_again_within_five_seconds() -> None:
    assert SERVICE.retry.minimum == timedelta(seconds=5)
    assert SERVICE.retry.retry_after_cap == timedelta(hours=24)
    assert SERVICE.concurrency == 2


# Posters

POSTER = "https://image.tmdb.org/t/p/original/abc.jpg"
JPEG = Reply(body=b"\xff\xd8 a picture", headers={"Content-Type": "image/jpeg"})


@pytest.fixture
async def tmdb(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeServer]:
    async with FakeServer(lambda _request: JPEG) as running:
        monkeypatch.setenv("METARR_TMDB_IMAGE_BASE", running.url)
        yield running


async def test_the_poster_goes_along(
    tmdb: FakeServer, pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    await notifier.send(config(), notification(poster_url=POSTER, title="Am\u00e9lie & \U0001f3ac"))
    (picture,) = pushover.pictures
    assert (picture.content, picture.filename) == (JPEG.body, "poster.jpg")
    assert pushover.messages[0]["title"] == "Am\u00e9lie & \U0001f3ac"


async def test_no_poster_is_fetched_where_none_is_wanted(
    tmdb: FakeServer, pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    await notifier.send(config(poster=False), notification(poster_url=POSTER))
    assert (len(pushover.messages), pushover.pictures, tmdb.requests) == (1, [], [])


async def test_a_poster_that_is_gone_holds_no_message_back(
    tmdb: FakeServer, pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    tmdb.answer(Reply(status=404))
    await notifier.send(config(), notification(poster_url=POSTER))
    assert (len(pushover.messages), pushover.pictures) == (1, [])


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=413),
        invalid("attachment", "attachment must be a valid image"),
        Reply.of_json({"errors": ["Attachment is too big"], "status": 0}, status=400),
    ],
)
async def test_a_poster_that_pushover_objects_to_is_left_out(
    server: FakeServer,
    tmdb: FakeServer,
    pushover: Pushover,
    notifier: PushoverNotifier,
    notification: Make,
    reply: Reply,
) -> None:
    server.answer(reply)
    assert (await notifier.send(config(), notification(poster_url=POSTER))).message_id == "647d2300"
    assert len(server.requests) == 2
    assert pushover.pictures == []


async def test_another_refusal_of_a_message_with_a_poster_is_final(
    server: FakeServer, tmdb: FakeServer, pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    server.answer(invalid("message", "message is odd"))
    with pytest.raises(Permanent, match="odd"):
        await notifier.send(config(), notification(poster_url=POSTER))
    assert len(server.requests) == 1


# How loudly it comes


async def test_an_emergency_is_repeated_as_set_and_its_receipt_is_kept(
    pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    urgent = config(priority=2, retry=90, expire=10_800, ttl=60)
    delivery = await notifier.send(urgent, notification())
    assert (pushover.messages[0]["retry"], pushover.messages[0]["expire"]) == ("90", "10800")
    assert "rcpt1" in str(delivery.detail)


async def test_a_message_may_remove_itself(
    pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    await notifier.send(config(ttl=3600), notification())
    assert pushover.messages[0]["ttl"] == "3600"


async def test_problems_may_have_a_priority_of_their_own(
    pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    problem = Notification(
        title="Radarr", body="x", event=Notice(source="radarr", kind=NoticeKind.FAILURE, message="x")
    )
    for settings in (config(priority=-1), config(priority=-1, problem_priority=2)):
        await notifier.send(settings, notification())
        await notifier.send(settings, problem)
    assert [each["priority"] for each in pushover.messages] == ["-1", "-1", "-1", "2"]


# Markup


async def test_a_template_of_a_person_may_hold_html_and_the_title_does_not(
    pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    body = "<b>Tom &amp; Jerry</b> " + '<a href="https://x">words</a> ' * 100
    await notifier.send(config(), notification(title="<i>Tom &amp; Jerry</i>", body=body, marked=True))
    (form,) = pushover.messages
    assert (form["title"], form["html"]) == ("Tom & Jerry", "1")
    assert form["message"].startswith("<b>Tom &amp; Jerry</b> <a href")
    assert form["message"].count("<a ") == form["message"].count("</a>")


@pytest.mark.parametrize("body", ["<b></b>", "", "&#32;"])
async def test_a_template_that_shows_nothing_is_told_by_its_title(
    pushover: Pushover, notifier: PushoverNotifier, notification: Make, body: str
) -> None:
    await notifier.send(config(), notification(title="Tom &amp; Jerry", body=body, marked=True))
    assert pushover.messages[0]["message"] == "Tom &amp; Jerry"


async def test_plain_words_are_sent_as_they_are_and_without_html(
    pushover: Pushover, notifier: PushoverNotifier, notification: Make
) -> None:
    await notifier.send(config(), notification(body="1 < 2 & <b>"))
    assert pushover.messages[0]["message"] == "1 < 2 & <b>"
    assert "html" not in pushover.messages[0]


# What the account knows


async def test_the_fields_may_be_chosen_from_what_the_account_has(
    pushover: Pushover, notifier: PushoverNotifier
) -> None:
    assert await notifier.choices(config()) == {
        "device": (("", "Every device"), ("iphone", "iphone"), ("tv", "tv")),
        "sound": (
            ("", "Pushover (default)"),
            ("pushover", "Pushover"),
            ("siren", "Siren"),
            ("my_own", "Doorbell"),
        ),
    }
    assert set(await notifier.choices(config())) == set(SERVICE.loads)


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ([invalid("user", "user key is invalid")], AuthFailed),
        ([VALID, Reply.of_html("<html>")], Transient),
        ([VALID, Reply.of_json({"status": 1, "sounds": []})], Transient),
        ([VALID, Reply(status=302, headers={"Location": f"https://x/?token={APP}"})], Permanent),
    ],
)
async def test_an_account_that_cannot_be_asked_says_why(
    server: FakeServer,
    pushover: Pushover,
    notifier: PushoverNotifier,
    replies: list[Reply],
    kind: type[MetarrError],
) -> None:
    server.answer(*replies)
    with pytest.raises(kind) as caught:
        await notifier.choices(config())
    assert APP not in f"{caught.value!r}"


async def test_what_is_left_this_month_is_remembered(
    pushover: Pushover, http: Http, notification: Make
) -> None:
    notes = MemoryNotes()
    notifier = PushoverNotifier(tools(http, FakeClock(), notes=notes))
    await notifier.send(config(), notification())
    quota = Quota.read(notes.kept[QUOTA_NOTE])
    assert quota is not None
    assert (quota.limit, quota.remaining) == (10_000, 7500)
    pushover.remaining = 12
    await notifier.test(config())
    assert notes.kept[QUOTA_NOTE]["remaining"] == 12


async def test_a_note_that_cannot_be_kept_fails_nothing(
    pushover: Pushover, http: Http, notification: Make
) -> None:
    class FullDisk(MemoryNotes):
        async def put(self, _name: str, _value: object, /) -> None:
            raise StorageFailed("The disk is full.")

    notifier = PushoverNotifier(tools(http, FakeClock(), notes=FullDisk()))
    assert (await notifier.send(config(), notification())).message_id == "647d2300"
