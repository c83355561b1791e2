"""A database whose queue lies in Redis: what a transaction changed is kept beside it, and passed on after."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage import mirror, outbox
from metarr_desktop.storage.database import Database
from metarr_desktop.storage.health import Health

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.outbox import Mail
    from metarr_desktop.storage.redis_queue import RedisQueue, Running

Result = TypeVar("Result")

FORGET_AT_ONCE = 500


class RelayedDatabase(Database):
    """Every write of jobs reaches Redis, at once or when it answers again; every read sees what runs.

    The transaction alone decides: where Redis is out of reach afterwards, nothing fails, and the outbox keeps
    what it has to be told. Reads then tell of what runs as it was known last.
    """

    def __init__(
        self,
        database: Database,
        queue: RedisQueue,
        *,
        run_id: str = "",
        on_health: Callable[[Text | None], None] | None = None,
    ) -> None:
        self.shared = database.shared
        self.queue = queue
        self._inner = database
        self._run_id = run_id
        self._delivered: list[int] = []
        self._unsent: list[Mail] = []
        self._sending = asyncio.Lock()
        self._mirrored: tuple[Running, ...] = ()
        self._looked_at = 0
        self._stale = True
        self._queue_health = Health(
            probe=lambda: asyncio.ensure_future(self._probe()),
            on_change=on_health,
            works_again="The Redis server of the queue answers again",
        )

    @property
    def problem(self) -> Text | None:
        """Why the last call failed, or None while both work."""
        return self._inner.problem or self._queue_health.problem

    async def run(self, fn: Callable[..., Result], /, *args: Any) -> Result:
        """Run a transaction, then tell Redis of the jobs it changed."""
        delivered = tuple(self._delivered[:FORGET_AT_ONCE])
        result, mail = await self._inner.run(outbox.recorded, fn, args, delivered)
        if mail is not None:
            told = set(delivered)
            self._delivered = [number for number in self._delivered if number not in told]
            if not self.queue.link.lost_touch:  # else it waits in the outbox, and nobody for it
                try:
                    await self._deliver(mail)
                except StorageFailed as error:
                    self._queue_health.failed(error)
        return result  # type: ignore[no-any-return]

    async def read(self, fn: Callable[..., Result], /, *args: Any) -> Result:
        """Read, with what runs as Redis knows it."""
        try:
            await self.mirror()
        except StorageFailed as error:
            self._tell_failure(error)
        return await self._inner.read(fn, *args)

    async def write_aside(self, fn: Callable[..., Result], /, *args: Any) -> Result:
        """Run a transaction of which Redis knows already."""
        return await self._inner.run(fn, *args)

    async def read_aside(self, fn: Callable[..., Result], /, *args: Any) -> Result:
        """Read rows as they are, without what runs."""
        return await self._inner.read(fn, *args)

    async def close(self) -> None:
        """Finish what was submitted and close the database."""
        await self.finish()
        await self._inner.close()

    async def finish(self) -> None:
        """Take out of the outbox what Redis has, and look no more whether it answers."""
        self._queue_health.close()
        with suppress(StorageFailed):  # it is told again at the next start, which changes nothing
            await self._inner.run(outbox.forget, tuple(self._delivered))

    def touch(self, *, now: int) -> None:
        """Note that what runs changed, and the instant by which the queue goes."""
        self._stale = True
        self._looked_at = max(self._looked_at, now)

    async def mirror(self, *, now: int = 0) -> None:
        """Write into the rows what runs now, where that is not there yet; with ``now`` also what got due."""
        if not (self._stale or self.shared or now):
            return
        self._stale = False
        try:
            running = await self.queue.running()
            if running != self._mirrored or now:
                due_at = max(now, self._looked_at)
                await self._inner.run(lambda db: mirror.mark_running(db, running, due_at=due_at))
                self._mirrored = running
        except BaseException:
            self._stale = True
            raise

    async def catch_up(self) -> None:
        """Tell Redis what it has not heard; what is stored meanwhile is told by who stores it."""
        newest = await self._inner.read(outbox.newest)
        while (mail := await self._inner.read(outbox.unread, newest)) is not None:
            await self.queue.place(mail.letters)
            await self._inner.run(outbox.forget, mail.numbers)

    async def mend(self, *, anew: bool = False) -> None:
        """After a start or a loss: tell Redis what it has not heard, and all where it forgot some."""
        await self.catch_up()
        run_id = await self.queue.link.run_id()
        if anew or run_id != self._run_id or not await self.queue.link.found_mark():
            await self.heal()
            self._run_id = run_id
        await self.queue.link.make_mark()

    async def heal(self) -> None:
        """Compare the whole queue with Redis, which gets what it does not have."""
        after, full = 0, True
        while full and (letters := await self._inner.read(_whole, after, not self.shared)):
            await self.queue.place(letters, how="heal")
            after, full = int(letters[-1]["id"]), len(letters) == outbox.CHUNK
        self._stale = True

    async def resend(self, ids: Collection[int]) -> None:
        """Tell Redis once more of these jobs, which it believes to run or to wait."""
        await self.queue.place(await self._inner.read(outbox.letters_of, tuple(ids)), how="heal")

    async def works(self) -> None:
        """Note that Redis answers."""
        await self._queue_health.worked()

    def fails(self, error: StorageFailed) -> None:
        """Note that Redis does not answer."""
        self._queue_health.failed(error)

    async def _deliver(self, mail: Mail) -> None:
        """Send what has come together while the last batch was on its way."""
        self._unsent.append(mail)
        async with self._sending:
            batch, self._unsent = self._unsent, []
            if not batch or self.queue.link.lost_touch:
                return  # it went with another; where that failed, it is in the outbox
            await self.queue.place([letter for each in batch for letter in each.letters])
            self._delivered += [number for each in batch for number in each.numbers]
            await self.tell(*dict.fromkeys(job_id for each in batch for job_id in each.ids))

    async def tell(self, *topics: str | int) -> None:
        """Tell other processes what changed in Redis; who does not hear it looks at all after a reconnect."""
        if self.shared and topics:
            with suppress(StorageFailed):
                await self.queue.link.publish(topics, sender=self.queue.holder.worker)

    async def _probe(self) -> None:
        await self.queue.link.run_id()

    def _tell_failure(self, error: StorageFailed) -> None:
        if self._inner.problem is None:
            self._queue_health.failed(error)


def _whole(db: Any, after: int, compare: bool) -> tuple[dict[str, Any], ...]:
    return outbox.whole_queue(db, after=after, compare=compare)
