"""Puts window, tray, settings and details together over one core, and wires them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from metarr_desktop.ui.actions import Actions
from metarr_desktop.ui.bridge import Bridge
from metarr_desktop.ui.closing import Closing
from metarr_desktop.ui.glance import Glance
from metarr_desktop.ui.job_details import JobWindows
from metarr_desktop.ui.keys import key_list
from metarr_desktop.ui.main_window import MainWindow
from metarr_desktop.ui.panels.dashboard import DashboardPanel
from metarr_desktop.ui.panels.help import HelpPanel
from metarr_desktop.ui.panels.history import HistoryPanel
from metarr_desktop.ui.panels.jobs import JobsPanel
from metarr_desktop.ui.panels.log import LogPanel
from metarr_desktop.ui.panels.services import ServicesPanel
from metarr_desktop.ui.ports import Ports
from metarr_desktop.ui.remedies import Remedies, open_folder
from metarr_desktop.ui.settings_dialog import SettingsDialog
from metarr_desktop.ui.tray_menu import TrayMenu
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.ui.glance import Facts
    from metarr_desktop.ui.theme import Theme
    from metarr_desktop.ui.tray import Tray


class Shell(QObject):
    """Everything a person sees. Builds it; ``show`` brings it up and ``close`` takes it away."""

    def __init__(self, core: Core, *, theme: Theme, tray: Tray) -> None:
        super().__init__()
        self._core = core
        self._theme = theme
        self._tray = tray
        self.bridge = Bridge(core.bus)
        self.actions = Actions(commands=core.commands, queries=core.queries, tasks=core.tasks)
        self.glance = Glance(queries=core.queries, bridge=self.bridge, tasks=core.tasks)
        ports = Ports(
            queries=core.queries, bridge=self.bridge, tasks=core.tasks, actions=self.actions, theme=theme
        )
        self.dashboard = DashboardPanel(ports)
        self.jobs = JobsPanel(ports)
        self.history = HistoryPanel(ports)
        self.services = ServicesPanel(
            commands=core.commands,
            queries=core.queries,
            bridge=self.bridge,
            tasks=core.tasks,
            open_settings=self.open_settings,
        )
        self.log = LogPanel(queries=core.queries, log=core.log, log_dir=core.paths.log_dir)
        self.help = HelpPanel(
            ports,
            log_file=core.paths.log_file,
            keys=key_list(),
            open_folder=partial(open_folder, core.paths.log_dir),
        )
        self.window = MainWindow(
            {
                "dashboard": (tr("Dashboard"), self.dashboard),
                "jobs": (tr("Jobs"), self.jobs),
                "history": (tr("History"), self.history),
                "services": (tr("Services"), self.services),
                "log": (tr("Log"), self.log),
                "help": (tr("Help"), self.help),
            },
            actions=self.actions,
            version=core.queries.version,
        )
        self.settings = SettingsDialog(
            commands=core.commands,
            queries=core.queries,
            bridge=self.bridge,
            tasks=core.tasks,
            parent=self.window,
        )
        self.job_windows = JobWindows(
            commands=core.commands,
            queries=core.queries,
            bridge=self.bridge,
            tasks=core.tasks,
            open_settings=self.open_settings,
        )
        self.actions.window = self.window
        self.actions.before_quit = self.settings.may_leave
        self.menu = TrayMenu(self.actions, sources=core.queries.sources())
        tray.set_menu(self.menu)
        self._closing = Closing(self.window, core=core, actions=self.actions, tray=tray)
        self._remedies = Remedies(
            self.window,
            self.menu,
            core=core,
            actions=self.actions,
            glance=self.glance,
            open_settings=self.open_settings,
        )
        self._wire()
        self._on_settings_changed()
        self.glance.refresh()

    def show(self, *, hidden: bool = False) -> None:
        """Show the window, unless it shall stay hidden and a tray is there to bring it up."""
        if not (hidden and self._tray.is_there):
            self.window.come_up()

    def open_settings(self, key: str = "general", *, enable: bool = False) -> None:
        """Show a page of the settings."""
        self.settings.open_page(key or "general", enable=enable)

    def close(self) -> None:
        """Take everything off the screen."""
        self.bridge.close()
        self._tray.hide()
        self.window.may_close = True
        for widget in (self.settings, self.window):
            widget.hide()

    def _wire(self) -> None:
        window, menu, tray = self.window, self.menu, self._tray
        self._core.on_open = window.come_up
        self.glance.changed.connect(self._on_glance)
        self.bridge.settings_changed.connect(self._on_settings_changed)
        for panel in (self.dashboard, self.jobs, self.history):
            panel.job_requested.connect(self.job_windows.show_job)
        self.dashboard.failed_requested.connect(self._on_failed_requested)
        window.settings_requested.connect(self.open_settings)
        self.history.settings_requested.connect(self.open_settings)
        tray.toggle_requested.connect(window.toggle)
        tray.open_requested.connect(window.come_up)
        menu.open_requested.connect(window.come_up)
        menu.settings_requested.connect(self.open_settings)
        menu.services_requested.connect(self._on_services_requested)
        menu.job_requested.connect(self.job_windows.show_job)
        menu.service_switched.connect(self._on_service_switched)

    def _on_glance(self) -> None:
        facts = self.glance.facts
        if facts is not None:
            self._show_facts(facts)

    def _show_facts(self, facts: Facts) -> None:
        self._tray.show_facts(facts)
        self.menu.show_facts(facts)
        self.window.show_facts(facts)
        self.dashboard.show_facts(facts)
        self.jobs.show_facts(facts)

    def _on_settings_changed(self) -> None:
        self._theme.apply(self._core.queries.settings().theme)

    def _on_failed_requested(self) -> None:
        self.history.show_failed()
        self.window.show_page("history")

    def _on_services_requested(self) -> None:
        self.window.show_page("services")
        self.window.come_up()

    def _on_service_switched(self, key: str, on: bool) -> None:  # noqa: FBT001 - Qt tells it so
        """The menu's check box follows what is stored, so it is put back until the switch is done."""
        facts = self.glance.facts
        services = () if facts is None else facts.services
        service = next((each for each in services if each.key == key), None)
        if facts is None or service is None:
            return
        if on and not service.configured:
            self.open_settings(key, enable=True)
        elif not on and service.waiting:
            self._on_services_requested()
        else:
            self.actions.start(partial(self._core.commands.set_enabled, key, on), name="switch service")
        self.menu.show_facts(facts)
