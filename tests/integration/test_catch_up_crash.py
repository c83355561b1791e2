"""``kill -9`` in the middle of a catch-up: each import is made up for once, and one message tells of all."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.fake_arr import FakeArr

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord

FILMS = 20
STORED = "SELECT COUNT(*) FROM webhook_events WHERE recovered <> 0"


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql", "redis"], indirect=True)
async def test_a_catch_up_that_is_killed_neither_loses_nor_doubles(
    program: Callable[..., Program], discord: FakeDiscord
) -> None:
    late = timedelta(hours=2)
    radarr = FakeArr(now=lambda: datetime.now(tz=UTC) - late)
    url = await radarr.start()
    running = program(METARR_SECRET_SOURCE_RADARR_API_KEY=radarr.key, **discord.environment)
    try:
        await asyncio.to_thread(running.start)
        running.enable("discord")
        running.shorten_leases()
        for command in (
            ("source", "add", "Radarr", "--type", "radarr", f"url={url}"),
            ("source", "connect", "radarr"),
        ):
            done = await asyncio.to_thread(running.run, *command)
            assert done.returncode == 0, done.stdout + done.stderr
        await asyncio.to_thread(running.stop)

        late = timedelta(hours=1)
        for number in range(1, FILMS + 1):
            await radarr.import_film(number, f"Film {number}", download_id=f"DL{number}")
        assert len(radarr.skipped) == FILMS
        late = timedelta()

        # Killed as soon as something is stored, then again when all of it is, before the job has ended.
        await asyncio.to_thread(running.start)
        await asyncio.to_thread(running.wait_for, lambda: running.rows(STORED) != [(0,)])
        await asyncio.to_thread(running.kill)
        radarr.held = "/health"
        await asyncio.to_thread(running.start)
        await asyncio.to_thread(running.wait_for, lambda: running.rows(STORED) == [(FILMS,)])
        await asyncio.to_thread(running.kill)
        radarr.held = ""
        radarr.released.set()
        await asyncio.to_thread(running.start)
        await asyncio.to_thread(running.wait_for, lambda: discord.titles and running.drained)

        titles = [title for (title,) in running.rows("SELECT title FROM webhook_events WHERE recovered <> 0")]
        assert sorted(titles) == sorted(f"Film {number} (1999)" for number in range(1, FILMS + 1))
        assert discord.plain_titles == [f"{FILMS} imports while Metarr Desktop was off"]
        (entry,) = radarr.entries.values()
        assert not radarr.is_muted(entry["id"])
    finally:
        radarr.released.set()
        await radarr.stop()
