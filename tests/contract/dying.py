"""A queue on Redis whose process ends at a chosen place between the database and Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage.holder import Holder
from metarr_desktop.storage.redis_job_store import RedisJobStore
from metarr_desktop.storage.redis_queue import RedisQueue
from metarr_desktop.storage.relayed import RelayedDatabase
from tests.contract.harness import GONE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import timedelta

    from metarr_desktop.storage.redis_queue import Found
    from tests.contract.harness import RedisStores


class Killed(BaseException):
    """The process ended here."""


class DyingQueue(RedisQueue):
    """``before`` and ``after`` name the step at which it ends; ``unanswered`` loses the answer to a claim.

    ``meanwhile`` happens with every letter that is sent.
    """

    before = after = ""
    unanswered = False
    meanwhile: Callable[[], Awaitable[object]] | None = None
    said: Sequence[Mapping[str, Any]] = ()

    async def place(self, rows: Sequence[Mapping[str, Any]], *, how: str = "news") -> None:
        self._end(self.before, "place")
        self.said = rows
        await super().place(rows, how=how)
        if self.meanwhile is not None:
            await self.meanwhile()
        self._end(self.after, "place")

    async def claim(self, *arguments: Any, **more: Any) -> Found:
        found = await super().claim(*arguments, **more)
        self._end(self.after, "claim")
        if self.unanswered:
            self.unanswered = False
            self.link.lost_touch = True
            raise StorageFailed("The answer was lost.")
        return found

    async def seize(self, job_id: int) -> str | int:
        found = await super().seize(job_id)
        self._end(self.after, "seize")
        return found

    @staticmethod
    def _end(chosen: str, step: str) -> None:
        if chosen == step:
            raise Killed


def dying(
    stores: RedisStores, name: str = "died", *, lease: timedelta = GONE
) -> tuple[RedisJobStore, DyingQueue]:
    """Return a process that can end, and the queue that ends it."""
    link = stores.process(name)._queue.link
    queue = DyingQueue(link, holder=Holder(worker=name, lease=lease), shared=stores.database.shared)
    return RedisJobStore(RelayedDatabase(stores.database, queue)), queue
