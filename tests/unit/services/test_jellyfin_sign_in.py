from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from metarr_desktop.domain.errors import MetarrError, NotSetUp, Refused, Transient
from metarr_desktop.services.jellyfin_sign_in import QUICK_CONNECT
from tests.fakes import FakeClock, MemoryNotes, tools, until
from tests.fakes_http import FakeServer, Recorded, Reply
from tests.talks import FakeTalk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.services.http import Http
    from metarr_desktop.services.sign_in import SignedIn

SECRET, TOKEN = "secret/hush+hush=", "token-hush"


class Jellyfin:
    """Answers as a server does that is called with its URL base; a wrong call fails the test."""

    def __init__(self) -> None:
        self.enabled = Reply(body=b"true")
        self.initiate = Reply.of_json({"Secret": SECRET, "Code": "123456", "Authenticated": False})
        self.polls: list[Reply] = []
        self.user: dict[str, Any] = {"Name": "anna", "Policy": {"IsAdministrator": True}}
        self.asked = 0
        self.devices: set[str] = set()
        self.failures: list[str] = []

    def __call__(self, request: Recorded) -> Reply:
        try:
            return self._answer(request)
        except AssertionError as error:
            self.failures.append(f"{request.method} {request.path}: {error!r}")
            raise

    def _answer(self, request: Recorded) -> Reply:
        scheme, _, said = request.headers["Authorization"].partition(" ")
        assert scheme == "MediaBrowser"
        parts = {name: unquote(value) for name, value in re.findall(r'(\w+)="([A-Za-z0-9._%~-]+)"', said)}
        assert set(parts) == {"Client", "Device", "DeviceId", "Version"}, "no token before there is one"
        assert parts["Client"] == "Metarr Desktop"
        self.devices.add(parts["DeviceId"])
        assert len(self.devices) == 1
        path = request.path.removeprefix("/jf")
        assert path != request.path
        match request.method, path:
            case "GET", "/QuickConnect/Enabled":
                return self.enabled
            case "POST", "/QuickConnect/Initiate":
                return self.initiate
            case "GET", "/QuickConnect/Connect":
                assert dict(request.query) == {"secret": SECRET}
                self.asked += 1
                return self.polls.pop(0) if self.polls else Reply.of_json({"Authenticated": False})
            case "POST", "/Users/AuthenticateWithQuickConnect":
                assert request.headers["Content-Type"] == "application/json"
                assert request.json == {"Secret": SECRET}
                return Reply.of_json({"AccessToken": TOKEN, "User": self.user, "ServerId": "x"})
        raise AssertionError(path)


def typed() -> Reply:
    return Reply.of_json({"Authenticated": True})


@pytest.fixture
async def jellyfin(server: FakeServer) -> AsyncIterator[Jellyfin]:
    jellyfin = Jellyfin()
    server.respond = jellyfin
    yield jellyfin
    assert not jellyfin.failures


class Walk:
    """A sign-in on a clock of its own."""

    def __init__(self, http: Http, url: str, **values: str) -> None:
        self.clock, self.notes, self.talk = FakeClock(), MemoryNotes(), FakeTalk()
        self.task: asyncio.Task[SignedIn] = asyncio.get_running_loop().create_task(
            QUICK_CONNECT.steps(tools(http, self.clock, notes=self.notes), {"url": url, **values}, self.talk)
        )

    async def pass_time(self, seconds: float) -> None:
        await until(lambda: self.clock.sleeping or self.task.done())
        self.clock.advance(seconds)

    async def failure(self) -> MetarrError:
        with pytest.raises(MetarrError) as caught:
            await self.task
        assert "hush" not in f"{caught.value!r} {caught.value.__cause__!r}"
        return caught.value


async def test_the_code_is_shown_until_it_is_typed_and_the_token_comes(
    jellyfin: Jellyfin, server: FakeServer, http: Http
) -> None:
    jellyfin.polls = [Reply.of_json({"Authenticated": False}), Reply(status=503), typed()]
    walk = Walk(http, f"{server.url}/jf/")
    for _ in range(3):
        await walk.pass_time(2)
    signed_in = await walk.task
    (prompt,) = walk.talk.prompts
    assert prompt.code == "123456"
    assert prompt.link == f"{server.url}/jf/web/#/quickconnect"
    assert "123456" not in repr(prompt)
    assert dict(signed_in.values) == {"url": f"{server.url}/jf"}
    assert dict(signed_in.secrets) == {"api_key": TOKEN}
    assert "hush" not in repr(signed_in)
    assert str(signed_in.detail) == "Signed in to Jellyfin as anna."
    assert not signed_in.warnings
    assert walk.notes.kept["device"] == {"id": next(iter(jellyfin.devices))}


@pytest.mark.parametrize("policy", [{"IsAdministrator": False}, None, "x"])
async def test_a_user_who_is_no_administrator_is_warned(
    jellyfin: Jellyfin, server: FakeServer, http: Http, policy: object
) -> None:
    jellyfin.polls, jellyfin.user["Policy"] = [typed()], policy
    walk = Walk(http, f"{server.url}/jf")
    await walk.pass_time(2)
    (warning,) = (await walk.task).warnings
    assert "no administrator" in str(warning)


async def test_where_it_is_off_the_remedy_is_told(jellyfin: Jellyfin, server: FakeServer, http: Http) -> None:
    jellyfin.enabled = Reply(body=b"false")
    error = await Walk(http, f"{server.url}/jf").failure()
    assert isinstance(error, Refused)
    assert "Dashboard > General" in str(error)
    jellyfin.enabled, jellyfin.initiate = Reply(body=b"true"), Reply(status=401)
    jellyfin.devices.clear()
    assert "Quick Connect is off" in str(await Walk(http, f"{server.url}/jf").failure())


async def test_what_is_no_jellyfin_is_told_so(jellyfin: Jellyfin, server: FakeServer, http: Http) -> None:
    jellyfin.enabled = Reply(status=404)
    assert "is no Jellyfin" in str(await Walk(http, f"{server.url}/jf").failure())
    jellyfin.devices.clear()
    jellyfin.enabled = Reply.of_html("<html>log in</html>")
    assert isinstance(await Walk(http, f"{server.url}/jf").failure(), Transient)


async def test_an_address_that_is_none_is_asked_for(http: Http) -> None:
    assert isinstance(await Walk(http, "ftp://nas").failure(), NotSetUp)


async def test_a_fingerprint_is_taken_as_browsers_show_it(
    jellyfin: Jellyfin, server: FakeServer, http: Http
) -> None:
    jellyfin.polls = [typed()]
    walk = Walk(http, f"{server.url}/jf", fingerprint=":".join(["AB"] * 32))
    await walk.pass_time(2)
    assert dict((await walk.task).secrets) == {"api_key": TOKEN}
    assert "SHA-256" in str(await Walk(http, server.url, fingerprint="mine").failure())


async def test_the_secret_of_a_code_follows_no_redirect(
    jellyfin: Jellyfin, server: FakeServer, http: Http
) -> None:
    jellyfin.polls = [Reply(status=302, headers={"Location": "/jf/QuickConnect/Connect?secret=elsewhere"})]
    walk = Walk(http, f"{server.url}/jf")
    await walk.pass_time(2)
    assert "redirects" in str(await walk.failure())


@pytest.mark.parametrize(
    "body", [{}, {"Secret": "x"}, {"Secret": 1, "Code": "1"}, {"Secret": "x", "Code": "<b>"}]
)
async def test_a_code_that_cannot_be_typed_is_not_shown(
    jellyfin: Jellyfin, server: FakeServer, http: Http, body: dict[str, object]
) -> None:
    jellyfin.initiate = Reply.of_json(body)
    walk = Walk(http, f"{server.url}/jf")
    assert isinstance(await walk.failure(), Transient)
    assert not walk.talk.prompts


async def test_a_code_that_is_not_typed_expires(jellyfin: Jellyfin, server: FakeServer, http: Http) -> None:
    jellyfin.polls = [Reply(status=404)]
    walk = Walk(http, f"{server.url}/jf")
    await walk.pass_time(2)
    assert "expired" in str(await walk.failure())
    jellyfin.devices.clear()
    walk = Walk(http, f"{server.url}/jf")
    await walk.pass_time(601)
    assert "expired" in str(await walk.failure())
    assert jellyfin.asked == 2


async def test_cancelling_stops_the_questions(jellyfin: Jellyfin, server: FakeServer, http: Http) -> None:
    walk = Walk(http, f"{server.url}/jf")
    await walk.pass_time(2)
    await until(lambda: jellyfin.asked == 1)
    walk.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walk.task
    walk.clock.advance(60)
    await asyncio.sleep(0.02)
    assert jellyfin.asked == 1
