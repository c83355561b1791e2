"""Stand-ins that behave: a clock to turn by hand and secrets kept in memory."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.services.tools import Tools
from metarr_desktop.storage.secrets import KeyringState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.errors import SecretsUnavailable
    from metarr_desktop.domain.text import Text
    from metarr_desktop.services.http import Http
    from metarr_desktop.services.tools import Notes

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class MemoryNotes:
    """A service's notes in a dict, for tests to look at."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    async def get(self, name: str, /) -> dict[str, Any] | None:
        return self.kept.get(name)

    async def put(self, name: str, value: Mapping[str, Any], /) -> None:
        self.kept[name] = json.loads(json.dumps(value))

    async def drop(self, name: str, /) -> None:
        self.kept.pop(name, None)


def tools(
    http: Http, clock: Clock, *, notes: Notes | None = None, hurry: Callable[[int], None] | None = None
) -> Tools:
    """Return what a notifier works with."""
    return Tools(
        http=http,
        clock=clock,
        notes=MemoryNotes() if notes is None else notes,
        spawn=lambda work, *, name: asyncio.get_running_loop().create_task(work, name=name),
        hurry=hurry or (lambda _job: None),
    )


def no_report(done: int, total: int, note: Text | None = None) -> None:
    """Take a handler's progress and do nothing with it."""


class FakeClock:
    """Time stands still until ``advance``; sleepers wake in the order of their times."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._elapsed + seconds, future))
        await future

    @property
    def sleeping(self) -> int:
        """How many wait for this clock and wake within four minutes; the time limit of a run is longer."""
        soon = self._elapsed + 240
        return sum(not future.done() and at <= soon for at, future in self._sleepers)

    @property
    def next_wake(self) -> float | None:
        """Seconds until the next sleeper wakes, None where nobody sleeps."""
        waits = [at - self._elapsed for at, future in self._sleepers if not future.done()]
        return min(waits, default=None)

    def advance(self, by: timedelta | float) -> None:
        """Let time pass and wake who slept for no longer."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        self._now += step
        self._elapsed += step.total_seconds()
        due = [future for at, future in self._sleepers if at <= self._elapsed]
        self._sleepers = [(at, future) for at, future in self._sleepers if at > self._elapsed]
        for future in due:
            if not future.done():
                future.set_result(None)

    def jump(self, by: timedelta) -> None:
        """Set the wall clock; no time passes, so that nobody wakes."""
        self._now += by


class MemorySecretStore:
    """Secrets in a dict; ``failure`` makes every call raise, as a locked keyring does."""

    def __init__(self, secrets: dict[str, str] | None = None) -> None:
        self.secrets = dict(secrets or {})
        self.until_quit: dict[str, str] = {}
        self.failure: SecretsUnavailable | None = None
        self.asked: list[str] = []

    @property
    def state(self) -> KeyringState:
        return KeyringState.USABLE if self.failure is None else KeyringState.LOCKED

    def provided(self, name: str) -> bool:
        return name in self.until_quit

    async def get(self, name: str) -> str | None:
        if name in self.until_quit:
            return self.until_quit[name]
        self._ask(name)
        return self.secrets.get(name)

    async def set(self, name: str, value: str) -> None:
        self._ask(name)
        self.secrets[name] = value

    async def delete(self, name: str) -> None:
        self._ask(name)
        self.secrets.pop(name, None)

    def keep_until_quit(self, name: str, value: str) -> None:
        self.until_quit[name] = value

    def drop(self, name: str) -> None:
        self.until_quit.pop(name, None)

    def forget(self) -> None:
        self.asked.clear()

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if self.failure is not None:
            raise self.failure


async def until(condition: Callable[[], object], *, within: float = 10.0) -> None:
    """Let the loop go round until something holds, or fail after ``within`` seconds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - the condition may be anything
            await asyncio.sleep(0.002)


async def eventually(condition: Callable[[], Awaitable[object]], *, within: float = 10.0) -> None:
    """Ask again until what has to be awaited holds, or fail after ``within`` seconds."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
