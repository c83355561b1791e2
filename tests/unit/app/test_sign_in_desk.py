from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.actions import call
from metarr_desktop.app.core import open_core
from metarr_desktop.app.finding_snapshots import SignInPhase
from metarr_desktop.domain.errors import NotFound, Refused, SecretsUnavailable, Transient
from metarr_desktop.domain.text import Text
from metarr_desktop.services import discord, jellyfin, plex
from metarr_desktop.services.sign_in import Offer, Prompt, SignedIn, SignIn
from tests.fakes import START, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from metarr_desktop.app.core import Core
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.services.sign_in import Talk
    from metarr_desktop.services.tools import Tools
    from tests.fakes import FakeClock, MemorySecretStore

URL, TOKEN = "http://192.168.1.30:32400", "token-hush"


class Steps:
    """A service that shows a code, waits, lets a person choose, and brings a token."""

    def __init__(self) -> None:
        self.typed = asyncio.Event()
        self.given: list[dict[str, PlainValue]] = []
        self.ended: list[str] = []
        self.failure: Exception | None = None

    async def __call__(self, _tools: Tools, values: Mapping[str, PlainValue], talk: Talk, /) -> SignedIn:
        self.given.append(dict(values))
        try:
            until = START + timedelta(minutes=10)
            talk.show(Prompt(words=Text("Type this."), code="123456", link="https://x/y", until=until))
            await self.typed.wait()
            if self.failure is not None:
                raise self.failure
            offers = (Offer(key="a", title="nas"), Offer(key="b", title="attic"))
            chosen = await talk.choose(Text("Which?"), offers)
            return SignedIn(
                detail=Text(f"Signed in at {chosen.title}."),
                values={"url": URL},
                secrets={"token": TOKEN},
                warnings=(Text("Take care."),),
            )
        finally:
            self.ended.append("ended")


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
async def core(
    paths: AppPaths, clock: FakeClock, secrets: MemorySecretStore, steps: Steps
) -> AsyncIterator[Core]:
    services = (
        replace(plex.SERVICE, sign_in=SignIn(label=Text("Sign in..."), steps=steps)),
        jellyfin.SERVICE,
        discord.SERVICE,
    )
    async with open_core(paths, serve=False, clock=clock, secrets=secrets, services=services) as core:
        yield core


async def ask(core: Core, action: str, /, **params: Any) -> Any:
    return json.loads(json.dumps(await call(core, action, params)))


async def test_the_way_from_the_code_to_the_keyring(
    core: Core, steps: Steps, secrets: MemorySecretStore
) -> None:
    told = [await ask(core, "sign_in_begin", service="plex")]
    number = told[0]["id"]
    told.append(await ask(core, "sign_in_state", id=number, after=told[-1]["version"]))
    assert (told[-1]["phase"], told[-1]["code"], told[-1]["link"]) == ("waiting", "123456", "https://x/y")
    assert told[-1]["until"] == "2026-11-24T12:10:00.000Z"
    steps.typed.set()
    told.append(await ask(core, "sign_in_state", id=number, after=told[-1]["version"]))
    assert (told[-1]["phase"], told[-1]["code"]) == ("choosing", "")
    assert told[-1]["offers"] == [{"key": "a", "title": "nas"}, {"key": "b", "title": "attic"}]
    with pytest.raises(Refused, match="not offered"):
        await ask(core, "sign_in_choose", id=number, offer="c")
    await ask(core, "sign_in_choose", id=number, offer="b")
    told.append(await ask(core, "sign_in_state", id=number, after=told[-1]["version"]))
    assert (told[-1]["phase"], told[-1]["words"]) == ("done", "Signed in at attic.")
    assert told[-1]["warnings"] == ["Take care."]
    assert "hush" not in json.dumps(told)
    assert await ask(core, "sign_in_save", id=number, until_quit=False) == {"saved": ["url", "token"]}
    assert secrets.secrets == {"plex/token": TOKEN}
    assert (await core.queries.service_form("plex")).values["url"] == URL
    with pytest.raises(Refused, match="brought nothing"):
        await ask(core, "sign_in_save", id=number)


async def test_without_a_keyring_nothing_is_saved_and_the_variable_is_named(
    core: Core, steps: Steps, secrets: MemorySecretStore
) -> None:
    number = (await ask(core, "sign_in_begin", service="plex"))["id"]
    steps.typed.set()
    run = core.commands.sign_in(number)
    await until(lambda: run.snapshot.phase is SignInPhase.CHOOSING)
    run.choose_offer("a")
    await until(lambda: run.snapshot.phase.over)
    secrets.failure = SecretsUnavailable("The keyring is locked.")
    with pytest.raises(SecretsUnavailable, match="METARR_SECRET_PLEX_TOKEN") as caught:
        await ask(core, "sign_in_save", id=number)
    assert "hush" not in str(caught.value)


async def test_a_news_call_ends_where_nothing_happens(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metarr_desktop.app.finding_actions.NEWS_WITHIN_S", 0.05)
    run = await core.commands.begin_sign_in("plex")
    await until(lambda: run.snapshot.phase is SignInPhase.WAITING)
    version = run.snapshot.version
    told = await ask(core, "sign_in_state", id=run.snapshot.id, after=version)
    assert told["version"] == version


@pytest.mark.parametrize(
    ("failure", "words"),
    [(Transient("No connection."), "No connection."), (Refused("Expired."), "Expired.")],
)
async def test_a_failure_is_told_in_its_own_words(
    core: Core, steps: Steps, failure: Exception, words: str
) -> None:
    steps.failure = failure
    run = await core.commands.begin_sign_in("plex")
    steps.typed.set()
    assert str((await run.news(after=2)).words) == words
    assert run.snapshot.phase is SignInPhase.FAILED
    with pytest.raises(Refused):
        run.take()


@pytest.mark.expects_errors("Task sign in at plex failed")
async def test_what_nobody_expected_is_logged_and_told(core: Core, steps: Steps) -> None:
    steps.failure = RuntimeError("boom")
    run = await core.commands.begin_sign_in("plex")
    steps.typed.set()
    assert "See the log" in str((await run.news(after=2)).words)


@pytest.mark.parametrize("how", ["cancel", "again", "left behind"])
async def test_a_sign_in_that_is_given_up_asks_nothing_more(
    core: Core, steps: Steps, clock: FakeClock, how: str
) -> None:
    run = await core.commands.begin_sign_in("plex")
    await until(lambda: run.snapshot.phase is SignInPhase.WAITING)
    match how:
        case "cancel":
            await ask(core, "sign_in_cancel", id=run.snapshot.id)
        case "again":
            await core.commands.begin_sign_in("plex")
        case _:
            await until(lambda: clock.sleeping)
            clock.advance(30)
            await asyncio.sleep(0)
            assert not run.snapshot.phase.over
            await until(lambda: clock.sleeping)
            clock.advance(30)
    await until(lambda: steps.ended)
    assert run.snapshot.phase is SignInPhase.CANCELLED
    run.cancel()
    assert str((await run.news(after=99)).words) == "Cancelled."


async def test_one_that_is_waited_for_is_not_left_behind(core: Core, clock: FakeClock) -> None:
    run = await core.commands.begin_sign_in("plex")
    await until(lambda: run.snapshot.phase is SignInPhase.WAITING)
    waiting = asyncio.get_running_loop().create_task(run.news(after=run.snapshot.version))
    for _ in range(4):
        await until(lambda: clock.sleeping)
        clock.advance(30)
        await asyncio.sleep(0)
    assert not run.snapshot.phase.over
    run.cancel()
    assert (await waiting).phase is SignInPhase.CANCELLED


async def test_the_form_decides_and_what_is_needed_is_asked_for_first(core: Core, steps: Steps) -> None:
    await core.commands.begin_sign_in("plex", {"url": "http://typed:1"})
    await until(lambda: steps.given)
    assert steps.given == [{"url": "http://typed:1"}]
    with pytest.raises(Refused, match="Enter the address"):
        await core.commands.begin_sign_in("jellyfin", {"url": ""})
    with pytest.raises(Refused, match="no sign-in for Discord"):
        await core.commands.begin_sign_in("discord")
    with pytest.raises(NotFound):
        await core.commands.begin_sign_in("nothing")
    with pytest.raises(NotFound):
        core.commands.sign_in(99)


async def test_nothing_to_choose_is_said_so(core: Core) -> None:
    run = await core.commands.begin_sign_in("plex")
    with pytest.raises(Refused, match="nothing to choose"):
        run.choose_offer("a")


@pytest.mark.parametrize("how", ["cancel", "time"])
async def test_a_token_that_nobody_takes_is_let_go(
    core: Core, steps: Steps, clock: FakeClock, how: str
) -> None:
    run = await core.commands.begin_sign_in("plex")
    steps.typed.set()
    await until(lambda: run.snapshot.phase is SignInPhase.CHOOSING)
    run.choose_offer("a")
    await until(lambda: run.snapshot.phase is SignInPhase.DONE)
    if how == "cancel":
        run.cancel()
    else:
        for _ in range(2):
            await until(lambda: clock.sleeping)
            clock.advance(30)
            await asyncio.sleep(0)
    with pytest.raises(Refused, match="brought nothing"):
        run.take()
    assert run._brought is None


async def test_old_sign_ins_are_forgotten(core: Core) -> None:
    first = await core.commands.begin_sign_in("plex")
    for _ in range(8):
        await core.commands.begin_sign_in("plex")
    with pytest.raises(NotFound):
        core.commands.sign_in(first.snapshot.id)
    assert len(core.commands._sign_ins._runs) <= 7
