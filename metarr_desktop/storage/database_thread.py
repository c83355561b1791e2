"""A thread that owns one connection: no SQL ever runs on the loop's own, and many calls share a commit."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage.failures import BUSY

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.storage.sql import Connection

Result = TypeVar("Result")

LONGEST_CLOSE_S = 2.0
LARGEST_GROUP = 32
LONGEST_GROUP_S = 0.010
PAUSE_SHARE = 0.25
"""After a full group others may have the database for this share of the group's time."""
RECONNECT_S = 1.0


@dataclass(slots=True, eq=False)
class _Call:
    """Work for a thread and where its end is told; no work ends the thread."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    work: Callable[..., Any] | None = None
    arguments: tuple[Any, ...] = ()
    result: Any = None
    error: BaseException | None = None


class _TransactionEnded(Exception):  # noqa: N818 - an event, and never seen outside
    """The database ended the transaction by itself: nothing of the group is stored."""


class DatabaseThread:
    """A thread that owns one connection and runs calls in the order they came.

    With ``atomic`` each call is all or nothing. Calls that wait together share one transaction, each behind a
    savepoint of its own, and all are told only after its commit; a call that is alone waits for nobody.
    """

    def __init__(self, connect: Callable[[], Connection], *, name: str, atomic: bool) -> None:
        self._connect = connect
        self._atomic = atomic
        self._calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._name = name
        self._patient = True
        self._connection: Connection | None = None
        self._next_try = 0.0
        self._refusal: BaseException | None = None
        self._closing = threading.Event()
        self.closed = False

    def submit(self, fn: Callable[..., Result], args: tuple[Any, ...]) -> asyncio.Future[Result]:
        """Queue one call for the thread, which starts with the first."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        if self.closed:
            future.set_exception(StorageFailed("The program is stopping."))
            return future
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        self._calls.put(_Call(loop, future, fn, args))
        return future

    async def close(self) -> None:
        """Let the thread finish its calls and close its connection."""
        already, self.closed = self.closed, True
        self._closing.set()
        if self._thread is not None and not already:
            loop = asyncio.get_running_loop()
            ended: asyncio.Future[None] = loop.create_future()
            self._calls.put(_Call(loop, ended))
            await asyncio.wait({ended}, timeout=LONGEST_CLOSE_S)

    def _serve(self) -> None:
        ending: _Call | None = None
        while ending is None:
            call = self._calls.get()
            if call.work is None:
                ending = call
                break
            connection = self._begin(call)
            if connection is None:
                _tell([call])
            elif self._atomic:
                ending = self._run_group(connection, call)
            else:
                self._run_snapshot(connection, call)
                _tell([call])
        if self._connection is not None:
            self._connection.close()
        _tell([ending])

    def _begin(self, call: _Call) -> Connection | None:
        """Open a transaction; one that turns out to be gone is opened anew: nothing ran yet."""
        for last in (False, True):
            connection = self._open(call)
            if connection is None:
                return None
            try:
                connection.begin(write=self._atomic)
            except Exception as error:  # noqa: BLE001 - the caller is told, the thread goes on
                if connection.broken and not last:
                    continue
                self._blame(connection, call, error)
                return None
            return connection
        return None

    def _open(self, call: _Call) -> Connection | None:
        """Return the connection, opened anew where it is gone; the call gets the error where it cannot be."""
        if self._connection is not None and self._connection.broken:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            if time.monotonic() < self._next_try:
                call.error = self._refusal
                return None
            try:
                self._connection = self._connect()
            except BaseException as error:  # noqa: BLE001 - the caller is told, the thread goes on
                call.error = self._refusal = error
                self._next_try = time.monotonic() + RECONNECT_S
                return None
            self._patient = True
        return self._connection

    def _run_snapshot(self, connection: Connection, call: _Call) -> None:
        """Let all statements of one call see the same state."""
        try:
            call.result = call.work(connection, *call.arguments)  # type: ignore[misc]
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller, not to this thread
            self._blame(connection, call, error)
        finally:
            connection.rollback()

    def _run_group(self, connection: Connection, first: _Call) -> _Call | None:
        """Run a call and what waits behind it in one transaction; returns the call that ends the thread."""
        began = time.monotonic()
        group, ending, full = [first], None, False
        try:
            self._run_member(connection, first, savepoint=not self._calls.empty())
            while connection.in_transaction:
                full = len(group) >= LARGEST_GROUP or time.monotonic() - began >= LONGEST_GROUP_S
                if full or self._calls.empty():
                    break
                call = self._calls.get_nowait()
                if call.work is None:
                    ending = call
                    break
                group.append(call)
                self._run_member(connection, call, savepoint=True)
            if connection.in_transaction:
                connection.commit()
        except BaseException as error:  # noqa: BLE001 - the callers are told, the thread goes on
            cause = error.__cause__ if isinstance(error, _TransactionEnded) else error
            connection.rollback()
            for call in group:
                self._blame(connection, call, cause or error)
        else:
            self._be_patient(connection, patient=True)
        _tell(group)
        if full and ending is None:
            self._closing.wait((time.monotonic() - began) * PAUSE_SHARE)
        return ending

    def _run_member(self, connection: Connection, call: _Call, *, savepoint: bool) -> None:
        """Run one call; what it raises undoes this call alone."""
        if savepoint:
            connection.execute("SAVEPOINT member")
        try:
            call.result = call.work(connection, *call.arguments)  # type: ignore[misc]
        except BaseException as error:
            if savepoint and connection.in_transaction and not connection.broken:
                connection.execute("ROLLBACK TO SAVEPOINT member")
                connection.execute("RELEASE SAVEPOINT member")
                self._blame(connection, call, error)
            elif savepoint:
                raise _TransactionEnded from error
            else:
                connection.rollback()
                self._blame(connection, call, error)
        else:
            if savepoint:
                connection.execute("RELEASE SAVEPOINT member")

    def _blame(self, connection: Connection, call: _Call, error: BaseException) -> None:
        failure = connection.failure(error) if isinstance(error, Exception) else None
        call.result, call.error = None, failure or error
        if failure is not None:
            self._be_patient(connection, patient=failure.text != BUSY)

    def _be_patient(self, connection: Connection, *, patient: bool) -> None:
        """Wait for a lock as long as is fit: once one was not given in time, the next calls wait less."""
        patient = patient and not self.closed
        if patient is not self._patient and not connection.broken:
            self._patient = patient
            connection.be_patient(patient=patient)


def _tell(calls: list[_Call]) -> None:
    """Resolve the futures of these calls, in one step of each loop."""

    def resolve(own: list[_Call]) -> None:
        for call in own:
            if call.future.done():
                continue
            if call.error is None:
                call.future.set_result(call.result)
            else:
                call.future.set_exception(call.error)

    for loop in {call.loop for call in calls}:
        # The loop is gone only when the program was torn down around us; then nobody waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(resolve, [call for call in calls if call.loop is loop])
