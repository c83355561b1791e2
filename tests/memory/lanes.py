"""Lanes of the job store in memory: stops, and the breaker that opens where nobody answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from metarr_desktop.domain.lanes import BlockCause, LaneState, LaneStop, breaker_failures, breaker_pause
from metarr_desktop.domain.outcomes import Blocked, Done, Failed, Outcome, Retry

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A lane that is stopped, or that lately failed to reach anybody ``failures`` times in a row.

    ``trips`` counts how often its breaker opened in a row, from 0; ``probe`` is the job that tries it.
    """

    stop: LaneStop | None = None
    failures: int = 0
    trips: int = 0
    probe: int | None = None

    def is_over(self, now: datetime) -> bool:
        return self.stop is not None and self.stop.until is not None and self.stop.until <= now

    def has(self, *states: LaneState) -> bool:
        return self.stop is not None and self.stop.state in states


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What an attempt meant for its lane; ``spared`` attempts use no retry."""

    stop: LaneStop | None = None
    opened: bool = False
    spared: bool = False


class Lanes(dict[str, Lane]):
    """Lanes by their name; those that are open and well have no entry."""

    def end_those_over(self, now: datetime) -> tuple[str, ...]:
        """Open lanes whose time is over; a breaker waits for its probe instead."""
        over = [
            name
            for name, lane in self.items()
            if lane.is_over(now) and not lane.has(LaneState.BREAKER, LaneState.PROBING)
        ]
        for name in over:
            del self[name]
        return tuple(over)

    def may_probe(self, name: str, now: datetime) -> bool:
        lane = self.get(name, Lane())
        return lane.has(LaneState.BREAKER) and lane.is_over(now)

    def is_closed(self, name: str, now: datetime) -> bool:
        return self.get(name, Lane()).stop is not None and not self.may_probe(name, now)

    def begin_probe(self, job: Job) -> None:
        lane = self[job.lane]
        assert lane.stop is not None
        self[job.lane] = replace(lane, stop=replace(lane.stop, state=LaneState.PROBING), probe=job.id)

    def await_probe(self, name: str, now: datetime) -> None:
        """Let the next job of a lane try."""
        lane = self[name]
        assert lane.stop is not None
        self[name] = replace(lane, stop=replace(lane.stop, state=LaneState.BREAKER, until=now), probe=None)

    def stop(self, stop: LaneStop) -> bool:
        """Stop a lane; what needs a person, or lasts longer, stays."""
        lane = self.get(stop.lane, Lane())
        if lane.stop is not None and stop.state is not LaneState.BLOCKED:
            if lane.has(LaneState.BLOCKED):
                return False
            if lane.has(LaneState.RATE_LIMITED) and _end(lane.stop) >= _end(stop):
                return False
        self[stop.lane] = replace(lane, stop=stop, probe=None)
        return True

    def note_attempt(self, job: Job, outcome: Outcome, now: datetime) -> News:
        """Count attempts in a row that found nobody; any other word from the far side sets them back."""
        lane = self.get(job.lane, Lane())
        reason = _unreachable(outcome)
        if lane.has(LaneState.PROBING) and lane.probe == job.id:
            return self._end_probe(job, outcome, lane=lane, now=now)
        if lane.has(LaneState.BREAKER) and isinstance(outcome, Done):
            del self[job.lane]
            return News(opened=True)
        if lane.stop is not None:
            return News(spared=reason is not None and lane.has(LaneState.BREAKER, LaneState.PROBING))
        if reason is None:
            if _answered(outcome):
                self.pop(job.lane, None)
            return News()
        self[job.lane] = replace(lane, failures=lane.failures + 1)
        patient = isinstance(outcome, Retry) and outcome.patient
        if lane.failures + 1 < breaker_failures(patient=patient):
            return News()
        return News(stop=self._open_breaker(job.lane, reason, trips=0, patient=patient, now=now))

    def _end_probe(self, job: Job, outcome: Outcome, *, lane: Lane, now: datetime) -> News:
        reason = _unreachable(outcome)
        if reason is not None:
            patient = isinstance(outcome, Retry) and outcome.patient
            stop = self._open_breaker(job.lane, reason, trips=lane.trips + 1, patient=patient, now=now)
            return News(stop=stop, spared=True)
        if _answered(outcome):
            del self[job.lane]
            return News(opened=True)
        self.await_probe(job.lane, now)
        return News()

    def _open_breaker(self, name: str, reason: Text, *, trips: int, patient: bool, now: datetime) -> LaneStop:
        stop = LaneStop(
            lane=name,
            state=LaneState.BREAKER,
            reason=reason,
            since=now,
            until=now + breaker_pause(trips, patient=patient),
        )
        self[name] = Lane(stop=stop, trips=trips)
        return stop


def _end(stop: LaneStop) -> float:
    return float("inf") if stop.until is None else stop.until.timestamp()


def _unreachable(outcome: Outcome) -> Text | None:
    return outcome.error if isinstance(outcome, Retry | Failed) and outcome.connection else None


def _answered(outcome: Outcome) -> bool:
    match outcome:
        case Blocked():
            return outcome.cause is BlockCause.KEY_REJECTED
        case Failed():
            return not outcome.elsewhere
        case _:
            return isinstance(outcome, Done | Retry)
