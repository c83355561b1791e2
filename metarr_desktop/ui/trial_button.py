"""A button that tries a connection, says so meanwhile, and stops when pressed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton
from shiboken6 import isValid

from metarr_desktop.app.snapshots import TestReport
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.notes import NoteKind
from metarr_desktop.ui.wording import plural, say, tr

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from PySide6.QtGui import QHideEvent

    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.text import Text


class TrialButton(QPushButton):
    """``ready`` may refuse to begin; ``ended`` carries a NoteKind and the words of the result.

    ``reported`` carries the whole TestReport before, where there is one. One that ``goes_on`` does not stop
    where its page is left.
    """

    began = Signal()
    reported = Signal(object)
    ended = Signal(object, str)

    def __init__(
        self,
        label: str,
        *,
        call: Callable[[], Awaitable[TestReport]],
        tasks: TaskSupervisor,
        name: str = "",
        ready: Callable[[], bool] = lambda: True,
        busy: str = "",
        goes_on: bool = False,
    ) -> None:
        super().__init__(label)
        self._label = label
        self._busy = busy or tr("Testing...")
        self._goes_on = goes_on
        self._call = call
        self._tasks = tasks
        self._ready = ready
        self._running: asyncio.Task[TestReport | Text] | None = None
        self.last_report: TestReport | None = None
        self.setAccessibleName(name or label)
        self.setAutoDefault(False)
        self.clicked.connect(self._on_clicked)

    def relabel(self, label: str, *, name: str = "") -> None:
        """Read differently from now on."""
        if label != self._label:
            self._label = label
            self.setAccessibleName(name or label)
            if self._running is None:
                self.setText(label)

    def is_busy(self) -> bool:
        """Whether a test runs."""
        return self._running is not None

    def stop(self) -> None:
        """Give up the running test."""
        if self._running is not None:
            self._running.cancel()

    def hideEvent(self, event: QHideEvent) -> None:
        """A page that is left waits for nothing."""
        if not event.spontaneous() and not self._goes_on:
            self.stop()
        super().hideEvent(event)

    def _on_clicked(self) -> None:
        if self._running is not None:
            self.stop()
        elif self._ready():
            self._running = self._tasks.spawn(_outcome(self._call), name="test service")
            self._running.add_done_callback(self._on_done)
            self.setText(self._busy)
            self.last_report = None
            self.began.emit()

    def _on_done(self, task: asyncio.Task[TestReport | Text]) -> None:
        """Runs also where the test was stopped before it began."""
        if not isValid(self):
            return
        self._running = None
        self.setText(self._label)
        if task.cancelled():
            self.ended.emit(NoteKind.PLAIN, tr("Cancelled.") if self._goes_on else tr("Test cancelled."))
        elif task.exception() is not None:
            self.ended.emit(NoteKind.FAILED, tr("The test did not finish. See the log."))
        else:
            outcome = task.result()
            if isinstance(outcome, TestReport):
                self.last_report = outcome
                self.reported.emit(outcome)
            self.ended.emit(*_result(outcome))


async def _outcome(call: Callable[[], Awaitable[TestReport]]) -> TestReport | Text:
    """What the test says, or why there was none."""
    try:
        return await call()
    except MetarrError as error:
        return error.text


def _result(outcome: TestReport | Text) -> tuple[NoteKind, str]:
    """What failed, or else everything that was found."""
    if not isinstance(outcome, TestReport):
        return NoteKind.FAILED, say(outcome)
    words = [say(line.detail) for line in outcome.lines if line.ok == outcome.ok]
    if outcome.released:
        words.append(
            plural(
                "{n} waiting message is being sent.",
                "{n} waiting messages are being sent.",
                outcome.released,
            )
        )
    return NoteKind.DONE if outcome.ok else NoteKind.FAILED, "\n".join(words)
