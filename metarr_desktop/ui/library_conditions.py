"""What is asked of a library folder before media servers are told, and whether it is watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from metarr_desktop.ui.field_editors import only_scroll_when_focused
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from metarr_desktop.app.snapshots import LibrarySnapshot

WATCHING = {"off": "Off", "events": "Watch", "polling": "Poll"}


class LibraryConditions(QWidget):
    """Fields of the selected folder; ``changed`` carries a change that a person made, which holds at once."""

    changed = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self._library: LibrarySnapshot | None = None
        self.anchor = QLineEdit()
        self.anchor.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.anchor.setPlaceholderText(tr("none"))
        self.anchor.setAccessibleName(tr("Anchor file"))
        self.needs_nfo = QCheckBox(tr("NFO required"))
        self.watch = QComboBox()
        self.watch.setAccessibleName(tr("Watch the folder"))
        for mode, title in WATCHING.items():
            self.watch.addItem(tr(title), mode)
        only_scroll_when_focused(self.watch)
        self._about_anchor, self._about_watch = Note(), Note()
        self._lay_out()
        self.anchor.editingFinished.connect(self._on_anchor)
        self.needs_nfo.clicked.connect(lambda on: self.changed.emit({"needs_nfo": on}))
        self.watch.activated.connect(lambda: self.changed.emit({"watch": self.watch.currentData()}))
        self.show_library(None)

    def show_library(self, library: LibrarySnapshot | None) -> None:
        """Show what is asked of a folder; None where no folder is selected. What is being typed stays."""
        typing = self.anchor.hasFocus() and self.anchor.isModified()
        same = library is not None and self._library is not None and library.id == self._library.id
        self._library = library
        self.setEnabled(library is not None)
        if not (typing and same):
            self.anchor.setText("" if library is None else library.anchor)
        self.needs_nfo.setChecked(library is not None and library.needs_nfo)
        self.watch.setCurrentIndex(self.watch.findData("off" if library is None else library.watch))

    def _lay_out(self) -> None:
        about_anchor = tr("A file or folder in it that is missing where the drive is not connected.")
        about_watch = tr("Poll is for network shares, which do not tell what changes.")
        self._about_anchor.tell(NoteKind.PLAIN, about_anchor)
        self._about_watch.tell(NoteKind.PLAIN, about_watch)
        self.anchor.setAccessibleDescription(about_anchor)
        self.watch.setAccessibleDescription(about_watch)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("Anchor file"), self.anchor)
        form.addRow(self._about_anchor)
        form.addRow(self.needs_nfo)
        form.addRow(tr("Watch"), self.watch)
        form.addRow(self._about_watch)

    def _on_anchor(self) -> None:
        anchor = self.anchor.text().strip()
        if self._library is not None and anchor != self._library.anchor:
            self.anchor.setModified(False)
            self.changed.emit({"anchor": anchor})


def conditions_text(library: LibrarySnapshot) -> str:
    """What is asked of a folder, for the table of them."""
    told = [fill_in(tr("Anchor {file}"), file=library.anchor)] if library.anchor else []
    if library.needs_nfo:
        told.append(tr("NFO required"))
    if library.watch != "off":
        told.append(tr("Watched") if library.watch == "events" else tr("Polled"))
    return ", ".join(told)


def status_text(library: LibrarySnapshot) -> str:
    """Whether a folder can be read now: without its anchor everything waits for its drive."""
    if not library.found:
        return tr("Folder not found")
    return tr("Found") if library.anchored else tr("Anchor file missing")
