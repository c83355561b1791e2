"""Whether the database takes what it is given, and when it does so again."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import StorageDamaged, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.sql import Sql

logger = logging.getLogger("metarr_desktop.storage.database")
"""Named for what it is about: people read the name."""

LOOK_AGAIN_S = 5.0


def write_nothing(sql: Sql) -> None:
    """Write a page as it is: what only looks, and a statement that changes no row, work on a full disk.

    A server is asked for a change of no row, which it refuses where it is read-only, in a transaction that
    it has to write down.
    """
    if sql.dialect.shared:
        sql.execute("UPDATE settings SET value = value WHERE name = ''")
        sql.execute("SELECT pg_current_xact_id()")
        return
    (version,) = sql.execute("PRAGMA user_version").fetchone()
    sql.execute(f"PRAGMA user_version = {version}")


class Health:
    """Keeps the sentence of what is wrong until ``probe``, which writes, succeeds.

    Damage stays until the program starts anew. ``on_change`` is called on the loop with the new sentence.
    """

    def __init__(
        self,
        *,
        probe: Callable[[], asyncio.Future[None]],
        on_change: Callable[[Text | None], None] | None,
        works_again: str = "The database works again",
    ) -> None:
        self._probe = probe
        self._works_again = works_again
        self._on_change = on_change
        self._damaged = False
        self._timer: asyncio.TimerHandle | None = None
        self.problem: Text | None = None

    def failed(self, error: StorageFailed) -> None:
        """Tell a failure, and look again after a while whether it is over."""
        if self._damaged:
            return
        self._damaged = isinstance(error, StorageDamaged)
        if error.text != self.problem:
            logger.error("%s", error.text)
            self._tell(error.text)
        self._look_later()

    async def worked(self) -> None:
        """A call came back well; see whether that is true of writing too."""
        if self.problem is None or self._damaged:
            return
        try:
            await self._probe()
        except StorageFailed as error:
            self.failed(error)
        else:
            self._recovered()

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        if self._timer is None and not self._damaged:
            self._timer = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.problem is not None:
            self._probe().add_done_callback(self._looked)

    def _looked(self, probe: asyncio.Future[None]) -> None:
        error = None if probe.cancelled() else probe.exception()
        if error is None:
            self._recovered()
        elif isinstance(error, StorageFailed):
            self.failed(error)
        else:
            self._look_later()

    def _recovered(self) -> None:
        self.close()
        if self.problem is not None and not self._damaged:
            logger.info("%s", self._works_again)
            self._tell(None)

    def _tell(self, problem: Text | None) -> None:
        self.problem = problem
        if self._on_change is not None:
            self._on_change(problem)
