"""The Log page: the last lines, filtered, and followed as they come."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.models.log_model import LogColumn, LogFilter, LogModel, cells
from metarr_desktop.ui.wording import plural, tr

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.app.logging_setup import LogBook
    from metarr_desktop.app.queries import Queries


class LogPanel(QWidget):
    """What the program did, newest at the bottom; following ends when a person scrolls up."""

    def __init__(self, *, queries: Queries, log: LogBook, log_dir: Path) -> None:
        super().__init__()
        self._log_dir = log_dir
        self._model = LogModel(self)
        self._shown = LogFilter(self)
        self._shown.setSourceModel(self._model)
        self._model.fill(queries.log())
        self._level = QComboBox()
        for level, label in (
            (logging.INFO, tr("Info")),
            (logging.WARNING, tr("Warning")),
            (logging.ERROR, tr("Error")),
        ):
            self._level.addItem(label, level)
        self._filter = QLineEdit()
        self._filter.setPlaceholderText(tr("Filter"))
        self._filter.setAccessibleName(tr("Filter log"))
        self._filter.setClearButtonEnabled(True)
        self._follow = QCheckBox(tr("Follow"))
        self._follow.setChecked(True)
        self._copy = QPushButton(tr("Copy"))
        self._copy.setAccessibleName(tr("Copy log lines"))
        self._open_folder = QPushButton(tr("Open folder"))
        self._table = self._make_table()
        self._lay_out()
        self._level.currentIndexChanged.connect(lambda: self._shown.show_from(self._level.currentData()))
        self._filter.textChanged.connect(self._shown.show_with)
        self._follow.toggled.connect(self._scroll_if_following)
        self._copy.clicked.connect(self.copy)
        self._open_folder.clicked.connect(self._on_open_folder)
        self._shown.rowsInserted.connect(self._on_rows_changed)
        self._shown.rowsRemoved.connect(self._on_rows_changed)
        self._shown.modelReset.connect(self._on_rows_changed)
        self._table.verticalScrollBar().actionTriggered.connect(self._on_scrolled)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self._table)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(self.copy)
        self._unsubscribe = log.subscribe(self._model.append)
        self.destroyed.connect(self._unsubscribe)
        self._on_rows_changed()

    def focus_filter(self) -> None:
        """Put the cursor into the filter, as Ctrl+F does."""
        self._filter.setFocus()
        self._filter.selectAll()

    def clear_filter(self) -> bool:
        """Empty the filter, as Esc does first; False where it was empty."""
        had_text = bool(self._filter.text())
        self._filter.clear()
        return had_text

    def copy(self) -> None:
        """Put the selected lines, or all that are shown, on the clipboard."""
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        lines = [self._text(row) for row in rows or range(self._shown.rowCount())]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._shown)
        table.setAccessibleName(tr("Log"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(True)
        metrics = table.fontMetrics()
        table.verticalHeader().setDefaultSectionSize(metrics.height() + 6)
        widths = {
            LogColumn.TIME: "00:00:00 AM",
            LogColumn.LEVEL: "Warning",
            LogColumn.AREA: "webhook_received",
        }
        for column, sample in widths.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            table.setColumnWidth(column, metrics.horizontalAdvance(sample) + 16)
        return table

    def _lay_out(self) -> None:
        level_label = QLabel(tr("Level"))
        level_label.setBuddy(self._level)
        top = QHBoxLayout()
        top.addWidget(level_label)
        top.addWidget(self._level)
        top.addWidget(self._filter, 1)
        top.addWidget(self._follow)
        top.addWidget(self._copy)
        top.addWidget(self._open_folder)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self._table, 1)
        give_mnemonics(self)

    def _text(self, row: int) -> str:
        source = self._shown.mapToSource(self._shown.index(row, 0))
        return "  ".join(cells(self._model.line(source.row())))

    def _on_rows_changed(self) -> None:
        self._table.setAccessibleDescription(plural("{n} row", "{n} rows", self._shown.rowCount()))
        self._scroll_if_following()

    def _scroll_if_following(self) -> None:
        if self._follow.isChecked():
            self._table.scrollToBottom()

    def _on_scrolled(self, _action: int) -> None:
        """A person scrolled: stay there, and follow again at the bottom."""
        bar = self._table.verticalScrollBar()
        self._follow.setChecked(bar.sliderPosition() >= bar.maximum())

    def _on_open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_dir)))
