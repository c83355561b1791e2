"""What the cells of the Jobs page say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import Job, JobRecord, JobStatus
from metarr_desktop.ui.models.job_nodes import FamilyNode, MemberNode
from metarr_desktop.ui.wording import (
    attempts_text,
    counter_text,
    job_name,
    priority_text,
    record_status_text,
    say,
    status_text,
    tr,
)

if TYPE_CHECKING:
    from metarr_desktop.ui.models.job_nodes import Node


class JobsColumn(IntEnum):
    """The columns, in the order they are shown."""

    JOB = 0
    STATUS = 1
    PRIORITY = 2
    ATTEMPTS = 3
    NEXT_TRY = 4
    AGE = 5


def titles() -> tuple[str, ...]:
    """The titles of the columns."""
    return tr("Job"), tr("Status"), tr("Priority"), tr("Attempts"), tr("Next try"), tr("Age")


def cell(node: Node, column: int, *, grouped: bool) -> str:
    """The text of one cell."""
    if isinstance(node, FamilyNode):
        return _family_cell(node, column)
    match column:
        case JobsColumn.JOB:
            name = job_name(node.job.type)
            subject = node.family.subject
            return name if grouped or not subject else f"{name} - {subject}"
        case JobsColumn.STATUS:
            return status_of(node.job)
        case JobsColumn.PRIORITY:
            return priority_text(node.job.priority)
        case JobsColumn.ATTEMPTS:
            return attempts_text(node.job)
        case JobsColumn.NEXT_TRY:
            return _next_try(node.job)
    return _age(node.job)


def tool_tip(node: Node, column: int, *, grouped: bool) -> str | None:
    """The whole of what a cell may cut off; an error is told where the status is."""
    if isinstance(node, MemberNode) and column == JobsColumn.STATUS and node.job.error is not None:
        return f"{status_of(node.job)}\n{say(node.job.error)}"
    if column in {JobsColumn.JOB, JobsColumn.STATUS}:
        return cell(node, column, grouped=grouped)
    return None


def status_of(job: Job | JobRecord) -> str:
    """How a job stands or ended."""
    return record_status_text(job) if isinstance(job, JobRecord) else status_text(job)


def row_text(node: Node) -> str:
    """A row as one line, to be pasted somewhere."""
    cells = (cell(node, column, grouped=False) for column in JobsColumn)
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


def _next_try(job: Job | JobRecord) -> str:
    if isinstance(job, JobRecord) or job.status is JobStatus.PROCESSING or job.waits_for is not None:
        return ""
    wait = job.run_after - datetime.now(tz=UTC)
    return counter_text(wait) if wait > timedelta() else ""


def _age(job: Job | JobRecord) -> str:
    return counter_text(datetime.now(tz=UTC) - job.created_at)
