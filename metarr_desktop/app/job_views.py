"""Jobs joined with the webhook they came from, as screens show them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metarr_desktop.app.snapshots import (
    EventDetail,
    EventSnapshot,
    FamilySnapshot,
    GivenUp,
    HistoryFilter,
    HistoryPage,
    HistoryRow,
    JobDetail,
)
from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.history import HistoryCursor
from metarr_desktop.domain.jobs import EndStatus, JobRecord
from metarr_desktop.domain.text import text
from metarr_desktop.storage.history_page import HistoryQuery
from metarr_desktop.storage.insertion import JOINED
from metarr_desktop.storage.orphans import POISONED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.app.origins import Origins, Titles
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.event_store import EventStore, StoredEvent
    from metarr_desktop.storage.history_store import Family, HistoryStore
    from metarr_desktop.storage.job_store import JobStore

MOST_REPLAYS = 20
"""Of a webhook that was replayed more often, the last ones are told."""


class JobViews:
    """Reads for the Dashboard, the Jobs and History pages and the details window."""

    def __init__(
        self,
        *,
        job_store: JobStore,
        history: HistoryStore,
        events: EventStore,
        origins: Origins,
    ) -> None:
        self._job_store = job_store
        self._history = history
        self._events = events
        self._origins = origins

    async def families(self, *, limit: int) -> tuple[FamilySnapshot, ...]:
        """Webhooks of which a job waits or runs, with all their jobs, newest first."""
        return await self._named(await self._history.active_families(limit=limit))

    async def family(self, root_id: int) -> FamilySnapshot | None:
        """One webhook with all its jobs."""
        families = await self._named(await self._history.families([root_id]))
        return families[0] if families else None

    async def recent(self, *, limit: int) -> tuple[FamilySnapshot, ...]:
        """Return the last webhooks with their jobs, newest first."""
        events = await self._events.newest(limit=limit)
        titles = await self._origins.titles()
        roots = await self._events.roots([event.id for event in events])
        families = {
            family.root_id: family for family in await self._history.families(sorted(set(roots.values())))
        }
        return tuple(
            FamilySnapshot(
                root_id=roots[event.id],
                event=_event(event, titles),
                jobs=families[roots[event.id]].jobs,
                records=families[roots[event.id]].records,
            )
            for event in events
            if event.id in roots and roots[event.id] in families
        )

    async def history(
        self, wanted: HistoryFilter, *, before: HistoryCursor | None, limit: int
    ) -> HistoryPage:
        """One page of ended jobs, newest first."""
        query = HistoryQuery(
            text=wanted.text,
            status=wanted.status,
            type=wanted.type,
            source=wanted.source,
            since=wanted.since,
            before=before,
            limit=limit,
        )
        records = await self._history.page(query)
        full = len(records) == limit
        return HistoryPage(rows=await self._rows(records), next_before=_place(records[-1]) if full else None)

    async def _rows(self, records: Sequence[JobRecord]) -> tuple[HistoryRow, ...]:
        attempts = await self._history.attempts([record.job_id for record in records])
        events, titles = await self._events_of(records), await self._origins.titles()
        rows = []
        for record in records:
            event = events.get(record.event_id or 0)
            rows.append(
                HistoryRow(
                    record=record,
                    subject="" if event is None else event.title,
                    source="" if event is None else titles.of(event),
                    attempts=attempts.get(record.job_id, ()),
                )
            )
        return tuple(rows)

    async def events(self, *, before: int | None, limit: int) -> tuple[EventSnapshot, ...]:
        """Stored webhooks, newest first."""
        titles = await self._origins.titles()
        return tuple(_event(each, titles) for each in await self._events.page(limit=limit, before=before))

    async def event(self, event_id: int) -> EventDetail:
        """One stored webhook with everything it became. Raises NotFound."""
        stored = (await self._events.events([event_id])).get(event_id)
        if stored is None:
            raise NotFound(text("There is no webhook {id}.", id=event_id))
        roots = await self._events.all_roots(event_id, limit=MOST_REPLAYS)
        families = await self._history.families(roots)
        return EventDetail(
            event=_event(stored, await self._origins.titles()),
            jobs=tuple(job for family in families for job in family.jobs),
            ended=await self._rows([record for family in families for record in family.records]),
        )

    async def job(self, job_id: int) -> JobDetail:
        """Everything known of one job. Raises NotFound."""
        job = await self._job_store.job(job_id)
        record = None if job is not None else await self._history.record(job_id)
        either: Job | JobRecord | None = job or record
        if either is None:
            raise NotFound(text("There is no job {id}.", id=job_id))
        attempts = (await self._history.attempts([job_id])).get(job_id, ())
        families = await self._history.families([either.root_id])
        members = families[0].members if families else ()
        event, body = None, ""
        if either.event_id is not None:
            stored = (await self._events.events([either.event_id])).get(either.event_id)
            if stored is not None:
                event = _event(stored, await self._origins.titles())
                raw = (await self._events.body(either.event_id)).body
                body = raw.decode("utf-8", "replace")
        return JobDetail(
            job=job,
            record=record,
            attempts=attempts,
            event=event,
            payload=json.dumps(either.payload, indent=2, ensure_ascii=False),
            webhook_body=body,
            related=await self._related(either, members),
            waits_for=_wait(job, members),
            given_up=None if record is None else _given_up(record),
        )

    async def _related(
        self, job: Job | JobRecord, members: Sequence[Job | JobRecord]
    ) -> tuple[Job | JobRecord, ...]:
        """Return the rest of the family, and before it the job that did this one's work."""
        others = tuple(member for member in members if _id(member) != _id(job))
        partner_id = _partner(job)
        if partner_id is None:
            return others
        partner: Job | JobRecord | None = await self._job_store.job(partner_id)
        partner = partner or await self._history.record(partner_id)
        if partner is None:
            return others
        return (partner, *(member for member in others if _id(member) != partner_id))

    async def _named(self, families: Sequence[Family]) -> tuple[FamilySnapshot, ...]:
        members = [member for family in families for member in family.members]
        events, titles = await self._events_of(members), await self._origins.titles()
        named = []
        for family in families:
            ids = [member.event_id for member in family.members if member.event_id]
            stored = events.get(ids[0]) if ids else None
            named.append(
                FamilySnapshot(
                    root_id=family.root_id,
                    event=None if stored is None else _event(stored, titles),
                    jobs=family.jobs,
                    records=family.records,
                )
            )
        return tuple(named)

    async def _events_of(self, members: Sequence[Job | JobRecord]) -> Mapping[int, StoredEvent]:
        return await self._events.events(
            sorted({each.event_id for each in members if each.event_id is not None})
        )


def _event(stored: StoredEvent, titles: Titles) -> EventSnapshot:
    return EventSnapshot(
        id=stored.id,
        source=stored.source,
        source_title=titles.of(stored),
        event_type=stored.event_type,
        title=stored.title,
        received_at=stored.received_at,
        remote_address=stored.remote_address,
        instance=stored.instance,
        outcome=stored.outcome,
        recovered=stored.recovered,
    )


def _place(record: JobRecord) -> HistoryCursor:
    return HistoryCursor(to_ms(record.completed_at), record.id)


def _wait(job: Job | None, members: Sequence[Job | JobRecord]) -> Text | None:
    if job is None or job.waits_for is None:
        return None
    waited = next((each.type for each in members if _id(each) == job.waits_for), "another job")
    return text("Waits for the first attempt of {job}.", job=waited)


def _partner(job: Job | JobRecord) -> int | None:
    """Id of the job that does, or did, the work of this one."""
    if not isinstance(job, JobRecord):
        return job.merged_into
    merged = job.result.get("merged_into")
    if merged is None and job.error is not None and job.error.template == JOINED:
        merged = job.error.values.get("twin")
    return merged if isinstance(merged, int) else None


def _given_up(record: JobRecord) -> GivenUp | None:
    if record.status is not EndStatus.FAILED:
        return None
    if record.error is not None and record.error.template == POISONED.template:
        return GivenUp.CRASHED
    # Only what was never begun again fails without a run.
    return GivenUp.EXPIRED if record.started_at is None else None


def _id(member: Job | JobRecord) -> int:
    return member.job_id if isinstance(member, JobRecord) else member.id
