"""The one place that starts tasks, so that none is lost and none fails in silence."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from metarr_desktop.domain.errors import MetarrError

if TYPE_CHECKING:
    from collections.abc import Coroutine

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class TaskSupervisor:
    """Keeps every task alive until it ends, logs what it raises, and cancels the rest at the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Result], /, *, name: str) -> asyncio.Task[Result]:
        """Start a task under this name."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, MetarrError):
            logger.error("Task %s failed", task.get_name(), exc_info=error)
        elif error is not None:
            logger.warning("%s: %s", task.get_name(), error)

    async def close(self, *, timeout: float = 1.0) -> None:  # noqa: ASYNC109 - a bound, not a deadline for one call
        """Cancel what still runs and wait for it, at most ``timeout`` seconds."""
        current = asyncio.current_task()
        tasks = {task for task in self._tasks if task is not current}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=timeout)
