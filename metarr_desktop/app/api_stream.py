"""The stream of the API: what happens to jobs, told over WebSockets as it happens."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, web

from metarr_desktop.app import wire
from metarr_desktop.app.api_refusals import bad_request, busy
from metarr_desktop.domain.clock import iso
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.job_messages import JobMessages
from metarr_desktop.domain.jobs import JobRecord
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.app.api_forms import MessageJson
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.job_messages import JobMessage

logger = logging.getLogger(__name__)

MOST_STREAMS = 16
MOST_WAITING = 1_000
"""So many messages wait for a slow reader; then its stream is closed."""
HEARTBEAT_S = 30.0
CATCH_UP_S = 10.0
"""So long a reader that was too slow may read what was sent, and why its stream ends."""
LEAVE_WITHIN_S = 0.4
LARGEST_WORD = 1_024
"""What a client sends is not listened to, and need not be large."""
SUBJECTS_KEPT = 256
TOO_SLOW = b"Too slow: 1000 messages wait. Connect again, and read /jobs."
QUITTING = b"Metarr Desktop quits."


class Streams:
    """Every open stream. While there is none, the bus is not listened to."""

    def __init__(
        self, *, bus: Bus, clock: Clock, tasks: TaskSupervisor, catch_up_s: float = CATCH_UP_S
    ) -> None:
        self._bus = bus
        self._catch_up_s = catch_up_s
        self._clock = clock
        self._tasks = tasks
        self._open: dict[_Stream, asyncio.Future[None]] = {}
        self._messages = JobMessages()
        self._subjects: OrderedDict[int, str] = OrderedDict()
        self._unsubscribe: Callable[[], None] | None = None
        self._closing = False

    async def answer(
        self, request: web.Request, *, title: Callable[[int], Awaitable[str]]
    ) -> web.StreamResponse:
        """Tell what happens until either side ends it; ``title`` is what a webhook is about.

        Raises ApiRefusal before there is a stream.
        """
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=LARGEST_WORD, timeout=self._catch_up_s
        )
        if not socket.can_prepare(request):
            raise bad_request(Text("This is no WebSocket handshake of version 13."))
        if self._closing:
            raise busy(Text("Metarr Desktop quits."))
        if len(self._open) >= MOST_STREAMS:
            raise busy(text("There are {most} streams already. Close one of them.", most=MOST_STREAMS))

        async def form(message: JobMessage) -> str:
            subject = await self._subject(message.job, title)
            return json.dumps(_message_json(message, subject=subject))

        stream = _Stream(request, socket, form=form, tasks=self._tasks)
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._add(stream, ended)
        try:
            await socket.prepare(request)
            await stream.run()
        finally:
            self._remove(stream)
            ended.set_result(None)
            if request.transport is not None and request.transport.get_write_buffer_size():
                stream.abort()  # whoever does not read even now keeps nothing open
        return socket

    async def close(self) -> None:
        """End every stream, within a second."""
        self._closing = True
        open_streams = dict(self._open)
        for stream in open_streams:
            stream.end(WSCloseCode.GOING_AWAY, QUITTING)
        if open_streams:
            _, late = await asyncio.wait(open_streams.values(), timeout=LEAVE_WITHIN_S)
            if late:
                for stream in open_streams:
                    stream.abort()
                await asyncio.wait(late, timeout=LEAVE_WITHIN_S)

    def _add(self, stream: _Stream, ended: asyncio.Future[None]) -> None:
        self._open[stream] = ended
        if self._unsubscribe is None:
            self._messages = JobMessages()
            self._unsubscribe = self._bus.subscribe(self._on_change)

    def _remove(self, stream: _Stream) -> None:
        del self._open[stream]
        if not self._open and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _on_change(self, change: Change) -> None:
        message = self._messages.read(change, at=self._clock.now())
        if message is not None:
            for stream in self._open:
                stream.tell(message)

    async def _subject(self, job: object, title: Callable[[int], Awaitable[str]]) -> str:
        """What an ended job was about, looked up once for all jobs of a webhook."""
        if not isinstance(job, JobRecord) or job.event_id is None:
            return ""
        found = self._subjects.get(job.event_id, "")
        if not found:
            try:
                found = await title(job.event_id)
            except MetarrError:  # told by the database itself; the message counts, not its subject
                return ""
            self._subjects[job.event_id] = found
            if len(self._subjects) > SUBJECTS_KEPT:
                self._subjects.popitem(last=False)
        return found


class _Stream:
    """One WebSocket, and the messages that wait to be sent on it."""

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        *,
        form: Callable[[JobMessage], Awaitable[str]],
        tasks: TaskSupervisor,
    ) -> None:
        self._request = request
        self._socket = socket
        self._form = form
        self._tasks = tasks
        self._waiting: asyncio.Queue[JobMessage] = asyncio.Queue(MOST_WAITING)
        self._end: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()

    def tell(self, message: JobMessage) -> None:
        """Send a message when its turn comes; a reader that is too slow is sent nothing more."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.end(WSCloseCode.TRY_AGAIN_LATER, TOO_SLOW)

    def end(self, code: int, reason: bytes) -> None:
        """Close the stream, and say why; only the first reason counts."""
        if not self._end.done():
            self._end.set_result((code, reason))

    def abort(self) -> None:
        """Leave a reader that does not answer."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def run(self) -> None:
        """Send until either side ends it."""
        work = [
            self._tasks.spawn(self._write(), name="stream of jobs"),
            self._tasks.spawn(self._read(), name="reader of a stream"),
        ]
        try:
            either: list[asyncio.Future[Any]] = [*work, self._end]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in work:
                task.cancel()
            await asyncio.wait(work)
        if self._end.done():
            code, reason = self._end.result()
            await self._socket.close(code=code, message=reason, drain=False)

    async def _write(self) -> None:
        while True:
            try:
                await self._socket.send_str(await self._form(await self._waiting.get()))
            except ConnectionError:
                return

    async def _read(self) -> None:
        """Answer pings, and see when the client leaves."""
        async for _ in self._socket:
            pass


def _message_json(message: JobMessage, *, subject: str) -> MessageJson:
    job = message.job
    told = wire.ended_json(job, subject=subject) if isinstance(job, JobRecord) else wire.job_json(job)
    return {"type": message.kind, "at": iso(message.at), "job": told}
