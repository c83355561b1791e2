"""What every page of the settings window can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.reading_order import follow_reading_order
from metarr_desktop.ui.wording import say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.domain.text import Text

WINDOW_LETTERS = "scd"
"""Letters of Save, Cancel and Restore defaults, which stand beside every page."""


class SettingsPage(QWidget):
    """A page whose middle scrolls; ``state_changed`` says that there may be more or less to save."""

    state_changed = Signal()

    def __init__(self, *, key: str, title: str) -> None:
        super().__init__()
        self.key = key
        self.title = title
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        middle = QWidget()
        self.body = QVBoxLayout(middle)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(middle)
        self._outer.addWidget(self._scroll, 1)
        self.note = Note()
        self._outer.addWidget(self.note)

    async def load(self) -> None:
        """Show what is stored; unsaved input is lost."""

    async def follow(self) -> None:
        """Show what was changed elsewhere; unsaved input stays."""
        if not self.is_dirty():
            await self.load()

    def is_dirty(self) -> bool:
        """Whether there is anything to save."""
        return False

    async def save(self) -> bool:
        """Store what stands here; False when something is wrong, which is then shown."""
        return True

    def offers_defaults(self) -> bool:
        """Whether there are defaults to go back to."""
        return False

    def restore_defaults(self) -> None:
        """Put every field back to its default, unsaved."""

    def words(self) -> str:
        """What a search for a setting looks through, beside the title."""
        return ""

    def focus_first(self) -> None:
        """Put the cursor where reading begins."""

    async def tell_failure(self, call: Callable[[], Awaitable[object]]) -> bool:
        """Run a command; a failure of ours is told at the foot of the page and returns False."""
        try:
            await call()
        except MetarrError as error:
            self.tell(error.text)
            return False
        self.note.forget()
        return True

    def tell(self, text: Text | str) -> None:
        """Say at the foot of the page what went wrong."""
        self.note.tell(NoteKind.FAILED, say(text))

    def forget_what_was_done(self) -> None:
        """Say no more that something went well; what went wrong stays."""
        if self.note.kind is NoteKind.DONE:
            self.note.forget()

    def refresh_mnemonics(self) -> None:
        """Give new labels and buttons their letters, and their place in the order of Tab."""
        give_mnemonics(self, taken=WINDOW_LETTERS)
        follow_reading_order(self)

    def show_focus(self) -> None:
        """Scroll to the field with the cursor."""
        focused = self.focusWidget()
        if focused is not None:
            self._scroll.ensureWidgetVisible(focused)
