"""The webhook listener as the program keeps it: started, moved to another port, and watched."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from metarr_desktop.app.snapshots import Listening
from metarr_desktop.domain.changes import ListenerChanged
from metarr_desktop.domain.errors import PortUnavailable
from metarr_desktop.webhooks.own_address import EVERYWHERE

if TYPE_CHECKING:
    from metarr_desktop.app.receiving import Receiving
    from metarr_desktop.app.settings import AppSettings
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.webhooks.server import WebhookServer

logger = logging.getLogger(__name__)


class Listener:
    """Holds the server on the address that settings ask for; ``problem`` says why it is not listening."""

    def __init__(
        self, *, server: WebhookServer, receiving: Receiving, settings: AppSettings, bus: Bus
    ) -> None:
        self._server = server
        self._receiving = receiving
        self._settings = settings
        self._bus = bus
        self._lock = asyncio.Lock()
        self.problem: PortUnavailable | None = None

    @property
    def listening(self) -> Listening | None:
        """The address in use, or None."""
        address = self._server.address
        return None if address is None else Listening(host=address[0], port=address[1])

    @property
    def needs_key(self) -> bool:
        """Whether even this computer has to name the key: who calls an address of ours comes from there."""
        rules, listening = self._receiving.rules(), self.listening
        everywhere = listening is None or listening.host in EVERYWHERE
        return rules.local_needs_key or (rules.lan and not everywhere)

    @property
    def base_path(self) -> str:
        """What comes before every path, empty or ``/metarr``."""
        return self._settings.snapshot.base_path

    async def start(self) -> Listening:
        """Listen where the settings say, instead of where it did before. Raises PortUnavailable."""
        async with self._lock:
            await self._server.stop()
            await self._receiving.load_key()
            try:
                await self._server.start(self._receiving.host, self._settings.port)
            except PortUnavailable as error:
                self.problem = error
                logger.warning("%s", error)
                raise
            finally:
                self._bus.publish(ListenerChanged())
            self.problem = None
            await self._receiving.find_addresses()
            listening = self.listening
            assert listening is not None  # noqa: S101 - the server has just started
            if not self._receiving.has_key and self._receiving.rules().lan:
                logger.warning("Other devices are refused until there is a key: receiving new-key")
            logger.info("Listening on %s:%d", listening.host, listening.port)
            return listening

    async def stop(self) -> None:
        """Accept nothing more."""
        async with self._lock:
            await self._server.stop()
            self._bus.publish(ListenerChanged())
