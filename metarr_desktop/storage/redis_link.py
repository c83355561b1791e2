"""The connection to a Redis server: what it is asked before it is used, and its failures in our words."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import suppress
from importlib import resources
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import Refused, StorageFailed
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

TIMEOUT_S = 5.0
NO_CLIENT = Text(
    "A queue on Redis needs its client, which is not installed. Install metarr-desktop[redis], then start"
    " again."
)
PRELUDE = "queue"
FULL = Text(
    "The Redis server of the queue is full. What waits goes on when it has memory again:"
    " raise maxmemory in its redis.conf."
)
NO_DISK = Text(
    "The Redis server of the queue cannot write to its disk. What waits goes on when there is space again."
)


class RedisLink:
    """One Redis database; keys of ours begin with ``prefix``. Calls raise StorageFailed, each within 5 s.

    ``lost_touch`` is set when a call failed: what it asked for may have happened all the same. It is set too
    when the one connection was lost and is open again (``connections`` counts them): the server may have been
    restarted meanwhile, without what came last. And it is set when ``mark``, which ``make_mark`` leaves
    beside what the queue has there, is another one or gone: somebody removed it all.
    """

    def __init__(self, url: str, *, password: str | None = None, prefix: str = "") -> None:
        try:
            import redis.asyncio as client  # noqa: PLC0415 - an extra
            from redis.asyncio.retry import Retry  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
            from redis.exceptions import RedisError  # noqa: PLC0415
        except ImportError as error:
            raise StorageFailed(NO_CLIENT) from error
        given: dict[str, Any] = {} if password is None else {"password": password}
        self._errors = (RedisError, OSError, asyncio.TimeoutError)

        def connect(**more: Any) -> Any:
            pool = client.BlockingConnectionPool.from_url(
                url,
                decode_responses=True,
                max_connections=1,
                timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
                # A script whose answer was lost may have run: it must not be sent twice.
                retry=Retry(NoBackoff(), 0),
                **given,
                **more,
            )
            return client.Redis.from_pool(pool)

        self._url = url
        self._connect = connect
        self._client = connect(socket_timeout=TIMEOUT_S, redis_connect_func=self._opened)
        self._scripts: dict[str, Any] = {}
        self.prefix = prefix
        self.lost_touch = False
        self.connections = 0
        self.mark = ""

    async def check(self) -> str:
        """Refuse a server that would forget jobs; returns the id of its run.

        Raises Refused with what to set, StorageFailed where it does not answer.
        """
        persistence = await self._call(self._client.info("persistence"))
        memory = await self._call(self._client.info("memory"))
        appends = str(persistence.get("aof_enabled")) == "1"
        policy = str(memory.get("maxmemory_policy", "noeviction"))
        if not appends or policy != "noeviction":
            raise Refused(
                text(
                    "This Redis may forget jobs: its appendonly is {appendonly}, its maxmemory-policy"
                    ' {policy}. Set "appendonly yes" and "maxmemory-policy noeviction" in its redis.conf,'
                    " restart it, then start again.",
                    appendonly="yes" if appends else "no",
                    policy=policy,
                )
            )
        return await self.run_id()

    async def look(self) -> None:
        """See whether the server is there, the connection still the same one, and the mark too."""
        found = await self.found_mark()
        if not found or found != self.mark:
            self.lost_touch = True

    async def found_mark(self) -> str:
        """Return the mark that is there; empty where it was never made, or removed."""
        return await self._call(self._client.get(self._mark_key)) or ""

    async def make_mark(self) -> None:
        """Say that all the queue has is there now; of two processes the first one's mark stands."""
        await self._call(self._client.set(self._mark_key, secrets.token_hex(8), nx=True))
        self.mark = await self.found_mark()

    @property
    def _mark_key(self) -> str:
        return f"{self.prefix}here"

    async def _opened(self, connection: Any) -> None:
        await connection.on_connect()
        self.lost_touch |= self.connections > 0
        self.connections += 1

    async def run_id(self) -> str:
        """Which run of the server this is: another one may have lost what came last."""
        found = await self._call(self._client.info("server"))
        return str(found.get("run_id", ""))

    async def script(self, name: str, *arguments: str | int) -> Any:
        """Run one of the scripts that lie beside this module, as one step."""
        if name not in self._scripts:
            folder = resources.files("metarr_desktop.storage") / "redis"
            parts = [(folder / f"{part}.lua").read_text(encoding="utf-8") for part in (PRELUDE, name)]
            self._scripts[name] = self._client.register_script("\n".join(parts))
        return await self._call(self._scripts[name](keys=[self.prefix], args=list(arguments)))

    async def publish(self, topics: Sequence[str | int], *, sender: str) -> None:
        """Tell other processes what changed."""
        await self._call(self._client.publish(self.channel, json.dumps([sender, *topics])))

    @property
    def channel(self) -> str:
        """Where it is told."""
        return f"{self.prefix}news"

    async def listen(self, on_open: Callable[[], None]) -> AsyncGenerator[str]:
        """Hear what is told on our channel, until the server is gone. Raises StorageFailed."""
        alive = {} if self._url.startswith("unix:") else {"socket_keepalive": True}
        client = self._connect(socket_timeout=None, **alive)
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as heard:
                await heard.subscribe(self.channel)
                on_open()
                async for message in heard.listen():
                    yield str(message["data"])
        except self._errors as error:
            raise StorageFailed(_sentence(error)) from error
        finally:
            with suppress(*self._errors):
                await client.aclose()

    async def forget_all(self) -> None:
        """Remove every key of ours."""
        found: list[str] = []
        cursor = 0
        while True:
            cursor, some = await self._call(
                self._client.scan(cursor=cursor, match=f"{self.prefix}*", count=1000)
            )
            found += some
            if found:
                await self._call(self._client.unlink(*found))
                found = []
            if cursor == 0:
                return

    async def close(self) -> None:
        """Close the connections."""
        with suppress(*self._errors):
            await self._client.aclose()

    async def _call(self, call: Any) -> Any:
        try:
            return await asyncio.wait_for(call, 2 * TIMEOUT_S)
        except self._errors as error:
            self.lost_touch = True
            raise StorageFailed(_sentence(error)) from error
        except asyncio.CancelledError:
            self.lost_touch = True
            raise


def detail_of(error: BaseException) -> str:
    """Return what the client or the server said, in one line without its full stop."""
    said = (str(error).strip().splitlines() or [""])[0].rstrip(".")[:300]
    return said or type(error).__name__


def _sentence(error: BaseException) -> Text:
    detail = detail_of(error)
    if detail.startswith("OOM"):
        return FULL
    if detail.startswith("MISCONF"):
        return NO_DISK
    return text(
        "The Redis server of the queue cannot be used: {detail}. Webhooks are stored, and what waits goes on"
        " when it answers again.",
        detail=detail,
    )
