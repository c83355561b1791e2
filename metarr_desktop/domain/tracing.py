"""The way of one path: from the sender that wrote it, over this computer, to the service that is told.

Deliveries and scans take this way, and "Trace this path" shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.paths import PathMapping, apply_mapping, best_mapping, is_inside, parts
from metarr_desktop.domain.senders import slug

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.media import LibraryFolder

HERE = "here"
"""Stands for this computer among the scopes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """How one side writes the path.

    ``mapping`` turned ``written`` into ``path``; None where none fits and the path goes on as it is.
    ``library`` is the library folder of this computer that holds it; only the hop ``here`` has one, and only
    of it ``exists`` says whether the path is there, as far as somebody looked.
    """

    scope: str
    path: str
    written: str
    mapping: PathMapping | None = None
    library: LibraryFolder | None = None
    exists: bool | None = None


def scopes_of(event: MediaEvent) -> tuple[str, ...]:
    """Whose mappings translate the paths of an event: those of its very sender first, then of its type."""
    return tuple(dict.fromkeys(scope for scope in (slug(event.instance), event.source) if scope))


def to_here(path: str, *, scopes: Sequence[str], mappings: Collection[PathMapping]) -> Hop:
    """Translate a sender's path to this computer's, by the first scope that has a mapping for it."""
    for scope in scopes:
        best = best_mapping(path, [mapping for mapping in mappings if mapping.scope == scope])
        if best is not None:
            return Hop(scope=HERE, path=apply_mapping(path, best), written=path, mapping=best)
    return Hop(scope=HERE, path=path, written=path)


def to_service(path: str, *, here: Hop, service: str, mappings: Collection[PathMapping]) -> Hop:
    """Translate to a service's path: the sender's own path first, then this computer's, else the former.

    A group of a service is ``kodi/kids``: its own mappings are tried before those of its service.
    """
    for scope in dict.fromkeys((service, service.partition("/")[0])):
        own = [mapping for mapping in mappings if mapping.scope == scope]
        for written in dict.fromkeys((path, here.path)):
            best = best_mapping(written, own)
            if best is not None:
                return Hop(scope=service, path=apply_mapping(written, best), written=written, mapping=best)
    return Hop(scope=service, path=path, written=path)


def holding(path: str, libraries: Collection[LibraryFolder]) -> LibraryFolder | None:
    """Return the library folder a path of this computer lies in: the longest that holds it."""
    if "\0" in path:
        return None
    around = [library for library in libraries if is_inside(path, library.path)]
    return max(around, key=lambda library: len(parts(library.path)), default=None)


def trace(
    path: str,
    *,
    from_scopes: Sequence[str],
    to_scope: str,
    mappings: Collection[PathMapping],
    libraries: Collection[LibraryFolder],
) -> tuple[Hop, ...]:
    """Follow a path from one side to another; the last hop is what that side is told.

    ``from_scopes`` are the scopes of a sender as ``scopes_of`` gives them, or ``here`` alone.
    """
    starts_here = tuple(from_scopes) == (HERE,)
    here = to_here(path, scopes=() if starts_here else from_scopes, mappings=mappings)
    found = Hop(
        scope=HERE,
        path=here.path,
        written=here.written,
        mapping=here.mapping,
        library=holding(here.path, libraries),
    )
    hops = (found,) if starts_here else (Hop(scope=from_scopes[0], path=path, written=path), found)
    if to_scope == HERE:
        return hops
    return (*hops, to_service(path, here=here, service=to_scope, mappings=mappings))
