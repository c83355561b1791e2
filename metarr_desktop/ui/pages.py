"""The pages of the main window, each built when it is first shown."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from metarr_desktop.ui.keys import key_list
from metarr_desktop.ui.panels.dashboard import DashboardPanel
from metarr_desktop.ui.panels.help import HelpPanel
from metarr_desktop.ui.panels.history import HistoryPanel
from metarr_desktop.ui.panels.jobs import JobsPanel
from metarr_desktop.ui.panels.log import LogPanel
from metarr_desktop.ui.panels.services import ServicesPanel
from metarr_desktop.ui.remedies import open_folder
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QWidget

    from metarr_desktop.app.core import Core
    from metarr_desktop.ui.glance import Facts
    from metarr_desktop.ui.panels.services import OpenSettings
    from metarr_desktop.ui.ports import Ports


class _ShowsFacts(Protocol):
    def show_facts(self, facts: Facts) -> None: ...


FollowerT = TypeVar("FollowerT", bound=_ShowsFacts)


class Pages:
    """A page that nobody opens costs nothing; one that is built late knows the facts at once."""

    def __init__(
        self,
        core: Core,
        ports: Ports,
        *,
        open_job: Callable[[int], object],
        open_settings: OpenSettings,
        show_failed: Callable[[], object],
        open_assistant: Callable[[], object],
    ) -> None:
        self._core = core
        self._ports = ports
        self._open_job = open_job
        self._open_settings = open_settings
        self._show_failed = show_failed
        self._open_assistant = open_assistant
        self._facts: Facts | None = None
        self._followers: list[_ShowsFacts] = []

    def listed(self) -> Mapping[str, tuple[str, Callable[[], QWidget]]]:
        """Title and builder of each page, in the order of the sidebar."""
        return {
            "dashboard": (tr("Dashboard"), lambda: self.dashboard),
            "jobs": (tr("Jobs"), lambda: self.jobs),
            "history": (tr("History"), lambda: self.history),
            "services": (tr("Services"), lambda: self.services),
            "log": (tr("Log"), lambda: self.log),
            "help": (tr("Help"), lambda: self.help),
        }

    def show_facts(self, facts: Facts) -> None:
        """Bring the pages that are built up to date."""
        self._facts = facts
        for page in self._followers:
            page.show_facts(facts)

    @cached_property
    def dashboard(self) -> DashboardPanel:
        """The page that comes first."""
        page = DashboardPanel(self._ports)
        page.job_requested.connect(self._open_job)
        page.failed_requested.connect(self._show_failed)
        page.settings_requested.connect(self._open_settings)
        return self._following(page)

    @cached_property
    def jobs(self) -> JobsPanel:
        """What waits and runs."""
        page = JobsPanel(self._ports)
        page.job_requested.connect(self._open_job)
        return self._following(page)

    @cached_property
    def history(self) -> HistoryPanel:
        """What ended."""
        page = HistoryPanel(self._ports)
        page.job_requested.connect(self._open_job)
        page.settings_requested.connect(self._open_settings)
        return page

    @cached_property
    def services(self) -> ServicesPanel:
        """Who is told."""
        core = self._core
        return ServicesPanel(
            commands=core.commands,
            queries=core.queries,
            bridge=self._ports.bridge,
            tasks=core.tasks,
            open_settings=self._open_settings,
        )

    @cached_property
    def log(self) -> LogPanel:
        """What the program did, the lines from before the page too."""
        core = self._core
        return LogPanel(queries=core.queries, log=core.log, log_dir=core.paths.log_dir)

    @cached_property
    def help(self) -> HelpPanel:
        """Addresses and keys."""
        paths = self._core.paths
        return HelpPanel(
            self._ports,
            log_file=paths.log_file,
            keys=key_list(),
            open_folder=partial(open_folder, paths.log_dir),
            open_assistant=self._open_assistant,
        )

    def _following(self, page: FollowerT) -> FollowerT:
        self._followers.append(page)
        if self._facts is not None:
            page.show_facts(self._facts)
        return page
