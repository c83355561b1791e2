"""A settings page whose fields are settings of the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.ui.forms import Form
from metarr_desktop.ui.settings_pages.form_page import FormPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.forms import FieldSpec


class ProgramPage(FormPage):
    """Each field is named as its setting."""

    def __init__(
        self,
        fields: Sequence[FieldSpec],
        *,
        key: str,
        title: str,
        commands: Commands,
        queries: Queries,
        tasks: TaskSupervisor,
    ) -> None:
        super().__init__(key=key, title=title)
        self._fields = tuple(fields)
        self._commands = commands
        self._queries = queries
        self.put_form(Form(self._fields, check=lambda _name, _value: None, tasks=tasks))
        self.body.addStretch(1)
        self.refresh_mnemonics()

    async def load(self) -> None:
        """Show the stored settings."""
        settings = self._queries.settings()
        self.form.fill({spec.name: getattr(settings, spec.name) for spec in self._fields})
        self.state_changed.emit()

    async def save(self) -> bool:
        """Store what changed."""
        changes = self.form.changes()
        if not await self.tell_failure(lambda: self._commands.save_settings(**changes)):
            return False
        await self.load()
        return True
