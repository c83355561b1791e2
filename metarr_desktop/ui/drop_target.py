"""Takes files and folders that are dropped anywhere on a window, and shows where they would land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QPalette
from PySide6.QtWidgets import QLabel

from metarr_desktop.ui.theme import status_colour
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from PySide6.QtCore import QUrl
    from PySide6.QtWidgets import QWidget

_Role = QPalette.ColorRole
VEIL = 225
"""How much of the page is covered while something is dragged over it, of 255."""


class DropTarget(QObject):
    """``dropped`` carries the addresses, wherever they lead: who takes them says what is wrong."""

    dropped = Signal(list)

    def __init__(self, window: QWidget, *, over: QWidget) -> None:
        super().__init__(window)
        self._over = over
        self.sign = QLabel(tr("Drop here to scan"), over)
        self.sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sign.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.sign.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what is dragged over the window."""
        match event.type():
            case QEvent.Type.DragEnter | QEvent.Type.DragMove:
                return self._on_dragged(event)
            case QEvent.Type.DragLeave:
                self.sign.hide()
            case QEvent.Type.Drop:
                return self._on_dropped(event)
        return super().eventFilter(watched, event)

    def _on_dragged(self, event: QEvent) -> bool:
        assert isinstance(event, QDragEnterEvent | QDragMoveEvent)  # noqa: S101 - told by its type
        if not _may_stay(event):
            event.ignore()
            return True
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if self.sign.isHidden():
            self._show_sign()
        return True

    def _on_dropped(self, event: QEvent) -> bool:
        assert isinstance(event, QDropEvent)  # noqa: S101 - told by its type
        self.sign.hide()
        if not _may_stay(event):
            event.ignore()
            return True
        urls: list[QUrl] = event.mimeData().urls()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.dropped.emit(urls)
        return True

    def _show_sign(self) -> None:
        palette = QGuiApplication.palette()
        ground, words = (palette.color(role) for role in (_Role.Window, _Role.WindowText))
        edge = status_colour("accent").name()
        self.sign.setStyleSheet(
            f"QLabel {{ border: 3px dashed {edge}; border-radius: 6px; font-size: 16pt;"
            f" color: {words.name()};"
            f" background: rgba({ground.red()}, {ground.green()}, {ground.blue()}, {VEIL}); }}"
        )
        self.sign.setGeometry(self._over.rect())
        self.sign.raise_()
        self.sign.show()


def _may_stay(event: QDropEvent) -> bool:
    """Whether there are addresses, and what they lead to stays in its place: a move could lose it."""
    may_copy = bool(event.possibleActions() & Qt.DropAction.CopyAction)
    return may_copy and event.mimeData().hasUrls()
