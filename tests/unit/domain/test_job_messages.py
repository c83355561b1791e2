from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from metarr_desktop.domain.changes import JobChanged, JobEnded, PauseChanged
from metarr_desktop.domain.job_messages import JobMessages, MessageKind
from metarr_desktop.domain.jobs import EndStatus, Job, JobRecord, JobStatus, Progress
from metarr_desktop.domain.text import Text
from tests.fakes import START

LATER = START + timedelta(seconds=5)


def job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": 7, "type": "notify-kodi", "lane": "kodi", "priority": 5, "status": JobStatus.PENDING,
        "payload": {}, "created_at": START, "updated_at": START, "run_after": START, "root_id": 5, **changes,
    }  # fmt: skip
    return Job(**values)


def running(**changes: Any) -> Job:
    return job(
        **{"status": JobStatus.PROCESSING, "started_at": LATER, "updated_at": LATER, "starts": 1, **changes}
    )


def record(status: EndStatus, *, job_id: int = 7) -> JobRecord:
    return JobRecord(
        id=1, job_id=job_id, type="notify-kodi", lane="kodi", priority=5, status=status, payload={},
        created_at=START, started_at=LATER, completed_at=LATER, duration=timedelta(0), root_id=5,
    )  # fmt: skip


def kinds(messages: JobMessages, *changes: Any) -> list[str | None]:
    told = [messages.read(change, at=LATER) for change in changes]
    return [None if message is None else message.kind.value for message in told]


def test_a_job_is_told_from_its_creation_to_its_end() -> None:
    steps = (
        JobChanged(job()),
        JobChanged(running()),
        JobChanged(running(progress=Progress(done=1, total=3))),
        JobChanged(running(progress=Progress(done=2, total=3))),
        JobEnded(record(EndStatus.COMPLETED)),
    )
    assert kinds(JobMessages(), *steps) == ["created", "started", "progress", "progress", "completed"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (EndStatus.COMPLETED, MessageKind.COMPLETED),
        (EndStatus.SKIPPED, MessageKind.COMPLETED),
        (EndStatus.FAILED, MessageKind.FAILED),
        (EndStatus.CANCELLED, MessageKind.FAILED),
    ],
)
def test_an_end_is_one_of_two(status: EndStatus, kind: MessageKind) -> None:
    message = JobMessages().read(JobEnded(record(status)), at=LATER)
    assert message is not None
    assert (message.kind, message.at, message.job) == (kind, LATER, record(status))


def test_a_job_that_is_put_back_is_progress_and_starts_again() -> None:
    put_back = job(retry_count=1, attempts=1, updated_at=LATER, error=Text("No answer."))
    again = running(started_at=LATER + timedelta(seconds=9), retry_count=1)
    steps = (JobChanged(job()), JobChanged(running()), JobChanged(put_back), JobChanged(again))
    assert kinds(JobMessages(), *steps) == ["created", "started", "progress", "started"]


def test_a_second_look_at_a_run_is_no_second_start() -> None:
    steps = (JobChanged(running()), JobChanged(running()), JobChanged(replace(running(), worker="x")))
    assert kinds(JobMessages(), *steps) == ["started", "progress", "progress"]


@pytest.mark.parametrize(
    "known",
    [{"updated_at": LATER}, {"starts": 1}, {"attempts": 1}, {"deferrals": 1}, {"rate_limits": 1}],
)
def test_a_job_from_before_is_not_told_as_new(known: dict[str, Any]) -> None:
    assert kinds(JobMessages(), JobChanged(job(**known))) == ["progress"]


def test_a_waiting_job_is_created_once() -> None:
    assert kinds(JobMessages(), JobChanged(job()), JobChanged(job())) == ["created", "progress"]


def test_a_job_that_ended_is_forgotten() -> None:
    messages = JobMessages()
    kinds(messages, JobChanged(job()), JobEnded(record(EndStatus.COMPLETED)))
    assert messages._seen == {}


def test_other_changes_tell_nothing_of_jobs() -> None:
    assert kinds(JobMessages(), PauseChanged()) == [None]
