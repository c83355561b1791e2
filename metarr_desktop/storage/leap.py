"""Distinct values of an index: few, however many rows there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.storage.sql import Sql


def leap(db: Sql, least_after: str, *values: object) -> list[str]:
    """Values in order, each found by leaping over all rows of the one before.

    ``least_after`` selects the MIN of a text column that comes next in an index and is beyond its last place.
    """
    found: list[str] = []
    while True:
        row = db.execute(least_after, (*values, found[-1] if found else "")).fetchone()
        if row[0] is None:
            return found
        found.append(row[0])
