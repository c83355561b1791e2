"""A small read-only table of texts, for lists that a settings page keeps."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from metarr_desktop.ui.wording import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_ROLE = Qt.ItemDataRole.UserRole
ROWS_SHOWN = 4


class PlainTable(QTreeWidget):
    """Rows by key; one of them may be selected."""

    def __init__(self, name: str, *, columns: Sequence[str], stretch: int, fixed: bool = True) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setHeaderLabels(list(columns))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        if fixed:
            height = self.fontMetrics().height() + 6
            self.setFixedHeight(height * (ROWS_SHOWN + 1) + 4)
        self.show_rows([])

    def show_rows(self, rows: Sequence[tuple[Any, Sequence[str]]]) -> None:
        """Show rows of key and texts; the selection stays where its key does."""
        selected = self.selected_key()
        self.clear()
        for key, texts in rows:
            item = QTreeWidgetItem(list(texts))
            item.setData(0, KEY_ROLE, key)
            for column, text in enumerate(texts):
                item.setToolTip(column, html.escape(text) if "<" in text else text)
            self.addTopLevelItem(item)
            item.setSelected(key == selected)
        self.setAccessibleDescription(plural("{n} row", "{n} rows", len(rows)))

    def selected_key(self) -> Any:  # noqa: ANN401 - whatever the caller named its rows by
        """Key of the selected row, or None."""
        items = self.selectedItems()
        return items[0].data(0, KEY_ROLE) if items else None

    def selected_text(self) -> str:
        """First text of the selected row, or nothing."""
        items = self.selectedItems()
        return items[0].text(0) if items else ""
