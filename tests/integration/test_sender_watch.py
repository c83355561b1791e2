"""What happens by itself to senders that go away, come back, or are moved; over the real core."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.domain.forms import Draft
from tests.fakes import eventually
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
