"""The public JSON forms. Scripts rely on them: they only ever gain keys. See docs/command-line.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from metarr_desktop.app.scan_requests import ScanRequest
    from metarr_desktop.app.snapshots import (
        EventSnapshot,
        HistoryRow,
        LaneSnapshot,
        LibrarySnapshot,
        PauseSnapshot,
        ScheduleSnapshot,
        ServiceSnapshot,
        SourceAddress,
        StatusSnapshot,
        TestReport,
    )
    from metarr_desktop.app.wire_forms import (
        AddressJson,
        AttemptJson,
        EndedJobJson,
        EventJson,
        HistoryJson,
        HopJson,
        JobJson,
        LaneJson,
        LibraryJson,
        MappingJson,
        PauseJson,
        ReportJson,
        ScanJson,
        ScheduleJson,
        ServiceJson,
        StatisticsJson,
        StatusJson,
        TallyJson,
    )
    from metarr_desktop.domain.jobs import Attempt, Job, JobRecord
    from metarr_desktop.domain.paths import PathMapping
    from metarr_desktop.domain.statistics import Statistics, Tally
    from metarr_desktop.domain.text import Text
    from metarr_desktop.domain.tracing import Hop


def status_json(status: StatusSnapshot) -> StatusJson:
    """The program at a glance."""
    listening = status.listening
    oldest = status.queue.oldest_pending
    return {
        "version": status.version,
        "running": status.running,
        "listening": None if listening is None else {"host": listening.host, "port": listening.port},
        "paused": status.pause.paused,
        "paused_until": iso(status.pause.until),
        "queue": {
            "pending": status.queue.pending,
            "processing": status.queue.processing,
            "oldest_pending_s": None if oldest is None else round(oldest.total_seconds(), 3),
        },
        "services": [service_json(service) for service in status.services],
    }


def statistics_json(statistics: Statistics) -> StatisticsJson:
    """What waits, runs and lately ended, in numbers."""
    at = statistics.at
    return {
        "at": iso(at),
        "total": _tally_json(statistics.total, at),
        "types": [{"type": kind, **_tally_json(tally, at)} for kind, tally in statistics.types.items()],
        "services": [
            {"key": key, "title": statistics.titles[key], **_tally_json(tally, at)}
            for key, tally in statistics.services.items()
        ],
    }


def _tally_json(tally: Tally, at: datetime) -> TallyJson:
    oldest = tally.oldest_waiting
    return {
        "waiting": tally.waiting,
        "running": tally.running,
        "oldest_waiting_s": None if oldest is None else max(0.0, round((at - oldest).total_seconds(), 3)),
        "done_24h": tally.done,
        "failed_24h": tally.failed,
    }


def service_json(service: ServiceSnapshot) -> ServiceJson:
    """How one service stands."""
    return {
        "key": service.key,
        "title": service.title,
        "enabled": service.enabled,
        "configured": service.configured,
        "state": service.state,
        "detail": _text(service.detail),
        "stop": service.stop,
        "until": iso(service.until),
        "players": None if service.household is None else len(service.household.players),
    }


def lane_json(lane: LaneSnapshot) -> LaneJson:
    """A lane that takes no jobs."""
    return {
        "lane": lane.lane,
        "title": lane.title,
        "state": str(lane.state),
        "reason": str(lane.reason),
        "since": iso(lane.since),
        "until": iso(lane.until),
    }


def job_json(job: Job) -> JobJson:
    """One row of the queue."""
    progress = job.progress
    return {
        "id": job.id,
        "type": job.type,
        "priority": job.priority,
        "status": job.status,
        "retry_count": job.retry_count,
        "max_retries": job.max_retries,
        "parent_id": job.parent_id,
        "root_id": job.root_id,
        "event_id": job.event_id,
        "created_at": iso(job.created_at),
        "run_after": iso(job.run_after),
        "error": _text(job.error),
        "reason": _text(job.reason),
        "waits_for": job.waits_for,
        "lane": job.lane,
        "worker": job.worker,
        "progress": None
        if progress is None
        else {"done": progress.done, "total": progress.total, "note": _text(progress.note)},
        "dedupe_key": job.dedupe_key,
        "merge_key": job.merge_key,
        "merged_into": job.merged_into,
        "expires_at": iso(job.expires_at),
    }


def history_json(row: HistoryRow) -> HistoryJson:
    """One ended job with its attempts."""
    return {**ended_json(row.record, subject=row.subject), "attempts": attempts_json(row.attempts)}


def ended_json(record: JobRecord, *, subject: str) -> EndedJobJson:
    """One ended job."""
    return {
        "id": record.id,
        "job_id": record.job_id,
        "type": record.type,
        "priority": record.priority,
        "status": record.status,
        "error": _text(record.error),
        "retry_count": record.retry_count,
        "max_retries": record.max_retries,
        "retry_of": record.retry_of,
        "lane": record.lane,
        "parent_id": record.parent_id,
        "root_id": record.root_id,
        "event_id": record.event_id,
        "subject": subject,
        "created_at": iso(record.created_at),
        "started_at": iso(record.started_at),
        "completed_at": iso(record.completed_at),
        "duration_ms": _ms(record.duration),
    }


def attempts_json(attempts: Sequence[Attempt]) -> list[AttemptJson]:
    """Runs of a job, in order."""
    return [_attempt_json(attempt) for attempt in attempts]


def _attempt_json(attempt: Attempt) -> AttemptJson:
    return {
        "number": attempt.number,
        "started_at": iso(attempt.started_at),
        "duration_ms": _ms(attempt.duration),
        "outcome": attempt.outcome,
        "detail": _text(attempt.detail),
    }


def event_json(event: EventSnapshot) -> EventJson:
    """One stored webhook."""
    return {
        "id": event.id,
        "source": event.source,
        "instance": event.instance,
        "event_type": event.event_type,
        "title": event.title,
        "received_at": iso(event.received_at),
        "outcome": event.outcome,
        "recovered": event.recovered,
    }


def pause_json(pause: PauseSnapshot) -> PauseJson:
    """Whether deliveries are paused."""
    return {"paused": pause.paused, "until": iso(pause.until)}


def report_json(report: TestReport) -> ReportJson:
    """Result of a connection test."""
    return {
        "ok": report.ok,
        "ms": report.ms,
        "released": report.released,
        "steps": [
            {"name": str(line.name), "ok": line.ok, "detail": str(line.detail), "ms": line.ms}
            for line in report.lines
        ],
    }


def library_json(folder: LibrarySnapshot) -> LibraryJson:
    """One library folder of this computer."""
    return {
        "id": folder.id,
        "name": folder.name,
        "path": folder.path,
        "type": folder.type,
        "found": folder.found,
        "anchor": folder.anchor,
        "needs_nfo": folder.needs_nfo,
        "watch": folder.watch,
    }


def mappings_json(mappings: Sequence[PathMapping]) -> list[MappingJson]:
    """Every path mapping."""
    return [{"scope": each.scope, "from": each.from_path, "to": each.to_path} for each in mappings]


def trace_json(hops: Sequence[Hop]) -> list[HopJson]:
    """Each side a path goes by, and how it writes it."""
    return [
        {
            "scope": hop.scope,
            "path": hop.path,
            "mapping": None
            if hop.mapping is None
            else {"scope": hop.mapping.scope, "from": hop.mapping.from_path, "to": hop.mapping.to_path},
            "translated_from": hop.written,
            "library": None if hop.library is None else hop.library.name,
            "exists": hop.exists,
        }
        for hop in hops
    ]


def scan_json(request: ScanRequest) -> ScanJson:
    """A folder that is to be looked at."""
    return {
        "event_id": request.event_id,
        "job_id": request.job_id,
        "folder": request.folder,
        "title": request.title,
    }


def address_json(address: SourceAddress) -> AddressJson:
    """The address to paste into one sender."""
    return {"source": address.key, "title": address.title, "url": address.url}


def schedule_json(schedule: ScheduleSnapshot) -> ScheduleJson:
    """Recurring work."""
    return {
        "name": schedule.name,
        "title": str(schedule.title),
        "rule": schedule.rule.to_json(),
        "words": str(schedule.rule.words()),
        "next_at": iso(schedule.next_at),
        "last_at": iso(schedule.last_at),
        "last_job_id": schedule.last_job_id,
        "last_status": schedule.last_status,
        "last_detail": _text(schedule.last_detail),
    }


def _text(value: Text | None) -> str | None:
    return None if value is None else str(value)


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
