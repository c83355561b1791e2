"""When a sender is caught up with, and by which job."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NothingToDo
from metarr_desktop.domain.jobs import CATCH_UP, CATCH_UP_LANE, LOW, NewJob
from metarr_desktop.domain.knowledge import Knowledge
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.webhooks.visit_tools import VisitTools


class Why(StrEnum):
    """What a catch-up is run for; only by the hour it does not press Test without need."""

    START = "start"
    WAKE = "wake"
    SCHEDULE = "schedule"
    ASKED = "asked"


def catch_up_job(sender: Sender, why: Why) -> NewJob:
    """Return the job that catches up with a sender; of one kind at most one waits."""
    return NewJob(
        type=CATCH_UP,
        lane=CATCH_UP_LANE,
        priority=LOW,
        payload={"sender_id": sender.id, "sender": sender.name, "why": why.value},
        dedupe_key=f"{CATCH_UP}:{sender.id}:{'asked' if why is Why.ASKED else 'own'}",
    )


def is_connected(sender: Sender) -> bool:
    """Whether there is a history to read: our webhook is there, and we listen to the sender."""
    return sender.enabled and bool(sender.url) and Knowledge.of(sender).webhook_id is not None


async def any_connected(store: SenderStore) -> bool:
    """Whether there is anybody to ask; where there is not, the hour passes without a job."""
    return any(is_connected(each) for each in await store.senders())


class PlanCatchUps:
    """Handler of the schedule: one ``catch-up`` for each sender that is connected."""

    def __init__(self, *, visit: VisitTools) -> None:
        self._visit = visit

    async def __call__(self, _job: Job, _report: Report) -> Done:
        """Plan them."""
        senders = [each for each in await self._visit.store.senders() if is_connected(each)]
        if not senders:
            raise NothingToDo("No sender is connected.")
        jobs = tuple(catch_up_job(each, Why.SCHEDULE) for each in senders)
        return Done(detail=text("Senders asked: {n}.", n=len(jobs)), fan_out=lambda _: jobs)
