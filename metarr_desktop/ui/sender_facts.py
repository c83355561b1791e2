"""What is known of a sender: version, contact, its folders and its complaints."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from metarr_desktop.ui.report_lines import ReportLines
from metarr_desktop.ui.sender_wording import contact_text, folder_text, issue_text
from metarr_desktop.ui.wording import day_time, fill_in, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.app.sender_snapshots import RootFolder, SenderSnapshot

GAP = 16


class SenderFacts(QWidget):
    """Follows a snapshot; ``mapping_requested`` carries a folder that is not on this computer."""

    mapping_requested = Signal(str)
    relabelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._version = plain_label()
        self._contact = plain_label()
        self._caught_up = plain_label()
        self._rows = QFormLayout()
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for title, label in (
            (tr("Version"), self._version),
            (tr("Last contact"), self._contact),
            (tr("Last catch-up"), self._caught_up),
        ):
            self._rows.addRow(plain_label(title), label)
        self._folders_heading = bold(tr("Folders"))
        self._folders = QWidget()
        self._folder_grid = QGridLayout(self._folders)
        self._folder_grid.setContentsMargins(0, 0, 0, 0)
        self._folder_grid.setHorizontalSpacing(GAP)
        self._folder_grid.setColumnStretch(1, 1)
        self._shown: tuple[RootFolder, ...] = ()
        self._issues_heading = bold(tr("Health"))
        self.issues = ReportLines()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._rows)
        for part in (self._folders_heading, self._folders, self._issues_heading, self.issues):
            column.addWidget(part)

    def show_sender(self, sender: SenderSnapshot) -> None:
        """Show what is known now; rows that have nothing to say are not shown."""
        caught_up = "" if sender.last_catch_up is None else day_time(sender.last_catch_up)
        version = f"{sender.type_title} {sender.version}" if sender.version else ""
        for label, words in (
            (self._version, version),
            (self._contact, contact_text(sender)),
            (self._caught_up, caught_up),
        ):
            label.setText(words)
            self._rows.setRowVisible(label, bool(words))
        self._show_folders(sender.root_folders)
        self._issues_heading.setVisible(bool(sender.issues))
        self.issues.tell([issue_text(issue) for issue in sender.issues])

    def _show_folders(self, folders: Sequence[RootFolder]) -> None:
        """Rows are made anew only where they changed, so that focus stays."""
        self._folders_heading.setVisible(bool(folders))
        self._folders.setVisible(bool(folders))
        if tuple(folders) == self._shown:
            return
        self._shown = tuple(folders)
        while (item := self._folder_grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, folder in enumerate(folders):
            self._folder_grid.addWidget(plain_label(folder.path), row, 0)
            self._folder_grid.addWidget(plain_label(folder_text(folder)), row, 1)
            if folder.here is None:
                self._folder_grid.addWidget(self._mapping_button(folder), row, 2)
        self.relabelled.emit()

    def _mapping_button(self, folder: RootFolder) -> QPushButton:
        button = QPushButton(tr("Add mapping"))
        button.setAutoDefault(False)
        button.setAccessibleName(fill_in(tr("Add mapping for {path}"), path=folder.path))
        button.clicked.connect(partial(self._on_mapping, folder.path))
        return button

    def _on_mapping(self, path: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - Qt's signal
        self.mapping_requested.emit(path)


def plain_label(text: str = "") -> QLabel:
    """What stands here came from outside: never markup, and fit to be selected."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def bold(title: str) -> QLabel:
    """A heading within a page."""
    label = plain_label(title)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
