"""A secret as a form shows it: hidden, and fetched from the keyring only when asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget
from shiboken6 import isValid

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.lines_edit import LinesEdit
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from PySide6.QtGui import QHideEvent

    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.forms import FieldSpec

SHOWN_FOR_MS = 30_000


class SecretField(QWidget):
    """A line with Show and Clear; what was fetched leaves the widget again when it is hidden.

    ``changed`` follows input, ``left`` asks for validation, ``told`` carries a sentence about the
    keyring (or nothing) and ``relabelled`` says that a button's text is a new one.
    """

    changed = Signal()
    left = Signal()
    told = Signal(object)
    relabelled = Signal()

    def __init__(
        self, spec: FieldSpec, *, load: Callable[[], Awaitable[str | None]], tasks: TaskSupervisor
    ) -> None:
        super().__init__()
        self._title = tr(spec.title)
        self._load = load
        self._tasks = tasks
        self._stored = self._cleared = False
        self._fetched: str | None = None
        self._fetching: asyncio.Task[Text | None] | None = None
        self.edit = LinesEdit() if spec.multiline else QLineEdit()
        self.edit.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.edit.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self._show = QPushButton()
        self._clear = QPushButton(tr("Clear"))
        self._clear.setAccessibleName(tr("Clear {field}").format(field=self._title.lower()))
        for button in (self._show, self._clear):
            button.setAutoDefault(False)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.edit, 1)
        line.addWidget(self._show, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._clear, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_FOR_MS)
        self._timer.timeout.connect(self.conceal)
        self.edit.textChanged.connect(self._on_edited)
        self.edit.editingFinished.connect(self.left)
        self._show.clicked.connect(self._on_show)
        self._clear.clicked.connect(self._on_clear)
        self.conceal()

    def reset(self, *, stored: bool) -> None:
        """Begin anew with what is kept: nothing typed, nothing shown."""
        self._stored, self._cleared = stored, False
        self._fetched = None
        self._put("")
        self.conceal()

    def propose(self, value: str) -> None:
        """Put a new value in, hidden, as if it was typed."""
        self.conceal()
        self.edit.setText(value)

    def clear(self) -> None:
        """Take the value away, unsaved."""
        self._cleared = self._stored
        self._fetched = None
        self._put("")
        self._relabel()

    def change(self) -> tuple[bool, str | None]:
        """Whether the secret is to change, and to what (None: cleared)."""
        typed = self.edit.text()
        if typed and typed != self._fetched:
            return True, typed
        if self._cleared and not typed:
            return True, None
        return False, None

    def is_set(self) -> bool:
        """Whether there is a secret, kept or typed."""
        return bool(self.edit.text()) or (self._stored and not self._cleared)

    def conceal(self) -> None:
        """Hide the value and forget what came from the keyring."""
        self._timer.stop()
        if self._fetching is not None:
            self._fetching.cancel()
        if self._fetched is not None and self.edit.text() == self._fetched:
            self._put("")
        self._fetched = None
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self._relabel()

    def hideEvent(self, event: QHideEvent) -> None:
        """A page that is left shows no secret when it comes back."""
        self.conceal()
        super().hideEvent(event)

    def _on_show(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
        elif self._is_shown():
            self.conceal()
        elif self._stored and not self._cleared and not self.edit.text():
            self._fetching = self._tasks.spawn(self._fetch(), name=f"show {self._title.lower()}")
            self._fetching.add_done_callback(self._on_fetched)
            self.told.emit(Text("Asking the keyring..."))
            self._relabel()
        else:
            self._reveal()

    async def _fetch(self) -> Text | None:
        """Ask the keyring, which may wait for a person; returns what to say instead of a value."""
        try:
            value = await self._load()
        except MetarrError as error:
            return error.text
        if not self.edit.text():  # what a person typed in the meantime is never overwritten
            if value is None:
                return Text("The keyring no longer holds this value. Enter it again.")
            self._fetched = value
            self._put(value)
        self._reveal()
        return None

    def _on_fetched(self, task: asyncio.Task[Text | None]) -> None:
        """Runs also where the question was given up before it was put."""
        if not isValid(self):
            return
        self._fetching = None
        self._relabel()
        self.told.emit(None if task.cancelled() or task.exception() else task.result())

    def _put(self, value: str) -> None:
        self.edit.blockSignals(True)  # noqa: FBT003 - Qt takes it so
        self.edit.setText(value)
        self.edit.blockSignals(False)  # noqa: FBT003

    def _reveal(self) -> None:
        self.edit.setEchoMode(QLineEdit.EchoMode.Normal)
        self._timer.start()
        self._relabel()

    def _on_edited(self) -> None:
        self.changed.emit()

    def _on_clear(self) -> None:
        self.clear()
        self.changed.emit()
        self.left.emit()
        self.edit.setFocus()

    def _is_shown(self) -> bool:
        return self.edit.echoMode() == QLineEdit.EchoMode.Normal

    def _relabel(self) -> None:
        field = self._title.lower()
        if self._fetching is not None:
            label, name = tr("Asking..."), tr("Stop asking for {field}").format(field=field)
        elif self._is_shown():
            label, name = tr("Hide"), tr("Hide {field}").format(field=field)
        else:
            label, name = tr("Show"), tr("Show {field}").format(field=field)
        self._show.setText(label)
        self._show.setAccessibleName(name)
        kept = self._stored and not self._cleared
        if kept:
            self.edit.setPlaceholderText(tr("Saved - leave empty to keep"))
        else:
            self.edit.setPlaceholderText(tr("Removed when you save") if self._cleared else "")
        self.relabelled.emit()
