"""The folders that services are told of: those of senders and of this computer, and what came last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.arrivals import brings
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, read_event
from metarr_desktop.domain.knowledge import Knowledge
from metarr_desktop.domain.paths import is_inside, last_part, without_last
from metarr_desktop.domain.tracing import scopes_of
from metarr_desktop.storage.history_page import HistoryQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.routing import Routes
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.history_store import HistoryStore
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.route_store import RouteStore
    from metarr_desktop.storage.sender_store import SenderStore

AMONG_LAST = 200
MOST_RECENT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFolder:
    """A folder with media, as ``owner`` writes it; ``scopes`` are whose mappings lead from it to here."""

    path: str
    owner: str
    scopes: tuple[str, ...] = ()


class KnownFolders:
    """Reads what is stored of them; nobody is asked."""

    def __init__(
        self, *, senders: SenderStore, library: LibraryStore, history: HistoryStore, routes: RouteStore
    ) -> None:
        self._senders = senders
        self._library = library
        self._history = history
        self._routes = routes

    async def of_service(self, service: Service) -> tuple[KnownFolder, ...]:
        """Return the folders a service is told of.

        They are the root folders of senders, or else those of what came last, and this computer's own.
        """
        routes = await self._routes.routes()
        found: list[KnownFolder] = []
        for sender in await self._senders.senders():
            folders = Knowledge.of(sender).root_folders if sender.enabled else ()
            told = [each for each in folders if _is_told(service, sender, each, routes)]
            scopes = tuple(dict.fromkeys((sender.slug, sender.type)))
            found += [KnownFolder(path=each, owner=sender.name, scopes=scopes) for each in told]
        if not found:
            found += await self._recent()
        found += [
            KnownFolder(path=each.path, owner="this computer") for each in await self._library.libraries()
        ]
        return tuple(dict.fromkeys(found))

    async def newest(self) -> MediaEvent | None:
        """Return what came last as a folder to look at; None where nothing is known yet."""
        events = await self._events()
        if events:
            event = events[0]
            return MediaEvent(
                source=event.source,
                instance=event.instance,
                kind=event.kind,
                action=Action.SCANNED,
                title=event.title,
                year=event.year,
                folder=event.folder,
                tmdb_id=event.tmdb_id,
            )
        films = await self._library.films(limit=1)
        if not films:
            return None
        return MediaEvent(
            source="scan",
            kind=MediaKind.MOVIE,
            action=Action.SCANNED,
            title=last_part(films[0].folder),
            folder=films[0].folder,
            tmdb_id=films[0].tmdb_id,
        )

    async def _recent(self) -> list[KnownFolder]:
        folders = [
            KnownFolder(
                path=without_last(event.folder, 1),
                owner=event.instance or event.source.capitalize(),
                scopes=scopes_of(event),
            )
            for event in await self._events()
        ]
        return list(dict.fromkeys(folders))[:MOST_RECENT]

    async def _events(self) -> list[MediaEvent]:
        """Return what came last, the newest first; no books, of which no media server is told."""
        found = []
        for record in await self._history.page(HistoryQuery(limit=AMONG_LAST)):
            try:
                event = read_event(record.payload["event"])
            except (AttributeError, KeyError, TypeError, ValueError):
                continue
            if isinstance(event, MediaEvent) and brings(event) and event.kind is not MediaKind.BOOK:
                found.append(event)
        return found


def _is_told(service: Service, sender: Sender, folder: str, routes: Routes) -> bool:
    """Whether what happens in a sender's folder is told to a service."""
    route = routes.route_for(service.key, source=sender.type, sender=sender.name)
    wanted = service.events.default if route.events is None else route.events & service.events.takes
    if not wanted or any(is_inside(folder, each) for each in route.exclude_paths):
        return False
    return not route.include_paths or _touches(folder, route.include_paths)


def _touches(folder: str, others: Sequence[str]) -> bool:
    return any(is_inside(folder, each) or is_inside(each, folder) for each in others)
