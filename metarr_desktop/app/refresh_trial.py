"""A real refresh on request: a media server is told to look at the folder of what came last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.snapshots import TestLine, TestReport
from metarr_desktop.domain.errors import MetarrError, Refused
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.tracing import scopes_of, to_here, to_service
from metarr_desktop.jobs.composing import compose

if TYPE_CHECKING:
    from metarr_desktop.app.known_folders import KnownFolders
    from metarr_desktop.app.server_places import ServerPlace, ServerPlaces
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.services.declaration import Service, ServiceConfig
    from metarr_desktop.storage.library_store import LibraryStore

NOTHING_KNOWN = "No film is known yet that {service} could look at. Import one, or scan a folder first."
NO_PLACE = "{service} is not set up. Complete its settings first."


class RefreshTrial:
    """Sends one refresh to each place of a media server, and says what it answered."""

    def __init__(
        self, *, folders: KnownFolders, places: ServerPlaces, library: LibraryStore, clock: Clock
    ) -> None:
        self._folders = folders
        self._places = places
        self._library = library
        self._clock = clock

    async def run(self, service: Service, unsaved: ServiceConfig | None) -> TestReport:
        """Let it look, with settings that need not be saved yet. Raises Refused where there is nothing."""
        began = self._clock.monotonic()
        event = await self._folders.newest()
        if event is None:
            raise Refused(text(NOTHING_KNOWN, service=service.title))
        places = await self._places.of_service(service, unsaved=unsaved)
        if not places:
            raise Refused(text(NO_PLACE, service=service.title))
        lines = tuple([await self._refresh(place, event) for place in places])
        ms = int((self._clock.monotonic() - began) * 1000)
        return TestReport(ok=all(line.ok for line in lines), lines=lines, ms=ms)

    async def _refresh(self, place: ServerPlace, event: MediaEvent) -> TestLine:
        began = self._clock.monotonic()
        mappings = await self._library.mappings()
        here = to_here(event.folder, scopes=scopes_of(event), mappings=mappings)
        folder = to_service(event.folder, here=here, service=place.path_scope, mappings=mappings).path
        try:
            delivery = await place.server.send(place.config, compose(event, folder=folder))
        except MetarrError as error:
            ok, words = False, error.text
        else:
            ok, words = True, delivery.detail
        return TestLine(
            name=Text("Refresh"),
            ok=ok,
            detail=text("{folder}: {answer}", folder=folder, answer=str(words)),
            ms=int((self._clock.monotonic() - began) * 1000),
        )
