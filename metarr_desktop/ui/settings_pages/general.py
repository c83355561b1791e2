"""Settings of the program itself: its look and what closing the window does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.forms import FieldSpec
from metarr_desktop.ui.forms import Form
from metarr_desktop.ui.settings_pages.form_page import FormPage
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor

FIELDS = (
    FieldSpec(
        name="close_button",
        title="Close button",
        kind="choice",
        default="ask",
        choices=(
            ("ask", "Keep running, ask where there is no tray"),
            ("keep", "Keep running"),
            ("quit", "Quit"),
        ),
        description="What happens when the window is closed.",
    ),
    FieldSpec(
        name="theme",
        title="Theme",
        kind="choice",
        default="system",
        choices=(("system", "System"), ("light", "Light"), ("dark", "Dark")),
    ),
    FieldSpec(
        name="start_hidden",
        title="Start hidden",
        kind="boolean",
        default=False,
        description="The tray icon shows the window. Without a tray the window is always shown.",
    ),
)


class GeneralPage(FormPage):
    """The program's own settings."""

    def __init__(self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__(key="general", title=tr("General"))
        self._commands = commands
        self._queries = queries
        self.put_form(Form(FIELDS, check=lambda _name, _value: None, tasks=tasks))
        self.body.addStretch(1)
        self.refresh_mnemonics()

    async def load(self) -> None:
        """Show the stored settings."""
        settings = self._queries.settings()
        self.form.fill({spec.name: getattr(settings, spec.name) for spec in FIELDS})
        self.state_changed.emit()

    async def save(self) -> bool:
        """Store what changed."""
        changes = self.form.changes()
        if not await self.tell_failure(lambda: self._commands.save_settings(**changes)):
            return False
        await self.load()
        return True
