"""The lanes that take no jobs now, as screens name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from metarr_desktop.app.snapshots import LaneSnapshot
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from metarr_desktop.app.snapshots import PauseSnapshot
    from metarr_desktop.domain.lanes import LaneStop

PAUSED = Text("paused")


def held_lanes(
    *,
    stops: Sequence[LaneStop],
    pause: PauseSnapshot,
    delivering: Collection[str],
    titles: Mapping[str, str],
) -> tuple[LaneSnapshot, ...]:
    """Every lane that takes no jobs, by name.

    Of two reasons the one that outlasts the other is told: a block stays when a pause ends, and a pause hides
    a stop that ends by itself.
    """
    held = {stop.lane: _stopped(stop, titles.get(stop.lane, stop.lane)) for stop in stops}
    if pause.paused:
        for lane in delivering:
            if lane not in held or held[lane].state is not LaneState.BLOCKED:
                held[lane] = LaneSnapshot(
                    lane=lane,
                    title=titles.get(lane, lane),
                    state="paused",
                    reason=PAUSED,
                    until=pause.until,
                )
    return tuple(held[lane] for lane in sorted(held))


def _stopped(stop: LaneStop, title: str) -> LaneSnapshot:
    return LaneSnapshot(
        lane=stop.lane,
        title=title,
        state=stop.state,
        reason=stop_reason(stop, title),
        since=stop.since,
        until=None if stop.state is LaneState.PROBING else stop.until,
    )


def stop_reason(stop: LaneStop, title: str) -> Text:
    """Why a lane stopped, for all that waits in it: an error of one job is not the reason of the others."""
    match stop.state:
        case LaneState.BLOCKED:
            return stop.reason
        case LaneState.RATE_LIMITED:
            return text("{service} asked to wait.", service=title)
        case LaneState.BREAKER | LaneState.PROBING:
            return text("{service} does not answer.", service=title)
        case _:
            assert_never(stop.state)
