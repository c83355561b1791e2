"""Everything the API can be asked for: one table, from which it is routed and documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from metarr_desktop.app import wire
from metarr_desktop.app import wire_forms as forms
from metarr_desktop.app.api_cursors import after_history, after_jobs, history_place, queue_place
from metarr_desktop.app.api_declaration import Operation, Page, Parameter
from metarr_desktop.app.api_forms import JobIdJson, RetriedJson
from metarr_desktop.app.api_refusals import CONFLICT, NOT_FOUND
from metarr_desktop.app.commands import LONGEST_PAUSE_MIN
from metarr_desktop.app.scan_requests import LONGEST_PATH
from metarr_desktop.app.snapshots import HistoryFilter, PauseSnapshot
from metarr_desktop.domain.jobs import EndStatus

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.params import Params

MOST_ROWS = 1_000
ROWS = 100

FROM_LINK = "Where the page before ended, from its Link header."
LIMIT = Parameter(name="limit", about="At most so many rows.", whole=True, most=MOST_ROWS, default=ROWS)
JOB_ID = Parameter(name="job_id", about="Id of a job.", where="path", whole=True)
EVENT_ID = Parameter(name="event_id", about="Id of a stored webhook.", where="path", whole=True)
SERVICE_KEY = Parameter(name="key", about="Key of a service, such as kodi.", where="path")


class PauseBody(BaseModel):
    """How long to pause: so many minutes, or null until resumed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    minutes: Annotated[int, Field(ge=1, le=LONGEST_PAUSE_MIN)] | None = None


class ScanBody(BaseModel):
    """Which folder to look at, as this computer writes it or as a sender with a path mapping does."""

    model_config = ConfigDict(extra="forbid", strict=True)

    path: Annotated[str, Field(min_length=1, max_length=LONGEST_PATH)]


async def _status(core: Core, _: Params) -> object:
    return wire.status_json(await core.queries.status())


async def _stats(core: Core, _: Params) -> object:
    return wire.statistics_json(await core.queries.statistics())


async def _jobs(core: Core, given: Params) -> object:
    limit, after = given.number("limit"), queue_place(given.optional_word("after"))
    jobs = await core.queries.jobs(after=after, limit=limit)
    return Page([wire.job_json(job) for job in jobs], after_jobs(jobs, limit=limit))


async def _job(core: Core, given: Params) -> object:
    detail = await core.queries.job(given.number("job_id"))
    attempts = wire.attempts_json(detail.attempts)
    if detail.job is not None:
        return {**wire.job_json(detail.job), "attempts": attempts}
    assert detail.record is not None  # noqa: S101 - a job is in one of the two
    subject = "" if detail.event is None else detail.event.title
    return {**wire.ended_json(detail.record, subject=subject), "attempts": attempts}


async def _lanes(core: Core, _: Params) -> object:
    return [wire.lane_json(lane) for lane in await core.queries.lanes()]


async def _history(core: Core, given: Params) -> object:
    status, before = given.optional_word("status"), history_place(given.optional_word("before"))
    wanted = HistoryFilter(
        text=given.optional_word("text") or "",
        status=None if status is None else EndStatus(status),
        type=given.optional_word("type") or "",
        source=given.optional_word("source") or "",
    )
    page = await core.queries.history(wanted, before=before, limit=given.number("limit"))
    return Page([wire.history_json(row) for row in page.rows], after_history(page.next_before))


async def _events(core: Core, given: Params) -> object:
    limit = given.number("limit")
    events = await core.queries.events(before=given.optional_number("before"), limit=limit)
    full = len(events) == limit
    return Page(
        [wire.event_json(event) for event in events], {"before": str(events[-1].id)} if full else None
    )


async def _event(core: Core, given: Params) -> object:
    detail = await core.queries.event(given.number("event_id"))
    return {
        **wire.event_json(detail.event),
        "jobs": [wire.job_json(job) for job in detail.jobs],
        "ended": [wire.history_json(row) for row in detail.ended],
    }


async def _services(core: Core, _: Params) -> object:
    return [wire.service_json(service) for service in await core.queries.services()]


async def _libraries(core: Core, _: Params) -> object:
    return [wire.library_json(folder) for folder in await core.queries.libraries()]


async def _mappings(core: Core, _: Params) -> object:
    return wire.mappings_json(await core.queries.mappings())


async def _schedules(core: Core, _: Params) -> object:
    return [wire.schedule_json(schedule) for schedule in await core.queries.schedules()]


async def _retry(core: Core, given: Params) -> object:
    return {"job_id": await core.commands.retry_job(given.number("job_id"))}


async def _run(core: Core, given: Params) -> object:
    await core.commands.run_now(given.number("job_id"))
    return {"job_id": given.number("job_id")}


async def _cancel(core: Core, given: Params) -> object:
    await core.commands.cancel_job(given.number("job_id"))
    return {"job_id": given.number("job_id")}


async def _retry_failed(core: Core, _: Params) -> object:
    return {"retried": await core.commands.retry_failed()}


async def _replay(core: Core, given: Params) -> object:
    return {"job_id": await core.commands.replay_event(given.number("event_id"))}


async def _pause(core: Core, given: Params) -> object:
    return wire.pause_json(await core.commands.pause(given.optional_number("minutes")))


async def _resume(core: Core, _: Params) -> object:
    await core.commands.resume()
    return wire.pause_json(PauseSnapshot(paused=False))


async def _scan(core: Core, given: Params) -> object:
    return wire.scan_json(await core.commands.scan_path(given.word("path"), origin="api"))


async def _test(core: Core, given: Params) -> object:
    return wire.report_json(await core.commands.test_service(given.word("key")))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="GET", path="/status", name="getStatus", run=_status, result=forms.StatusJson,
        summary="The program at a glance",
    ),
    Operation(
        method="GET", path="/stats", name="getStatistics", run=_stats, result=forms.StatisticsJson,
        summary="What waits, runs and ended in the last 24 hours, in numbers",
    ),
    Operation(
        method="GET", path="/jobs", name="listJobs", run=_jobs, result=list[forms.JobJson],
        summary="The queue, in the order jobs run",
        parameters=(LIMIT, Parameter(name="after", about=FROM_LINK)),
    ),
    Operation(
        method="GET", path="/jobs/{job_id}", name="getJob", run=_job,
        result=forms.QueuedJobJson | forms.HistoryJson,
        summary="One job with its attempts: a row of the queue, or how it ended",
        parameters=(JOB_ID,), errors=(NOT_FOUND,),
    ),
    Operation(
        method="POST", path="/jobs/{job_id}/retry", name="retryJob", run=_retry, result=JobIdJson,
        summary="Try an ended job again; tells the id of the new job",
        parameters=(JOB_ID,), errors=(NOT_FOUND, CONFLICT),
    ),
    Operation(
        method="POST", path="/jobs/{job_id}/run", name="runJob", run=_run, result=JobIdJson,
        summary="Let a waiting job run now", parameters=(JOB_ID,), errors=(NOT_FOUND, CONFLICT),
    ),
    Operation(
        method="POST", path="/jobs/{job_id}/cancel", name="cancelJob", run=_cancel, result=JobIdJson,
        summary="Cancel a waiting or running job", parameters=(JOB_ID,), errors=(NOT_FOUND, CONFLICT),
    ),
    Operation(
        method="POST", path="/jobs/retry-failed", name="retryFailedJobs", run=_retry_failed,
        result=RetriedJson, summary="Try every failed job again that was not tried again since",
        errors=(CONFLICT,),
    ),
    Operation(
        method="GET", path="/lanes", name="listLanes", run=_lanes, result=list[forms.LaneJson],
        summary="What takes no jobs now, why and until when",
    ),
    Operation(
        method="GET", path="/history", name="listHistory", run=_history, result=list[forms.HistoryJson],
        summary="Ended jobs, newest first",
        parameters=(
            LIMIT,
            Parameter(name="before", about=FROM_LINK),
            Parameter(name="status", about="How they ended.", choices=tuple(EndStatus)),
            Parameter(name="type", about="Their type, such as notify-kodi."),
            Parameter(name="source", about="Where their webhook came from, such as radarr."),
            Parameter(name="text", about="Part of their title or their error."),
        ),
    ),
    Operation(
        method="GET", path="/events", name="listEvents", run=_events, result=list[forms.EventJson],
        summary="Stored webhooks, newest first; as a WebSocket, what happens to jobs as it happens",
        about="With Upgrade: websocket each text message is a JSON object as MessageJson describes it.",
        parameters=(
            LIMIT, Parameter(name="before", about="Only what was stored before this id.", whole=True),
        ),
        streams=True,
    ),
    Operation(
        method="GET", path="/events/{event_id}", name="getEvent", run=_event, result=forms.EventDetailJson,
        summary="One stored webhook with its jobs", parameters=(EVENT_ID,), errors=(NOT_FOUND,),
    ),
    Operation(
        method="POST", path="/events/{event_id}/replay", name="replayEvent", run=_replay,
        result=JobIdJson, summary="Run a stored webhook once more; tells the id of its new first job",
        parameters=(EVENT_ID,), errors=(NOT_FOUND,),
    ),
    Operation(
        method="GET", path="/services", name="listServices", run=_services, result=list[forms.ServiceJson],
        summary="Every service and how it stands; never its settings",
    ),
    Operation(
        method="POST", path="/services/{key}/test", name="testService", run=_test, result=forms.ReportJson,
        summary="Test a service as it is set up, within 10 seconds; a pass sends what waits for it",
        parameters=(SERVICE_KEY,), errors=(NOT_FOUND, CONFLICT),
    ),
    Operation(
        method="GET", path="/libraries", name="listLibraries", run=_libraries,
        result=list[forms.LibraryJson], summary="Library folders of this computer",
    ),
    Operation(
        method="POST", path="/scan", name="scanPath", run=_scan, result=forms.ScanJson, body=ScanBody,
        summary="Look at a folder in a library folder, and tell the media servers", errors=(CONFLICT,),
    ),
    Operation(
        method="GET", path="/mappings", name="listMappings", run=_mappings, result=list[forms.MappingJson],
        summary="Path mappings",
    ),
    Operation(
        method="GET", path="/schedules", name="listSchedules", run=_schedules,
        result=list[forms.ScheduleJson], summary="Recurring work: when it is due and how it went last",
    ),
    Operation(
        method="POST", path="/pause", name="pause", run=_pause, result=forms.PauseJson, body=PauseBody,
        summary="Stop delivering; webhooks are still received",
    ),
    Operation(
        method="POST", path="/resume", name="resume", run=_resume, result=forms.PauseJson,
        summary="Go on delivering",
    ),
)  # fmt: skip
