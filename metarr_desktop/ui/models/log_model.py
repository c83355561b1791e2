"""The last lines of the log as a table: the oldest leave as new ones come, at most ten times a second."""

from __future__ import annotations

import logging
from collections import deque
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
)

from metarr_desktop.ui.wording import log_time, tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metarr_desktop.app.logging_setup import LogLine

CAPACITY = 2_000
BATCH_MS = 100

ModelIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class LogColumn(IntEnum):
    """The columns, in the order they are shown."""

    TIME = 0
    LEVEL = 1
    AREA = 2
    MESSAGE = 3


class LogModel(QAbstractTableModel):
    """A ring of the last lines; ``append`` collects, and what it collected is shown in one go."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[LogLine] = []
        self._arrived: deque[LogLine] = deque(maxlen=CAPACITY)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BATCH_MS)
        self._timer.timeout.connect(self.flush)

    def append(self, line: LogLine) -> None:
        """Take a line that just came."""
        self._arrived.append(line)
        if not self._timer.isActive():
            self._timer.start()

    def fill(self, lines: Iterable[LogLine]) -> None:
        """Show these lines and nothing else."""
        self.beginResetModel()
        self._arrived.clear()
        self._lines = list(lines)[-CAPACITY:]
        self.endResetModel()

    def flush(self) -> None:
        """Show what came since the last time."""
        if not self._arrived:
            return
        surplus = min(len(self._lines) + len(self._arrived) - CAPACITY, len(self._lines))
        if surplus > 0:
            self.beginRemoveRows(QModelIndex(), 0, surplus - 1)
            del self._lines[:surplus]
            self.endRemoveRows()
        first = len(self._lines)
        self.beginInsertRows(QModelIndex(), first, first + len(self._arrived) - 1)
        self._lines.extend(self._arrived)
        self._arrived.clear()
        self.endInsertRows()

    def line(self, row: int) -> LogLine:
        """The line of a row."""
        return self._lines[row]

    def rowCount(self, parent: ModelIndex = ROOT) -> int:
        """How many lines there are."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: ModelIndex = ROOT) -> int:
        """Four columns."""
        return 0 if parent.isValid() else len(LogColumn)

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        """The text of one cell."""
        if not index.isValid() or role not in {
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
        }:
            return None
        return cells(self._lines[index.row()])[index.column()]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        """The titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (tr("Time"), tr("Level"), tr("Area"), tr("Message"))[section]


class LogFilter(QSortFilterProxyModel):
    """Shows the lines from a level on that contain a text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._level = logging.INFO
        self._text = ""

    def show_from(self, level: int) -> None:
        """Leave out lines below a level."""
        self._level = level
        self.setFilterFixedString("")  # filters anew, in every version of Qt

    def show_with(self, text: str) -> None:
        """Leave out lines without this text; case does not count."""
        self._text = text.casefold().strip()
        self.setFilterFixedString("")  # filters anew, in every version of Qt

    def filterAcceptsRow(self, source_row: int, source_parent: ModelIndex) -> bool:
        """Whether a line is shown."""
        del source_parent
        model = self.sourceModel()
        assert isinstance(model, LogModel)  # noqa: S101 - set by the panel, never another
        line = model.line(source_row)
        return line.level >= self._level and (
            not self._text or self._text in f"{line.area} {line.message}".casefold()
        )


def level_name(level: int) -> str:
    """A level of the log in plain words."""
    if level >= logging.ERROR:
        return tr("Error")
    return tr("Warning") if level >= logging.WARNING else tr("Info")


def cells(line: LogLine) -> tuple[str, str, str, str]:
    """What the four columns show of a line."""
    return log_time(line.at), level_name(line.level), line.area, " ".join(line.message.splitlines())
