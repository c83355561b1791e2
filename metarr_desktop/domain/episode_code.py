"""Numbers of episodes as people write them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_RUNS = 8
"""So many runs of numbers are named; of a pack with more gaps its count tells the rest."""
PAIR = 2


def code_of_file(season: int, numbers: Iterable[int]) -> str:
    """Code of what one file or one import holds: ``S06E01``, ``S06E01-E02``, from three on that of a pack.

    Only the season where no number is known.
    """
    distinct = sorted(set(numbers))
    if not distinct:
        return f"S{season:02d}"
    if len(distinct) == 1:
        return f"S{season:02d}E{distinct[0]:02d}"
    if len(distinct) == PAIR and distinct[1] == distinct[0] + 1:
        return f"S{season:02d}E{distinct[0]:02d}-E{distinct[1]:02d}"
    return code_of_pack(season, distinct)


def code_of_pack(season: int, numbers: Iterable[int]) -> str:
    """Code of several files of a season: ``S02E01-03, 05-08 (7)``; one alone is called as ever."""
    distinct = sorted(set(numbers))
    if len(distinct) < PAIR:
        return code_of_file(season, distinct)
    runs = [_run(first, last) for first, last in _runs(distinct)]
    more = ["\N{HORIZONTAL ELLIPSIS}"] if len(runs) > MOST_RUNS else []
    return f"S{season:02d}E{', '.join([*runs[:MOST_RUNS], *more])} ({len(distinct)})"


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """First and last of each row of numbers without a gap."""
    rows = (
        [number for _, number in row]
        for _, row in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    )
    return [(row[0], row[-1]) for row in rows]


def _run(first: int, last: int) -> str:
    return f"{first:02d}" if first == last else f"{first:02d}-{last:02d}"
