"""Whose paths are meant: sources, single senders, this computer and services; and the way between two."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError, NotFound, Refused
from metarr_desktop.domain.groups import DEFAULT, scope_of
from metarr_desktop.domain.senders import slug
from metarr_desktop.domain.text import text
from metarr_desktop.domain.tracing import HERE, Hop, trace
from metarr_desktop.library.looking import Looks
from metarr_desktop.library.place import place_in

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.player_store import PlayerStore
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.webhooks.sources.declaration import Source

DEADLINE = timedelta(seconds=5)


class PathScopes:
    """Knows the scopes of path mappings."""

    def __init__(
        self,
        *,
        library: LibraryStore,
        senders: SenderStore,
        players: PlayerStore,
        sources: Sequence[Source],
        services: Sequence[Service],
    ) -> None:
        self._library = library
        self._senders = senders
        self._players = players
        self._sources = tuple(source.key for source in sources if source.routed)
        self._services = tuple(service.key for service in services)
        self._with_groups = frozenset(service.key for service in services if service.member is not None)
        self._looks = Looks(deadline=DEADLINE)

    async def scope(self, name: str) -> str:
        """Return the scope of a source, a service, a group or a sender, by its name. Raises NotFound."""
        name, groups = name.strip(), await self._groups()
        if name in {*self._sources, *self._services, *groups}:
            return name
        slugs = {sender.slug for sender in await self._senders.senders()}
        if slug(name) in slugs:
            return slug(name)
        known = ", ".join(sorted({*self._sources, *self._services, *groups, *slugs}))
        raise NotFound(
            text("{scope} is no source, sender or service. Known are: {known}.", scope=name, known=known)
        )

    async def _groups(self) -> tuple[str, ...]:
        """Return the scopes of the groups of services, the first ones of which are always there."""
        found = await self._players.groups()
        return tuple(
            scope_of(key, each)
            for key in self._services
            if key in self._with_groups
            for each in dict.fromkeys((DEFAULT, *(group.slug for group in found.get(key, ()))))
        )

    def stored_scope(self, name: str) -> str:
        """Return the scope under which a mapping is stored, also of a sender that is gone."""
        name = name.strip()
        of_group = name.partition("/")[0] in self._with_groups
        return name if of_group or name in {*self._sources, *self._services} else slug(name) or name

    async def trace(self, path: str, from_scope: str, to_scope: str) -> tuple[Hop, ...]:
        """Follow a path from a sender, or from here, to here or to a service. Raises NotFound or Refused."""
        path = path.strip()
        if not path:
            raise Refused("Give the path that is to be followed.")
        libraries, asked = await self._library.libraries(), to_scope.strip()
        hops = trace(
            path,
            from_scopes=await self._from_scopes(from_scope.strip()),
            to_scope=await self._to_scope(asked),
            mappings=await self._library.mappings(),
            libraries=libraries,
        )
        hops = (*hops[:-1], replace(hops[-1], scope=asked))
        return tuple([await self._looked_at(hop, libraries) for hop in hops])

    async def _from_scopes(self, name: str) -> tuple[str, ...]:
        if name == HERE or name in self._sources:
            return (name,)
        senders = await self._senders.senders()
        for sender in senders:
            if sender.slug == slug(name):
                return tuple(dict.fromkeys((sender.slug, sender.type)))
        if name in self._services:
            raise Refused(text("Paths are sent to {service}, they do not come from there.", service=name))
        known = ", ".join(dict.fromkeys((HERE, *self._sources, *(sender.slug for sender in senders))))
        raise NotFound(text("Paths do not come from {scope}, but from: {known}.", scope=name, known=known))

    async def _to_scope(self, name: str) -> str:
        """Return the scope to translate to; a service that has groups means the first of them."""
        if name in self._with_groups:
            return scope_of(name, DEFAULT)
        groups = await self._groups()
        if name == HERE or name in {*self._services, *groups}:
            return name
        first = {scope_of(key, DEFAULT) for key in self._with_groups}
        known = ", ".join((HERE, *self._services, *(each for each in groups if each not in first)))
        raise NotFound(text("Paths are not sent to {scope}, but to: {known}.", scope=name, known=known))

    async def _looked_at(self, hop: Hop, libraries: Collection[LibraryFolder]) -> Hop:
        """Say whether the path is there; one in no library folder is not looked at."""
        if hop.library is None:
            return hop
        place = place_in(hop.library, path=hop.path, libraries=libraries)
        try:
            there = await self._looks.at(
                hop.library.path, lambda: _exists(place.folder), shown=Path(hop.library.path)
            )
        except MetarrError:
            return hop
        return replace(hop, exists=there)


def _exists(path: Path) -> bool | None:
    try:
        return path.exists()
    except (OSError, ValueError):
        return None
