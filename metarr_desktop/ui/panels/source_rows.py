"""The senders on the Services page, one line each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.notes import Note
from metarr_desktop.ui.sender_remedies import page_of
from metarr_desktop.ui.sender_wording import contact_text, sender_state_text, sender_state_word
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.app.sender_snapshots import SenderSnapshot

ADD = "sources"
"""Key of the page of the settings on which a sender is added."""


class SourceRow:
    """One sender: its name, how it stands, its last contact, and the way to its page."""

    def __init__(self, name: str) -> None:
        self.name = QLabel(literal(name))
        self.state = Note()
        self.contact = QLabel()
        self.contact.setTextFormat(Qt.TextFormat.PlainText)
        self.contact.setWordWrap(True)
        self.settings = QPushButton(tr("Settings"))
        self.settings.setAccessibleName(fill_in(tr("Settings of {service}"), service=name))

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """Its cells, from left to right."""
        return self.name, self.state, self.contact, self.settings

    def show_sender(self, sender: SenderSnapshot) -> None:
        """Show how the sender stands now."""
        self.state.tell(*sender_state_word(sender))
        self.contact.setText(contact_text(sender))
        _, whole = sender_state_text(sender)
        self.state.setToolTip(whole)
        self.settings.setAccessibleDescription(whole)


class SourceRows(QWidget):
    """Rows are kept so that focus stays; ``settings_requested`` carries the key of a page."""

    settings_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, SourceRow] = {}
        heading = QLabel(tr("Sources"))
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        self._grid = QGridLayout()
        for place in (1, 2):
            self._grid.setColumnStretch(place, 1)
        self._grid.setColumnMinimumWidth(0, 110)
        self.add = QPushButton(tr("Add a source"))
        self.add.clicked.connect(lambda: self.settings_requested.emit(ADD))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.addWidget(heading)
        column.addLayout(self._grid)
        column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)

    def show_senders(self, senders: Sequence[SenderSnapshot]) -> None:
        """Show these and no others."""
        wanted = {sender.slug: sender for sender in senders}
        for slug in [slug for slug in self._rows if slug not in wanted]:
            for widget in self._rows.pop(slug).widgets:
                widget.hide()
                widget.deleteLater()
        for slug, sender in wanted.items():
            if slug not in self._rows:
                self._add_row(slug, sender.name)
            self._rows[slug].show_sender(sender)

    def _add_row(self, slug: str, name: str) -> None:
        row = SourceRow(name)
        row.settings.clicked.connect(partial(self._on_settings, slug))
        self._rows[slug] = row
        place = self._grid.rowCount()
        for column, widget in enumerate(row.widgets):
            self._grid.addWidget(widget, place, column)

    def _on_settings(self, slug: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - Qt's signal
        self.settings_requested.emit(page_of(slug))
