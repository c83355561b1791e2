"""The rows of the Jobs page: webhooks, and the jobs that came of each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import MediaEvent, read_event
from metarr_desktop.domain.jobs import EndStatus, Job, JobRecord
from metarr_desktop.ui.wording import event_name, named_job, one_line, plural, tr, with_recovered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from metarr_desktop.app.snapshots import EventSnapshot
    from metarr_desktop.domain.events import Event


class MemberNode:
    """One job; ``job`` is a Job while it waits or runs and its JobRecord afterwards."""

    __slots__ = ("family", "id", "job", "serial")

    def __init__(self, job: Job | JobRecord, *, family: FamilyNode, serial: int) -> None:
        self.id = id_of(job)
        self.job = job
        self.family = family
        self.serial = serial

    @property
    def is_active(self) -> bool:
        """Whether the job is in the queue."""
        return isinstance(self.job, Job)


class FamilyNode:
    """One webhook with its jobs in the order of their ids; ``source`` is the title of its sender."""

    __slots__ = (
        "action",
        "event",
        "id",
        "looked_up",
        "members",
        "serial",
        "source",
        "subject",
        "told_by_a_job",
    )

    def __init__(self, root_id: int, *, serial: int) -> None:
        self.id = root_id
        self.serial = serial
        self.members: list[MemberNode] = []
        self.event: EventSnapshot | None = None
        self.looked_up = False
        self.subject = ""
        self.action = ""
        self.source = ""
        self.told_by_a_job = False

    @property
    def active(self) -> int:
        """How many of its jobs are in the queue."""
        return sum(member.is_active for member in self.members)

    @property
    def ended_at(self) -> datetime | None:
        """When the last job ended; None while one is in the queue."""
        ended = [member.job.completed_at for member in self.members if isinstance(member.job, JobRecord)]
        return max(ended) if ended and len(ended) == len(self.members) else None

    @property
    def root(self) -> MemberNode | None:
        """The job of the webhook itself, where it is known."""
        return self.members[0] if self.members and self.members[0].id == self.id else None

    @property
    def wants_lookup(self) -> bool:
        """Whether the jobs alone do not tell what the webhook was about, or are not all here."""
        return not self.looked_up and (not self.subject or self.root is None)

    def name(self, event: EventSnapshot | None) -> None:
        """Take what is stored about the webhook; the jobs tell more, where they do."""
        self.event = event
        if event is None:
            return
        self.source = event.source_title
        self.subject = self.subject or one_line(event.title)
        action = with_recovered(event_name(event.event_type), recovered=event.recovered)
        self.action = self.action or action

    def learn(self, payload: Mapping[str, Any]) -> None:
        """See from a job what the webhook was about."""
        if self.told_by_a_job:
            return
        media = event_of(payload)
        if media is None:
            return
        self.told_by_a_job = True
        self.subject = one_line(media.display_title)
        self.action = with_recovered(event_name(kind_of(media)), recovered=media.recovered)
        self.source = self.source or media.source.title()

    def title(self) -> str:
        """``Downloaded - The Matrix (1999)``."""
        known = [part for part in (self.action, self.subject) if part]
        if known:
            return " - ".join(known)
        if not self.members:
            return tr("Webhook")
        return named_job(self.members[0].job.type, self.members[0].job.payload)

    def summary(self) -> str:
        """The sender, and how far its jobs are."""
        state = summary_of([member.job for member in self.members])
        return f"{self.source} - {state}" if self.source else state


Node = FamilyNode | MemberNode


def kind_of(event: Event) -> str:
    """What kind of event it is, as ``event_name`` knows it: a drill downloads nothing."""
    return "drill" if isinstance(event, MediaEvent) and event.drill else event.event_kind


def event_of(payload: Mapping[str, Any]) -> Event | None:
    """What happened, as a job carries it; None where it carries nothing of the kind."""
    event = payload.get("event")
    if not isinstance(event, Mapping):
        return None
    try:
        return read_event(event)
    except (KeyError, TypeError, ValueError):
        return None


def summary_of(jobs: Sequence[Job | JobRecord]) -> str:
    """How far the jobs of a webhook are, in a few words."""
    active = sum(isinstance(job, Job) for job in jobs)
    if active:
        return plural("{n} left", "{n} left", active)
    records = [job for job in jobs if isinstance(job, JobRecord)]
    failed = sum(record.status is EndStatus.FAILED for record in records)
    if failed:
        return plural("{n} failed", "{n} failed", failed)
    if records and all(record.status is EndStatus.SKIPPED for record in records):
        return tr("Nothing to do")
    return tr("Done")


def id_of(job: Job | JobRecord) -> int:
    """The id a job had from the beginning."""
    return job.job_id if isinstance(job, JobRecord) else job.id


def place_of(node: MemberNode, members: Sequence[MemberNode]) -> int:
    """Where a member stands, or would stand, among its siblings."""
    return bisect_left(members, node.id, key=lambda each: each.id)


def place_on_top(node: Node, top: Sequence[Node]) -> int:
    """Where a row stands, or would stand, on the top level: the newest comes first."""
    return bisect_left(top, -node.id, key=lambda each: -each.id)
