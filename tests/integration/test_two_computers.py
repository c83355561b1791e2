"""Two computers on one PostgreSQL: each sees what the other does, and each job runs on one of them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import pytest
from pydantic import Field, SecretStr

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.app.snapshots import HistoryFilter, ProblemKind
from metarr_desktop.domain.changes import JobChanged, JobEnded, PauseChanged
from metarr_desktop.domain.errors import Refused, SecretsUnavailable
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import EndStatus, JobStatus
from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import Delivery, Service, ServiceConfig, TestStep
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.webhooks.sources.registry import SOURCES
from tests.fakes import MemorySecretStore, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.notification import Notification


class SlowConfig(ServiceConfig):
    """Needs nothing."""


class GuardedConfig(ServiceConfig):
    """Needs a secret."""

    token: Annotated[SecretStr, Field(title="Token")]


class SlowNotifier(Notifier[ServiceConfig]):
    """Delivers when the test opens the gate."""

    gate: asyncio.Event
    running: list[str]

    async def send(self, config: ServiceConfig, notification: Notification) -> Delivery:
        self.running.append(notification.title)
        await self.gate.wait()
        return Delivery(detail=Text("Sent."))

    async def test(self, config: ServiceConfig) -> list[TestStep]:
        return []


class Computer:
    """One program, and what its window would hear."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.changes: list[Change] = []
        core.bus.subscribe(self.changes.append)

    def ended(self, kind: str) -> list[EndStatus]:
        return [
            change.record.status
            for change in self.changes
            if isinstance(change, JobEnded) and change.record.type == kind
        ]

    def runs_here(self) -> set[int]:
        """Ids of the jobs that this program runs itself."""
        worker = self.core.commands._worker
        assert worker is not None
        return set(worker._running)

    def runs(self, kind: str) -> int | None:
        """Id of a job of this type that was seen to run."""
        for change in self.changes:
            if (
                isinstance(change, JobChanged)
                and change.job.type == kind
                and change.job.status is JobStatus.PROCESSING
            ):
                return change.job.id
        return None


@pytest.fixture
async def computers(tmp_path: Path, postgres_url: str) -> AsyncIterator[tuple[Computer, Computer]]:
    SlowNotifier.gate, SlowNotifier.running = asyncio.Event(), []
    services = [
        Service(key="slow", title="Slow", config=SlowConfig, notifier=SlowNotifier, docs=""),
        Service(key="guarded", title="Guarded", config=GuardedConfig, notifier=SlowNotifier, docs=""),
    ]
    broken = MemorySecretStore()
    broken.failure = SecretsUnavailable("The keyring is locked.")
    async with AsyncExitStack() as stack:
        made = []
        for name, secrets in (("receiver", MemorySecretStore()), ("helper", broken)):
            core = await stack.enter_async_context(
                open_core(
                    AppPaths(tmp_path / name),
                    serve=True,
                    port=0,
                    database_url=postgres_url,
                    listen=name == "receiver",
                    secrets=secrets,
                    services=services,
                    sources=SOURCES,
                )
            )
            made.append(Computer(core))
        yield made[0], made[1]
        SlowNotifier.gate.set()


async def test_each_sees_live_what_the_other_does(computers: tuple[Computer, Computer]) -> None:
    receiver, helper = computers
    await helper.core.commands.set_enabled("slow", True)
    assert await receiver.core.commands.send_test("radarr") == (200, 1)
    SlowNotifier.gate.set()
    await until(lambda: receiver.ended("notify-slow") and helper.ended("notify-slow"))
    await until(lambda: helper.ended("webhook-received"))
    assert len(SlowNotifier.running) == 1
    assert receiver.ended("notify-slow") == [EndStatus.COMPLETED]
    assert not (await helper.core.queries.status()).queue.pending


async def test_a_job_that_runs_on_one_is_cancelled_from_the_other(
    computers: tuple[Computer, Computer],
) -> None:
    receiver, helper = computers
    await receiver.core.commands.set_enabled("slow", True)
    await receiver.core.commands.send_test("radarr")
    await until(lambda: SlowNotifier.running)
    await until(lambda: receiver.runs("notify-slow") and helper.runs("notify-slow"))
    job_id = receiver.runs("notify-slow")
    assert job_id is not None
    (other,) = [each for each in computers if job_id not in each.runs_here()]
    await other.core.commands.cancel_job(job_id)
    await until(lambda: receiver.ended("notify-slow") and helper.ended("notify-slow"))
    assert helper.ended("notify-slow") == [EndStatus.CANCELLED]


async def test_a_pause_on_one_pauses_the_other(computers: tuple[Computer, Computer]) -> None:
    receiver, helper = computers
    await receiver.core.commands.set_enabled("slow", True)
    await receiver.core.commands.pause()
    await until(lambda: helper.core.queries.pause().paused)
    assert any(isinstance(change, PauseChanged) for change in helper.changes)
    await receiver.core.commands.send_test("radarr")
    await until(lambda: helper.ended("scan-movie"))
    assert SlowNotifier.running == []
    SlowNotifier.gate.set()
    await helper.core.commands.resume()
    await until(lambda: receiver.ended("notify-slow"))


async def test_a_film_that_no_computer_has_fails_when_each_has_looked(
    computers: tuple[Computer, Computer], tmp_path: Path
) -> None:
    receiver, helper = computers
    await receiver.core.commands.add_library(str(tmp_path), name="Films")
    await receiver.core.commands.send_test("radarr")
    await until(lambda: helper.ended("scan-movie"))
    assert helper.ended("scan-movie") == [EndStatus.FAILED]
    page = await receiver.core.queries.history(HistoryFilter())
    (scan,) = [row for row in page.rows if row.record.type == "scan-movie"]
    assert [attempt.outcome.value for attempt in scan.attempts] == ["deferred", "failed"]


async def test_a_worker_without_a_listener_needs_a_database_to_share(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="--database-url"):
        async with open_core(AppPaths(tmp_path / "x"), serve=True, listen=False, secrets=MemorySecretStore()):
            pass


async def test_a_pure_worker_says_so_and_receives_nothing(computers: tuple[Computer, Computer]) -> None:
    _, helper = computers
    status = await helper.core.queries.status()
    assert (status.running, status.listening) == (True, None)
    with pytest.raises(Refused, match="--no-listener"):
        await helper.core.commands.restart_listener()


async def test_a_keyring_that_fails_on_one_computer_leaves_the_messages_to_the_other(
    computers: tuple[Computer, Computer],
) -> None:
    receiver, helper = computers
    SlowNotifier.gate.set()
    token = Draft(secrets={"token": "hush"})
    await receiver.core.commands.save_service("guarded", token, enabled=True)
    for _ in range(5):
        await receiver.core.commands.send_test("radarr")
    await until(lambda: len(helper.ended("notify-guarded")) == 5)
    assert set(helper.ended("notify-guarded")) == {EndStatus.COMPLETED}
    assert not await receiver.core.queries.problems()
    kinds = {problem.kind for problem in await helper.core.queries.problems()}
    assert kinds <= {ProblemKind.KEYRING_LOCKED}
