"""Puts tray, window, settings and details together over one core, and wires them."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from metarr_desktop.ui.actions import Actions
from metarr_desktop.ui.bridge import Bridge
from metarr_desktop.ui.glance import Glance
from metarr_desktop.ui.ports import Ports
from metarr_desktop.ui.remedies import Remedies
from metarr_desktop.ui.tray_menu import TrayMenu

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.finding_snapshots import FoundSnapshot
    from metarr_desktop.ui.closing import Closing
    from metarr_desktop.ui.glance import Facts
    from metarr_desktop.ui.job_details import JobWindows
    from metarr_desktop.ui.main_window import MainWindow
    from metarr_desktop.ui.pages import Pages
    from metarr_desktop.ui.settings_dialog import SettingsDialog
    from metarr_desktop.ui.theme import Theme
    from metarr_desktop.ui.tray import Tray
    from metarr_desktop.ui.wizard import Wizard


class Shell(QObject):
    """Everything a person sees. ``show`` brings it up and ``close`` takes it away.

    The tray needs only the glance: the window, the settings and the details of a job are loaded and built
    when somebody first asks for them.
    """

    window_built = Signal()

    def __init__(self, core: Core, *, theme: Theme, tray: Tray) -> None:
        super().__init__()
        self._core = core
        self._theme = theme
        self._tray = tray
        self._window: MainWindow | None = None
        self._settings: SettingsDialog | None = None
        self._wizard: Wizard | None = None
        self._closing: Closing | None = None
        self.bridge = Bridge(core.bus)
        self.actions = Actions(commands=core.commands, queries=core.queries, tasks=core.tasks)
        self.actions.before_quit = self._may_quit
        self.glance = Glance(queries=core.queries, bridge=self.bridge, tasks=core.tasks)
        self.menu = TrayMenu(self.actions, sources=core.queries.usual_sources())
        tray.set_menu(self.menu)
        self._remedies = Remedies(
            core=core,
            actions=self.actions,
            glance=self.glance,
            open_settings=self.open_settings,
            window=lambda: self.window,
        )
        self._wire()
        self._on_settings_changed()
        self.glance.refresh()

    @property
    def has_window(self) -> bool:
        """Whether the window was ever asked for."""
        return self._window is not None

    @property
    def window(self) -> MainWindow:
        """The main window, built now where it was not needed before."""
        if self._window is None:
            self._window = self._build_window()
            self.window_built.emit()
        return self._window

    @property
    def settings(self) -> SettingsDialog:
        """The settings, which belong to the window even while that is hidden."""
        if self._settings is None:
            from metarr_desktop.ui.settings_dialog import SettingsDialog  # noqa: PLC0415 - few idle programs need it

            core = self._core
            self._settings = SettingsDialog(
                commands=core.commands,
                queries=core.queries,
                bridge=self.bridge,
                tasks=core.tasks,
                parent=self.window,
            )
        return self._settings

    @cached_property
    def pages(self) -> Pages:
        """The pages of the window."""
        from metarr_desktop.ui.pages import Pages  # noqa: PLC0415 - as above

        core = self._core
        ports = Ports(
            queries=core.queries,
            bridge=self.bridge,
            tasks=core.tasks,
            actions=self.actions,
            theme=self._theme,
        )
        return Pages(
            core,
            ports,
            open_job=self.open_job,
            open_settings=self.open_settings,
            show_failed=self._on_failed_requested,
            open_assistant=self.open_assistant,
        )

    @cached_property
    def job_windows(self) -> JobWindows:
        """The windows about single jobs."""
        from metarr_desktop.ui.job_details import JobWindows  # noqa: PLC0415 - as above

        core = self._core
        return JobWindows(
            commands=core.commands,
            queries=core.queries,
            bridge=self.bridge,
            tasks=core.tasks,
            open_settings=self.open_settings,
        )

    def show(self, *, hidden: bool = False) -> None:
        """Show the window, unless it shall stay hidden and a tray is there to bring it up."""
        if not (hidden and self._tray.is_there):
            self.come_up()

    def come_up(self) -> None:
        """Show the window above others."""
        self.window.come_up()

    def open_settings(
        self,
        key: str = "general",
        *,
        enable: bool = False,
        found: FoundSnapshot | None = None,
    ) -> None:
        """Show a page of the settings, with what was found filled in, unsaved."""
        self.settings.open_page(key or "general", enable=enable, found=found)

    async def assist_first(self) -> None:
        """Show the setup assistant where nothing is set up, the first time only."""
        queries = self._core.queries
        if queries.settings().assistant_seen or await queries.senders():
            return
        if any(service.enabled for service in await queries.services()):
            return
        self.open_assistant()
        await self._core.commands.save_settings(assistant_seen=True)

    def open_assistant(self) -> None:
        """Show the setup assistant from its beginning; one that is open comes up as it is."""
        if self._wizard is not None and self._wizard.isVisible():
            self._wizard.raise_()
            self._wizard.activateWindow()
            return
        from metarr_desktop.ui.wizard import Wizard  # noqa: PLC0415 - as above

        if self._wizard is not None:
            self._wizard.deleteLater()
        core = self._core
        self._wizard = Wizard(
            commands=core.commands,
            queries=core.queries,
            bridge=self.bridge,
            tasks=core.tasks,
            open_settings=self.open_settings,
            has_tray=self._tray.is_there,
            parent=self.window,
        )
        self._wizard.begin()

    def open_job(self, job_id: int) -> None:
        """Show the details of a job."""
        self.job_windows.show_job(job_id)

    def let_close(self) -> None:
        """From now on closing the window closes it, for the session ends."""
        if self._window is not None:
            self._window.may_close = True

    def _is_watched(self) -> bool:
        return self._window is not None and self._window.isVisible() and self._window.isActiveWindow()

    def close(self) -> None:
        """Take everything off the screen."""
        self._core.presence.detach()
        self.bridge.close()
        self._tray.hide()
        self.let_close()
        for widget in (self._wizard, self._settings, self._window):
            if widget is not None:
                widget.hide()

    def _build_window(self) -> MainWindow:
        from metarr_desktop.ui.closing import Closing  # noqa: PLC0415 - as above
        from metarr_desktop.ui.main_window import MainWindow  # noqa: PLC0415 - as above

        window = MainWindow(self.pages.listed(), actions=self.actions, version=self._core.queries.version)
        self.actions.window = window
        self._closing = Closing(window, core=self._core, actions=self.actions, tray=self._tray)
        window.settings_requested.connect(self.open_settings)
        window.banners.acted.connect(self._remedies.act)
        if self.glance.facts is not None:
            window.show_facts(self.glance.facts)
            self.pages.show_facts(self.glance.facts)
        return window

    def _wire(self) -> None:
        menu, tray = self.menu, self._tray
        self._core.on_open = self.come_up
        self._core.presence.attach(is_watched=self._is_watched, come_up=self.come_up)
        self.glance.changed.connect(self._on_glance)
        self.bridge.settings_changed.connect(self._on_settings_changed)
        tray.toggle_requested.connect(self._on_toggle_requested)
        tray.open_requested.connect(self.come_up)
        menu.open_requested.connect(self.come_up)
        menu.settings_requested.connect(self.open_settings)
        menu.services_requested.connect(self._on_services_requested)
        menu.job_requested.connect(self.open_job)
        menu.problem_chosen.connect(self._remedies.on_problem_chosen)
        menu.service_switched.connect(self._on_service_switched)

    async def _may_quit(self) -> bool:
        return self._settings is None or await self._settings.may_leave()

    def _on_glance(self) -> None:
        facts = self.glance.facts
        if facts is not None:
            self._show_facts(facts)

    def _show_facts(self, facts: Facts) -> None:
        self._tray.show_facts(facts)
        self.menu.show_facts(facts)
        if self._window is not None:
            self._window.show_facts(facts)
            self.pages.show_facts(facts)

    def _on_settings_changed(self) -> None:
        self._theme.apply(self._core.queries.settings().theme)

    def _on_toggle_requested(self) -> None:
        self.window.toggle()

    def _on_failed_requested(self) -> None:
        self.pages.history.show_failed()
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
