"""What happens by itself to senders that go away, come back, or are moved; over the real core."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.app.snapshots import ProblemKind
from metarr_desktop.domain.errors import SecretsUnavailable
from metarr_desktop.domain.forms import Draft
from metarr_desktop.storage.secrets import LOCKED
from tests.fake_arr import field_value
from tests.fakes import eventually, until
from tests.integration.senders import Home, connected, recovered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.core import Core


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path)
    yield home
    await home.close()


async def until_it_stands(home: Home, core: Core, state: SenderState) -> None:
    """Let time go by until the only sender stands so."""

    async def stands() -> bool:
        home.clock.advance(5)
        (sender,) = await core.queries.senders()
        return sender.state is state

    await eventually(stands)


async def test_who_was_away_at_the_start_is_caught_up_with_when_it_is_back(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
    home.clock.advance(timedelta(hours=1))
    await arr.import_film(1, "Dune", download_id="A")
    await arr.stop()
    home.clock.advance(timedelta(minutes=10))
    async with home.program() as core:
        await until_it_stands(home, core, SenderState.UNREACHABLE)
        await home.let_pass(core)
        assert await recovered(core) == []
        await arr.start()
        await until_it_stands(home, core, SenderState.CONNECTED)

        async def back() -> bool:
            home.clock.advance(5)
            return await recovered(core) == ["Dune (1999)"]

        await eventually(back)


async def test_another_program_behind_the_same_name_is_not_taken_for_connected(home: Home) -> None:
    arr, other = await home.arr(), await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
        await core.commands.save_sender(name, Draft(values={"url": other.url}))
        await until_it_stands(home, core, SenderState.NOT_CONNECTED)
        assert other.entries == {}


async def test_another_base_path_is_told_to_who_calls_us_within_a_minute(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        await core.commands.save_settings(base_path="/metarr")
        end = home.clock.now() + timedelta(minutes=1)

        async def told() -> bool:
            if home.clock.now() < end:
                home.clock.advance(5)
            return "/metarr/webhooks/radarr" in str(arr.entries)

        await eventually(told)
        await arr.import_film(1, "Dune", download_id="A")
        assert arr.statuses[-1] == 200


async def test_a_keyring_that_was_locked_at_the_start_keeps_nobody_away_once_it_is_open(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
    home.clock.advance(timedelta(hours=1))
    await arr.import_film(1, "Dune", download_id="A")
    home.clock.advance(timedelta(minutes=10))
    home.secrets.failure = SecretsUnavailable(LOCKED)
    async with home.program() as core:  # on another port: the webhook has to be mended
        await home.let_pass(core)
        assert await recovered(core) == []
        assert [each.kind for each in await core.queries.problems()] == [ProblemKind.KEYRING_LOCKED]
        asked = len(home.secrets.asked)
        for _ in range(60):
            home.clock.advance(15)
            await asyncio.sleep(0.002)
        # Each question may open a dialog: only what is due by the hour asks.
        assert len(home.secrets.asked) <= asked + 2
        home.secrets.failure = None
        await core.commands.unlock_keyring()

        async def caught_up() -> bool:
            home.clock.advance(5)
            return await recovered(core) == ["Dune (1999)"]

        await eventually(caught_up)
        await arr.import_film(2, "Alien", download_id="B")
        assert arr.statuses[-1] == 200
        assert await core.queries.problems() == ()


async def test_who_was_behind_a_gateway_page_is_caught_up_with_within_minutes(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
    home.clock.advance(timedelta(hours=1))
    await arr.import_film(1, "Dune", download_id="A")
    arr.page = "<html>Log in</html>"
    home.clock.advance(timedelta(minutes=10))
    async with home.program() as core:
        await until_it_stands(home, core, SenderState.WRONG_PROGRAM)
        await home.let_pass(core)
        arr.page = ""
        began = home.clock.now()

        async def back() -> bool:
            home.clock.advance(5)
            return await recovered(core) == ["Dune (1999)"]

        await eventually(back)
        assert home.clock.now() - began < timedelta(minutes=30)


async def test_a_computer_that_is_called_otherwise_in_another_network_mends_its_webhook(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    arr = await home.arr()
    monkeypatch.setattr("platform.node", lambda: "laptop.fritz.box")
    async with home.program() as core:
        await connected(core, arr)
    monkeypatch.setattr("platform.node", lambda: "dhcp-17.cafe.example")
    async with home.program() as core:
        port = core.queries.listening().port  # type: ignore[union-attr]
        now = f"http://127.0.0.1:{port}/webhooks/radarr/radarr"
        await until(lambda: field_value(arr.entries[1], "url") == now)


async def test_a_webhook_is_mended_as_soon_as_its_sender_is_on_again(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
        await core.commands.set_sender_enabled(name, enabled=False)
    async with home.program() as core:
        await home.let_pass(core)
        await core.commands.set_sender_enabled(name, enabled=True)
        port = core.queries.listening().port  # type: ignore[union-attr]
        now = f"http://127.0.0.1:{port}/webhooks/radarr/radarr"
        began = home.clock.now()

        async def mended() -> bool:
            home.clock.advance(5)
            return bool(field_value(arr.entries[1], "url") == now)

        await eventually(mended)
        assert home.clock.now() - began < timedelta(minutes=5)


async def test_a_key_that_was_kept_until_quit_only_is_asked_for(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
    del home.secrets.secrets["source-radarr/api_key"]
    async with home.program() as core:
        await until_it_stands(home, core, SenderState.KEY_REJECTED)
        (problem,) = await core.queries.problems()
        assert problem.kind is ProblemKind.SOURCE_KEY_REJECTED
        assert str(problem.text).startswith("The API key of Radarr is missing.")
        await core.commands.save_sender(name, Draft(secrets={"api_key": arr.key}))
        assert await core.queries.problems() == ()
        await until_it_stands(home, core, SenderState.CONNECTED)
