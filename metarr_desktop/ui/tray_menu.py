"""The menu of the tray icon, made once and brought up to date in place, also while it is open."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu

from metarr_desktop.ui.glance import ProgramState
from metarr_desktop.ui.models.job_nodes import summary_of
from metarr_desktop.ui.wording import clock_time, event_name, fill_in, job_name, one_line, plural, say, tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QAction

    from metarr_desktop.app.snapshots import FamilySnapshot, Problem, ServiceSnapshot
    from metarr_desktop.domain.jobs import Job, JobRecord
    from metarr_desktop.ui.actions import Actions
    from metarr_desktop.ui.glance import Facts

RECENT_SHOWN = 5
PROBLEMS_SHOWN = 5
HOUR_MINUTES = 60
DESKTOP = "desktop"


class TrayMenu(QMenu):
    """Signals ask for what belongs to the window; everything else is done by ``actions``."""

    open_requested = Signal()
    settings_requested = Signal(str)
    services_requested = Signal()
    job_requested = Signal(int)
    problem_chosen = Signal(object)
    service_switched = Signal(str, bool)

    def __init__(self, actions: Actions, *, sources: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._problems: tuple[Problem, ...] = ()
        self._recent: tuple[FamilySnapshot, ...] = ()
        self._services: dict[str, QAction] = {}
        opened = self._add(tr("Open Metarr Desktop"), self.open_requested.emit)
        font = opened.font()
        font.setBold(True)
        opened.setFont(font)
        self.setDefaultAction(opened)
        self.addSeparator()
        self.headline = self._add("")
        self.headline.setEnabled(False)
        self.second_line = self._add("", self._on_second_line)
        self.problem_lines = [
            self._add("", partial(self._on_problem, place)) for place in range(PROBLEMS_SHOWN)
        ]
        self.retry_failed = self._add("", actions.retry_failed)
        self.resume = self._add(tr("Resume deliveries"), actions.resume)
        self.addSeparator()
        self.recent = self.addMenu(tr("Recent"))
        self.recent_lines = [
            self._add("", partial(self._on_recent, place), menu=self.recent) for place in range(RECENT_SHOWN)
        ]
        self.services = self.addMenu(tr("Services"))
        self._manage = self._add(tr("Manage services..."), self.services_requested.emit, menu=self.services)
        self.services.insertSeparator(self._manage)
        copy = self.addMenu(tr("Copy webhook address"))
        for key, title in sources:
            self._add(_literal(title), partial(actions.copy_address, key), menu=copy)
        self.addSeparator()
        self.pause = self.addMenu(tr("Pause deliveries"))
        self._add(tr("For 1 hour"), partial(actions.pause, HOUR_MINUTES), menu=self.pause)
        self._add(tr("Until tomorrow 08:00"), actions.pause_until_morning, menu=self.pause)
        self._add(tr("Until I resume"), partial(actions.pause, None), menu=self.pause)
        self.mute = self.addMenu(tr("Mute notifications"))
        self._add(tr("For 1 hour"), partial(actions.mute, HOUR_MINUTES), menu=self.mute)
        self._add(tr("For 8 hours"), partial(actions.mute, 8 * HOUR_MINUTES), menu=self.mute)
        self._add(tr("Until I unmute"), partial(actions.mute, None), menu=self.mute)
        self.unmute = self._add("", actions.unmute)
        self.addSeparator()
        self._add(tr("Settings..."), lambda: self.settings_requested.emit(""))
        self._add(tr("Quit Metarr Desktop"), actions.quit)

    def show_facts(self, facts: Facts) -> None:
        """Bring every line up to date."""
        _set(self.headline, facts.headline())
        troubled = facts.state in {ProgramState.ATTENTION, ProgramState.OFFLINE}
        second = "" if troubled else _second_line(facts)
        _set(self.second_line, second)
        self.second_line.setEnabled(not facts.pause.paused)
        self._problems = facts.problems if troubled else ()
        self._recent = facts.recent
        for place, line in enumerate(self.problem_lines):
            problem = self._problems[place] if place < len(self._problems) else None
            _set(line, "" if problem is None else f"! {one_line(say(problem.text))}")
        failed = plural("Retry failed jobs ({n})", "Retry failed jobs ({n})", facts.failed)
        _set(self.retry_failed, failed if troubled and facts.failed else "")
        self.resume.setVisible(facts.pause.paused)
        self.pause.menuAction().setVisible(not facts.pause.paused)
        self._show_mute(facts)
        for place, line in enumerate(self.recent_lines):
            _set(line, _recent_line(facts.recent[place]) if place < len(facts.recent) else "")
        self.recent.setEnabled(bool(facts.recent))
        for service in facts.services:
            self._show_service(service)

    def _show_mute(self, facts: Facts) -> None:
        """Offer to mute where this desktop shows notifications, or to end it."""
        shows = any(service.key == DESKTOP and service.enabled for service in facts.services)
        self.mute.menuAction().setVisible(shows and not facts.muted.paused)
        until = facts.muted.until
        if until is None:
            words = tr("Unmute notifications")
        else:
            words = fill_in(tr("Unmute notifications (muted until {time})"), time=clock_time(until))
        _set(self.unmute, words if facts.muted.paused else "")

    def _show_service(self, service: ServiceSnapshot) -> None:
        action = self._services.get(service.key)
        if action is None:
            action = self._add(_literal(service.title), menu=self.services)
            action.setCheckable(True)
            action.triggered.connect(partial(self.service_switched.emit, service.key))
            self.services.removeAction(action)
            self.services.insertAction(self.services.actions()[-2], action)
            self._services[service.key] = action
        action.setChecked(service.enabled)

    def _add(
        self, text: str, slot: Callable[[], object] | None = None, *, menu: QMenu | None = None
    ) -> QAction:
        action = (menu or self).addAction(text)
        if slot is not None:
            action.triggered.connect(lambda _checked=False: slot())
        return action

    def _on_second_line(self) -> None:
        if self._recent:
            self.job_requested.emit(self._recent[0].root_id)

    def _on_problem(self, place: int) -> None:
        if place < len(self._problems):
            self.problem_chosen.emit(self._problems[place])

    def _on_recent(self, place: int) -> None:
        if place < len(self._recent):
            self.job_requested.emit(self._recent[place].root_id)


def family_title(family: FamilySnapshot) -> str:
    """What a webhook was about; its kind where it was about no title."""
    event = family.event
    if event is None:
        return job_name("webhook-received")
    return one_line(event.title) or f"{event.source_title} {event_name(event.event_type)}"


def _second_line(facts: Facts) -> str:
    """What is going on now, or what came last."""
    if facts.pause.paused:
        return tr("Webhooks are still received.")
    running = [
        (job, family)
        for family in facts.recent
        for job in family.jobs
        if facts.state is ProgramState.WORKING and job.started_at is not None and job.status == "processing"
    ]
    if running:
        job, family = running[0]
        return fill_in(tr("Now: {job} - {title}"), job=job_name(job.type), title=family_title(family))
    if not facts.recent:
        return ""
    last = facts.recent[0]
    at = "" if last.event is None else clock_time(last.event.received_at)
    return fill_in(tr("Last: {title}, {time}"), title=family_title(last), time=at)


def _recent_line(family: FamilySnapshot) -> str:
    members: list[Job | JobRecord] = [*family.jobs, *family.records]
    return f"{family_title(family)} - {summary_of(members)}"


def _set(action: QAction, text: str) -> None:
    """Say ``text``, or nothing at all."""
    action.setText(_literal(text))
    action.setVisible(bool(text))


def _literal(text: str) -> str:
    return text.replace("&", "&&")
