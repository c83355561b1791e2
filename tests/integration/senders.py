"""The real core in this process, listening on loopback, with stand-ins that it can be connected to."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.forms import Draft
from tests.fake_arr import FakeArr
from tests.fakes import FakeClock, MemorySecretStore, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Home:
    """A household: one data folder, one clock, one keyring, and its senders."""

    def __init__(self, folder: Path) -> None:
        self.paths = AppPaths(folder / "data")
        self.clock = FakeClock()
        self.secrets = MemorySecretStore()
        self.arrs: list[FakeArr] = []

    @asynccontextmanager
    async def program(self, *, port: int = 0, **options: Any) -> AsyncIterator[Core]:
        """Run the program."""
        async with open_core(
            self.paths, serve=True, port=port, clock=self.clock, secrets=self.secrets, **options
        ) as core:
            yield core

    async def arr(self, kind: str = "radarr", **options: Any) -> FakeArr:
        """Start a stand-in."""
        arr = FakeArr(kind=kind, now=self.clock.now, **options)
        await arr.start()
        self.arrs.append(arr)
        return arr

    async def close(self) -> None:
        for arr in self.arrs:
            await arr.stop()


def draft(arr: FakeArr, **values: str) -> Draft:
    """The settings of a stand-in as a person types them."""
    return Draft(values={"url": arr.url, **values}, secrets={"api_key": arr.key})


async def connected(core: Core, arr: FakeArr, name: str = "") -> str:
    """Add and connect a stand-in; returns its name."""
    name = name or arr.title
    await core.commands.add_sender(name, type=arr.kind, draft=draft(arr))
    report = await core.commands.connect_sender(name)
    assert report.ok, [str(line.detail) for line in report.lines]
    return name


async def idle(core: Core, *, within: float = 20.0) -> None:
    """Wait until the queue is empty."""

    async def empty() -> bool:
        return not await core.queries.jobs()

    await eventually(empty, within=within)


async def stored(core: Core) -> list[tuple[str, str, str, bool]]:
    """Every stored webhook, oldest first: source, event, title, recovered."""
    events = core.queries._events
    return [
        (each.source, each.event_type, each.title, each.recovered)
        for each in reversed(await events.newest(limit=500))
    ]
