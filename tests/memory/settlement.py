"""How a run of the store in memory is settled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.jobs import (
    AttemptOutcome,
    EndStatus,
    Job,
    JobRecord,
)
from metarr_desktop.domain.lanes import BlockCause, LaneState, LaneStop
from metarr_desktop.domain.outcomes import (
    Blocked,
    Cancelled,
    Deferred,
    Done,
    Failed,
    Interrupted,
    Outcome,
    Retry,
    Skipped,
)
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.job_store import (
    Insertion,
    Run,
    Settlement,
)
from tests.memory.lanes import News

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta


from tests.memory.rows import PENDING, PROCESSING, Rows

_ATTEMPTS: dict[type[Outcome], AttemptOutcome] = {
    Done: AttemptOutcome.DONE,
    Skipped: AttemptOutcome.SKIPPED,
    Retry: AttemptOutcome.RETRY,
    Deferred: AttemptOutcome.DEFERRED,
    Blocked: AttemptOutcome.BLOCKED,
    Failed: AttemptOutcome.FAILED,
    Interrupted: AttemptOutcome.CANCELLED,
    Cancelled: AttemptOutcome.CANCELLED,
}


class Settling(Rows):
    """The settlement."""

    async def settle(
        self,
        job: Job,
        outcome: Outcome,
        *,
        run: Run | None,
        now: datetime,
        merged: Sequence[Outcome] = (),
        merge_window: timedelta | None = None,
    ) -> Settlement:
        with self._transaction() as memory:
            quiet = run is None and not job.probe
            news = News() if quiet else memory.lanes.note_attempt(job, outcome, now)
            stop, kept = self._new_stop(job, outcome, run=run, now=now)
            if stop is not None and kept and not memory.lanes.stop(stop):
                stop = None
            moved = [self._move(job, outcome, news=news, run=run, now=now)]
            for follower, own in zip(job.merged, merged or [outcome] * len(job.merged), strict=True):
                moved.append(self._move(follower, _as_follower(own, job), news=news, run=run, now=now))
            changed = [each for each in moved[1:] if isinstance(each, Job)]
            records = [each for each in moved if isinstance(each, JobRecord)]
            if isinstance(outcome, Done):
                children = self._fan_out(job, outcome, now)
                changed += (*children.jobs, *children.moved)
                records += children.joined
                if merge_window is not None and job.merge_key is not None:
                    memory.windows[job.lane, job.merge_key] = now + merge_window
            if not isinstance(outcome, Interrupted):
                changed += self._release(job.id, now)
            return Settlement(
                job=moved[0] if isinstance(moved[0], Job) else job,
                records=tuple(records),
                changed=tuple(changed),
                stopped=stop or news.stop,
                opened=news.opened,
                kept=kept,
            )

    def _new_stop(
        self, job: Job, outcome: Outcome, *, run: Run | None, now: datetime
    ) -> tuple[LaneStop | None, bool]:
        if isinstance(outcome, Failed) and outcome.stop_for is not None:
            until = now + outcome.stop_for
            return LaneStop(
                lane=job.lane, state=LaneState.RATE_LIMITED, reason=outcome.error, since=now, until=until
            ), True
        if isinstance(outcome, Retry) and outcome.rate_limited:
            until = now + outcome.delay
            stop = LaneStop(
                lane=job.lane, state=LaneState.RATE_LIMITED, reason=outcome.error, since=now, until=until
            )
            return stop, True
        if not isinstance(outcome, Blocked):
            return None, True
        saved = self.memory.saved_at.get(job.type.removeprefix("notify-"))
        if run is not None and saved is not None and saved > run.started_at:
            return None, True
        stop = LaneStop(
            lane=job.lane, state=LaneState.BLOCKED, reason=outcome.reason, since=now, cause=outcome.cause
        )
        return stop, outcome.cause is not BlockCause.KEYRING

    def _move(
        self, job: Job, outcome: Outcome, *, news: News, run: Run | None, now: datetime
    ) -> Job | JobRecord:
        self._check_ours(job)
        moved: Job | JobRecord
        match outcome:
            case Done():
                moved = self._end(
                    job,
                    EndStatus.COMPLETED,
                    run=run,
                    now=now,
                    result=outcome.result,
                    title=outcome.event_title,
                )
            case Skipped():
                moved = self._end(
                    job, EndStatus.SKIPPED, error=outcome.reason, run=run, now=now, title=outcome.event_title
                )
            case Failed():
                moved = self._end(job, EndStatus.FAILED, error=outcome.error, run=run, now=now)
            case Cancelled():
                moved = self._end(job, EndStatus.CANCELLED, run=run, now=now)
            case Retry():
                moved = self._retry_later(job, outcome, news=news, run=run, now=now)
            case Deferred():
                key = outcome.merge_key or job.merge_key
                later = replace(job, deferrals=job.deferrals + 1, reason=outcome.reason, merge_key=key)
                moved = self._put_back(later, outcome.until, run=run, now=now)
            case Blocked():
                moved = self._put_back(replace(job, reason=outcome.reason), now, run=run, now=now)
            case Interrupted():
                moved = self._put_back(replace(job, reason=None), now, run=run, now=now)
        if run is not None:
            self._note_run(job, run, _ATTEMPTS[type(outcome)], _detail(outcome))
        return moved

    def _check_ours(self, job: Job) -> None:
        row = self.memory.jobs.get(job.id)
        if job.status is PENDING and row is not None:
            if row.status is PROCESSING:
                raise Refused(text("Job {id} is running.", id=job.id))
        elif not self._is_ours(job):
            raise NotFound(text("Job {id} is not in the queue any more.", id=job.id))

    def _retry_later(
        self, job: Job, outcome: Retry, *, news: News, run: Run | None, now: datetime
    ) -> Job | JobRecord:
        run_after = now + outcome.delay
        if news.spared and news.stop is not None and news.stop.until is not None:
            run_after = news.stop.until
        later = replace(
            job,
            error=outcome.error,
            reason=None,
            retry_count=job.retry_count
            + (0 if outcome.rate_limited or outcome.patient or news.spared else 1),
            rate_limits=job.rate_limits + (1 if outcome.rate_limited else 0),
        )
        return self._put_back(later, run_after, run=run, now=now)

    def _fan_out(self, job: Job, outcome: Done, now: datetime) -> Insertion:
        if outcome.fan_out is None:
            return Insertion(jobs=())
        planned = outcome.fan_out(self.memory.enabled)
        children = [
            replace(new, parent_id=job.id, root_id=job.root_id, event_id=job.event_id) for new in planned
        ]
        return self._insert(children, now)


def _detail(outcome: Outcome) -> Text | None:
    match outcome:
        case Done():
            return outcome.detail
        case Skipped() | Deferred() | Blocked():
            return outcome.reason
        case Retry() | Failed():
            return outcome.error
        case Interrupted():
            return Text("The program was stopped while this ran. It continues at the next start.")
        case Cancelled():
            return Text("Cancelled.")


def _as_follower(outcome: Outcome, leader: Job) -> Outcome:
    if not isinstance(outcome, Done):
        return outcome
    detail = text("Done together with job {id}.", id=leader.id)
    return Done(detail=detail, result={"merged_into": leader.id})
