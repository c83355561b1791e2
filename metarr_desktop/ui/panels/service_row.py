"""One service on the Services page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QWidget

from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.trial_button import TrialButton
from metarr_desktop.ui.wording import last_result_text, service_state_text, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.app.snapshots import ServiceSnapshot, TestReport
    from metarr_desktop.app.tasks import TaskSupervisor


class ServiceRow(QWidget):
    """Switch, state, last result, Test and Settings; ``switched`` is a person's wish, not yet done."""

    switched = Signal(bool)

    def __init__(
        self,
        snapshot: ServiceSnapshot,
        *,
        test: Callable[[], Awaitable[TestReport]],
        tasks: TaskSupervisor,
    ) -> None:
        super().__init__()
        self.snapshot = snapshot
        title = snapshot.title
        self.switch = QCheckBox(literal(title))
        self.switch.setAccessibleName(title)
        self.switch.clicked.connect(self.switched)
        self._state = Note()
        self._last = QLabel()
        self._last.setTextFormat(Qt.TextFormat.PlainText)
        self.test = TrialButton(
            tr("Test"), call=test, tasks=tasks, name=tr("Test {service}").format(service=title)
        )
        self.settings = QPushButton(tr("Settings"))
        self.settings.setAccessibleName(tr("Settings of {service}").format(service=title))
        self._result = Note()
        self.test.began.connect(self._result.forget)
        self.test.ended.connect(self._on_tested)
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setColumnStretch(1, 1)
        for column, widget in enumerate((self.switch, self._state, self._last, self.test, self.settings)):
            grid.addWidget(widget, 0, column)
        grid.addWidget(self._result, 1, 1, 1, 4)
        self.show_snapshot(snapshot)

    def align(self, width: int) -> None:
        """Give the switch so much room, the same in all rows."""
        self._grid.setColumnMinimumWidth(0, width)

    def show_snapshot(self, snapshot: ServiceSnapshot) -> None:
        """Show how the service stands now."""
        self.snapshot = snapshot
        self.switch.setChecked(snapshot.enabled)
        kind, words = service_state_text(snapshot)
        self._state.tell(kind, words)
        self.switch.setAccessibleDescription(words)
        self._last.setText(last_result_text(snapshot))

    def _on_tested(self, kind: NoteKind, words: str) -> None:
        self._result.tell(kind, words, aloud=True)
