from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, RateLimited, Transient
from metarr_desktop.services.answer import TooLarge
from metarr_desktop.services.pushover import SERVICE, PushoverConfig, PushoverNotifier
from tests.fakes import START, FakeClock, tools
from tests.fakes_http import CUT_OFF, DROP, HANG, FakeServer, Recorded, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

APP, USER = "azGDORePK8gMaC0QOYAMyEEuzJnyUi", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
HOSTILE = "\u202eevil\u0000\ud800 <b>&amp;</b>\r\nSubject: x\x1b[31m \N{CLAPPER BOARD}"


class Pushover:
    """Refuses what Pushover refuses."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []

    def __call__(self, request: Recorded) -> Reply:
        assert request.method == "POST"
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert not request.query
        form = request.form
        if form["token"] != APP:
            return invalid("token", "application token is invalid")
        if form["user"] != USER:
            return invalid("user", "user identifier is invalid")
        if request.path == "/1/users/validate.json":
            return Reply.of_json({"status": 1, "group": 0, "devices": ["iphone", "tv"], "request": "v"})
        assert request.path == "/1/messages.json"
        if not form["message"].strip():
            return invalid("message", "message cannot be blank")
        assert len(form["message"]) <= 1024
        assert len(form.get("title", "")) <= 250
        assert len(form.get("url", "")) <= 512
        assert int(form["priority"]) in range(-2, 3)
        if form["priority"] == "2":
            assert int(form["retry"]) >= 30
            assert int(form["expire"]) <= 10800
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", form["message"] + form.get("title", ""))
        self.messages.append(form)
        return Reply.of_json({"status": 1, "request": "647d2300"}, headers={"X-Limit-App-Remaining": "7500"})


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
    server.answer(Reply.of_json({"status": 1, "request": "r"}, headers={"X-Limit-App-Remaining": "499"}))
    delivery = await notifier.send(config(), notification())
    assert [str(each) for each in delivery.warnings] == ["Only 499 messages are left this month."]


async def test_the_test_checks_keys_and_devices_and_sends_nothing(
    server: FakeServer, pushover: Pushover, notifier: PushoverNotifier
) -> None:
    assert [step.ok for step in await notifier.test(config())] == [True]
    assert [step.ok for step in await notifier.test(config(device="tv,iphone"))] == [True, True]
    steps = await notifier.test(config(device="tablet"))
    assert [step.ok for step in steps] == [True, False]
    assert str(steps[-1].detail) == "Pushover knows no device tablet."
    assert {request.path for request in server.requests} == {"/1/users/validate.json"}


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
    (step,) = await notifier.test(config())
    assert step.ok is not bool(words)
    assert words in str(step.detail)


def test_it_is_never_tried_again_within_five_seconds() -> None:
    assert SERVICE.retry.minimum == timedelta(seconds=5)
    assert SERVICE.retry.retry_after_cap == timedelta(hours=24)
    assert SERVICE.concurrency == 2
