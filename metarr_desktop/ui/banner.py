"""What a person should know, above every page, each with what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from metarr_desktop.app.snapshots import ProblemKind
from metarr_desktop.ui.announcing import announce
from metarr_desktop.ui.icons import status_icon
from metarr_desktop.ui.mnemonics import give_mnemonics, renew_mnemonics
from metarr_desktop.ui.theme import status_colour
from metarr_desktop.ui.wording import fill_in, one_line, say, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

    from metarr_desktop.app.snapshots import Problem

SHOWN = 3
ICON = 16
EDGE = 4
"""How thick the side is where reading begins."""
Key = tuple[str, str]


class BannerArea(QWidget):
    """At most three problems, kept from one update to the next so that focus stays.

    ``acted`` carries the problem and the word of the action; a dismissed problem stays away until it
    was gone once. ``changed`` says that others are shown now.
    """

    acted = Signal(object, str)
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._banners: dict[Key, Banner] = {}
        self._dismissed: set[Key] = set()
        self._problems: tuple[Problem, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.hide()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show these and no others."""
        self._problems = tuple(problems)
        self._dismissed &= {key_of(problem) for problem in problems}
        wanted = {key_of(each): each for each in problems if key_of(each) not in self._dismissed}
        wanted = dict(tuple(wanted.items())[:SHOWN])
        before = list(self._banners.values())
        for key in [key for key in self._banners if key not in wanted]:
            self._drop(key)
        for key, problem in wanted.items():
            banner = self._banners.get(key)
            if banner is not None and banner.problem != problem:
                self._drop(key)
                banner = None
            if banner is None:
                self._add(key, problem)
        self.setVisible(bool(self._banners))
        if list(self._banners.values()) != before:
            give_mnemonics(self)
            self.changed.emit()

    def renew_letters(self) -> None:
        """Take no letter that the page below has."""
        renew_mnemonics(self)

    def _add(self, key: Key, problem: Problem) -> None:
        banner = Banner(problem)
        banner.acted.connect(lambda action: self.acted.emit(problem, action))
        banner.dismissed.connect(lambda: self._on_dismissed(key))
        self._banners[key] = banner
        self._column.addWidget(banner)
        announce(self, banner.words)

    def _drop(self, key: Key) -> None:
        banner = self._banners.pop(key)
        self._column.removeWidget(banner)
        banner.hide()
        banner.deleteLater()

    def _on_dismissed(self, key: Key) -> None:
        self._dismissed.add(key)
        self.show_problems(self._problems)


class Banner(QFrame):
    """One problem."""

    acted = Signal(str)
    dismissed = Signal()

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
        self.words = one_line(say(problem.text))
        self._icon = QLabel()
        label = QLabel(self.words)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(EDGE + 6, 5, 5, 5)
        row.addWidget(self._icon)
        row.addWidget(label, 1)
        for action, title in actions_of(problem):
            button = QPushButton(title)
            button.setAccessibleDescription(self.words)
            button.clicked.connect(lambda _checked=False, action=action: self.acted.emit(action))
            row.addWidget(button)
        close = QToolButton()
        close.setText("\u00d7")
        close.setAutoRaise(True)
        close.setAccessibleName(tr("Hide this message"))
        close.setAccessibleDescription(self.words)
        close.setToolTip(tr("Hide this message"))
        close.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        close.clicked.connect(self.dismissed)
        row.addWidget(close)
        self._paint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the edge by hand: below a style sheet the buttons would keep the colours of before."""
        super().paintEvent(event)
        painter = QPainter(self)
        colour = status_colour("warning")
        painter.setPen(colour)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        left = 0 if self.isLeftToRight() else self.width() - EDGE
        painter.fillRect(left, 0, EDGE, self.height(), colour)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the colours of the theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()
        super().changeEvent(event)

    def _paint(self) -> None:
        self._icon.setPixmap(status_icon("blocked").pixmap(ICON))
        self.update()


def key_of(problem: Problem) -> Key:
    """What makes two problems the same one."""
    return problem.kind.value, problem.subject


def actions_of(problem: Problem) -> list[tuple[str, str]]:
    """Word and label of what can be done about a problem."""
    free = problem.values.get("free")
    first = []
    if problem.kind is ProblemKind.PORT_IN_USE and free:
        first = [(f"use {free}", fill_in(tr("Use port {free}"), free=free))]
    if problem.kind is ProblemKind.ADDRESS_CHANGED:
        first = [("connect", fill_in(tr("Update {sender}"), sender=problem.subject))]
    return [*first, *((word, tr(label)) for word, label in _ACTIONS[problem.kind])]


_ACTIONS: dict[ProblemKind, tuple[tuple[str, str], ...]] = {
    ProblemKind.PORT_IN_USE: (("port", "Change port"), ("again", "Try again")),
    ProblemKind.PORT_FORBIDDEN: (("port", "Change port"),),
    ProblemKind.KEY_REJECTED: (("settings", "Open settings"),),
    ProblemKind.NOT_SET_UP: (("settings", "Open settings"),),
    ProblemKind.KEYRING_LOCKED: (("unlock", "Unlock"),),
    ProblemKind.NO_KEYRING: (("keep", "Keep until I quit"), ("help", "Help")),
    ProblemKind.DATABASE_BUSY: (("look", "Try again"),),
    ProblemKind.DATABASE_DAMAGED: (("folder", "Open folder"), ("quit", "Quit")),
    ProblemKind.DATABASE_FAILED: (("folder", "Open folder"),),
    ProblemKind.DISK_FULL: (("folder", "Open folder"),),
    ProblemKind.PATH_UNKNOWN: (("mapping", "Add path mapping"),),
    ProblemKind.PATH_DRIFT: (("proposals", "Show proposals"),),
    ProblemKind.ADDRESS_CHANGED: (("copy", "Copy new address"),),
    ProblemKind.SOURCE_STOPPED: (("resume", "Resume"), ("source", "Settings")),
    ProblemKind.SOURCE_KEY_REJECTED: (("source", "Open settings"),),
    ProblemKind.WEBHOOK_GONE: (("connect", "Connect"), ("source", "Settings")),
    ProblemKind.MISSED: (("catch-up", "Catch up"), ("dismiss", "Dismiss")),
}
