"""What a notifier works with, handed to it when the program is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine, Mapping

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.http import Http


class Notes(Protocol):
    """What one service has to remember beyond a run and a restart: small values by name.

    Secrets never belong here. A note nobody wrote anew for 90 days is forgotten.
    """

    async def get(self, name: str, /) -> dict[str, Any] | None:
        """Return a note, or None where there is none."""

    async def put(self, name: str, value: Mapping[str, Any], /) -> None:
        """Write a note, in place of the one of this name."""

    async def drop(self, name: str, /) -> None:
        """Forget a note; nothing happens where there is none."""


class Spawn(Protocol):
    """Starts a task that somebody watches, and ends when the program does."""

    def __call__(self, work: Coroutine[Any, Any, Any], /, *, name: str) -> asyncio.Task[Any]:
        """Start it."""


class Window(Protocol):
    """The window of this program."""

    @property
    def watched(self) -> bool:
        """Whether a person has it in front."""

    def come_up(self) -> None:
        """Show it above others; nothing happens where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Connections, time and memory of one service.

    ``hurry`` lets a job that was put off run now, by its number: what it waited for has come.
    """

    http: Http
    clock: Clock
    notes: Notes
    spawn: Spawn
    hurry: Callable[[int], None]
    window: Window | None = None
