"""One row of a form: the label, the field, and under it what the field is for or what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from metarr_desktop.ui.field_editors import FieldEditor, editor_for
from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.secret_field import SecretField
from metarr_desktop.ui.wording import say, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.forms import FieldSpec, PlainValue
    from metarr_desktop.domain.text import Text


class FormRow(QWidget):
    """A field with its message; ``secret`` is its widget where the field is a secret, else None."""

    changed = Signal()
    left = Signal()
    relabelled = Signal()

    def __init__(
        self,
        spec: FieldSpec,
        *,
        tasks: TaskSupervisor,
        load_secret: Callable[[str], Awaitable[str | None]] | None = None,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.secret: SecretField | None = None
        self._editor: FieldEditor | None = None
        title = tr(spec.title)
        self._note = Note()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        if spec.kind == "secret":
            if load_secret is None:
                message = f"nothing loads the secret {spec.name}"
                raise ValueError(message)
            self.secret = SecretField(spec, load=lambda: load_secret(spec.name), tasks=tasks)
            self.secret.changed.connect(self.changed)
            self.secret.left.connect(self.left)
            self.secret.relabelled.connect(self.relabelled)
            self.secret.told.connect(self._on_told)
            self.focus: QWidget = self.secret.edit
            column.addWidget(self.secret)
        else:
            self._editor = editor_for(spec)
            self._editor.changed.connect(self.changed)
            self._editor.left.connect(self.left)
            self.focus = self._editor.widget
            column.addWidget(self._editor.widget)
        column.addWidget(self._note)
        self.focus.setAccessibleName(title)
        self.label: QLabel | None = None
        if spec.kind != "boolean":
            mark = " *" if spec.required else ""
            self.label = QLabel(literal(title) + mark)
            self.label.setBuddy(self.focus)
        self.complain(None)

    def value(self) -> PlainValue:
        """What stands in the field; of a secret what was typed."""
        if self.secret is not None:
            return self.secret.edit.text()
        assert self._editor is not None  # noqa: S101 - one of the two is there
        return self._editor.value()

    def set_value(self, value: PlainValue) -> None:
        """Show a plain value."""
        assert self._editor is not None  # noqa: S101 - secrets are never set from outside
        self._editor.set_value(value)

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer these to choose from; what stands in the field stays."""
        if self._editor is not None:
            self._editor.offer(choices)

    def is_empty(self) -> bool:
        """Whether nothing stands in a field that could hold something."""
        if self.secret is not None:
            return not self.secret.is_set()
        return self.value() == ""

    def complain(self, text: Text | None) -> None:
        """Say what is wrong, or, with None, what the field is for."""
        if text is None:
            self._note.tell(NoteKind.PLAIN, tr(self.spec.description) if self.spec.description else "")
        else:
            self._note.tell(NoteKind.FAILED, say(text))
        self.focus.setAccessibleDescription(self._note.text())

    def has_complaint(self) -> bool:
        """Whether something wrong is shown."""
        return self._note.kind is NoteKind.FAILED

    def take_focus(self) -> None:
        """Put the cursor into the field."""
        self.focus.setFocus()

    def _on_told(self, text: Text | None) -> None:
        """Show what the keyring has to say without calling the field wrong."""
        if text is None:
            self.complain(None)
        else:
            self._note.tell(NoteKind.WARNING, say(text))
            self.focus.setAccessibleDescription(self._note.text())
