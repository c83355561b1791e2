"""The queue, live: which webhooks are shown, and how long those stay that ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from metarr_desktop.domain.jobs import Job, JobRecord, JobStatus
from metarr_desktop.ui.models.job_nodes import id_of
from metarr_desktop.ui.models.job_tree import JobTree

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from metarr_desktop.app.snapshots import FamilySnapshot
    from metarr_desktop.ui.models.job_nodes import FamilyNode, Node

CAPACITY = 200
"""So many webhooks are shown at once; every row costs the view a little on each change."""
MOST_MEMBERS = 400
"""So many jobs of one webhook are shown; those that run beyond that too."""
ROOM_FOR_RUNNING = 30
STAYS_AFTER_END = timedelta(seconds=10)
AT_ONCE = 8
"""So many webhooks come or go in one step, which keeps a step short."""
LOOKUP_MS = 50
LOOKUPS_AT_ONCE = 20


class JobsModel(JobTree):
    """Takes the whole queue with ``sync`` and what changes with ``apply``.

    ``lookups_wanted`` names webhooks that are in sight but not known well enough; ``learn`` answers it.
    """

    lookups_wanted = Signal(list)

    def __init__(self, parent: QObject | None = None, *, several_computers: bool = False) -> None:
        super().__init__(parent, several_computers=several_computers)
        self.has_more = False
        self._pinned: frozenset[int] = frozenset()
        self._touched: set[int] | None = None
        self._changed: dict[int, Node] = {}
        self._over: dict[int, FamilyNode] = {}
        self._seen: set[int] = set()
        self._resting = False
        self._may_come = AT_ONCE
        self._lookup_timer = QTimer(self)
        self._lookup_timer.setSingleShot(True)
        self._lookup_timer.setInterval(LOOKUP_MS)
        self._lookup_timer.timeout.connect(self._ask_for_lookups)

    def pin(self, roots: Collection[int]) -> None:
        """Keep these webhooks although they ended: a row of theirs is selected."""
        self._pinned = frozenset(roots)

    def rest(self) -> None:
        """Ask for nothing more until the next ``begin_sync``."""
        self._resting = True
        self._lookup_timer.stop()
        self._seen.clear()

    def begin_sync(self) -> None:
        """Say that ``sync`` will follow: what changes from now on is newer than what it brings."""
        self._resting = False
        self._touched = set()

    def sync(self, families: Sequence[FamilySnapshot]) -> None:
        """Take the whole queue as it was read; rows that stay keep their place."""
        touched = self._touched or set()
        self._touched = None
        self.has_more = len(families) >= CAPACITY
        wanted = {family.root_id for family in families}
        for family in tuple(self._families.values()):
            news = touched.intersection(member.id for member in family.members)
            if family.id not in wanted and not news and not self._stays(family):
                self._drop(family)
        known = [snapshot for snapshot in families if snapshot.root_id in self._families]
        new = [snapshot for snapshot in families if snapshot.root_id not in self._families]
        if known and len(new) > AT_ONCE:
            new = new[:AT_ONCE]
            self.has_more = True
        for snapshot in (*known, *reversed(new)):
            self._take(snapshot, skipping=touched)
        self._tell_all_changed()

    def learn(self, snapshot: FamilySnapshot) -> None:
        """Take what was asked for with ``lookups_wanted``."""
        if snapshot.root_id in self._families:
            self._take(snapshot, skipping=set(self._members))
            self._tell_all_changed()

    def apply(self, jobs: Sequence[Job | JobRecord]) -> None:
        """Take the last state of jobs that changed."""
        if self._touched is not None:
            self._touched.update(id_of(job) for job in jobs)
        self._may_come = AT_ONCE
        for job in jobs:
            self._put(job)
        self._tell_all_changed()

    def expire(self) -> bool:
        """Remove webhooks that ended a while ago; True where that made room for others."""
        over = [family for family in self._over.values() if not self._stays(family)]
        for family in over[:AT_ONCE]:
            self._drop(family)
        return bool(over) and self.has_more

    def _take(self, snapshot: FamilySnapshot, *, skipping: Collection[int]) -> None:
        jobs: tuple[Job | JobRecord, ...] = (*snapshot.records, *snapshot.jobs)
        for job in jobs:
            if id_of(job) not in skipping:
                self._put(job, always=True)
        family = self._families.get(snapshot.root_id)
        if family is not None:
            family.looked_up = True
            family.name(snapshot.event)
            self._changed[family.serial] = family

    def _put(self, job: Job | JobRecord, *, always: bool = False) -> None:
        member = self._members.get(id_of(job))
        if member is not None:
            family = member.family
            if member is family.root and isinstance(member.job, Job) and isinstance(job, JobRecord):
                family.looked_up = False  # now its webhook was looked at
            member.job = job
            family.learn(job.payload)
            self._changed[member.serial] = member
        elif job.root_id in self._families:
            family = self._families[job.root_id]
            if len(family.members) >= MOST_MEMBERS and not _runs(job):
                self.has_more = True
                return
            self._add_member(family, job)
        elif always or self._make_room(job):
            family = self._add_family(job.root_id, first=job)
        else:
            self.has_more = True
            return
        self._changed[family.serial] = family
        if family.active:
            self._over.pop(family.id, None)
        else:
            self._over[family.id] = family

    def _drop(self, family: FamilyNode) -> None:
        self._over.pop(family.id, None)
        self._remove(family)

    def _make_room(self, job: Job | JobRecord) -> bool:
        """Beyond the capacity only what runs is let in, few at once, for which something that ended goes."""
        if len(self._families) < CAPACITY:
            return True
        if not _runs(job) or self._may_come <= 0:
            return False
        self._may_come -= 1
        for family in self._over.values():
            if family.id not in self._pinned:
                self._drop(family)
                return True
        return len(self._families) < CAPACITY + ROOM_FOR_RUNNING

    def _stays(self, family: FamilyNode) -> bool:
        """Whether a webhook stays in sight although nothing of it is in the queue."""
        ended = family.ended_at
        just_ended = ended is not None and ended > datetime.now(tz=UTC) - STAYS_AFTER_END
        return just_ended or family.id in self._pinned

    def _tell_all_changed(self) -> None:
        changed, self._changed = self._changed, {}
        for node in changed.values():
            self._tell_changed(node)

    def _on_seen(self, family: FamilyNode) -> None:
        if family.wants_lookup and not self._resting:
            self._seen.add(family.id)
            if not self._lookup_timer.isActive():
                self._lookup_timer.start()

    def _ask_for_lookups(self) -> None:
        wanted = sorted(self._seen & self._families.keys(), reverse=True)[:LOOKUPS_AT_ONCE]
        self._seen.clear()
        for root_id in wanted:
            self._families[root_id].looked_up = True
        if wanted:
            self.lookups_wanted.emit(wanted)


def _runs(job: Job | JobRecord) -> bool:
    return isinstance(job, Job) and job.status is JobStatus.PROCESSING
