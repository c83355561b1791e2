"""The keys of the main window: one table for the shortcuts and for the Help page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut

from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Key:
    """A key, what it asks for, and what it does in words; keys without an action belong to a widget."""

    keys: str
    meaning: str
    action: str = ""


KEYS = (
    Key("Ctrl+1", "Dashboard", "page dashboard"),
    Key("Ctrl+2", "Jobs", "page jobs"),
    Key("Ctrl+3", "History", "page history"),
    Key("Ctrl+5", "Services", "page services"),
    Key("Ctrl+6", "Log", "page log"),
    Key("Ctrl+,", "Settings", "settings"),
    Key("F1", "Help", "page help"),
    Key("Ctrl+F", "Filter of the page, or find a setting", "filter"),
    Key("Esc", "Clear the filter, then hide the window", "escape"),
    Key("Return", "Details of the selected row"),
    Key("Space", "Toggle the switch or check box"),
    Key("Ctrl+R", "Retry selected", "retry"),
    Key("Ctrl+Shift+R", "Replay webhook", "replay"),
    Key("Ctrl+Return", "Run now", "run now"),
    Key("Del", "Cancel the selected job", "cancel"),
    Key("Ctrl+C", "Copy row as text"),
    Key("Ctrl+Shift+C", "Copy webhook address", "copy address"),
    Key("Ctrl+O", "Scan a path", "scan path"),
    Key("Ctrl+P", "Pause or resume deliveries", "pause"),
    Key("Ctrl+T", "Test, in the settings of a service"),
    Key("Ctrl+S", "Save, in the settings"),
    Key("F5", "Refresh", "refresh"),
    Key("F6", "Next pane", "next pane"),
    Key("Shift+F6", "Previous pane", "previous pane"),
    Key("Ctrl+W", "Hide window", "hide"),
    Key("Ctrl+Q", "Quit", "quit"),
)


def connect_keys(window: QWidget, slots: Mapping[str, Callable[[], object]]) -> None:
    """Make a shortcut of every key that has an action. Raises KeyError where nothing does the action."""
    for key in KEYS:
        if key.action:
            slot = slots[key.action]
            QShortcut(QKeySequence(key.keys), window).activated.connect(lambda slot=slot: slot())


def key_list() -> list[tuple[str, str]]:
    """Every key as it is written on this platform, and what it does."""
    native = QKeySequence.SequenceFormat.NativeText
    return [(QKeySequence(key.keys).toString(native), tr(key.meaning)) for key in KEYS]
