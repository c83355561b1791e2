from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from metarr_desktop.domain.errors import AuthFailed, Refused
from metarr_desktop.services.plex_sign_in import PLEX_SIGN_IN
from tests.fakes import START, FakeClock, MemoryNotes, tools, until
from tests.fakes_http import DROP, FakeServer, Recorded, Reply
from tests.talks import FakeTalk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from metarr_desktop.services.http import Http
    from metarr_desktop.services.sign_in import SignedIn

ACCOUNT, NAS, ATTIC = "account-token-hush", "nas-token-hush", "attic-token-hush"
NAS_ID, ATTIC_ID = "a" * 40, "b" * 40
CODE = "codecodecodecodecodecode1"


class PlexTv:
    """Answers as plex.tv, and as a server of the account; a call that is not as it has to be fails."""

    def __init__(self) -> None:
        self.polls: list[Reply] = []
        self.resources: list[Any] = []
        self.identity = NAS_ID
        self.client = ""
        self.asked = 0
        self.failures: list[str] = []

    def __call__(self, request: Recorded) -> Reply:
        try:
            return self._answer(request)
        except AssertionError as error:
            self.failures.append(f"{request.method} {request.path}: {error!r}")
            raise

    def _answer(self, request: Recorded) -> Reply:
        assert request.headers["Accept"] == "application/json"
        assert request.headers["X-Plex-Product"] == "Metarr Desktop"
        for name in ("X-Plex-Version", "X-Plex-Platform", "X-Plex-Device-Name"):
            assert request.headers[name]
        client = request.headers["X-Plex-Client-Identifier"]
        assert len(client) == 36
        assert client == (self.client or client), "the same device each time"
        self.client = client
        token = request.headers.get("X-Plex-Token")
        if request.path == "/identity":
            assert token is None, "who may be anybody gets no token"
            return Reply.of_json({"MediaContainer": {"machineIdentifier": self.identity, "version": "1.41"}})
        if (request.method, request.path) == ("POST", "/api/v2/pins"):
            assert dict(request.query) == {"strong": "true"}
            pin = {"id": 123456, "code": CODE, "expiresIn": 1800, "authToken": None}
            return Reply.of_json(pin, status=201)
        if request.path == "/api/v2/pins/123456":
            assert request.method == "GET"
            self.asked += 1
            return self.polls.pop(0) if self.polls else waiting()
        assert (request.method, request.path) == ("GET", "/api/v2/resources")
        assert token == ACCOUNT
        assert request.query["includeHttps"] == "1"
        return Reply.of_json(self.resources)


def waiting() -> Reply:
    return Reply.of_json({"id": 123456, "authToken": None})


def agreed() -> Reply:
    return Reply.of_json({"id": 123456, "authToken": ACCOUNT})


def resource(port: int, **more: object) -> dict[str, object]:
    return {
        "name": "nas",
        "owned": True,
        "provides": "server,client",
        "clientIdentifier": NAS_ID,
        "accessToken": NAS,
        "connections": [
            {"uri": "http://127.0.0.1:9", "address": "8.8.8.8", "port": 9, "local": False, "relay": True},
            {"uri": f"http://127.0.0.1:{port}", "address": "127.0.0.1", "port": port, "local": True},
        ],
        **more,
    }


@pytest.fixture
async def plex(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PlexTv]:
    monkeypatch.setenv("METARR_PLEXTV_BASE", server.url)
    plex = PlexTv()
    plex.resources = [resource(server.port)]
    server.respond = plex
    yield plex
    assert not plex.failures


class Walk:
    """A sign-in on a clock of its own."""

    def __init__(self, http: Http, talk: FakeTalk) -> None:
        self.clock, self.notes = FakeClock(), MemoryNotes()
        self.task: asyncio.Task[SignedIn] = asyncio.get_running_loop().create_task(
            PLEX_SIGN_IN.steps(tools(http, self.clock, notes=self.notes), {}, talk)
        )

    async def pass_time(self, seconds: float) -> None:
        await until(lambda: self.clock.sleeping or self.task.done())
        self.clock.advance(seconds)
        await asyncio.sleep(0)


@pytest.fixture
async def walk(http: Http) -> AsyncIterator[Callable[[FakeTalk], Walk]]:
    begun = list[Walk]()

    def begin(talk: FakeTalk) -> Walk:
        begun.append(Walk(http, talk))
        return begun[-1]

    yield begin
    for each in begun:
        each.task.cancel()
        await asyncio.gather(each.task, return_exceptions=True)


async def test_a_person_agrees_in_the_browser_and_the_form_is_filled(
    plex: PlexTv, server: FakeServer, walk: Callable[[FakeTalk], Walk]
) -> None:
    talk = FakeTalk()
    plex.polls = [waiting(), agreed()]
    going = walk(talk)
    await going.pass_time(2)
    (prompt,) = talk.prompts
    page = urlsplit(prompt.link)
    assert (page.scheme, page.netloc, page.path) == ("https", "app.plex.tv", "/auth")
    said = parse_qs(page.fragment.removeprefix("?"))
    assert said == {
        "clientID": [plex.client],
        "code": [CODE],
        "context[device][product]": ["Metarr Desktop"],
    }
    assert (prompt.until - START).total_seconds() == 1800
    assert CODE not in repr(prompt)
    await going.pass_time(2)
    signed_in = await going.task
    assert dict(signed_in.values) == {"url": server.url}
    assert dict(signed_in.secrets) == {"token": NAS}
    assert "hush" not in repr(signed_in)
    assert not talk.questions
    assert going.notes.kept["device"] == {"id": plex.client}


async def test_of_several_servers_a_person_chooses_and_gets_that_ones_token(
    plex: PlexTv, server: FakeServer, walk: Callable[[FakeTalk], Walk]
) -> None:
    plex.resources = [
        resource(server.port),
        resource(server.port, name="attic", clientIdentifier=ATTIC_ID, accessToken=ATTIC),
        resource(server.port, name="a friend's", clientIdentifier="c" * 40, owned=False),
        resource(server.port, name="player", clientIdentifier="d" * 40, provides="client,player"),
        "nonsense",
        {"owned": True, "provides": "server"},
    ]
    plex.identity = ATTIC_ID
    plex.polls = [agreed()]
    talk = FakeTalk(choice=ATTIC_ID)
    going = walk(talk)
    await going.pass_time(2)
    signed_in = await going.task
    assert talk.questions == [("nas", "attic")]
    assert dict(signed_in.secrets) == {"token": ATTIC}


async def test_an_address_where_another_server_answers_is_not_taken(
    plex: PlexTv, walk: Callable[[FakeTalk], Walk]
) -> None:
    plex.identity = "f" * 40
    plex.polls = [agreed()]
    going = walk(FakeTalk())
    await going.pass_time(2)
    with pytest.raises(Refused, match="nas does not answer from this computer") as caught:
        await going.task
    assert "hush" not in repr(caught.value)


async def test_addresses_are_tried_at_home_first_and_never_through_a_relay(
    plex: PlexTv, server: FakeServer, walk: Callable[[FakeTalk], Walk]
) -> None:
    async with FakeServer(plex) as far:
        plex.resources[0]["connections"] = [
            {"uri": far.url, "local": False, "relay": True},
            {"uri": far.url, "address": "127.0.0.1", "port": far.port, "local": False},
            {"uri": "https://127.0.0.1:9", "address": "127.0.0.1", "port": server.port, "local": True},
            7,
        ]
        plex.polls = [agreed()]
        going = walk(FakeTalk())
        await going.pass_time(2)
        assert (await going.task).values["url"] == server.url
        plex.resources[0]["connections"] = [{"uri": far.url, "local": False, "relay": True}]
        plex.polls = [agreed()]
        going = walk(FakeTalk())
        plex.client = ""
        await going.pass_time(2)
        with pytest.raises(Refused):
            await going.task


async def test_an_account_without_a_server_is_told_so(plex: PlexTv, walk: Callable[[FakeTalk], Walk]) -> None:
    plex.resources, plex.polls = [], [agreed()]
    going = walk(FakeTalk())
    await going.pass_time(2)
    with pytest.raises(Refused, match="owns no server"):
        await going.task


async def test_a_sign_in_nobody_agrees_to_expires(plex: PlexTv, walk: Callable[[FakeTalk], Walk]) -> None:
    plex.polls = [waiting(), Reply.of_json({"errors": [{"code": 1020}]}, status=404)]
    going = walk(FakeTalk())
    await going.pass_time(2)
    await going.pass_time(2)
    with pytest.raises(Refused, match="expired"):
        await going.task


async def test_after_the_time_that_plex_gave_nothing_is_asked_any_more(
    plex: PlexTv, walk: Callable[[FakeTalk], Walk]
) -> None:
    going = walk(FakeTalk())
    await going.pass_time(1799)
    with pytest.raises(Refused, match="expired"):
        await going.task
    assert plex.asked == 1


@pytest.mark.parametrize(("heads", "pause"), [({"Retry-After": "25"}, 25), ({}, 10)])
async def test_asking_too_often_slows_it_down(
    plex: PlexTv, walk: Callable[[FakeTalk], Walk], heads: dict[str, str], pause: float
) -> None:
    plex.polls = [Reply.of_json({}, status=429, headers=heads), waiting(), agreed()]
    going = walk(FakeTalk())
    await going.pass_time(2)
    for asked in (1, 2):
        await until(lambda: going.clock.sleeping)
        assert plex.asked == asked
        going.clock.advance(pause - 0.5)
        await asyncio.sleep(0.02)
        assert plex.asked == asked
        going.clock.advance(0.5)
    await going.task


async def test_a_network_that_fails_for_a_while_does_not_end_it(
    plex: PlexTv, walk: Callable[[FakeTalk], Walk]
) -> None:
    plex.polls = [Reply(fault=DROP), Reply(fault=DROP), Reply(status=503), agreed()]
    going = walk(FakeTalk())
    for _ in range(4):
        await going.pass_time(2)
    assert (await going.task).secrets == {"token": NAS}


async def test_a_refusal_ends_it_at_once(plex: PlexTv, walk: Callable[[FakeTalk], Walk]) -> None:
    plex.polls = [Reply(status=401)]
    going = walk(FakeTalk())
    await going.pass_time(2)
    with pytest.raises(AuthFailed):
        await going.task


async def test_cancelling_stops_the_questions(plex: PlexTv, walk: Callable[[FakeTalk], Walk]) -> None:
    going = walk(FakeTalk())
    await going.pass_time(2)
    await until(lambda: plex.asked == 1)
    going.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going.task
    going.clock.advance(60)
    await asyncio.sleep(0.02)
    assert plex.asked == 1
