"""What the details window says of a job, put into words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.app.snapshots import GivenUp, ProblemKind
from metarr_desktop.domain.jobs import AttemptOutcome, EndStatus, JobStatus, computer_of, priority_band
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.ui.wording import (
    attempts_text,
    clock_time,
    clock_time_ms,
    duration_text,
    fill_in,
    long_time,
    next_try,
    plural,
    record_status_text,
    say,
    status_text,
    tr,
    with_recovered,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from metarr_desktop.app.snapshots import JobDetail, LaneSnapshot, Problem
    from metarr_desktop.domain.jobs import Attempt, Job, JobRecord

NOTIFY = "notify-"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One line of the timeline, cell by cell."""

    time: str
    what: str
    detail: str
    took: str
    after: str

    def cells(self) -> tuple[str, str, str, str, str]:
        """The five cells in order."""
        return self.time, self.what, self.detail, self.took, self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a person can do next, and the settings page for it (empty: none)."""

    text: str
    page: str


def member(detail: JobDetail) -> Job | JobRecord:
    """The job itself, wherever it is."""
    found = detail.job or detail.record
    assert found is not None  # noqa: S101 - a detail always has one of the two
    return found


def job_id(detail: JobDetail) -> int:
    """The id the job had from the beginning."""
    return detail.record.job_id if detail.record is not None else member(detail).id


def service_of(job: Job | JobRecord) -> str:
    """Key of the service a job notifies, or nothing."""
    return job.type.removeprefix(NOTIFY) if job.type.startswith(NOTIFY) else ""


def lane_of(detail: JobDetail) -> LaneSnapshot | None:
    """The lane of the job, where that takes no jobs."""
    return detail.lanes.get(member(detail).lane)


def time_limit(detail: JobDetail) -> str:
    """Until when a waiting delivery is tried, or nothing."""
    if not _waits(detail) or detail.job is None or detail.job.expires_at is None:
        return ""
    return fill_in(tr("Given up on {date}"), date=long_time(detail.job.expires_at))


def footer(detail: JobDetail, *, several_computers: bool) -> str:
    """The id of the job, its attempts and, where there are several computers, the one that runs it."""
    job = member(detail)
    words = tr("Job {id}   Attempts {attempts}").format(id=job_id(detail), attempts=attempts_text(job))
    running = detail.job is not None and detail.job.status is JobStatus.PROCESSING
    if not several_computers or not running or detail.job is None or detail.job.worker is None:
        return words
    return f"{words}   {fill_in(tr('Runs on {computer}'), computer=computer_of(detail.job.worker))}"


def status_line(detail: JobDetail) -> str:
    """How the job stands; a failure tells after how many attempts."""
    if detail.job is not None:
        return status_text(detail.job, lane=lane_of(detail))
    assert detail.record is not None  # noqa: S101 - a detail always has one of the two
    status = record_status_text(detail.record)
    if detail.record.status is EndStatus.FAILED and detail.attempts:
        return plural(
            "{status} after {n} attempt", "{status} after {n} attempts", len(detail.attempts), status=status
        )
    return status


def reason(detail: JobDetail) -> str:
    """Why it stands so, or nothing."""
    if detail.job is not None:
        lane = lane_of(detail) if _waits(detail) else None
        held = None if lane is None or lane.state == "paused" else lane.reason
        told = detail.waits_for or detail.job.reason or detail.job.error or held
    else:
        told = member(detail).error
    return "" if told is None else say(told)


def webhook_line(detail: JobDetail) -> str:
    """The webhook the job came from, or nothing."""
    if detail.event is None:
        return ""
    event = detail.event
    words = ", ".join((event.source_title, event.event_type, clock_time(event.received_at)))
    return with_recovered(words, recovered=event.recovered)


def advice(detail: JobDetail, problems: Collection[Problem]) -> Advice | None:
    """What to do next; None where nothing needs doing."""
    service = service_of(member(detail))
    if detail.job is not None:
        return _advice_of_waiting(detail, service, problems) if service else None
    if detail.record is None or detail.record.status is not EndStatus.FAILED:
        return None
    if detail.given_up is GivenUp.EXPIRED:
        words = tr(
            "Retry it if it is still wanted. Settings, Advanced say after how many days it is given up."
        )
        return Advice(text=words, page="advanced")
    if detail.given_up is GivenUp.CRASHED:
        words = tr("Look into the log for what happened then. Retry it once; if it ends again, leave it.")
        return Advice(text=words, page="")
    if service:
        return Advice(text=tr("Check the settings, then retry."), page=service)
    if detail.record.type == "scan-movie":
        return Advice(text=tr("Check the folders and path mappings, then retry."), page="library")
    if detail.record.type.startswith("confirm-"):
        words = tr("Check the path mappings and the server's folders, then retry. It only looks again.")
        return Advice(text=words, page="library")
    return Advice(text=tr("Retry when the cause is gone."), page="")


def _advice_of_waiting(detail: JobDetail, service: str, problems: Collection[Problem]) -> Advice | None:
    kinds = {problem.kind for problem in problems if problem.subject in {"", service}}
    if ProblemKind.KEY_REJECTED in kinds:
        return Advice(text=tr("Enter a new key in the settings. Then it is sent."), page=service)
    if ProblemKind.NOT_SET_UP in kinds:
        return Advice(text=tr("Complete the settings. Then it is sent."), page=service)
    if kinds & {ProblemKind.KEYRING_LOCKED, ProblemKind.NO_KEYRING}:
        return Advice(text=tr("Unlock the keyring. Then it is sent."), page=service)
    lane = lane_of(detail)
    if lane is not None and lane.state in {LaneState.BREAKER, LaneState.PROBING} and _waits(detail):
        words = tr("It is tried again by itself. A test in the settings tries at once.")
        return Advice(text=words, page=service)
    return None


def timeline(detail: JobDetail, *, needs_key: bool) -> list[TimelineRow]:
    """What happened to the job, oldest first."""
    job = member(detail)
    if detail.event is None or job.parent_id is None:
        origin = tr("Created, priority {priority}").format(priority=tr(priority_band(job.priority)))
    else:
        origin = tr("Created by webhook {id}, priority {priority}").format(
            id=detail.event.id, priority=tr(priority_band(job.priority))
        )
    rows = [TimelineRow(time=clock_time_ms(job.created_at), what=origin, detail="", took="", after="")]
    starts: list[datetime | None] = [attempt.started_at for attempt in detail.attempts[1:]]
    starts.append(
        next_try(detail.job, lane=lane_of(detail)) if _waits(detail) and detail.job is not None else None
    )
    for attempt, following in zip(detail.attempts, starts, strict=False):  # none began: one wait
        last = attempt is detail.attempts[-1]
        rows.append(
            TimelineRow(
                time=clock_time_ms(attempt.started_at),
                what=tr("Attempt {number}").format(number=attempt.number),
                detail=_OUTCOMES[attempt.outcome]() if attempt.detail is None else say(attempt.detail),
                # When a program died is not known, only when another one noticed.
                took="" if attempt.outcome is AttemptOutcome.CRASHED else duration_text(attempt.duration),
                after=_after(
                    attempt,
                    following,
                    goes_on=not last or detail.job is not None,
                    needs_key=needs_key and last,
                ),
            )
        )
    if detail.job is not None and detail.job.started_at is not None:
        rows.append(_running_row(detail.job, number=len(detail.attempts) + 1))
    return rows


def _running_row(job: Job, *, number: int) -> TimelineRow:
    """The attempt that is not over."""
    note = None if job.progress is None else job.progress.note
    assert job.started_at is not None  # noqa: S101 - asked by the caller
    return TimelineRow(
        time=clock_time_ms(job.started_at),
        what=tr("Attempt {number}").format(number=number),
        detail=status_text(job) if note is None else f"{status_text(job)} - {say(note)}",
        took="",
        after="",
    )


def _waits(detail: JobDetail) -> bool:
    return detail.job is not None and detail.job.status is JobStatus.PENDING


_OUTCOMES = {
    AttemptOutcome.DONE: lambda: tr("Done"),
    AttemptOutcome.SKIPPED: lambda: tr("Skipped"),
    AttemptOutcome.RETRY: lambda: tr("Failed"),
    AttemptOutcome.DEFERRED: lambda: tr("Put off"),
    AttemptOutcome.BLOCKED: lambda: tr("Waiting"),
    AttemptOutcome.FAILED: lambda: tr("Failed"),
    AttemptOutcome.CRASHED: lambda: tr("The program ended while it ran"),
    AttemptOutcome.CANCELLED: lambda: tr("Cancelled"),
}


def _after(attempt: Attempt, following: datetime | None, *, goes_on: bool, needs_key: bool) -> str:
    """What came after an attempt: the next one, an end, or a wait for a person."""
    if attempt.outcome in {AttemptOutcome.DONE, AttemptOutcome.SKIPPED}:
        return ""
    if attempt.outcome in {AttemptOutcome.CANCELLED, AttemptOutcome.CRASHED}:
        return tr("taken up again") if goes_on else tr("stopped")
    if attempt.outcome is AttemptOutcome.FAILED:
        return tr("stopped")
    if attempt.outcome is AttemptOutcome.BLOCKED:
        return tr("waits for a new key") if needs_key else tr("waits until this is settled")
    if following is None:
        return ""
    wait = following - (attempt.started_at + attempt.duration)
    return tr("next in {time}").format(time=duration_text(max(wait, timedelta())))


def payload_text(detail: JobDetail) -> str:
    """What the handler gets and, below it, the webhook as it came; indented where it is JSON."""
    parts = [_indented(detail.payload)] if detail.payload.strip() not in {"", "{}"} else []
    if detail.webhook_body:
        parts.append(_indented(detail.webhook_body))
    return "\n\n".join(parts)


def as_text(detail: JobDetail, *, title: str, problems: Collection[Problem], needs_key: bool) -> str:
    """The whole window but the payload, to paste into a message."""
    job = member(detail)
    lines = [
        title,
        f"{tr('Job')} {job_id(detail)}, {attempts_text(job)}",
        f"{tr('Status')}: {status_line(detail)}",
    ]
    if webhook_line(detail):
        lines.append(f"{tr('Webhook')}: {webhook_line(detail)}")
    if reason(detail):
        lines.append(f"{tr('Reason')}: {reason(detail)}")
    if time_limit(detail):
        lines.append(time_limit(detail))
    told = advice(detail, problems)
    if told is not None:
        lines.append(f"{tr('Do next')}: {told.text}")
    lines.append("")
    lines.extend(
        "  ".join(cell for cell in row.cells() if cell) for row in timeline(detail, needs_key=needs_key)
    )
    return "\n".join(lines)


def _indented(text: str) -> str:
    try:
        indented = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
    return indented.encode("utf-8", "replace").decode()  # half a surrogate pair is nothing Qt can show
