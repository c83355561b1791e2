"""A season pack, as Sonarr tells it file by file, is one message; with a real listener, database and HTTP."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import EndStatus, JobStatus
from tests.fakes import FakeClock, MemorySecretStore, eventually
from tests.integration.conftest import SAMPLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.fake_discord import FakeDiscord

PACK = (SAMPLES / "sonarr" / "download-season-pack-e01.json").read_bytes()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def open_program(
    tmp_path: Path, clock: FakeClock, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> Any:
    monkeypatch.setenv("METARR_DISCORD_BASE", discord.base)
    secrets = MemorySecretStore()
    paths = AppPaths(tmp_path / "data")

    @asynccontextmanager
    async def opened() -> AsyncIterator[Core]:
        async with open_core(paths, serve=True, port=0, secrets=secrets, clock=clock) as core:
            await core.commands.save_service(
                "discord", Draft(secrets={"webhook_url": discord.webhook_url}), enabled=True
            )
            yield core

    return opened


def file_of(number: int, *, download: str = "nzo_pack") -> bytes:
    """Return what Sonarr sends for one file of the pack."""
    body = json.loads(PACK)
    body["episodes"][0] |= {"id": 5_000 + number, "seasonNumber": 2, "episodeNumber": number}
    body["episodeFile"] |= {"id": 900 + number, "relativePath": f"Season 02/S02E{number:02d}.mkv"}
    return json.dumps({**body, "downloadId": download}).encode()


async def post(core: Core, *bodies: bytes) -> None:
    """Post all of them in a burst."""
    listening = core.queries.listening()
    assert listening is not None
    address = f"http://127.0.0.1:{listening.port}/webhooks/sonarr"

    async def send(session: aiohttp.ClientSession, body: bytes) -> None:
        async with session.post(address, data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 200

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(send(session, body) for body in bodies))


async def let_pass(clock: FakeClock, seconds: int) -> None:
    """Let time pass second by second: who is about to sleep when it does may oversleep by one."""
    for _ in range(seconds):
        clock.advance(1)
        await asyncio.sleep(0.002)


async def all_wait(core: Core, count: int) -> None:
    """Come back when so many messages wait, and nothing else."""

    async def reached() -> bool:
        jobs = await core.queries.jobs()
        waiting = [job.type for job in jobs if job.status is JobStatus.PENDING]
        return waiting == ["notify-discord"] * count and len(jobs) == count

    await eventually(reached)


async def drained(core: Core, clock: FakeClock) -> None:
    """Come back when nothing waits or runs; a little time passes meanwhile, for who went to sleep late."""

    async def empty() -> bool:
        clock.advance(0.1)
        return await core.queries.jobs() == ()

    await eventually(empty)


async def asked(discord: FakeDiscord, clock: FakeClock) -> None:
    """Come back when Discord was asked once."""

    async def was_asked() -> bool:
        if not discord.requests:
            clock.advance(0.1)
        return discord.requests == 1

    await eventually(was_asked)


async def test_a_season_pack_of_24_webhooks_is_one_message(
    open_program: Any, clock: FakeClock, discord: FakeDiscord
) -> None:
    async with open_program() as core:
        await post(core, *(file_of(number) for number in range(1, 25)))
        await all_wait(core, 24)
        jobs = await core.queries.jobs()
        assert {str(job.reason) for job in jobs} == {"Waits for more of the same download."}
        await let_pass(clock, 15)
        assert discord.requests == 0
        await let_pass(clock, 10)
        await drained(core, clock)
        assert discord.plain_titles == ["The Expanse S02E01-24 (24)"]
        families = await core.queries.recent(limit=30)
        messages = [r for f in families for r in f.records if r.type == "notify-discord"]
        assert {record.status for record in messages} == {EndStatus.COMPLETED}
        assert len(messages) == len(families) == 24
        assert sum("merged_into" in record.result for record in messages) == 23


async def test_two_packs_are_two_messages_and_a_late_file_is_a_third(
    open_program: Any, clock: FakeClock, discord: FakeDiscord
) -> None:
    async with open_program() as core:
        await post(core, *(file_of(n, download="a") for n in (1, 2, 3)), file_of(9, download="b"))
        await all_wait(core, 4)
        await let_pass(clock, 25)
        await drained(core, clock)
        await post(core, file_of(4, download="a"))
        await all_wait(core, 1)
        await let_pass(clock, 25)
        await drained(core, clock)
    assert sorted(discord.plain_titles[:2]) == ["The Expanse S02E01-03 (3)", "The Expanse S02E09"]
    assert discord.plain_titles[2:] == ["The Expanse S02E04"]


async def test_a_pack_that_was_not_delivered_is_one_message_when_it_is(
    open_program: Any, clock: FakeClock, discord: FakeDiscord
) -> None:
    discord.script = [(500, {"message": "Internal Server Error"})]
    async with open_program() as core:
        await post(core, *(file_of(number) for number in (1, 2, 3)))
        await all_wait(core, 3)
        await let_pass(clock, 25)
        await asked(discord, clock)
        await all_wait(core, 3)
        assert {job.retry_count for job in await core.queries.jobs()} == {1}
        await let_pass(clock, 120)
        await drained(core, clock)
    assert discord.plain_titles == ["The Expanse S02E01-03 (3)"]


async def test_a_pack_that_waits_survives_a_restart_and_is_still_one_message(
    open_program: Any, clock: FakeClock, discord: FakeDiscord
) -> None:
    async with open_program() as core:
        await post(core, *(file_of(number) for number in (1, 2)))
        await all_wait(core, 2)
    async with open_program() as core:
        await let_pass(clock, 10)
        await post(core, file_of(3))
        await all_wait(core, 3)
        await let_pass(clock, 25)
        await drained(core, clock)
    assert discord.plain_titles == ["The Expanse S02E01-03 (3)"]


async def test_a_person_who_waits_no_longer_gets_all_that_came(
    open_program: Any, clock: FakeClock, discord: FakeDiscord
) -> None:
    async with open_program() as core:
        await post(core, *(file_of(number) for number in (1, 2)))
        await all_wait(core, 2)
        await core.commands.run_now((await core.queries.jobs())[-1].id)
        await drained(core, clock)
    assert discord.plain_titles == ["The Expanse S02E01-02 (2)"]
