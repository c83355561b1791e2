"""The second page of the assistant: who sends webhooks, and the port they come to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QRadioButton

from metarr_desktop.ui.forms import Form
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.settings_pages.form_page import FormPage
from metarr_desktop.ui.settings_pages.keeping import save_receiving
from metarr_desktop.ui.settings_pages.receiving import FIELDS
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor

PORT = tuple(spec for spec in FIELDS if spec.name == "port")


class ReceivingStep(FormPage):
    """Stored when the person goes on; a port that cannot be used is told under its field."""

    def __init__(self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__(key="receiving", title=tr("Receiving"))
        self._commands = commands
        self._queries = queries
        self.body.addWidget(_plain(tr("Who will send webhooks?")))
        self.here = QRadioButton(tr("Programs on this computer"))
        self.home = QRadioButton(tr("Other devices on my home network"))
        for choice in (self.here, self.home):
            choice.toggled.connect(self._on_chosen)
            self.body.addWidget(choice)
        self.put_form(Form(PORT, check=queries.setting_complaint, tasks=tasks))
        self.form.changed.connect(self._show_listening)
        self.listening = Note()
        self.firewall = _plain(
            tr('Windows may ask for permission next. Choose "Allow" for private networks.')
        )
        self.body.addWidget(self.listening)
        self.body.addWidget(self.firewall)
        self.body.addStretch(1)

    async def load(self) -> None:
        """Show what is stored, and whether the port works."""
        settings = self._queries.settings()
        self.form.fill({"port": settings.port})
        (self.home if settings.allow == "home" else self.here).setChecked(True)
        self._on_chosen()
        self._show_listening()

    async def save(self) -> bool:
        """Store what was changed, and listen there."""
        if not self.form.validate():
            self.show_errors()
            return False
        changes: dict[str, object] = dict(self.form.changes())
        allow = "home" if self.home.isChecked() else "local"
        if allow != self._queries.settings().allow:
            changes["allow"] = allow
        return await save_receiving(self, self._commands, changes)

    def focus_first(self) -> None:
        """Begin with the choice."""
        (self.home if self.home.isChecked() else self.here).setFocus()

    def _on_chosen(self) -> None:
        self.firewall.setVisible(sys.platform == "win32" and self.home.isChecked())

    def _show_listening(self) -> None:
        """Say whether the port works, where it is the one in use."""
        listening = self._queries.listening()
        if self.form.is_dirty():
            self.listening.forget()
        elif listening is not None:
            words = fill_in(tr("Receiving on port {port}."), port=listening.port)
            self.listening.tell(NoteKind.DONE, words)
        else:
            words = fill_in(
                tr("Port {port} is used by another program. Choose another one."),
                port=self._queries.settings().port,
            )
            self.listening.tell(NoteKind.FAILED, words)


def _plain(words: str) -> QLabel:
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
