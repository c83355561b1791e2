"""The code that delivers, as every service writes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Delivery, ServiceConfig, TestStep
    from metarr_desktop.services.http import Http

Config = TypeVar("Config", bound="ServiceConfig")


class Notifier(ABC, Generic[Config]):
    """Delivers to one service and tests its settings; one instance lives as long as the core."""

    def __init__(self, *, http: Http, clock: Clock) -> None:
        self.http = http
        self.clock = clock

    @abstractmethod
    async def send(self, config: Config, notification: Notification) -> Delivery:
        """Deliver one message. Raises from ``domain/errors.py``; the class decides what happens next."""

    @abstractmethod
    async def test(self, config: Config) -> list[TestStep]:
        """Try the settings against the real service, within 10 s and without a visible trace.

        A refused step is returned with ``ok`` False, never raised.
        """
