"""Words, times and numbers as people read them; every text of the window passes here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

from metarr_desktop.app.snapshots import ServiceState
from metarr_desktop.domain.jobs import EndStatus, JobRecord, JobStatus, priority_band
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.text import Text, fill
from metarr_desktop.ui.notes import NoteKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.snapshots import LaneSnapshot, ServiceSnapshot
    from metarr_desktop.domain.jobs import Job, Progress

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ONE_LINE = 200


def tr(template: str) -> str:
    """The sentence in the language of the window; places like ``{n}`` stay to be filled."""
    return QCoreApplication.translate("metarr", template)


def say(text: Text | str) -> str:
    """A sentence made below the window, translated and filled."""
    if isinstance(text, Text):
        return fill(tr(text.template), text.values)
    return tr(text)


def fill_in(template: str, /, **values: str | int) -> str:
    """A translated sentence with its places filled; braces inside a value stay as they are."""
    return fill(template, values)


def plural(one: str, many: str, n: int, /, **values: str | int) -> str:
    """The sentence for ``n`` things, with ``{n}`` and the other places filled."""
    return fill(tr(one if n == 1 else many), {"n": QLocale().toString(n), **values})


def one_line(text: str) -> str:
    """A text from outside, fit for a menu or a cell: no breaks, and not endless."""
    line = " ".join(text.split())
    return line if len(line) <= ONE_LINE else line[: ONE_LINE - 1].rstrip() + "\u2026"


def number(n: int) -> str:
    """A whole number with its digits grouped: ``100,000``."""
    return QLocale().toString(n)


# Jobs


JOB_NAMES = {
    "webhook-received": "Webhook",
    "scan-movie": "Scan movie",
    "scheduled-cleanup": "Clean up history",
    "scheduled-catch-up": "Catch up with senders",
    "scheduled-path-check": "Check path mappings",
    "scheduled-drill": "Weekly drill",
    "catch-up": "Catch up",
    "notify-email": "Send email",
    "notify-webhook": "Call webhook",
    "notify-command": "Run command",
    "notify-desktop": "Show notification",
}


def job_name(kind: str) -> str:
    """What a job type is called."""
    if kind in JOB_NAMES:
        return tr(JOB_NAMES[kind])
    if kind.startswith("notify-"):
        name = kind.removeprefix("notify-")
        return fill(tr("Notify {service}"), {"service": name[:1].upper() + name[1:]})
    if kind.startswith("confirm-"):
        name = kind.removeprefix("confirm-")
        return fill(tr("Confirm {service}"), {"service": name[:1].upper() + name[1:]})
    return kind


def named_job(kind: str, payload: Mapping[str, Any]) -> str:
    """What one job is called: ``Catch up with Radarr``, ``Notify Kodi (Kids)``."""
    sender, group = payload.get("sender"), payload.get("group")
    if kind == "catch-up" and isinstance(sender, str):
        return fill(tr("Catch up with {name}"), {"name": one_line(sender)})
    if kind.startswith("notify-") and isinstance(group, str):
        return fill(tr("{job} ({group})"), {"job": job_name(kind), "group": one_line(group)})
    return job_name(kind)


def short_job_name(kind: str) -> str:
    """The name for a line that holds many: ``Scan``, ``Kodi``."""
    if kind == "scan-movie":
        return tr("Scan")
    if kind.startswith(("scheduled-", "confirm-")):
        return job_name(kind)
    name = kind.removeprefix("notify-")
    return name[:1].upper() + name[1:]


def event_name(event_type: str) -> str:
    """What a sender's word for an event means: ``Download`` is ``Downloaded``."""
    words = {
        "download": "Downloaded",
        "downloaded": "Downloaded",
        "upgrade": "Upgraded",
        "upgraded": "Upgraded",
        "grab": "Grabbed",
        "grabbed": "Grabbed",
        "rename": "Renamed",
        "renamed": "Renamed",
        "deleted": "Deleted",
        "added": "Added",
        "scan": "Scan",
        "drill": "Drill",
        "scanned": "Scan",
        "ready": "Ready to watch",
        "failed": "Download failed",
        "updated": "Program updated",
        "requests": "Request",
        "interaction": "Needs a decision",
        "test": "Test",
        "testnotification": "Test",
        "downloadfailure": "Download failed",
        "health": "Health",
        "healthrestored": "Health restored",
        "importcomplete": "Imported",
        "moviedelete": "Movie deleted",
        "moviefiledelete": "File deleted",
        "episodefiledelete": "File deleted",
        "seriesdelete": "Series deleted",
        "artistdelete": "Artist deleted",
        "albumdelete": "Album deleted",
        "movieadded": "Movie added",
        "seriesadd": "Series added",
        "artistadd": "Artist added",
        "applicationupdate": "Update of the program",
        "manualinteractionrequired": "Needs a decision",
        "undelivered": "Delivery failed",
        "keyrejected": "Key rejected",
        "notreceiving": "Not receiving webhooks",
    }
    sent = event_type.replace("_", "").lower()
    word = words.get(sent)
    if word is None and "_" in event_type:  # as Overseerr and Jellyseerr write
        word = (
            "Request"
            if sent.startswith("media")
            else "Problem reported"
            if sent.startswith("issue")
            else None
        )
    return one_line(event_type) if word is None else tr(word)


def with_recovered(words: str, *, recovered: bool) -> str:
    """Say of a webhook that it was read from the sender's history."""
    return fill(tr("{words} (recovered)"), {"words": words}) if recovered else words


def status_text(job: Job, *, lane: LaneSnapshot | None = None, now: datetime | None = None) -> str:
    """How a job of the queue stands; ``lane`` is its lane where that takes no jobs."""
    if job.status is JobStatus.PROCESSING:
        return _running_text(job)
    if job.waits_for is not None:
        return _with_reason(tr("Waiting"), Text("for the scan"))
    if job.reason is not None:
        return _with_reason(tr("Waiting"), job.reason)
    if lane is not None and _is_held(job, lane):
        return _with_reason(tr("Waiting"), lane.reason)
    if job.run_after > (now or datetime.now(tz=UTC)):
        return fill(tr("Retrying at {time}"), {"time": clock_time(job.run_after)})
    return tr("Waiting")


def _running_text(job: Job) -> str:
    if job.merged_into is not None:
        return fill(tr("Running - together with job {id}"), {"id": job.merged_into})
    if job.progress is None:
        return tr("Running")
    return fill(tr("Running {progress}"), {"progress": progress_text(job.progress)})


def progress_text(progress: Progress) -> str:
    """``5 of 10``."""
    locale = QLocale()
    values = {"done": locale.toString(progress.done), "total": locale.toString(progress.total)}
    return fill(tr("{done} of {total}"), values)


def next_try(job: Job, *, lane: LaneSnapshot | None = None) -> datetime | None:
    """When a waiting job runs at the earliest; None where that depends on something else than time."""
    if job.status is JobStatus.PROCESSING or job.waits_for is not None:
        return None
    if lane is None or not _is_held(job, lane):
        return job.run_after
    return None if lane.until is None else max(lane.until, job.run_after)


def _is_held(job: Job, lane: LaneSnapshot) -> bool:
    """Whether it is for its lane that a job waits: its own time may come later than that of the lane."""
    return lane.until is None or job.run_after < lane.until


def status_shape(
    job: Job | JobRecord, *, lane: LaneSnapshot | None = None, now: datetime | None = None
) -> str:
    """Name of the icon that goes with the status."""
    if isinstance(job, JobRecord):
        return {
            EndStatus.COMPLETED: "done",
            EndStatus.FAILED: "failed",
            EndStatus.SKIPPED: "skipped",
            EndStatus.CANCELLED: "cancelled",
        }[job.status]
    if job.status is JobStatus.PROCESSING:
        return "running"
    if job.waits_for is not None:
        return "waiting"
    if job.reason is not None or (lane is not None and _is_held(job, lane)):
        return "blocked"
    return "retrying" if job.run_after > (now or datetime.now(tz=UTC)) else "waiting"


def end_word(status: EndStatus) -> str:
    """How a job ended, in one word."""
    match status:
        case EndStatus.COMPLETED:
            return tr("Done")
        case EndStatus.FAILED:
            return tr("Failed")
        case EndStatus.SKIPPED:
            return tr("Skipped")
        case EndStatus.CANCELLED:
            return tr("Cancelled")


def record_status_text(record: JobRecord) -> str:
    """How an ended job ended; what was skipped tells why."""
    word = end_word(record.status)
    if record.status is EndStatus.SKIPPED and record.error is not None:
        return _with_reason(word, record.error)
    return word


def attempts_text(job: Job | JobRecord) -> str:
    """Runs begun, of those there may be: ``2 of 4``."""
    return fill(tr("{n} of {most}"), {"n": job.attempts, "most": job.max_retries + 1})


def priority_text(priority: int) -> str:
    """Critical, High, Normal or Low."""
    return tr(priority_band(priority))


def _with_reason(word: str, reason: Text) -> str:
    return f"{word} - {one_line(say(reason)).rstrip('.')}"


# Services


def service_state_text(service: ServiceSnapshot) -> tuple[NoteKind, str]:
    """How a service stands, and what kind of news that is."""
    words = {
        ServiceState.OFF: (NoteKind.PLAIN, "Off"),
        ServiceState.NOT_SET_UP: (NoteKind.WARNING, "Not set up"),
        ServiceState.NOT_TESTED: (NoteKind.PLAIN, "Not tested"),
        ServiceState.CONNECTED: (NoteKind.DONE, "Connected"),
        ServiceState.WAITING: (NoteKind.WAITING, "Waiting"),
        ServiceState.NEEDS_ATTENTION: (NoteKind.FAILED, "Needs attention"),
    }
    kind, word = words[service.state]
    if service.detail is None or service.state in {ServiceState.OFF, ServiceState.NOT_SET_UP}:
        return kind, tr(word)
    if service.state is ServiceState.WAITING and service.stop is LaneState.PROBING:
        return kind, tr("Trying again now")
    if service.state is ServiceState.WAITING and service.until is not None:
        return kind, f"{tr(word)} - {_stop_text(service, service.until)}"
    return kind, _with_reason(tr(word), service.detail)


def _stop_text(service: ServiceSnapshot, until: datetime) -> str:
    """Why a service waits, and until when."""
    values = {"service": service.title, "time": day_time(until)}
    if service.stop is LaneState.BREAKER:
        return fill(tr("{service} does not answer. Next try at {time}."), values)
    return fill(tr("{service} asked to wait until {time}."), values)


def last_result_text(service: ServiceSnapshot) -> str:
    """How the last job of a service ended."""
    if service.last_status is None or service.last_at is None:
        return tr("Never used")
    values = {"status": end_word(service.last_status), "time": day_time(service.last_at)}
    return fill(tr("Last: {status} {time}"), values)


# Times


def clock_time(at: datetime) -> str:
    """Local hours and minutes."""
    return QLocale().toString(_local(at), QLocale.FormatType.ShortFormat)


def log_time(at: datetime) -> str:
    """Local time to the second."""
    return _local(at).toString("HH:mm:ss")


def clock_time_ms(at: datetime) -> str:
    """Local time to the millisecond."""
    return _local(at).toString("HH:mm:ss.zzz")


def day_time(at: datetime, *, seconds: bool = False) -> str:
    """The time alone today, with its day before."""
    local = at.astimezone()
    time = log_time(at) if seconds else clock_time(at)
    days = (datetime.now(tz=UTC).astimezone().date() - local.date()).days
    match days:
        case 0:
            return fill(tr("Today {time}"), {"time": time}) if seconds else time
        case -1:
            return fill(tr("Tomorrow {time}"), {"time": time})
        case 1:
            return fill(tr("Yesterday {time}"), {"time": time})
    day = QDate(local.year, local.month, local.day)
    return f"{QLocale().toString(day, QLocale.FormatType.ShortFormat)} {time}"


def long_time(at: datetime) -> str:
    """The day, spelled out, and the time."""
    local = at.astimezone()
    day = QDate(local.year, local.month, local.day)
    return f"{QLocale().toString(day, QLocale.FormatType.LongFormat)} {clock_time(at)}"


def duration_text(span: timedelta) -> str:
    """A duration in its two largest units: ``0.4 s``, ``2 min 5 s``, ``1 h 5 min``."""
    locale = QLocale()
    if span < MINUTE:
        digits = 0 if span >= timedelta(seconds=10) or span == timedelta() else 1
        return fill(tr("{n} s"), {"n": locale.toString(span.total_seconds(), "f", digits)})
    seconds = round(span.total_seconds())
    if span < HOUR:
        values = {"minutes": seconds // 60, "seconds": seconds % 60}
        return fill(tr("{minutes} min {seconds} s"), values)
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return fill(tr("{hours} h {minutes} min"), {"hours": locale.toString(hours), "minutes": minutes})


def counter_text(span: timedelta) -> str:
    """A running count of time: ``0:12``, ``1:05:00``."""
    seconds = max(0, int(span.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _local(at: datetime) -> QTime:
    local = at.astimezone()
    return QTime(local.hour, local.minute, local.second, local.microsecond // 1000)
