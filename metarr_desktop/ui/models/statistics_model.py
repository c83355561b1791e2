"""Numbers of job types or of services, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QLocale, QModelIndex, QObject, QPersistentModelIndex, Qt

from metarr_desktop.ui.wording import duration_text, tr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from metarr_desktop.domain.statistics import Tally

ModelIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class StatisticsColumn(IntEnum):
    """The columns, in the order they are shown."""

    NAME = 0
    WAITING = 1
    OLDEST = 2
    RUNNING = 3
    DONE = 4
    FAILED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsRow:
    """A name, its numbers, and how long the oldest of its jobs has waited."""

    name: str
    tally: Tally
    oldest: timedelta | None


class StatisticsModel(QAbstractTableModel):
    """Rows change in place as long as their names stay."""

    def __init__(self, heading: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._heading = heading
        self._rows: list[StatisticsRow] = []

    def show(self, rows: Sequence[StatisticsRow]) -> None:
        """Show these."""
        if [row.name for row in rows] != [row.name for row in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        for place, row in enumerate(rows):
            if self._rows[place] != row:
                self._rows[place] = row
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(StatisticsColumn) - 1))

    def rowCount(self, parent: ModelIndex = ROOT) -> int:
        """How many lines there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: ModelIndex = ROOT) -> int:
        """As many as there are titles."""
        return 0 if parent.isValid() else len(StatisticsColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        """The titles of the columns; numbers stand at the right."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                titles = (
                    self._heading, tr("Waiting"), tr("Oldest waiting"), tr("Running"), tr("Done in 24 h"),
                    tr("Failed in 24 h"),
                )  # fmt: skip
                return titles[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return LEFT if section == StatisticsColumn.NAME else RIGHT
        return None

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        """One cell."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return cells(self._rows[index.row()])[index.column()]
            case Qt.ItemDataRole.TextAlignmentRole:
                return LEFT if index.column() == StatisticsColumn.NAME else RIGHT
        return None


def cells(row: StatisticsRow) -> tuple[str, ...]:
    """What the columns show of a row."""
    locale, tally = QLocale(), row.tally
    return (
        row.name,
        locale.toString(tally.waiting),
        "" if row.oldest is None else duration_text(row.oldest),
        locale.toString(tally.running),
        locale.toString(tally.done),
        locale.toString(tally.failed),
    )
