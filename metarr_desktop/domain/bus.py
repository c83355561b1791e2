"""Changes, told to whoever listens, on the loop's own thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.domain.changes import Change

logger = logging.getLogger(__name__)


class Bus:
    """Publish and subscribe within one loop; a listener that raises is logged and harms nobody."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Change], None]] = []

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call ``listener`` with every change from now on; the returned function ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def publish(self, change: Change) -> None:
        """Tell every listener; never raises, for a side effect must not fail the work."""
        for listener in tuple(self._listeners):
            try:
                listener(change)
            except Exception:
                logger.exception("A listener failed on %s", type(change).__name__)
