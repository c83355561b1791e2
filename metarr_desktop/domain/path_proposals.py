"""Path mappings found out: two sides know the same films, and the beginnings of their folders differ."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.paths import (
    PathMapping,
    apply_mapping,
    common_end,
    composed,
    is_inside,
    parts,
    without_last,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from metarr_desktop.domain.media import KnownFilm

FEW = 3
"""So many films that lie elsewhere are more than a slip, such as a film that was moved by hand."""
SHARE = 20
"""One film in so many that lies elsewhere is one: of thousands some are always filed wrongly."""
MOST_GROUPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A mapping that would be right for ``agree`` of the ``total`` films that both sides know in its folder.

    Both are 0 where the folders themselves were compared. ``example`` is how the other side writes one film.
    ``origin`` and ``target`` are whose paths are meant, for people; ``instead`` is what ``from_path`` is
    mapped to now, where a mapping is wrong.
    """

    scope: str
    from_path: str
    to_path: str
    agree: int = 0
    total: int = 0
    example: str = ""
    origin: str = ""
    target: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How many of the films that both sides know lie where one side tells the other.

    Of those elsewhere, ``moved`` lie where a mapping would be right for them.
    """

    agree: int
    total: int
    moved: int = 0

    @property
    def drifted(self) -> bool:
        """Whether so many lie elsewhere that the mapping is wrong, and not some films."""
        astray = self.total - self.agree
        many = astray >= FEW and (self.moved >= FEW or astray * SHARE >= self.total)
        return many or 0 < astray == self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One film: as one side writes it, as it is told to the other, and as that one writes it itself."""

    written: str
    told: str
    there: str

    @property
    def agrees(self) -> bool:
        return same_place(self.told, self.there)

    @property
    def same_end(self) -> int:
        """How many components at the end of both are the same."""
        return _same_end(self.written, self.there)


def compare(
    ours: Sequence[KnownFilm], theirs: Sequence[KnownFilm], *, translate: Callable[[str], str]
) -> Agreement:
    """Count the films both know, and those that lie where ``translate`` says."""
    pairs = _pairs(ours, theirs, translate)
    return Agreement(agree=sum(pair.agrees for pair in pairs), total=len(pairs))


def propose(
    scope: str,
    ours: Sequence[KnownFilm],
    theirs: Sequence[KnownFilm],
    *,
    translate: Callable[[str], str],
) -> tuple[Proposal, ...]:
    """Return the mappings that are missing or wrong, those for most films first; none where all agree.

    Films are the same by their TMDB id, else by their IMDb id. What is the same at the end of their folders
    is taken off, and the beginnings that are left are counted; of those alike, the longest common folder
    counts. One that fits fewer than half of the films below it is none.
    """
    pairs = _pairs(ours, theirs, translate)
    groups: dict[object, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        same = pair.same_end
        if not pair.agrees and same:
            groups[parts(without_last(pair.written, same)), parts(without_last(pair.there, same))].append(
                pair
            )
    largest = sorted(groups.values(), key=len, reverse=True)[:MOST_GROUPS]
    found = list(dict.fromkeys(_mapping(scope, group) for group in largest))
    told = [_proposal(mapping, found, pairs) for mapping in found]
    return tuple(sorted((each for each in told if each.agree * 2 > each.total), key=lambda each: -each.agree))


def propose_folders(
    scope: str,
    folders: Iterable[str],
    locations: Sequence[str],
    *,
    translate: Callable[[str], str],
) -> tuple[Proposal, ...]:
    """Return mappings for folders that lie in none of the other side's, by what they are called.

    One is proposed only where just one of the other's folders ends most alike.
    """
    found = []
    for folder in folders:
        told = translate(folder)
        places = [composed(each) for each in locations]
        if any(is_inside(composed(told), each) or is_inside(each, composed(told)) for each in places):
            continue
        ends = [(_same_end(folder, each), each) for each in locations]
        most = max((count for count, _ in ends), default=0)
        best = [each for count, each in ends if count == most]
        if most and len(best) == 1:
            found.append(Proposal(scope=scope, from_path=folder, to_path=best[0]))
    return tuple(found)


def same_place(one: str, other: str) -> bool:
    """Whether two folders are the same, whichever way their letters are composed."""
    return parts(composed(one)) == parts(composed(other))


def _same_end(one: str, other: str) -> int:
    return common_end(composed(one), composed(other))


def _pairs(
    ours: Sequence[KnownFilm], theirs: Sequence[KnownFilm], translate: Callable[[str], str]
) -> list[_Pair]:
    """Pair what both know; of several copies there, the one counts that lies most alike."""
    there: dict[object, list[str]] = defaultdict(list)
    for film in theirs:
        for key in _keys(film):
            there[key].append(film.folder)
    pairs = []
    for film in ours:
        folders = next((there[key] for key in _keys(film) if key in there), ())
        if not folders or not film.folder:
            continue
        told = translate(film.folder)
        best = max(folders, key=lambda each: (same_place(each, told), _same_end(film.folder, each)))
        pairs.append(_Pair(written=film.folder, told=told, there=best))
    return pairs


def _keys(film: KnownFilm) -> list[object]:
    """What tells which film it is, the surest first."""
    return [
        *([("tmdb", film.tmdb_id)] if film.tmdb_id else []),
        *([("imdb", film.imdb_id)] if film.imdb_id else []),
    ]


def _mapping(scope: str, group: Sequence[_Pair]) -> PathMapping:
    """Return the mapping of pairs whose beginnings differ alike: as long as holds for all of them."""
    first = group[0]
    same = first.same_end
    # The film's own folder is no place for others.
    kept = max(0, min(_shared_length(group) - len(parts(without_last(first.written, same))), same - 1))
    taken = same - kept
    return PathMapping(
        scope=scope,
        from_path=without_last(first.written, taken),
        to_path=without_last(first.there, taken),
    )


def _shared_length(group: Sequence[_Pair]) -> int:
    """Return how many components the folders around the films share from the beginning."""
    length = 0
    for level in zip(*(parts(without_last(pair.written, 1)) for pair in group), strict=False):
        if len(set(level)) > 1:
            break
        length += 1
    return length


def _proposal(mapping: PathMapping, found: Sequence[PathMapping], pairs: Sequence[_Pair]) -> Proposal:
    """Count for how many films it would be right; a longer one of those found counts for its own."""
    longer = [
        each.from_path
        for each in found
        if len(parts(each.from_path)) > len(parts(mapping.from_path))
        and is_inside(each.from_path, mapping.from_path)
    ]
    below = [
        pair
        for pair in pairs
        if is_inside(pair.written, mapping.from_path)
        and not any(is_inside(pair.written, each) for each in longer)
    ]
    agreeing = [pair for pair in below if same_place(apply_mapping(pair.written, mapping), pair.there)]
    return Proposal(
        scope=mapping.scope,
        from_path=mapping.from_path,
        to_path=mapping.to_path,
        agree=len(agreeing),
        total=len(below),
        example=agreeing[0].there if agreeing else "",
    )
