"""The real core in this process, listening on loopback, with stand-ins that it can be connected to."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import Delivery, Service, ServiceConfig, TestStep
from metarr_desktop.services.notifier import Notifier
from tests.fake_arr import FakeArr
from tests.fakes import FakeClock, MemorySecretStore, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.domain.events import MediaEvent, Notice
    from metarr_desktop.domain.notification import Notification


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

    async def let_pass(self, core: Core) -> None:
        """Let time go by until nothing is left to do: some messages wait for more of their kind."""

        async def done() -> bool:
            self.clock.advance(2)
            return not await core.queries.jobs()

        await eventually(done, within=20.0)

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
    await idle(core)  # what runs while the clock is turned has run for that long
    return name


async def idle(core: Core, *, within: float = 20.0) -> None:
    """Wait until the queue is empty."""

    left: list[str] = []

    async def empty() -> bool:
        left[:] = [
            f"{each.type} {each.error or each.reason or each.run_after}" for each in await core.queries.jobs()
        ]
        return not left

    try:
        await eventually(empty, within=within)
    except TimeoutError:
        raise AssertionError(left) from None


async def stored(core: Core) -> list[tuple[str, str, str, bool]]:
    """Every stored webhook, oldest first: source, event, title, recovered."""
    events = core.queries._events
    return [
        (each.source, each.event_type, each.title, each.recovered)
        for each in reversed(await events.newest(limit=500))
    ]


def notebook(told: list[Notice | MediaEvent]) -> Service:
    """Make a service for people that writes down what it is told."""

    class Pen(Notifier[ServiceConfig]):
        async def send(self, config: ServiceConfig, notification: Notification) -> Delivery:
            told.append(notification.event)
            return Delivery(detail=Text("Written down."))

        async def test(self, config: ServiceConfig) -> list[TestStep]:
            return []

    return Service(key="notebook", title="Notebook", config=ServiceConfig, notifier=Pen, docs="docs/x.md")


async def recovered(core: Core) -> list[str]:
    """Titles of the webhooks that were read from a history, oldest first."""
    return [title for _, _, title, late in await stored(core) if late]


async def wait_for_recovered(core: Core, count: int) -> list[str]:
    """Wait until so many were recovered and all is done; returns their titles."""

    async def there() -> bool:
        return len(await recovered(core)) >= count

    await eventually(there)
    await idle(core)
    return await recovered(core)


async def ended(core: Core, kind: str) -> list[tuple[str, str]]:
    """How the jobs of a type ended, newest first: status and reason."""
    page = await core.queries.history(HistoryFilter(type=kind), limit=50)
    return [(row.record.status.value, str(row.record.error or row.record.result)) for row in page.rows]
