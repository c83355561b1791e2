"""Compares how senders, this computer and media servers write the same folders: what to map, what drifted."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.path_sides import ASKING_S, HERE_NAME, NO_ANSWER, NOT_ASKED
from metarr_desktop.domain.changes import SettingsChanged
from metarr_desktop.domain.errors import MetarrError, NothingToDo
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.path_proposals import Agreement, compare, propose, propose_folders
from metarr_desktop.domain.paths import composed, is_inside, parts
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.tracing import to_here, to_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from metarr_desktop.app.path_sides import PathSides, Side
    from metarr_desktop.app.server_places import ServerPlace, ServerPlaces
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.media import KnownFilm
    from metarr_desktop.domain.path_proposals import Proposal
    from metarr_desktop.domain.paths import PathMapping
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.note_store import NoteStore
    from metarr_desktop.storage.service_store import ServiceStore

DRIFT_NOTE = "path-drift"
"""Name of the note of a service whose films lie elsewhere than it is told."""
NOTHING_TO_COMPARE = Text("No media server and no sender is set up whose paths could be compared.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathReport:
    """What a look at all paths found.

    ``agreements`` are those of the media servers by name; who could not be asked is told in ``unasked``.
    """

    proposals: tuple[Proposal, ...] = ()
    agreements: tuple[tuple[str, Agreement], ...] = ()
    unasked: tuple[Text, ...] = ()
    asked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Library:
    """What one media server answered; ``complaint`` where it did not."""

    place: ServerPlace
    films: Sequence[KnownFilm] = ()
    locations: tuple[str, ...] = ()
    complaint: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    proposals: tuple[Proposal, ...]
    agreement: Agreement


class PathDesk:
    """Asks everybody, and keeps for each media server whether its films drifted from where they should be."""

    def __init__(
        self,
        *,
        sides: PathSides,
        places: ServerPlaces,
        library: LibraryStore,
        notes: NoteStore,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._sides = sides
        self._places = places
        self._library = library
        self._notes = notes
        self._bus = bus
        self._clock = clock

    async def look(self, *, only_on: bool = False) -> PathReport:
        """Ask senders and media servers, at most for a minute; proposes what is missing or wrong.

        With ``only_on`` media servers that are turned off are left alone.
        """
        places = [each for each in await self._places.places() if each.enabled or not only_on]
        here, senders, libraries = await asyncio.gather(
            self._sides.here(),
            self._sides.senders(),
            asyncio.gather(*(_ask(place) for place in places)),
        )
        mappings = await self._library.mappings()
        proposals: list[Proposal] = []
        for side in senders:
            lies_here = await asyncio.to_thread(_compare_here, side, here, mappings)
            proposals += lies_here.proposals
        agreements: list[tuple[ServerPlace, Agreement]] = []
        for answer in libraries:
            told = {side.name: await asyncio.to_thread(_told, side, answer, mappings) for side in senders}
            found = [
                await asyncio.to_thread(_compare, side, _without_copies(side, answer, told), mappings)
                for side in (*senders, here)
            ]
            proposals += [proposal for each in found for proposal in each.proposals]
            # Where senders tell of films, this computer only tells what a person scans by hand.
            counted = [each.agreement for each in found[:-1] if each.agreement.total] or [found[-1].agreement]
            agreements += [(answer.place, each) for each in counted if answer.complaint is None]
        complaints = (*(each.complaint for each in senders), *(each.complaint for each in libraries))
        silent = {each.place.service for each in libraries if each.complaint is not None}
        known = None if any(each.complaint for each in senders) else silent
        await self._remember(agreements, mappings, silent=known)
        return PathReport(
            proposals=_distinct(proposals, mappings),
            agreements=tuple((place.title, each) for place, each in agreements if each.total),
            unasked=tuple(each for each in complaints if each is not None),
            asked=len(libraries) + len(senders),
        )

    async def _remember(
        self,
        agreements: Sequence[tuple[ServerPlace, Agreement]],
        mappings: Sequence[PathMapping],
        *,
        silent: set[str] | None,
    ) -> None:
        """Keep what drifted. Of ``silent`` services, None for all, what was found before is not over."""
        before = await self._notes.named(DRIFT_NOTE)
        worst: dict[str, tuple[ServerPlace, Agreement]] = {}
        for found in sorted(agreements, key=lambda each: (each[1].drifted, _astray(each[1]))):
            worst[found[0].service] = found
        changed = False
        for key, (place, agreement) in worst.items():
            notes = self._notes.of(key, clock=self._clock)
            if agreement.drifted:
                mapped = any(each.scope in {place.scope, place.path_scope} for each in mappings)
                news: dict[str, Any] = {
                    "title": place.title,
                    "astray": _astray(agreement),
                    "total": agreement.total,
                    "mapped": mapped,
                }
                await notes.put(DRIFT_NOTE, news)
                changed = changed or before.get(key) != news
            elif key in before and silent is not None and key not in silent:
                await notes.drop(DRIFT_NOTE)
                changed = True
        if changed:
            self._bus.publish(SettingsChanged())


async def read_drifts(notes: NoteStore, services: ServiceStore) -> dict[str, dict[str, Any]]:
    """Return what the last comparison found of the services that are on, by their keys."""
    found = await notes.named(DRIFT_NOTE)
    on = {row.service for row in await services.rows() if row.enabled} if found else set[str]()
    return {key: drift for key, drift in found.items() if key in on}


class PathCheck:
    """Handler of ``scheduled-path-check``."""

    def __init__(self, desk: PathDesk) -> None:
        self._desk = desk

    async def __call__(self, _job: Job, _report: Report) -> Done:
        """Look once. Raises NothingToDo where there is nothing to compare."""
        found = await self._desk.look(only_on=True)
        if not found.asked:
            raise NothingToDo(NOTHING_TO_COMPARE)
        result = {
            "proposals": len(found.proposals),
            "films": {title: [each.agree, each.total] for title, each in found.agreements},
        }
        return Done(detail=text("{words}", words=words_of(found)), result=result)


def words_of(report: PathReport) -> str:
    """Say what a look found, in a few sentences."""
    counts = [f"{title}: {each.agree} of {each.total} films agree." for title, each in report.agreements]
    if not counts:
        counts = ["No films are known on two sides."]
    if report.proposals:
        count = len(report.proposals)
        counts.append("A path mapping is proposed." if count == 1 else f"{count} path mappings are proposed.")
    return " ".join((*counts, *(str(each) for each in report.unasked)))


async def _ask(place: ServerPlace) -> _Library:
    try:
        async with asyncio.timeout(ASKING_S):
            locations = await place.server.locations(place.config)
            films = await place.server.films(place.config)
    except TimeoutError:
        return _Library(place=place, complaint=text(NO_ANSWER, name=place.title, seconds=round(ASKING_S)))
    except MetarrError as error:
        return _Library(place=place, complaint=text(NOT_ASKED, name=place.title, error=str(error)))
    return _Library(place=place, films=films, locations=tuple(locations))


def _compare_here(side: Side, here: Side, mappings: Sequence[PathMapping]) -> _Finding:
    """Compare a sender's paths with those of this computer."""

    def translate(path: str) -> str:
        return to_here(path, scopes=side.scopes, mappings=mappings).path

    return _finding(
        side,
        scope=side.scopes[0],
        target=HERE_NAME,
        films=here.films,
        locations=here.folders,
        translate=translate,
    )


def _told(side: Side, answer: _Library, mappings: Sequence[PathMapping]) -> frozenset[tuple[str, ...]]:
    """Return where a side says its films are, in a form that compares."""
    translate = _translation(side, answer.place, mappings)
    return frozenset(parts(composed(translate(film.folder))) for film in side.films)


def _without_copies(side: Side, answer: _Library, told: Mapping[str, frozenset[tuple[str, ...]]]) -> _Library:
    """Leave out what lies just where another sender says: it is that one's copy, such as the one in 4K."""
    others = frozenset[tuple[str, ...]]().union(*(told[name] for name in told if name != side.name))
    own = told.get(side.name, frozenset())
    copies = others - own
    films = [film for film in answer.films if parts(composed(film.folder)) not in copies]
    return replace(answer, films=films) if copies else answer


def _translation(side: Side, place: ServerPlace, mappings: Sequence[PathMapping]) -> Callable[[str], str]:
    """Return how a path of a side is told to a media server."""

    def translate(path: str) -> str:
        here = to_here(path, scopes=side.scopes, mappings=mappings)
        return to_service(path, here=here, service=place.path_scope, mappings=mappings).path

    return translate


def _compare(side: Side, answer: _Library, mappings: Sequence[PathMapping]) -> _Finding:
    """Compare the paths of a sender, or of this computer, with those of a media server."""
    place = answer.place
    return _finding(
        side,
        scope=place.scope,
        target=place.title,
        films=answer.films,
        locations=answer.locations,
        translate=_translation(side, place, mappings),
    )


def _finding(
    side: Side,
    *,
    scope: str,
    target: str,
    films: Sequence[KnownFilm],
    locations: Sequence[str],
    translate: Callable[[str], str],
) -> _Finding:
    agreement = compare(side.films, films, translate=translate)
    found = propose(scope, side.films, films, translate=translate)
    agreement = replace(agreement, moved=sum(each.agree for each in found))
    # Where films tell, the names of folders tell less.
    known = [each.folder for each in side.films] if agreement.total else []
    silent = [folder for folder in side.folders if not any(is_inside(each, folder) for each in known)]
    found += propose_folders(scope, silent, locations, translate=translate)
    named = tuple(replace(each, origin=side.name, target=target) for each in found)
    return _Finding(proposals=named, agreement=agreement)


def _distinct(proposals: Iterable[Proposal], mappings: Sequence[PathMapping]) -> tuple[Proposal, ...]:
    """Leave out what two sides propose alike, and say what a mapping would replace; the surest come first."""
    existing = {(each.scope, parts(each.from_path)): each.to_path for each in mappings}
    found: dict[object, list[Proposal]] = defaultdict(list)
    for each in proposals:
        found[(each.scope, parts(each.from_path))].append(each)
    best = [max(group, key=lambda each: each.agree) for group in found.values()]
    told = [replace(each, instead=existing.get((each.scope, parts(each.from_path)), "")) for each in best]
    return tuple(sorted(told, key=lambda each: -each.agree))


def _astray(agreement: Agreement) -> int:
    return agreement.total - agreement.agree
