"""Light and dark: the palettes we set ourselves, and the colours a status may have in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette

from metarr_desktop.app.paths import resource_path

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

Choice = Literal["system", "light", "dark"]
StatusColour = Literal["done", "warning", "failed", "accent"]

LIGHT: dict[StatusColour, str] = {
    "done": "#276749",
    "warning": "#9C4221",
    "failed": "#C53030",
    "accent": "#6B46C1",
}
DARK: dict[StatusColour, str] = {
    "done": "#48BB78",
    "warning": "#ED8936",
    "failed": "#FC8181",
    "accent": "#B794C6",
}

_Role = QPalette.ColorRole
_LIGHT_ROLES = {
    _Role.Window: "#F3F3F5", _Role.WindowText: "#1B1B1F", _Role.Base: "#FFFFFF",
    _Role.AlternateBase: "#F7F7F9",
    _Role.Text: "#1B1B1F", _Role.Button: "#EFEFEF", _Role.ButtonText: "#1B1B1F", _Role.BrightText: "#FFFFFF",
    _Role.ToolTipBase: "#FFFFFF", _Role.ToolTipText: "#1B1B1F", _Role.PlaceholderText: "#66666E",
    _Role.Highlight: "#6B46C1", _Role.HighlightedText: "#FFFFFF", _Role.Link: "#6B46C1",
    _Role.LinkVisited: "#553C9A", _Role.Accent: "#6B46C1",
    _Role.Light: "#FFFFFF", _Role.Midlight: "#E6E6EA", _Role.Mid: "#B8B8C0", _Role.Dark: "#9A9AA3",
    _Role.Shadow: "#6A6A72",
}  # fmt: skip
_DARK_ROLES = {
    _Role.Window: "#28282B", _Role.WindowText: "#ECECEF", _Role.Base: "#1E1E1E",
    _Role.AlternateBase: "#242427",
    _Role.Text: "#ECECEF", _Role.Button: "#323232", _Role.ButtonText: "#ECECEF", _Role.BrightText: "#FFFFFF",
    _Role.ToolTipBase: "#323232", _Role.ToolTipText: "#ECECEF", _Role.PlaceholderText: "#9C9CA4",
    _Role.Highlight: "#6B46C1", _Role.HighlightedText: "#FFFFFF", _Role.Link: "#B794C6",
    _Role.LinkVisited: "#A187B8", _Role.Accent: "#B794C6",
    _Role.Light: "#4A4A4E", _Role.Midlight: "#3C3C40", _Role.Mid: "#5A5A60", _Role.Dark: "#17171A",
    _Role.Shadow: "#0E0E10",
}  # fmt: skip
_DISABLED_LIGHT, _DISABLED_DARK = "#8C8C95", "#7E7E86"
_EDGE_DARK = "#85858E"
_HALF = 128


class Theme(QObject):
    """Owns the application's palette; ``changed`` follows every switch, ours and the system's."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._system_style = app.style().objectName()
        self._choice: Choice = "system"
        self._system_is_dark = is_dark()
        app.installEventFilter(self)

    @property
    def panel_is_dark(self) -> bool:
        """Whether the desktop's panel is dark, as far as can be known: it does not follow our choice."""
        return is_dark() if self._choice == "system" else self._system_is_dark

    def apply(self, choice: Choice) -> None:
        """Use a theme from now on."""
        if choice == self._choice:
            return
        if self._choice == "system":
            self._system_is_dark = is_dark()
        self._choice = choice
        hints = self._app.styleHints()
        match choice:
            case "system":
                hints.setColorScheme(Qt.ColorScheme.Unknown)
                self._app.setStyle(self._system_style)
                self._app.setPalette(QPalette())
                self._app.setStyleSheet("")
            case "light":
                self._set(Qt.ColorScheme.Light, _palette(_LIGHT_ROLES, disabled=_DISABLED_LIGHT))
            case "dark":
                self._set(Qt.ColorScheme.Dark, _palette(_DARK_ROLES, disabled=_DISABLED_DARK))
                self._app.setStyleSheet(_outlines())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See the palette change, whoever changed it."""
        if watched is self._app and event.type() == QEvent.Type.ApplicationPaletteChange:
            self.changed.emit()
        return super().eventFilter(watched, event)

    def _set(self, scheme: Qt.ColorScheme, palette: QPalette) -> None:
        """Fusion is the one style that paints nothing but the palette."""
        self._app.styleHints().setColorScheme(scheme)
        self._app.setStyleSheet("")
        self._app.setStyle("Fusion")
        self._app.setPalette(palette)


def is_dark() -> bool:
    """Whether windows are dark now."""
    return QGuiApplication.palette().color(_Role.Window).lightness() < _HALF


def wants_contrast() -> bool:
    """Whether the person asked the system for high contrast: then we add no colours of our own."""
    hints = QGuiApplication.styleHints()
    accessibility = getattr(hints, "accessibility", None)  # since Qt 6.10
    if accessibility is None:
        return False
    preference = accessibility().contrastPreference()
    return bool(preference == Qt.ContrastPreference.HighContrast)


def status_colour(name: StatusColour | None) -> QColor:
    """The colour of a status on windows and lists as they are now; None and high contrast give text."""
    if name is None or wants_contrast():
        return QGuiApplication.palette().color(_Role.WindowText)
    return QColor((DARK if is_dark() else LIGHT)[name])


def _outlines() -> str:
    """Edges of boxes and fields in the dark: Fusion makes them darker than the window, which nobody sees."""
    tick = resource_path("icons", "check-dark.svg").as_posix()
    return f"""
        QCheckBox::indicator, QTreeView::indicator {{
            width: 14px; height: 14px; border: 1px solid {_EDGE_DARK}; border-radius: 3px;
            background: #1E1E1E;
        }}
        QCheckBox::indicator:checked, QTreeView::indicator:checked {{ image: url("{tick}"); }}
        QCheckBox::indicator:focus {{ border-color: {DARK["accent"]}; }}
        QCheckBox::indicator:disabled {{ border-color: #4A4A4E; }}
        QLineEdit, QPlainTextEdit {{
            border: 1px solid {_EDGE_DARK}; border-radius: 3px; padding: 2px; background: #1E1E1E;
        }}
        QLineEdit:focus, QPlainTextEdit:focus {{ border-color: {DARK["accent"]}; }}
        QLineEdit:disabled {{ border-color: #4A4A4E; }}
        QSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; padding: 0; }}
    """


def _palette(roles: dict[QPalette.ColorRole, str], *, disabled: str) -> QPalette:
    palette = QPalette()
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, _Role.Highlight, QColor(roles[_Role.Mid]))
    palette.setColor(QPalette.ColorGroup.Disabled, _Role.HighlightedText, QColor(roles[_Role.WindowText]))
    return palette
