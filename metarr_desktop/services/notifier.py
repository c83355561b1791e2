"""The code that delivers, as every service writes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.media import KnownFilm
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.domain.text import Text
    from metarr_desktop.services.declaration import Delivery, TestStep
    from metarr_desktop.services.tools import Tools

Config = TypeVar("Config")


class Notifier(ABC, Generic[Config]):
    """Delivers to one service and tests its settings; one instance lives as long as the core."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.http = tools.http
        self.clock = tools.clock
        self.notes = tools.notes

    @abstractmethod
    async def send(self, config: Config, notification: Notification) -> Delivery:
        """Deliver one message. Raises from ``domain/errors.py``; the class decides what happens next."""

    @abstractmethod
    async def test(self, config: Config) -> list[TestStep]:
        """Try the settings against the real service, within 10 s and without a visible trace.

        A refused step is returned with ``ok`` False, never raised.
        """

    async def choices(self, config: Config) -> Mapping[str, tuple[tuple[str, str], ...]]:  # noqa: ARG002
        """Ask the service what the fields it ``loads`` may be: pairs of value and label, by field.

        Raises from ``domain/errors.py``.
        """
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What was looked for is in the server's library; ``link`` opens it there, where the server has pages."""

    detail: Text
    link: str | None = None


class MediaServer(Notifier[Config]):
    """A place with a library: it is told where to look, and can be asked what it has."""

    @abstractmethod
    async def sighting(self, config: Config, event: MediaEvent, *, folder: str) -> Sighting | None:
        """Look once for what an event brought, in a folder as this server writes it.

        Returns None while it is not there. By its path first and then by its ids, so that an older copy
        elsewhere is no proof; of several files all have to be there. Raises from ``domain/errors.py`` where
        the server cannot be asked.
        """

    @abstractmethod
    async def locations(self, config: Config) -> tuple[str, ...]:
        """Return the folders its libraries are made of, as it writes them."""

    @abstractmethod
    async def films(self, config: Config) -> Sequence[KnownFilm]:
        """Return the films it has, with their folders as it writes them; at most 20,000."""
