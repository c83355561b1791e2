"""The real program around one service, with a clock turned by hand and a server that obeys a script."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import JobStatus
from metarr_desktop.services.http import Http, Limits
from tests.fakes import FakeClock, MemorySecretStore
from tests.fakes_http import FakeServer, Recorded, Reply
from tests.integration.conftest import SAMPLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from metarr_desktop.app.snapshots import JobDetail
    from metarr_desktop.domain.forms import PlainValue

DOWNLOAD = (SAMPLES / "radarr" / "download.json").read_bytes()
QUICK = Limits(connect=0.5, total=0.5, slow=0.5)
STILL_S = 0.05
"""Nothing happens for so long: who runs waits for the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One service as the suite sees it.

    ``normal`` answers every request as the vendor's server does, and fails the test for a wrong one;
    ``delivers`` tells the request that does the work from those around it. With ``looks_again`` it is asked
    once more what there is, where what was to do the work is not there.
    """

    key: str
    normal: Callable[[Recorded], Reply]
    delivers: Callable[[Recorded], bool]
    secrets: Callable[[str], Mapping[str, str]]
    values: Callable[[str], Mapping[str, PlainValue]] = field(default=lambda _base: {})
    base_variable: str = ""
    unauthorised: Reply = field(default_factory=lambda: Reply(status=401))
    forbidden: Reply = field(default_factory=lambda: Reply(status=403))
    missing: Reply = field(default_factory=lambda: Reply(status=404))
    refusal: Reply = field(default_factory=lambda: Reply(status=400))
    missing_blocks: bool = False
    looks_again: bool = False
    takes_any_success: bool = False
    speaks_https: bool = True
    hush: tuple[str, ...] = ()

    @property
    def job_type(self) -> str:
        return f"notify-{self.key}"


class ScriptedServer(FakeServer):
    """Answers normally; what is in ``faults`` happens to the next deliveries instead.

    ``at`` is when each delivery came, by the clock of the test. After a fault in ``late`` the delivery was
    done before the connection broke.
    """

    def __init__(self, case: Case, clock: FakeClock) -> None:
        super().__init__(self._answer)
        self._case = case
        self._clock = clock
        self.faults: deque[Reply] = deque()
        self.at: list[datetime] = []
        self.wrong: list[str] = []
        self.last_word = asyncio.get_running_loop().time()

    @property
    def still(self) -> bool:
        """Whether nothing came for a moment."""
        return asyncio.get_running_loop().time() - self.last_word > STILL_S

    @property
    def gaps(self) -> list[float]:
        """Seconds between the deliveries."""
        return [(after - before).total_seconds() for before, after in zip(self.at, self.at[1:], strict=False)]

    def _answer(self, request: Recorded) -> Reply:
        self.last_word = asyncio.get_running_loop().time()
        try:
            reply = self._case.normal(request)
        except AssertionError as error:
            self.wrong.append(f"{request.method} {request.path}: {error}")
            return Reply(status=400, body=b"the fake refuses this request")
        if not self._case.delivers(request):
            return reply
        self.at.append(self._clock.now())
        return self.faults.popleft() if self.faults else reply


@dataclass(slots=True, kw_only=True)
class World:
    """The running program with one service set up."""

    case: Case
    core: Core
    clock: FakeClock
    server: ScriptedServer
    secrets: MemorySecretStore
    folder: Path

    async def tell(self) -> None:
        """Post a webhook, as Radarr does."""
        import aiohttp  # noqa: PLC0415 - not needed to collect the tests

        listening = self.core.queries.listening()
        assert listening is not None
        address = f"http://127.0.0.1:{listening.port}/webhooks/radarr"
        async with (
            aiohttp.ClientSession() as session,
            session.post(address, data=DOWNLOAD, headers={"Content-Type": "application/json"}) as answer,
        ):
            assert answer.status == 200

    async def deliver(self, *, attempts: int | None = None) -> JobDetail:
        """Tell the program of a film and let time pass until the delivery ended or stopped.

        With ``attempts`` it comes back after so many, whatever became of the job.
        """
        await self.tell()
        return await self.go_on(attempts=attempts)

    async def go_on(self, *, attempts: int | None = None) -> JobDetail:
        """Let time pass until the delivery ended, or its lane takes nothing more until a person acts."""
        async with asyncio.timeout(90):
            while True:
                detail = await self._detail()
                if detail is not None and await self._over(detail, attempts=attempts):
                    assert not self.server.wrong
                    return detail
                await self._let_time_pass()

    async def _over(self, detail: JobDetail, *, attempts: int | None) -> bool:
        if detail.record is not None or (attempts is not None and len(detail.attempts) >= attempts):
            return True
        stopped = any(lane.state == "blocked" for lane in detail.lanes.values())
        return stopped and detail.job is not None and detail.job.status is JobStatus.PENDING

    async def _detail(self) -> JobDetail | None:
        for family in await self.core.queries.recent():
            numbers = [job.id for job in family.jobs if job.type == self.case.job_type]
            numbers += [record.job_id for record in family.records if record.type == self.case.job_type]
            if numbers:
                return await self.core.queries.job(numbers[0])
        return None

    async def _let_time_pass(self) -> None:
        """Turn the clock to the next thing that waits for it, once nothing else is going on."""
        await asyncio.sleep(0.01)
        jobs = await self.core.queries.jobs()
        running = any(job.status is JobStatus.PROCESSING for job in jobs)
        wake = self.clock.next_wake
        if wake is None or self.server.in_flight or (running and not self.server.still):
            return
        if jobs and not running:
            due = min(job.run_after for job in jobs) - self.clock.now()
            wake = max(wake, due.total_seconds())
        self.clock.advance(max(wake, 0.0))

    def files_hold(self, words: str) -> list[str]:
        """Name the files of the data folder that hold these words."""
        data = words.encode()
        return [path.name for path in self.folder.rglob("*") if path.is_file() and data in path.read_bytes()]


@asynccontextmanager
async def opened(
    case: Case, folder: Path, *, server: ScriptedServer, clock: FakeClock, environment: Any
) -> AsyncIterator[World]:
    """Run the program with this service on, and a message in its settings that leads to the server."""
    base = server.url
    if case.base_variable:
        environment.setenv(case.base_variable, base)
    secrets = MemorySecretStore()
    async with open_core(
        AppPaths(folder / "data"),
        serve=True,
        port=0,
        clock=clock,
        secrets=secrets,
        http=Http(lan=QUICK, internet=QUICK),
    ) as core:
        draft = Draft(values=dict(case.values(base)), secrets=dict(case.secrets(base)))
        await core.commands.save_service(case.key, draft, enabled=True)
        yield World(case=case, core=core, clock=clock, server=server, secrets=secrets, folder=folder / "data")


def json_of(reply: Mapping[str, Any] | list[Any]) -> Reply:
    """Return a success with a JSON body."""
    return Reply(body=json.dumps(reply).encode(), headers={"Content-Type": "application/json"})
