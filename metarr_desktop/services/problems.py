"""Which news are problems, that people may want to be told of more loudly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.events import Notice, NoticeKind

if TYPE_CHECKING:
    from metarr_desktop.domain.events import Event

_PROBLEMS = frozenset({NoticeKind.INTERACTION, NoticeKind.FAILURE, NoticeKind.UNDELIVERED})


def is_problem(event: Event) -> bool:
    """Whether somebody has to see to it: what failed or waits, and bad health."""
    if not isinstance(event, Notice):
        return False
    return event.kind in _PROBLEMS or (event.kind is NoticeKind.HEALTH and event.level != "notice")
