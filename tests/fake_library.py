"""A media server of a test's own: it has what it was given, and shows it to whom it may concern."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import REFRESHES, Delivery, MediaServerConfig, Service, TestStep
from metarr_desktop.services.notifier import MediaServer, Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.errors import MetarrError
    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.media import KnownFilm
    from metarr_desktop.domain.notification import Notification


class Shelf:
    """What the server has, by folder; ``failure`` is raised instead of an answer."""

    def __init__(self) -> None:
        self.folders: dict[str, Sighting] = {}
        self.locations: tuple[str, ...] = ("/library/films",)
        self.films: list[KnownFilm] = []
        self.failure: MetarrError | None = None
        self.told: list[Notification] = []
        self.looked_for: list[tuple[str, tuple[str, ...]]] = []

    def show(self, folder: str, *, link: str | None = None) -> None:
        self.folders[folder] = Sighting(detail=Text("In the library Films."), link=link)


class Library(MediaServer[MediaServerConfig]):
    """Speaks for the shelf."""

    shelf: ClassVar[Shelf]

    async def send(self, config: MediaServerConfig, notification: Notification) -> Delivery:
        self._ask()
        self.shelf.told.append(notification)
        return Delivery(detail=Text("Refreshed."))

    async def test(self, config: MediaServerConfig) -> list[TestStep]:
        self._ask()
        return [TestStep(name=Text("Server"), ok=True, detail=Text("Reached."))]

    async def sighting(self, config: Any, event: MediaEvent, *, folder: str) -> Sighting | None:
        self._ask()
        self.shelf.looked_for.append((folder, event.files))
        return self.shelf.folders.get(folder)

    async def locations(self, config: Any) -> tuple[str, ...]:
        self._ask()
        return self.shelf.locations

    async def films(self, config: Any) -> Sequence[KnownFilm]:
        self._ask()
        return self.shelf.films

    def _ask(self) -> None:
        if self.shelf.failure is not None:
            raise self.shelf.failure


JELLYBEAN = Service(
    key="jellybean",
    title="Jellybean",
    config=MediaServerConfig,
    notifier=Library,
    docs="",
    waits_for_scan=True,
    seen_within=timedelta(minutes=5),
    events=REFRESHES,
)


def jellybean(shelf: Shelf, **changes: Any) -> Service:
    """Return a service with a shelf of its own."""
    return replace(JELLYBEAN, notifier=type("Jellybean", (Library,), {"shelf": shelf}), **changes)
