"""What a contract test needs beside the job store, the same for each kind of store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.history_store import HistoryStore
from metarr_desktop.storage.holder import Holder
from metarr_desktop.storage.player_store import PlayerStore
from metarr_desktop.storage.redis_job_store import RedisJobStore
from metarr_desktop.storage.redis_link import RedisLink
from metarr_desktop.storage.redis_queue import RedisQueue
from metarr_desktop.storage.relayed import RelayedDatabase
from metarr_desktop.storage.service_store import ServiceStore
from metarr_desktop.storage.sql_job_store import SqlJobStore
from tests.fakes import START
from tests.memory.rows import Memory
from tests.memory.store import MemoryJobStore

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.jobs import Attempt, JobRecord
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.job_store import JobStore
    from metarr_desktop.storage.sql import Sql

SERVICES = ("discord", "kodi", "pushover")
LEASE = timedelta(seconds=60)
GONE = timedelta(seconds=-1)
"""Lease of a process whose jobs are taken over at once: it was over before it began."""


class Stores(ABC):
    """One database and the stores of the processes that work on it."""

    @abstractmethod
    def process(self, name: str, *, lease: timedelta = LEASE) -> JobStore:
        """Return the store as another process has it; where none shares it, as the one after a restart."""

    @abstractmethod
    async def enable(self, service: str, *, now: datetime) -> None:
        """Switch a service on."""

    @abstractmethod
    async def save_settings(self, service: str, *, now: datetime) -> None:
        """Save a service's settings, as a person does who mends them."""

    @abstractmethod
    async def save_player(self, service: str, *, now: datetime) -> None:
        """Save a player of a service, as a person does who mends its password."""

    @abstractmethod
    async def record(self, job_id: int) -> JobRecord | None:
        """How a job ended."""

    @abstractmethod
    async def attempts(self, job_id: int) -> tuple[Attempt, ...]:
        """Every run of a job."""

    @abstractmethod
    async def webhook_end(self, event_id: int) -> tuple[str, str | None]:
        """Outcome and title that a stored webhook has by now."""

    @abstractmethod
    async def body(self, event_id: int) -> bytes:
        """Raw body of a stored webhook."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the database."""

    async def ran(self, job_id: int) -> list[str]:
        """Outcomes of all runs of a job, in order."""
        attempts = await self.attempts(job_id)
        assert [each.number for each in attempts] == list(range(1, len(attempts) + 1))
        return [each.outcome.value for each in attempts]


class SqlStores(Stores):
    """Stores on an SQL database of a kind."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._history = HistoryStore(database)
        self._services = ServiceStore(database)
        self._events = EventStore(database)

    async def prepare(self) -> None:
        await self._services.seed(SERVICES, now=START)

    def process(self, name: str, *, lease: timedelta = LEASE) -> JobStore:
        return SqlJobStore(self.database, holder=holder(name, lease=lease))

    async def enable(self, service: str, *, now: datetime) -> None:
        await self._services.set_enabled(service, enabled=True, now=now)

    async def save_settings(self, service: str, *, now: datetime) -> None:
        await self._services.save(service, values={}, kept_secrets=[], now=now)

    async def save_player(self, service: str, *, now: datetime) -> None:
        players = PlayerStore(self.database)
        group = await players.first_group(service, now=START)
        player = await players.add_player(group.id, name="", values={}, enabled=True, now=START)
        await players.save_player(player.id, name="", values={}, kept_secrets=(), enabled=True, now=now)

    async def record(self, job_id: int) -> JobRecord | None:
        return await self._history.record(job_id)

    async def attempts(self, job_id: int) -> tuple[Attempt, ...]:
        return (await self._history.attempts([job_id])).get(job_id, ())

    async def webhook_end(self, event_id: int) -> tuple[str, str | None]:
        def read(sql: Sql) -> tuple[str, str | None]:
            row = sql.execute("SELECT outcome, title FROM webhook_events WHERE id = ?", (event_id,))
            outcome, title = row.fetchone()
            return outcome or "", title or None

        return await self.database.read(read)

    async def body(self, event_id: int) -> bytes:
        return (await self._events.body(event_id)).body

    async def close(self) -> None:
        await self.database.close()


def holder(name: str, *, lease: timedelta) -> Holder:
    """Return a process by its name, which may say its data folder as the names of real ones do."""
    folder = name.rpartition("-")[2].partition(".")[0] if "." in name else ""
    return Holder(worker=name, folder=folder, lease=lease)


class RedisStores(SqlStores):
    """Stores whose queue lies in Redis; each process has a connection of its own."""

    def __init__(self, database: Database, url: str) -> None:
        super().__init__(database)
        self._url = url
        self.links: list[RedisLink] = []

    def process(self, name: str, *, lease: timedelta = LEASE) -> RedisJobStore:
        link = RedisLink(self._url, prefix="metarr:")
        self.links.append(link)
        queue = RedisQueue(link, holder=holder(name, lease=lease), shared=self.database.shared)
        return RedisJobStore(RelayedDatabase(self.database, queue))

    async def leave_redis(self) -> None:
        for link in self.links:
            await link.close()


class MemoryStores(Stores):
    """Stores that share one memory."""

    def __init__(self) -> None:
        self.memory = Memory()

    def process(self, name: str, *, lease: timedelta = LEASE) -> JobStore:
        return MemoryJobStore(self.memory, worker=name)

    async def enable(self, service: str, *, now: datetime) -> None:
        self.memory.enabled |= {service}
        self.memory.saved_at[service] = now

    async def save_settings(self, service: str, *, now: datetime) -> None:
        self.memory.saved_at[service] = now

    async def save_player(self, service: str, *, now: datetime) -> None:
        self.memory.saved_at[service] = now

    async def record(self, job_id: int) -> JobRecord | None:
        return self.memory.ended.get(job_id)

    async def attempts(self, job_id: int) -> tuple[Attempt, ...]:
        return self.memory.attempts.get(job_id, ())

    async def webhook_end(self, event_id: int) -> tuple[str, str | None]:
        return self.memory.titles.get(event_id, ("", None))

    async def body(self, event_id: int) -> bytes:
        return self.memory.webhooks[event_id].body

    async def close(self) -> None:
        """Nothing is held."""
