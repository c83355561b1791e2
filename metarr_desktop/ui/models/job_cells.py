"""What the cells of the Jobs page say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import Job, JobRecord, JobStatus, computer_of
from metarr_desktop.ui.models.job_nodes import FamilyNode, MemberNode
from metarr_desktop.ui.wording import (
    attempts_text,
    counter_text,
    named_job,
    next_try,
    priority_text,
    progress_text,
    record_status_text,
    say,
    status_shape,
    status_text,
    tr,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.snapshots import LaneSnapshot
    from metarr_desktop.ui.models.job_nodes import Node


class JobsColumn(IntEnum):
    """The columns, in the order they are shown."""

    JOB = 0
    STATUS = 1
    PRIORITY = 2
    ATTEMPTS = 3
    NEXT_TRY = 4
    AGE = 5
    WORKER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What cells depend on besides their job.

    ``lanes`` are those that take no jobs. Where ``several_computers`` share the queue their names are told.
    """

    grouped: bool = True
    several_computers: bool = False
    lanes: Mapping[str, LaneSnapshot] = field(default_factory=dict)


def titles() -> tuple[str, ...]:
    """The titles of the columns."""
    return (
        tr("Job"), tr("Status"), tr("Priority"), tr("Attempts"), tr("Next try"), tr("Age"), tr("Worker"),
    )  # fmt: skip


def cell(node: Node, column: int, around: Surroundings) -> str:
    """The text of one cell."""
    if isinstance(node, FamilyNode):
        return _family_cell(node, column)
    match column:
        case JobsColumn.JOB:
            name = named_job(node.job.type, node.job.payload)
            subject = node.family.subject
            return name if around.grouped or not subject else f"{name} - {subject}"
        case JobsColumn.STATUS:
            return status_of(node.job, around)
        case JobsColumn.PRIORITY:
            return priority_text(node.job.priority)
        case JobsColumn.ATTEMPTS:
            return attempts_text(node.job)
        case JobsColumn.NEXT_TRY:
            return _next_try(node.job, around)
        case JobsColumn.WORKER:
            return _computer(node.job, around)
    return _age(node.job)


def tool_tip(node: Node, column: int, around: Surroundings) -> str | None:
    """The whole of what a cell may cut off; an error, or why it runs now, is told where the status is."""
    if isinstance(node, MemberNode) and column == JobsColumn.STATUS:
        return "\n".join([status_of(node.job, around), *_details(node.job)])
    if column in {JobsColumn.JOB, JobsColumn.STATUS}:
        return cell(node, column, around)
    return worker_text(node, around) or None if column == JobsColumn.WORKER else None


def worker_text(node: Node, around: Surroundings) -> str:
    """In words what the Worker column shows as a bar: ``nas, 5 of 10, Reading the folder``."""
    if isinstance(node, FamilyNode) or isinstance(node.job, JobRecord):
        return ""
    parts = [_computer(node.job, around)]
    progress = node.job.progress
    if progress is not None and node.job.status is JobStatus.PROCESSING:
        parts += [progress_text(progress), "" if progress.note is None else say(progress.note)]
    return ", ".join(part for part in parts if part)


def _details(job: Job | JobRecord) -> list[str]:
    running = isinstance(job, Job) and job.status is JobStatus.PROCESSING
    why = job.reason if isinstance(job, Job) and running else None
    return [say(each) for each in (why, job.error) if each is not None]


def status_of(job: Job | JobRecord, around: Surroundings) -> str:
    """How a job stands or ended."""
    if isinstance(job, JobRecord):
        return record_status_text(job)
    return status_text(job, lane=around.lanes.get(job.lane))


def shape_of(job: Job | JobRecord, around: Surroundings) -> str:
    """Name of the icon that goes with the status."""
    return status_shape(job, lane=around.lanes.get(job.lane))


def row_text(node: Node, around: Surroundings) -> str:
    """A row as one line, to be pasted somewhere."""
    cells = (cell(node, column, around) for column in JobsColumn)
    return "  ".join(each for each in cells if each)


def _family_cell(family: FamilyNode, column: int) -> str:
    match column:
        case JobsColumn.JOB:
            return family.title()
        case JobsColumn.STATUS:
            return family.summary()
    if not family.members:
        return ""
    first = family.members[0].job
    if column == JobsColumn.PRIORITY:
        return priority_text(first.priority)
    return _age(first) if column == JobsColumn.AGE else ""


def _computer(job: Job | JobRecord, around: Surroundings) -> str:
    running = isinstance(job, Job) and job.status is JobStatus.PROCESSING
    if not running or not around.several_computers or not isinstance(job, Job) or job.worker is None:
        return ""
    return computer_of(job.worker)


def _next_try(job: Job | JobRecord, around: Surroundings) -> str:
    due = None if isinstance(job, JobRecord) else next_try(job, lane=around.lanes.get(job.lane))
    if due is None:
        return ""
    wait = due - datetime.now(tz=UTC)
    return counter_text(wait) if wait > timedelta() else ""


def _age(job: Job | JobRecord) -> str:
    return counter_text(datetime.now(tz=UTC) - job.created_at)
