"""Rows of the job tables, read into values and written from them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import EPOCH, from_ms
from metarr_desktop.domain.jobs import (
    Attempt,
    AttemptOutcome,
    EndStatus,
    Job,
    JobRecord,
    JobStatus,
    Progress,
)
from metarr_desktop.domain.lanes import BlockCause, LaneState, LaneStop
from metarr_desktop.domain.text import Text, text_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

JOB_COLUMNS = (
    "id, type, lane, priority, status, payload, created_at, updated_at, run_after, root_id, max_retries,"
    " retry_count, starts, deferrals, rate_limits, error, error_text, reason, reason_text, started_at,"
    " parent_id, event_id, waits_for, retry_of, dedupe_key, merge_key, expires_at, progress, worker,"
    " merged_into"
)
RECORD_COLUMNS = (
    "id, job_id, type, lane, priority, status, payload, created_at, started_at, completed_at, duration_ms,"
    " root_id, retry_count, max_retries, error, error_text, result, parent_id, event_id, retry_of"
)


def columns(names: str, *, table: str) -> str:
    """Return the same columns, each behind its table's name."""
    return ", ".join(f"{table}.{name.strip()}" for name in names.split(","))


def read_text(plain: str | None, stored: str | None) -> Text | None:
    """Text of a column pair: the translatable form where it still says the same as the plain one."""
    if plain is None:
        return None
    parsed = text_from_json(stored)
    return parsed if parsed is not None and str(parsed) == plain else Text("{text}", {"text": plain})


def write_text(value: Text | None) -> tuple[str | None, str | None]:
    """Both columns of a text: plain English, and template with values."""
    return (None, None) if value is None else (str(value), value.to_json())


def read_json(stored: str | None) -> Mapping[str, Any]:
    """Read an object back; what a person damaged by hand reads as empty."""
    try:
        data = json.loads(stored or "{}")
    except (ValueError, RecursionError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def write_json(value: Mapping[str, Any]) -> str:
    """Compact JSON of an object."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def instant(stored: object) -> datetime:
    """Read an instant back; what a person damaged by hand reads as long ago."""
    try:
        return from_ms(int(stored))  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return EPOCH


def optional_instant(stored: object) -> datetime | None:
    """Read an instant back that may be absent."""
    return None if stored is None else instant(stored)


def read_job(row: Sequence[Any]) -> Job:
    """One row in the order of ``JOB_COLUMNS``."""
    status = JobStatus(row[4])
    return Job(
        id=row[0],
        type=row[1],
        lane=row[2],
        priority=row[3],
        status=status,
        payload=read_json(row[5]),
        created_at=instant(row[6]),
        updated_at=instant(row[7]),
        run_after=instant(row[8]),
        root_id=row[9] or row[0],
        max_retries=row[10],
        retry_count=row[11],
        starts=row[12],
        deferrals=row[13],
        rate_limits=row[14],
        error=read_text(row[15], row[16]),
        reason=read_text(row[17], row[18]),
        started_at=optional_instant(row[19]),
        parent_id=row[20],
        event_id=row[21],
        waits_for=row[22],
        retry_of=row[23],
        attempts=row[11] + (1 if status is JobStatus.PROCESSING else 0),
        dedupe_key=row[24],
        merge_key=row[25],
        expires_at=optional_instant(row[26]),
        progress=None if row[27] is None else read_progress(row[27]),
        worker=row[28],
        merged_into=row[29],
    )


def read_progress(stored: str) -> Progress | None:
    """Read back what ``write_progress`` stored; None for something else."""
    data = read_json(stored)
    done, total = data.get("done"), data.get("total")
    if not isinstance(done, int) or not isinstance(total, int):
        return None
    return Progress(done=done, total=total, note=text_from_json(data.get("note")))


def write_progress(progress: Progress) -> str:
    """JSON of how far a job is."""
    note = None if progress.note is None else progress.note.to_json()
    return write_json({"done": progress.done, "total": progress.total, "note": note})


def read_record(row: Sequence[Any]) -> JobRecord:
    """One row in the order of ``RECORD_COLUMNS``."""
    return JobRecord(
        id=row[0],
        job_id=row[1],
        type=row[2],
        lane=row[3],
        priority=row[4],
        status=EndStatus(row[5]),
        payload=read_json(row[6]),
        created_at=instant(row[7]),
        started_at=optional_instant(row[8]),
        completed_at=instant(row[9]),
        duration=timedelta(milliseconds=int(row[10] or 0)),
        root_id=row[11],
        retry_count=row[12],
        max_retries=row[13],
        error=read_text(row[14], row[15]),
        result=read_json(row[16]),
        parent_id=row[17],
        event_id=row[18],
        retry_of=row[19],
        attempts=0 if row[8] is None else row[12] + 1,
    )


def read_attempt(row: Sequence[Any]) -> Attempt:
    """Row of job_id, number, started_at, duration_ms, outcome, detail, detail_text."""
    return Attempt(
        job_id=row[0],
        number=row[1],
        started_at=instant(row[2]),
        duration=timedelta(milliseconds=row[3]),
        outcome=AttemptOutcome(row[4]),
        detail=read_text(row[5], row[6]),
    )


def read_lane_stop(row: Sequence[Any]) -> LaneStop:
    """Row of lane, state, cause, reason, reason_text, since, until; unknown words mean a plain block."""
    known = row[1] in set(LaneState)
    return LaneStop(
        lane=row[0],
        state=LaneState(row[1]) if known else LaneState.BLOCKED,
        cause=BlockCause(row[2]) if row[2] in set(BlockCause) else None,
        reason=read_text(row[3], row[4]) or Text(""),
        since=instant(row[5]),
        until=optional_instant(row[6]),
    )
