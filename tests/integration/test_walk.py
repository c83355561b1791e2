"""One webhook through every layer, with a real listener, database and HTTP, in this process."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.app.snapshots import HistoryFilter, ServiceState
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import EndStatus
from tests.fakes import MemorySecretStore, eventually, until
from tests.integration.fake_discord import TOKEN, FakeDiscord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore()


@pytest.fixture
def open_program(
    tmp_path: Path, secrets: MemorySecretStore, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> Any:
    monkeypatch.setenv("METARR_DISCORD_BASE", discord.base)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Core]:
        async with open_core(AppPaths(tmp_path / "data"), serve=True, port=0, secrets=secrets) as core:
            yield core

    return opened


async def post(core: Core, body: bytes) -> dict[str, Any]:
    listening = core.queries.listening()
    assert listening is not None
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"http://127.0.0.1:{listening.port}/webhooks/radarr",
            data=body,
            headers={"Content-Type": "application/json"},
        ) as answer,
    ):
        assert answer.status == 200
        result: dict[str, Any] = await answer.json()
        return result


async def drained(core: Core) -> None:
    await waiting_types(core, [])


async def waiting_types(core: Core, expected: list[str]) -> None:
    """Come back when just these jobs are in the queue."""

    async def reached() -> bool:
        return [job.type for job in await core.queries.jobs()] == expected

    await eventually(reached)


async def set_up_discord(core: Core, discord: FakeDiscord) -> None:
    await core.commands.save_service(
        "discord", Draft(secrets={"webhook_url": discord.webhook_url}), enabled=True
    )


async def test_a_webhook_becomes_a_family_that_is_delivered_and_kept(
    open_program: Any, discord: FakeDiscord, download: bytes
) -> None:
    async with open_program() as core:
        await set_up_discord(core, discord)
        answer = await post(core, download)
        assert answer["status"] == "queued"
        await drained(core)
        (family,) = await core.queries.recent()
        assert family.event is not None
        assert family.event.title == "The Matrix (1999)"
        assert {record.type: record.status for record in family.records} == {
            "webhook-received": EndStatus.COMPLETED,
            "scan-movie": EndStatus.SKIPPED,
            "notify-discord": EndStatus.COMPLETED,
        }
        assert discord.titles == ["The Matrix \\(1999\\)"]
        page = await core.queries.history(HistoryFilter(source="radarr", text="matrix"))
        assert len(page.rows) == 3
        discord_row = next(row for row in page.rows if row.record.type == "notify-discord")
        assert [attempt.outcome.value for attempt in discord_row.attempts] == ["done"]
        states = {service.key: service.state for service in await core.queries.services()}
        assert states["discord"] is ServiceState.CONNECTED


async def test_secrets_are_nowhere_but_in_the_keyring(
    open_program: Any, discord: FakeDiscord, secrets: MemorySecretStore, download: bytes, tmp_path: Path
) -> None:
    discord.script = [(400, {"message": f"bad {discord.webhook_url}", "code": 50035})]
    async with open_program() as core:
        await set_up_discord(core, discord)
        await core.commands.save_settings(allow="local")
        await post(core, download)
        await drained(core)
        form = await core.queries.service_form("discord")
        assert form.secrets_set == frozenset({"webhook_url"})
        assert TOKEN not in repr(form)
    assert secrets.secrets["discord/webhook_url"] == discord.webhook_url
    for path in (tmp_path / "data").rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes(), path


async def test_a_rejected_key_stops_the_lane_after_one_request_until_it_is_mended(
    open_program: Any, discord: FakeDiscord, download: bytes
) -> None:
    discord.script = [(401, {"message": "Invalid Webhook Token", "code": 50027})]
    async with open_program() as core:
        await set_up_discord(core, discord)
        await post(core, download)
        await until(lambda: discord.requests == 1)
        await post(core, download)
        await waiting_types(core, ["notify-discord"] * 2)
        services = {each.key: each for each in await core.queries.services()}
        assert services["discord"].state is ServiceState.NEEDS_ATTENTION
        assert [problem.subject for problem in await core.queries.problems()] == ["discord"]
        assert discord.requests == 1
        report = await core.commands.test_service("discord")
        assert (report.ok, report.released) == (True, 2)
        await drained(core)
        assert len(discord.messages) == 2
        assert await core.queries.problems() == ()


async def test_a_service_switched_off_meanwhile_is_not_told(
    open_program: Any, discord: FakeDiscord, download: bytes
) -> None:
    async with open_program() as core:
        await set_up_discord(core, discord)
        await core.commands.pause()
        await post(core, download)
        await waiting_types(core, ["notify-discord"])
        await core.commands.set_enabled("discord", False)
        await core.commands.resume()
        await drained(core)
        page = await core.queries.history(HistoryFilter(type="notify-discord"))
        assert [(row.record.status, str(row.record.error)) for row in page.rows] == [
            (EndStatus.SKIPPED, "Discord is turned off.")
        ]
        assert discord.requests == 0


async def test_a_pause_and_what_waits_survive_a_restart(
    open_program: Any, discord: FakeDiscord, download: bytes
) -> None:
    async with open_program() as core:
        await set_up_discord(core, discord)
        await core.commands.pause()
        await post(core, download)
        await waiting_types(core, ["notify-discord"])
    async with open_program() as core:
        assert core.queries.pause().paused
        assert discord.requests == 0
        await core.commands.resume()
        await drained(core)
        assert len(discord.messages) == 1


async def test_a_job_can_be_retried_and_a_webhook_replayed(
    open_program: Any, discord: FakeDiscord, download: bytes
) -> None:
    discord.script = [(400, {"message": "Cannot send an empty message", "code": 50006})]
    async with open_program() as core:
        await set_up_discord(core, discord)
        answer = await post(core, download)
        await drained(core)
        failed = (await core.queries.history(HistoryFilter(status=EndStatus.FAILED))).rows[0].record
        assert "empty message" in str(failed.error)
        again = await core.commands.retry_job(failed.job_id)
        assert again != failed.job_id
        await drained(core)
        assert (await core.queries.job(again)).record.status is EndStatus.COMPLETED
        assert await core.commands.retry_failed() == 0
        root = await core.commands.replay_event(answer["eventId"])
        await drained(core)
        replayed = await core.queries.family(root)
        assert replayed is not None
        assert len(replayed.records) == 3
        assert len(discord.messages) == 2


async def test_a_body_without_meaning_is_one_failed_job_in_plain_words(open_program: Any) -> None:
    async with open_program() as core:
        await post(core, json.dumps({"eventType": "Download", "movie": ["not", "a", "movie"]}).encode())
        await drained(core)
        (row,) = (await core.queries.history(HistoryFilter())).rows
        assert row.record.status is EndStatus.FAILED
        assert row.record.error is not None
        assert "Traceback" not in str(row.record.error)
        assert len(row.attempts) == 1
