"""Trace a path: how the sender, this computer and a service each write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)
from shiboken6 import isValid

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.tracing import HERE
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.plain_table import PlainTable
from metarr_desktop.ui.wording import fill_in, say, tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtWidgets import QWidget

    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.tracing import Hop


class TraceDialog(QDialog):
    """``sources`` and ``services`` are titles by scope. Nothing is changed here; Esc closes it."""

    def __init__(
        self,
        *,
        queries: Queries,
        tasks: TaskSupervisor,
        sources: Mapping[str, str],
        services: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._queries = queries
        self._tasks = tasks
        here = {HERE: tr("This computer")}
        self._titles = {**here, **sources, **services}
        self.setWindowTitle(tr("Trace a path"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(600, 340)
        self.path = QLineEdit()
        self.path.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.origin, self.target = QComboBox(), QComboBox()
        for box, titles in ((self.origin, {**sources, **here}), (self.target, {**services, **here})):
            for scope, title in titles.items():
                box.addItem(title, scope)
        self.trace = QPushButton(tr("Trace"))
        self.close_button = QPushButton(tr("Close"))
        self.close_button.setAutoDefault(False)
        self.note = Note()
        self.hops = PlainTable(
            tr("The way of the path"),
            columns=(tr("Side"), tr("Path")),
            stretch=1,
            fixed=False,
        )
        self._lay_out()
        self.trace.clicked.connect(lambda: self._tasks.spawn(self._show(), name="trace a path"))
        self.close_button.clicked.connect(self.reject)
        self.path.textChanged.connect(self._follow_input)
        self._follow_input()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for title, field in (
            (tr("Path"), self.path),
            (tr("From"), self.origin),
            (tr("To"), self.target),
        ):
            field.setAccessibleName(title)
            form.addRow(title, field)
        self.trace.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.trace)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addWidget(self.hops, 1)
        column.addLayout(buttons)
        give_mnemonics(self)

    def _follow_input(self) -> None:
        self.trace.setEnabled(bool(self.path.text().strip()))

    async def _show(self) -> None:
        try:
            hops = await self._queries.trace(
                self.path.text(), self.origin.currentData(), self.target.currentData()
            )
        except MetarrError as error:
            if isValid(self):
                self.hops.show_rows([])
                self.note.tell(NoteKind.FAILED, say(error.text), aloud=True)
            return
        if isValid(self):
            self.note.forget()
            self.hops.show_rows(list(enumerate(self._rows(hops))))

    def _rows(self, hops: Sequence[Hop]) -> list[tuple[str, str]]:
        """Each side with its path, and below that how it came to it."""
        rows = list[tuple[str, str]]()
        for hop in hops:
            rows.append((self._titles.get(hop.scope, hop.scope), hop.path))
            if words := how(hop):
                rows.append(("", words))
        return rows


def how(hop: Hop) -> str:
    """By which mapping a path came to this side, and what is known of it there."""
    told = []
    if hop.mapping is not None:
        values = {"from": hop.mapping.from_path, "to": hop.mapping.to_path}
        told.append(fill_in(tr("Mapping {from} to {to}"), **values))
    elif hop.scope == HERE and hop.library is None:
        told.append(tr("No mapping fits"))
    if hop.scope == HERE:
        if hop.library is None:
            told.append(tr("in no library folder"))
        else:
            told.append(fill_in(tr("in {library}"), library=hop.library.name))
            if hop.exists is not None:
                told.append(tr("found") if hop.exists else tr("not found"))
    return ", ".join(told)
