"""The whole way: connect, import a season, close the lid for an hour, and open it again."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.domain.events import MediaEvent, Notice, NoticeKind
from tests.fakes import eventually
from tests.integration.senders import (
    Home,
    connected,
    idle,
    notebook,
    recovered,
    stored,
    wait_for_recovered,
)

if TYPE_CHECKING:
    from pathlib import Path

EPISODES = 24


async def test_nothing_is_lost_while_the_lid_is_closed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    told: list[Notice | MediaEvent] = []
    radarr, sonarr = await home.arr("radarr"), await home.arr("sonarr")
    try:
        async with home.program(port=free_port(), services=[notebook(told)]) as core:
            await core.commands.set_enabled("notebook", enabled=True)
            await connected(core, radarr)
            await connected(core, sonarr)

            # A season comes in, file by file.
            home.clock.advance(timedelta(seconds=10))
            for number in range(1, EPISODES + 1):
                await sonarr.import_episodes(1, 2, number, download_id="PACK")
            await home.let_pass(core)
            assert len(sonarr.sent) == EPISODES
            heard = [each for each in await stored(core) if each[:2] == ("sonarr", "Download")]
            assert len(heard) == EPISODES
            (message,) = told
            assert isinstance(message, MediaEvent)
            assert message.episodes == tuple(range(1, EPISODES + 1))

            # The lid is closed: the clock on the wall goes on, and ours stands still.
            assert core.listener is not None
            await core.listener.stop()
            told.clear()
            for number in range(1, 5):
                home.clock.jump(timedelta(minutes=10))
                await radarr.import_film(number, f"Film {number}", download_id=f"DL{number}")
                await sonarr.import_episodes(1, 3, 2 * number, 2 * number + 1, download_id=f"TV{number}")
            assert radarr.is_muted(1)
            assert sonarr.is_muted(1)
            assert len(radarr.skipped) == len(sonarr.skipped) == 4
            home.clock.jump(timedelta(minutes=20))

            # It is opened.
            await core.listener.start()
            home.clock.advance(timedelta(seconds=15))
            titles = await wait_for_recovered(core, 8)
            assert sorted(titles) == sorted(
                [f"Film {number} (1999)" for number in range(1, 5)]
                + [f"Severance S03E{2 * n:02d}-E{2 * n + 1:02d}" for n in range(1, 5)]
            )
            notices = [each for each in told if isinstance(each, Notice)]
            assert told == notices
            assert {each.instance: each.subject for each in notices} == {
                "Radarr": "4 imports while Metarr Desktop was off",
                "Sonarr": "4 imports while Metarr Desktop was off",
            }
            assert all(each.kind is NoticeKind.CAUGHT_UP for each in notices)

            # They call us again, and nothing comes a second time.
            assert not radarr.is_muted(1)
            assert not sonarr.is_muted(1)
            await radarr.import_film(9, "Film 9", download_id="DL9")
            assert radarr.statuses[-1] == 200
            await core.commands.catch_up("Radarr")
            await core.commands.catch_up("Sonarr")
            await idle(core)
            assert len(await recovered(core)) == 8
            states = {each.name: each.state for each in await core.queries.senders()}
            assert states == {"Radarr": SenderState.CONNECTED, "Sonarr": SenderState.CONNECTED}
            assert await core.queries.problems() == ()
    finally:
        await home.close()


async def test_an_address_that_changed_meanwhile_is_mended_and_caught_up_with(tmp_path: Path) -> None:
    home = Home(tmp_path)
    radarr = await home.arr("radarr")
    try:
        async with home.program() as core:
            await connected(core, radarr)
            assert core.listener is not None
            await core.listener.stop()
            home.clock.jump(timedelta(minutes=30))
            await radarr.import_film(1, "Dune", download_id="A")
            home.clock.jump(timedelta(minutes=30))
            await core.listener.start()  # on another port
            home.clock.advance(timedelta(seconds=15))
            assert await wait_for_recovered(core, 1) == ["Dune (1999)"]

            async def heard() -> bool:
                await radarr.import_film(2, "Dune 2", download_id="B")
                return bool(radarr.sent)

            await eventually(heard)
    finally:
        await home.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
