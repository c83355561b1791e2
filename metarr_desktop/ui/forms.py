"""A form built from field declarations: it shows values, checks them one by one and yields a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QToolButton, QWidget

from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.form_rows import FormRow
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.forms import FieldSpec, PlainValue
    from metarr_desktop.domain.text import Text

    Check = Callable[[str, PlainValue], Text | None]


class Form(QWidget):
    """Fields under each other, the advanced ones folded; ``changed`` follows a person's input."""

    changed = Signal()
    relabelled = Signal()

    def __init__(
        self,
        fields: Sequence[FieldSpec],
        *,
        check: Callable[[str, PlainValue], Text | None],
        tasks: TaskSupervisor,
        load_secret: Callable[[str], Awaitable[str | None]] | None = None,
    ) -> None:
        super().__init__()
        self._check = check
        self._incomplete_allowed = False
        self._baseline: dict[str, PlainValue] = {}
        self._layout = QFormLayout(self)
        self._layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows: dict[str, FormRow] = {}
        ordered = [spec for spec in fields if not spec.advanced]
        folded = [spec for spec in fields if spec.advanced]
        for spec in ordered:
            self._add_row(spec, load_secret=load_secret, tasks=tasks)
        self._fold: QToolButton | None = self._add_fold() if folded else None
        for spec in folded:
            self._add_row(spec, load_secret=load_secret, tasks=tasks)
        self._show_advanced(shown=False)
        self._baseline = self._plain_values()

    def fill(self, values: Mapping[str, PlainValue], *, secrets_set: Collection[str] = ()) -> None:
        """Show what is stored and take it as the state in which nothing has changed."""
        for name, row in self._rows.items():
            if row.secret is not None:
                row.secret.reset(stored=name in secrets_set)
            else:
                row.set_value(values.get(name, row.spec.default))
            row.complain(None)
        self._baseline = self._plain_values()

    def offer(self, name: str, choices: Sequence[tuple[str, str]]) -> str:
        """Offer choices in a field, and return its title; what stands there stays."""
        row = self._rows[name]
        row.offer(choices)
        return tr(row.spec.title)

    def propose(self, draft: Draft) -> None:
        """Put values and secrets in, unsaved, as if they were typed; what has no field is left out."""
        for name, row in self._rows.items():
            if row.secret is not None:
                if value := draft.secrets.get(name):
                    row.secret.propose(value)
                elif name in draft.secrets:
                    row.secret.clear()
            elif name in draft.values:
                row.set_value(draft.values[name])
            else:
                continue
            row.complain(None)
        self.changed.emit()

    def draft(self) -> Draft:
        """What stands in the form; secrets only where they are to change."""
        secrets: dict[str, str | None] = {}
        for name, row in self._rows.items():
            if row.secret is not None:
                changes, value = row.secret.change()
                if changes:
                    secrets[name] = value
        return Draft(values=self._plain_values(), secrets=secrets)

    def changes(self) -> dict[str, PlainValue]:
        """The plain values that differ from what is stored."""
        return {name: value for name, value in self._plain_values().items() if value != self._baseline[name]}

    def is_dirty(self) -> bool:
        """Whether there is anything to save."""
        return bool(self.changes() or self.draft().secrets)

    def differs_from_defaults(self) -> bool:
        """Whether restoring the defaults would change anything."""
        return any(row.spec.default != row.value() for row in self._rows.values() if row.secret is None)

    def restore_defaults(self) -> None:
        """Put every plain field back to its default; secrets have none and stay."""
        for row in self._rows.values():
            if row.secret is None:
                row.set_value(row.spec.default)
                row.complain(None)
        self.changed.emit()

    def allow_incomplete(self, *, allowed: bool) -> None:
        """Whether empty fields are in order, as they are while a service is off."""
        self._incomplete_allowed = allowed
        if allowed:
            for row in self._rows.values():
                if row.is_empty():
                    row.complain(None)

    def validate(self, *, complete: bool = False) -> bool:
        """Check every field and say what is wrong; ``complete`` objects to empty ones in any case."""
        wrong = [row for row in self._rows.values() if not self._validate_row(row, complete=complete)]
        if any(row.spec.advanced for row in wrong):
            self._show_advanced(shown=True)
        return not wrong

    def complain(self, name: str, text: Text) -> bool:
        """Say under a field what is wrong with it; False where there is no such field."""
        row = self._rows.get(name)
        if row is None:
            return False
        row.complain(text)
        return True

    def focus_first_error(self) -> None:
        """Put the cursor where the first thing is wrong."""
        for row in self._rows.values():
            if row.has_complaint():
                row.take_focus()
                return

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        for row in self._rows.values():
            row.take_focus()
            return

    def words(self) -> str:
        """What a search for a setting looks through."""
        return " ".join(f"{tr(row.spec.title)} {tr(row.spec.description)}" for row in self._rows.values())

    def _add_row(
        self,
        spec: FieldSpec,
        *,
        load_secret: Callable[[str], Awaitable[str | None]] | None,
        tasks: TaskSupervisor,
    ) -> None:
        row = FormRow(spec, load_secret=load_secret, tasks=tasks)
        row.changed.connect(self.changed)
        row.relabelled.connect(self.relabelled)
        row.left.connect(lambda: self._validate_row(row))
        self._rows[spec.name] = row
        if row.label is None:
            self._layout.addRow("", row)
        else:
            self._layout.addRow(row.label, row)

    def _add_fold(self) -> QToolButton:
        fold = QToolButton()
        fold.setText(tr("Advanced"))
        fold.setAccessibleName(tr("Advanced"))
        fold.setCheckable(True)
        fold.setAutoRaise(True)
        fold.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        fold.toggled.connect(lambda shown: self._show_advanced(shown=shown))
        self._layout.addRow(fold)
        return fold

    def _show_advanced(self, *, shown: bool) -> None:
        if self._fold is None:
            return
        self._fold.setChecked(shown)
        self._fold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        for row in self._rows.values():
            if row.spec.advanced:
                self._layout.setRowVisible(row, shown)

    def _validate_row(self, row: FormRow, *, complete: bool = False) -> bool:
        """An untouched kept secret is taken as right: only the keyring could tell."""
        if (row.secret is not None and not row.secret.change()[0] and row.secret.is_set()) or (
            row.is_empty() and self._incomplete_allowed and not complete
        ):
            complaint = None
        else:
            complaint = self._check(row.spec.name, row.value())
        row.complain(complaint)
        return complaint is None

    def _plain_values(self) -> dict[str, PlainValue]:
        return {name: row.value() for name, row in self._rows.items() if row.secret is None}
