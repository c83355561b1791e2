"""Opens the queue where it was chosen to lie, on a database that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.changes import StorageChanged
from metarr_desktop.domain.errors import Refused, StorageFailed
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.queue_place import name_queue, queue_name, take_home
from metarr_desktop.storage.redis_job_store import RedisJobStore
from metarr_desktop.storage.redis_link import RedisLink, detail_of
from metarr_desktop.storage.redis_news import RedisNews
from metarr_desktop.storage.redis_queue import RedisQueue
from metarr_desktop.storage.relayed import RelayedDatabase
from metarr_desktop.storage.sql_job_store import SqlJobStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack
    from datetime import datetime

    from metarr_desktop.app.queue_choice import QueueChoice
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.holder import Holder
    from metarr_desktop.storage.news import Topics

IN_REDIS = Text(
    "The queue of this database lies in Redis, and other computers may be at work on it. Name the same Redis"
    " with --queue-url; or, when no other computer runs, take the queue back once with --queue-url database."
)


async def open_queue(
    choice: QueueChoice, database: Database, stack: AsyncExitStack, *, bus: Bus, holder: Holder, now: datetime
) -> tuple[Database, SqlJobStore]:
    """Return the database to use from here on, and its job store.

    Raises Refused where Redis would forget jobs, or where others have the queue elsewhere; StorageFailed
    where Redis does not answer.
    """
    if choice.url is None:
        # A file has one program at a time, and its next start on Redis compares all there is.
        if database.shared and await queue_name(database) is not None:
            if not choice.home:
                raise Refused(IN_REDIS)
            await take_home(database)
        return database, SqlJobStore(database, holder=holder)

    def tell(_problem: Text | None) -> None:
        bus.publish(StorageChanged())

    link = RedisLink(choice.url, password=choice.password)
    stack.push_async_callback(link.close)
    try:
        run_id = await link.check()
    except StorageFailed as error:
        raise StorageFailed(
            text(
                "The queue cannot be opened on {place}: {detail}. Nothing was started, and no webhook is"
                " received. See that Redis runs there and that the password is right, or start with"
                " --queue-url database.",
                place=choice.shown,
                detail=detail_of(error.__cause__ or error),
            )
        ) from error
    link.prefix = f"metarr:{await name_queue(database, now=now)}:"
    queue = RedisQueue(link, holder=holder, shared=database.shared)
    relayed = RelayedDatabase(database, queue, run_id=run_id, on_health=tell)
    stack.push_async_callback(relayed.finish)
    return relayed, RedisJobStore(relayed)


def news_of_queue(database: Database, *, hear: Callable[[Topics], None]) -> RedisNews | None:
    """Return what hears of changes by others in a queue on Redis; None where no others share it."""
    if not isinstance(database, RelayedDatabase) or not database.shared:
        return None
    queue = database.queue
    return RedisNews(queue.link, sender=queue.holder.worker, on_news=hear)
