"""What the engine needs of whoever watches its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine

Result = TypeVar("Result")


class Spawn(Protocol):
    """Starts a task that somebody watches."""

    def __call__(self, work: Coroutine[Any, Any, Result], /, *, name: str) -> asyncio.Task[Result]:
        """Start it."""
