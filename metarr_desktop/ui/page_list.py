"""The list of settings pages: searchable, grouped, with a star where something is unsaved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex

KEY_ROLE = Qt.ItemDataRole.UserRole
TITLE_ROLE = Qt.ItemDataRole.UserRole + 1
WORDS_ROLE = Qt.ItemDataRole.UserRole + 2


_UPWARDS = {
    QTreeWidget.CursorAction.MoveUp,
    QTreeWidget.CursorAction.MovePageUp,
    QTreeWidget.CursorAction.MovePrevious,
    QTreeWidget.CursorAction.MoveLeft,
}


class PageList(QTreeWidget):
    """Pages by key; ``chosen`` tells of a person's choice, never of ``select``."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[str, QTreeWidgetItem] = {}
        self._groups: dict[str, QTreeWidgetItem] = {}
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(14)
        self.setAccessibleName(tr("Pages"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentItemChanged.connect(self._on_current)

    def add(self, key: str, *, title: str, group: str = "") -> None:
        """Append a page, below a heading where ``group`` names one."""
        item = QTreeWidgetItem([title])
        item.setData(0, KEY_ROLE, key)
        item.setData(0, TITLE_ROLE, title)
        item.setData(0, WORDS_ROLE, title)
        if group:
            heading = self._group(group)
            heading.addChild(item)
            heading.setHidden(False)
            heading.setExpanded(True)
        else:
            self.addTopLevelItem(item)
        self._items[key] = item

    def open_group(self, title: str) -> None:
        """Give a heading its place; it is shown once there is a page below it."""
        self._group(title).setHidden(True)

    def remove(self, key: str) -> None:
        """Take a page out."""
        item = self._items.pop(key)
        parent = item.parent()
        if parent is not None:
            parent.removeChild(item)
            parent.setHidden(parent.childCount() == 0)
        else:
            self.takeTopLevelItem(self.indexOfTopLevelItem(item))

    def set_words(self, key: str, words: str) -> None:
        """What the search finds a page by, beside its title."""
        item = self._items[key]
        item.setData(0, WORDS_ROLE, f"{item.data(0, TITLE_ROLE)} {words}")

    def mark(self, key: str, *, unsaved: bool) -> None:
        """Put a star after the title of a page with unsaved changes."""
        item = self._items[key]
        title: str = item.data(0, TITLE_ROLE)
        item.setText(0, f"{title} *" if unsaved else title)
        item.setData(
            0,
            Qt.ItemDataRole.AccessibleTextRole,
            tr("{page}, unsaved changes").format(page=title) if unsaved else title,
        )

    def select(self, key: str) -> None:
        """Show a page as the chosen one, without telling."""
        blocked = self.blockSignals(True)  # noqa: FBT003 - Qt takes it so
        self.setCurrentItem(self._items[key])
        self.blockSignals(blocked)

    def current_key(self) -> str:
        """Key of the chosen page."""
        item = self.currentItem()
        return "" if item is None else str(item.data(0, KEY_ROLE))

    def filter(self, text: str) -> None:
        """Show only pages in which every word of ``text`` occurs."""
        wanted = text.casefold().split()
        for item in self._items.values():
            words: str = item.data(0, WORDS_ROLE)
            item.setHidden(not all(word in words.casefold() for word in wanted))
        for group in self._groups.values():
            children = [group.child(place) for place in range(group.childCount())]
            group.setHidden(all(child is None or child.isHidden() for child in children))

    def shown(self) -> list[str]:
        """Keys of the pages that the search leaves."""
        return [key for key, item in self._items.items() if not item.isHidden()]

    def _group(self, title: str) -> QTreeWidgetItem:
        if title not in self._groups:
            item = QTreeWidgetItem([title])
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.addTopLevelItem(item)
            item.setExpanded(True)
            self._groups[title] = item
        return self._groups[title]

    def moveCursor(self, action: QTreeWidget.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Headings are passed over."""
        item: QTreeWidgetItem | None = self.itemFromIndex(super().moveCursor(action, modifiers))
        onwards = self.itemAbove if action in _UPWARDS else self.itemBelow
        while item is not None and item.data(0, KEY_ROLE) is None:
            item = onwards(item)
        return self.currentIndex() if item is None else self.indexFromItem(item)

    def _on_current(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        key = item.data(0, KEY_ROLE)
        if key is not None:
            self.chosen.emit(key)
        elif before is not None:  # a heading was clicked
            self.select(before.data(0, KEY_ROLE))
