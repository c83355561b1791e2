"""Says and changes which events each service is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.route_views import RouteScope, ServiceRoutes
from metarr_desktop.domain.changes import SettingsChanged
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.paths import is_absolute
from metarr_desktop.domain.routing import EVERY_SOURCE, Route, sender_scope
from metarr_desktop.domain.senders import slug
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.word_lists import split_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.routing import Routes
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.route_store import RouteStore
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.webhooks.sources.declaration import Source

KIND_TITLES = {
    EventKind.DOWNLOADED: "Downloaded",
    EventKind.UPGRADED: "Upgraded",
    EventKind.READY: "Ready to watch",
    EventKind.GRABBED: "Grabbed",
    EventKind.RENAMED: "Renamed",
    EventKind.DELETED: "Deleted",
    EventKind.ADDED: "Added",
    EventKind.SCANNED: "Scan asked for",
    EventKind.INTERACTION: "Needs a decision",
    EventKind.FAILED: "Download failed",
    EventKind.HEALTH: "Health",
    EventKind.UPDATED: "Program updated",
    EventKind.REQUESTS: "Requests",
    EventKind.UNDELIVERED: "Delivery failed",
}
LISTS = {
    "include_tags": "Only these tags",
    "exclude_tags": "Not these tags",
    "include_paths": "Only below these folders",
    "exclude_paths": "Not below these folders",
}
MOST_WORDS = 50
LONGEST_TAG = 100
LONGEST_PATH = 1_000
LONGEST_TYPED = MOST_WORDS * LONGEST_PATH
DEFAULT = "default"
"""Typed in the place of kinds it means those a service is told by itself."""
NONE = "none"


class RouteDesk:
    """A route is named by a service and a scope: empty for all, a type, or a sender in any spelling."""

    def __init__(
        self,
        *,
        services: Sequence[Service],
        sources: Sequence[Source],
        senders: SenderStore,
        store: RouteStore,
        bus: Bus,
    ) -> None:
        self._services = {service.key: service for service in services}
        self._sources = {source.key: source for source in sources}
        self._senders = senders
        self._store = store
        self._bus = bus

    async def routes(self, key: str) -> ServiceRoutes:
        """Return what a service is told, of whom. Raises NotFound."""
        service = self._service(key)
        stored, senders = await self._store.routes(), await self._senders.senders()
        kinds = ((kind, Text(title)) for kind, title in KIND_TITLES.items() if kind in service.events.takes)
        scopes = [self._scope(key, EVERY_SOURCE, Text("All senders"), stored)]
        for source in self._sources.values():
            own = [sender for sender in senders if sender.type == source.key]
            title = text("Every {source}", source=source.title) if own else text("{name}", name=source.title)
            scopes.append(self._scope(key, source.key, title, stored, source=source.key))
            scopes += [self._sender_scope(key, sender, stored) for sender in own]
        return ServiceRoutes(
            service=key,
            title=service.title,
            kinds=tuple(kinds),
            default=service.events.default,
            scopes=tuple(scopes),
        )

    async def set_route(self, key: str, source: str, route: Route) -> None:
        """Set the rules of a scope. Raises NotFound or Refused."""
        service = self._service(key)
        scope = await self._find(source)
        await self._store.save(key, scope, checked(route, service=service))
        self._bus.publish(SettingsChanged())

    async def reset_route(self, key: str, source: str) -> None:
        """Take a scope's own rules away: what holds for more senders holds again. Raises NotFound."""
        self._service(key)
        await self._store.reset(key, await self._find(source))
        self._bus.publish(SettingsChanged())

    async def parse(self, key: str, source: str, typed: Mapping[str, str]) -> Route:
        """Return what holds for a scope, with what was typed changed. Raises NotFound or Refused."""
        service = self._service(key)
        scope = await self._find(source)
        kind, _, name = scope.partition("/")
        route = (await self._store.routes()).route_for(key, source=kind, sender=name)
        for field, given in typed.items():
            if len(given) > LONGEST_TYPED:
                raise Refused(text("{field} is too long.", field=field))
            if field == "events":
                route = replace(route, events=_kinds(given, service))
            elif field in LISTS:
                lists: dict[str, Any] = {field: split_list(given)}
                route = replace(route, **lists)
            else:
                known = ", ".join(("events", *LISTS))
                raise Refused(
                    text("A route has no part {name}. It has: {known}.", name=field[:40], known=known)
                )
        return route

    def check(self, key: str, route: Route) -> Text | None:
        """Return what is wrong with rules, or None."""
        try:
            checked(route, service=self._service(key))
        except (NotFound, Refused) as error:
            return error.text
        return None

    async def forget_sender(self, source: str, name: str) -> None:
        """Take the rules of a sender that was removed away, so that nobody inherits them."""
        for key in self._services:
            await self._store.reset(key, sender_scope(source, name))
        self._bus.publish(SettingsChanged())

    async def _find(self, source: str) -> str:
        """The scope that is meant: a type before a sender of that name. Raises NotFound."""
        given = source.strip()
        wanted = given.casefold()
        if not wanted or wanted in self._sources:
            return wanted
        kind, _, name = wanted.rpartition("/")
        for sender in await self._senders.senders():
            if slug(name) == sender.slug and kind in {"", sender.type}:
                return sender_scope(sender.type, sender.name)
        known = ", ".join(self._sources)
        raise NotFound(
            text(
                "There is no sender called {name}. Name one, or a type of them: {known}.",
                name=given[:60],
                known=known,
            )
        )

    def _service(self, key: str) -> Service:
        try:
            return self._services[key]
        except KeyError:
            raise NotFound(text("There is no service called {service}.", service=key)) from None

    def _sender_scope(self, key: str, sender: Sender, stored: Routes) -> RouteScope:
        scope = sender_scope(sender.type, sender.name)
        title = text("{name}", name=sender.name)
        return self._scope(key, scope, title, stored, source=sender.type, sender=sender.name)

    @staticmethod
    def _scope(
        key: str, scope: str, title: Text, stored: Routes, /, *, source: str = "", sender: str = ""
    ) -> RouteScope:
        return RouteScope(
            source=scope,
            title=title,
            route=stored.stored.get((key, scope)),
            holds=stored.route_for(key, source=source, sender=sender),
        )


def checked(route: Route, *, service: Service) -> Route:
    """Return the route as it is kept. Raises Refused, saying what is wrong."""
    events = route.events
    for kind in sorted(events or ()):
        if kind not in service.events.takes:
            raise Refused(
                text("{service} cannot be told of: {kind}.", service=service.title, kind=KIND_TITLES[kind])
            )
    return Route(
        events=events,
        include_tags=_tags(route.include_tags, "include_tags"),
        exclude_tags=_tags(route.exclude_tags, "exclude_tags"),
        include_paths=_paths(route.include_paths, "include_paths"),
        exclude_paths=_paths(route.exclude_paths, "exclude_paths"),
    )


def _tags(words: Sequence[str], field: str) -> tuple[str, ...]:
    return _words(words, field, longest=LONGEST_TAG)


def _paths(words: Sequence[str], field: str) -> tuple[str, ...]:
    paths = _words(words, field, longest=LONGEST_PATH)
    for path in paths:
        if not is_absolute(path):
            raise Refused(
                text(
                    "{path} is no whole folder. Write it as the sender does, such as /movies/Kids.", path=path
                )
            )
    return paths


def _words(words: Sequence[str], field: str, *, longest: int) -> tuple[str, ...]:
    title = LISTS[field]
    kept = tuple(dict.fromkeys(word.strip() for word in words))
    if len(kept) > MOST_WORDS:
        raise Refused(text("{field}: at most {most}.", field=title, most=MOST_WORDS))
    for word in kept:
        if not word:
            raise Refused(text("{field}: one of them is empty.", field=title))
        if len(word) > longest or not word.isprintable():
            raise Refused(
                text("{field}: each has at most {most} characters, on one line.", field=title, most=longest)
            )
    return kept


def _kinds(typed: str, service: Service) -> frozenset[EventKind] | None:
    words = [word.casefold() for word in split_list(typed)]
    if words == [DEFAULT]:
        return None
    if words == [NONE]:
        return frozenset()
    known = {kind.value: kind for kind in KIND_TITLES if kind in service.events.takes}
    wrong = next((word for word in words if word not in known), None)
    if wrong is not None or not words:
        raise Refused(
            text(
                "{kind} is no kind of event that {service} can be told of. Known are: {known}.",
                kind=(wrong or "")[:40] or "Nothing",
                service=service.title,
                known=", ".join((*known, NONE, DEFAULT)),
            )
        )
    return frozenset(known[word] for word in words)
