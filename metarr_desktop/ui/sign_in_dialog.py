"""What a person sees while they sign in at a service: what to do, the code, the time left, and Cancel."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from metarr_desktop.app.finding_snapshots import SignInPhase
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.announcing import announce
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.wording import fill_in, say, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.app.finding_snapshots import SignInSnapshot
    from metarr_desktop.app.sign_in_desk import SignInRun
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.forms import Draft

TICK_MS = 1_000
CODE_SCALE = 1.8


def open_page(link: str) -> None:
    """Show a page in the browser; nothing else than a web page is opened."""
    url = QUrl(link, QUrl.ParsingMode.StrictMode)
    if url.scheme() in {"http", "https"}:
        QDesktopServices.openUrl(url)


class SignInDialog(QDialog):
    """Follows a sign-in to its end. ``draft`` is what it brought; closing the window before cancels it."""

    def __init__(
        self,
        run: SignInRun,
        *,
        title: str,
        tasks: TaskSupervisor,
        parent: QWidget | None = None,
        open_link: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__(parent)
        self._run = run
        self._open_link = open_link or open_page
        self._opened = self._left = False
        self.snapshot = run.snapshot
        self.draft: Draft | None = None
        self.setWindowTitle(title.rstrip("."))
        self.setMinimumWidth(420)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.code = QLineEdit()
        self.code.setReadOnly(True)
        self.code.setAccessibleName(tr("Code"))
        self.code.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.code.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        font = self.code.font()
        font.setPointSizeF(font.pointSizeF() * CODE_SCALE)
        self.code.setFont(font)
        self.offers = QComboBox()
        self.offers.setAccessibleName(tr("Server"))
        self.left = QLabel()
        self.note = Note()
        self.open_button = self._button(tr("Open in the browser"), self._on_open)
        self.copy_button = self._button(tr("Copy link"), self._on_copy)
        self.choose_button = self._button(tr("Continue"), self._on_choose)
        self.cancel_button = self._button(tr("Cancel"), self.reject)
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._show_time)
        self._timer.start()
        self._show(self.snapshot)
        self._task = tasks.spawn(self._follow(), name="sign-in window")

    def reject(self) -> None:
        """Esc, Cancel and closing the window end the sign-in."""
        self._left = True
        self._run.cancel()
        super().reject()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.open_button, self.copy_button, self.choose_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        column = QVBoxLayout(self)
        for widget in (self.words, self.code, self.offers, self.left, self.note):
            column.addWidget(widget)
        column.addLayout(buttons)
        give_mnemonics(self)

    def _button(self, label: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(label)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked=False: act())
        return button

    async def _follow(self) -> None:
        """Show every turn until the last one."""
        while not self.snapshot.phase.over:
            snapshot = await self._run.news(after=self.snapshot.version)
            if not isValid(self):
                self._run.cancel()
                return
            self._show(snapshot)
        if self.snapshot.phase is SignInPhase.DONE and not self._left:
            self.draft = self._run.take()
            self.accept()
        elif self.snapshot.phase is SignInPhase.CANCELLED and self.isVisible():
            super().reject()

    def _show(self, snapshot: SignInSnapshot) -> None:
        self.snapshot = snapshot
        failed = snapshot.phase is SignInPhase.FAILED
        self.words.setText("" if failed else say(snapshot.words))
        self.words.setVisible(not failed)
        self.note.tell(NoteKind.FAILED if failed else NoteKind.PLAIN, say(snapshot.words) if failed else "")
        self.code.setText(snapshot.code)
        self.code.setVisible(bool(snapshot.code))
        self.open_button.setVisible(bool(snapshot.link))
        self.copy_button.setVisible(bool(snapshot.link))
        choosing = snapshot.phase is SignInPhase.CHOOSING
        if choosing:
            self.offers.clear()
            for key, title in snapshot.offers:
                self.offers.addItem(title, key)
        self.offers.setVisible(choosing)
        self.choose_button.setVisible(choosing)
        self.cancel_button.setText(tr("Close") if failed else tr("Cancel"))
        self._show_time()
        self._make_room()
        self._put_cursor(snapshot)
        announce(self, " ".join(each for each in (say(snapshot.words), " ".join(snapshot.code)) if each))
        if snapshot.link and not snapshot.code and not self._opened:
            # With nothing to type the page is all there is, so that it opens by itself, once.
            self._on_open()

    def _make_room(self) -> None:
        """Grow with words that take more lines; a window does not do that by itself."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def _put_cursor(self, snapshot: SignInSnapshot) -> None:
        if snapshot.phase is SignInPhase.CHOOSING:
            self.offers.setFocus()
        elif snapshot.code:
            self.code.setFocus()
            self.code.selectAll()
        else:
            self.cancel_button.setFocus()

    def _show_time(self) -> None:
        until = self.snapshot.until
        self.left.setVisible(until is not None)
        if until is not None:
            seconds = max(0, round((until - datetime.now(tz=UTC)).total_seconds()))
            left = f"{seconds // 60}:{seconds % 60:02}"
            self.left.setText(fill_in(tr("Time left: {time}"), time=left))

    def _on_open(self) -> None:
        self._opened = True
        self._open_link(self.snapshot.link)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.snapshot.link)
        announce(self, tr("Link copied."))

    def _on_choose(self) -> None:
        try:
            self._run.choose_offer(str(self.offers.currentData()))
        except MetarrError as error:
            self.note.tell(NoteKind.FAILED, say(error.text), aloud=True)
