"""What the account behind a service knows: what its fields may be, and how many messages are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from metarr_desktop.app.snapshots import TestLine, TestReport
from metarr_desktop.domain.text import Text, text
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.trial_button import TrialButton
from metarr_desktop.ui.wording import say, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.quota import Quota


class AccountBar(QWidget):
    """A button that fills lists from the account, also after a passed test; nothing chosen is changed."""

    def __init__(
        self,
        *,
        title: str,
        load: Callable[[], Awaitable[Mapping[str, Sequence[tuple[str, str]]]]],
        offer: Callable[[str, Sequence[tuple[str, str]]], str],
        ready: Callable[[], bool],
        tasks: TaskSupervisor,
    ) -> None:
        super().__init__()
        self._load = load
        self._offer = offer
        self._offered = False
        self._quota = Note()
        self.note = Note()
        self.load_button = TrialButton(
            tr("Load from {service}").format(service=title),
            call=self._fill,
            ready=ready,
            tasks=tasks,
            busy=tr("Loading..."),
        )
        self.load_button.began.connect(self.note.forget)
        self.load_button.ended.connect(self._on_ended)
        row = QHBoxLayout()
        row.addWidget(self.load_button, 0, Qt.AlignmentFlag.AlignLeft)
        row.addWidget(self.note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._quota)
        column.addLayout(row)
        self.offer_load(offered=False)

    def offer_load(self, *, offered: bool) -> None:
        """Offer to load, where the service can be asked."""
        self._offered = offered
        self.load_button.setVisible(offered)
        self._show_what_there_is()

    def show_quota(self, quota: Quota | None) -> None:
        """Show how many messages are left, and warn where they are few."""
        if quota is None:
            self._quota.forget()
        else:
            self._quota.tell(NoteKind.WARNING if quota.few else NoteKind.PLAIN, say(quota.text))
        self._show_what_there_is()

    def follow_test(self, report: TestReport) -> None:
        """Load after a passed test: the keys are right now."""
        if report.ok and self._offered and not self.load_button.is_busy():
            self.load_button.click()

    def _show_what_there_is(self) -> None:
        self.setVisible(self._offered or bool(self._quota.text()))

    async def _fill(self) -> TestReport:
        found = await self._load()
        lines: list[TestLine] = []
        for name, choices in found.items() if isValid(self) else ():
            title = self._offer(name, choices)
            detail = text("{field}: {n} to choose from.", field=title, n=len(choices))
            lines.append(TestLine(name=Text(title), ok=True, detail=detail, ms=0))
        return TestReport(ok=True, lines=tuple(lines), ms=0)

    def _on_ended(self, kind: NoteKind, words: str) -> None:
        self.note.tell(kind, words, aloud=True)
