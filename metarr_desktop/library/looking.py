"""Looks at disks and shares, which may hang: each in a thread, none longer than its deadline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from metarr_desktop.domain.errors import Transient
from metarr_desktop.domain.media import readable
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READ_DEADLINE = timedelta(seconds=60)
"""A folder that does not answer for so long lies on a drive or share that hangs."""

Found = TypeVar("Found")


@dataclass(slots=True)
class _Look:
    """One look in a thread, which nobody can end from outside."""

    running: bool = False


class Looks:
    """Runs blocking looks. A library folder whose last look still hangs is given no second thread."""

    def __init__(self, *, deadline: timedelta = READ_DEADLINE) -> None:
        self._deadline = deadline
        self._given_up: dict[str, _Look] = {}

    async def at(self, root: str, look: Callable[[], Found], *, shown: Path) -> Found:
        """Return what ``look`` finds below a library folder. Raises Transient where nothing answers in time.

        ``shown`` is the folder a person is told.
        """
        hanging = self._given_up.get(root)
        if hanging is not None and hanging.running:
            raise no_answer(shown)
        this = _Look()

        def run() -> Found:
            this.running = True
            try:
                return look()
            finally:
                this.running = False

        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                return await asyncio.to_thread(run)
        except TimeoutError as error:
            raise no_answer(shown) from error
        finally:
            if this.running:
                self._given_up[root] = this


def no_answer(folder: Path) -> Transient:
    """Return the failure of a folder that does not answer."""
    return Transient(
        text("{folder} does not answer. Is the drive or share connected?", folder=readable(str(folder)))
    )
