"""Icons drawn from our SVG files in the colours of the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from metarr_desktop.app.paths import resource_path
from metarr_desktop.ui.theme import status_colour

if TYPE_CHECKING:
    from PySide6.QtGui import QColor

    from metarr_desktop.ui.theme import StatusColour

SIZES = (16, 20, 24, 32, 40, 48, 64)
TRAY_SIZES = (16, 22, 24, 32, 44, 48, 64)
APP_SIZES = (16, 24, 32, 48, 64, 128, 256)
INK = b"#000000"
"""What the one-colour drawings are drawn in, and so what is replaced."""

_COLOURS: dict[str, StatusColour] = {
    "done": "done",
    "failed": "failed",
    "retrying": "warning",
    "blocked": "warning",
    "running": "accent",
}


def app_icon() -> QIcon:
    """The mark of the program."""
    return _icon("metarr", APP_SIZES, {QIcon.Mode.Normal: None})


def tray_icon(state: str, *, dark: bool) -> QIcon:
    """The mark in the shape of a tray state, for a light or a dark panel."""
    return _icon(f"tray-{state}-{'dark' if dark else 'light'}", TRAY_SIZES, {QIcon.Mode.Normal: None})


def status_icon(shape: str) -> QIcon:
    """The icon of a status (``waiting``, ``running``, ``done`` ...) in its colour."""
    return _inked(f"status-{shape}", status_colour(_COLOURS.get(shape)))


def page_icon(page: str) -> QIcon:
    """The icon of a page of the window in the colour of text."""
    return _inked(f"page-{page}", QGuiApplication.palette().color(QPalette.ColorRole.WindowText))


def _inked(name: str, colour: QColor) -> QIcon:
    palette = QGuiApplication.palette()
    return _icon(
        name,
        SIZES,
        {
            QIcon.Mode.Normal: colour,
            QIcon.Mode.Selected: palette.color(QPalette.ColorRole.HighlightedText),
            QIcon.Mode.Disabled: palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText),
        },
    )


def _icon(name: str, sizes: tuple[int, ...], colours: dict[QIcon.Mode, QColor | None]) -> QIcon:
    icon = QIcon()
    for mode, colour in colours.items():
        for size in sizes:
            icon.addPixmap(_pixmap(name, size, colour), mode)
    return icon


def _pixmap(name: str, size: int, colour: QColor | None) -> QPixmap:
    """A drawing at one size; Qt's own cache keeps it, and drops it with the application."""
    key = f"metarr/{name}/{size}/{'' if colour is None else colour.name()}"
    pixmap = QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    drawing = resource_path("icons", f"{name}.svg").read_bytes()
    if colour is not None:
        drawing = drawing.replace(INK, colour.name().encode())
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(drawing)).render(painter)
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


class StatusIcons:
    """Status icons kept for a list that paints many of them, until the colours change."""

    def __init__(self) -> None:
        self._icons: dict[str, QIcon] = {}

    def get(self, shape: str) -> QIcon:
        """The icon of a status."""
        icon = self._icons.get(shape)
        if icon is None:
            icon = self._icons[shape] = status_icon(shape)
        return icon

    def forget(self) -> None:
        """Draw every icon anew the next time it is asked for."""
        self._icons.clear()
