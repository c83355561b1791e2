"""Runs what blocks where it holds up nobody: neither the loop, nor the end of the program."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


async def in_daemon_thread(work: Callable[[], Result], /, *, name: str) -> Result:
    """Await the result of a call that blocks; one that is given up goes on by itself, unheard.

    ``asyncio.to_thread`` would make the program wait for it at its end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def tell(action: Callable[[], None]) -> None:
        def told() -> None:
            if not future.done():
                action()

        try:
            loop.call_soon_threadsafe(told)
        except RuntimeError:
            return  # the loop is closed, and nobody waits

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            failed = error
            tell(lambda: future.set_exception(failed))
        else:
            tell(lambda: future.set_result(result))

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future
