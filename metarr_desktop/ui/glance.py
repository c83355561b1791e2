"""The program at a glance, kept up to date for the tray, the sidebar and the Dashboard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from PySide6.QtCore import QObject, QTimer, Signal

from metarr_desktop.app.problems import storage_problem
from metarr_desktop.app.snapshots import PauseSnapshot, ProblemKind
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.wording import clock_time, fill_in, one_line, plural, say, tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import (
        FamilySnapshot,
        LaneSnapshot,
        Listening,
        Problem,
        QueueSnapshot,
        ServiceSnapshot,
        TodaySnapshot,
    )
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.text import Text
    from metarr_desktop.ui.bridge import Bridge

RECENT = 20
LONGEST_TIP = 120
AFTER_PAUSE_MS = 500
AFTER_TROUBLE_MS = 5_000


NOT_MUTED = PauseSnapshot(paused=False)
QUIET = frozenset({ProblemKind.MISSED, ProblemKind.PATH_UNKNOWN})
"""What can wait: the icon of the tray stays as it is."""


class ProgramState(StrEnum):
    """The five shapes of the tray icon; the values name its files."""

    READY = "ready"
    WORKING = "working"
    PAUSED = "paused"
    ATTENTION = "attention"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a glance shows, read together; ``failed`` jobs could be tried again.

    ``lanes`` are those that take no jobs now, by name.
    """

    listening: Listening | None
    pause: PauseSnapshot
    queue: QueueSnapshot
    services: tuple[ServiceSnapshot, ...]
    today: TodaySnapshot
    recent: tuple[FamilySnapshot, ...]
    problems: tuple[Problem, ...]
    failed: int
    lanes: Mapping[str, LaneSnapshot]
    muted: PauseSnapshot = NOT_MUTED

    @property
    def state(self) -> ProgramState:
        """The one word for all of it, worst first."""
        damaged = any(problem.kind is ProblemKind.DATABASE_DAMAGED for problem in self.problems)
        if self.listening is None or damaged:
            return ProgramState.OFFLINE
        if any(problem.kind not in QUIET for problem in self.problems):
            return ProgramState.ATTENTION
        if self.pause.paused:
            return ProgramState.PAUSED
        return ProgramState.WORKING if self.queue.processing else ProgramState.READY

    def headline(self) -> str:
        """``Ready - listening on port 3000``, as the tray menu begins."""
        match self.state:
            case ProgramState.READY:
                return fill_in(tr("Ready - listening on port {port}"), port=self.port)
            case ProgramState.WORKING:
                return fill_in(tr("Working - {counts}"), counts=self.counts())
            case ProgramState.PAUSED:
                waiting = plural("{n} waiting", "{n} waiting", self.queue.pending)
                return f"{self.paused_text()} - {waiting}"
            case ProgramState.ATTENTION | ProgramState.OFFLINE:
                if not self.problems:
                    return tr("Not receiving webhooks")
                return plural("{n} problem", "{n} problems", len(self.problems))
            case _:
                assert_never(self.state)

    def tool_tip(self) -> str:
        """One plain line of at most 120 characters."""
        match self.state:
            case ProgramState.READY:
                told = fill_in(tr("Ready. Listening on port {port}."), port=self.port)
            case ProgramState.WORKING:
                told = fill_in(tr("Working. {counts}."), counts=self.counts())
            case ProgramState.PAUSED:
                waiting = plural("{n} waiting", "{n} waiting", self.queue.pending)
                told = f"{self.paused_text()}. {waiting}."
            case ProgramState.ATTENTION | ProgramState.OFFLINE:
                loud = sorted(self.problems, key=lambda problem: problem.kind in QUIET)
                told = say(loud[0].text) if loud else tr("Not receiving webhooks.")
            case _:
                assert_never(self.state)
        tip = one_line(f"Metarr Desktop - {told}")
        return tip if len(tip) <= LONGEST_TIP else tip[: LONGEST_TIP - 1].rstrip() + "\u2026"

    def listening_text(self) -> str:
        """``Listening on port 3000``, as the status bar says it."""
        if self.listening is None:
            return tr("Not receiving webhooks")
        return fill_in(tr("Listening on port {port}"), port=self.port)

    def counts(self) -> str:
        """``3 running, 5 waiting``."""
        running = plural("{n} running", "{n} running", self.queue.processing)
        return f"{running}, {plural('{n} waiting', '{n} waiting', self.queue.pending)}"

    def paused_text(self) -> str:
        """``Paused until 15:00``."""
        if self.pause.until is None:
            return tr("Paused")
        return fill_in(tr("Paused until {time}"), time=clock_time(self.pause.until))

    @property
    def port(self) -> str:
        """The port without any grouping of its digits."""
        return "" if self.listening is None else str(self.listening.port)


class Glance(QObject):
    """Reads the facts after every change, never twice at a time; ``changed`` tells that they are new."""

    changed = Signal()

    def __init__(self, *, queries: Queries, bridge: Bridge, tasks: TaskSupervisor) -> None:
        super().__init__()
        self._queries = queries
        self._tasks = tasks
        self._reading = False
        self._again = False
        self.facts: Facts | None = None
        self._wake_timer = QTimer(self)
        self._wake_timer.setSingleShot(True)
        self._wake_timer.timeout.connect(self.refresh)
        bridge.glance_changed.connect(self.refresh)

    def refresh(self) -> None:
        """Read everything anew, soon."""
        if self._reading:
            self._again = True
            return
        self._reading = True
        self._tasks.spawn(self._read(), name="glance")

    async def _read(self) -> None:
        try:
            self._again = True
            while self._again:
                self._again = False
                self.facts = await self._facts()
                self._watch_pause(self.facts.pause.until)
                self.changed.emit()
        except MetarrError as error:
            self._tell_trouble(error.text)
        finally:
            self._reading = False

    async def _facts(self) -> Facts:
        status = await self._queries.status()
        return Facts(
            listening=status.listening,
            pause=status.pause,
            queue=status.queue,
            services=status.services,
            today=await self._queries.today(),
            recent=await self._queries.recent(limit=RECENT),
            problems=await self._queries.problems(),
            failed=await self._queries.retryable(),
            lanes={lane.lane: lane for lane in await self._queries.lanes()},
            muted=await self._queries.muted(),
        )

    def _tell_trouble(self, told: Text) -> None:
        """Nothing can be read now: what was known stays, with the reason, and is read again soon."""
        if self.facts is not None:
            self.facts = replace(self.facts, problems=(storage_problem(told),))
            self.changed.emit()
        self._wake_timer.start(AFTER_TROUBLE_MS)

    def _watch_pause(self, until: datetime | None) -> None:
        """A pause ends by itself: read again then."""
        self._wake_timer.stop()
        if until is not None:
            left = (until - datetime.now(tz=UTC)) / timedelta(milliseconds=1)
            self._wake_timer.start(max(0, int(left)) + AFTER_PAUSE_MS)
