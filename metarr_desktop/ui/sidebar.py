"""The pages of the main window, as a list on its left; a narrow one shows icons alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionToolButton,
    QStyleOptionViewItem,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from metarr_desktop.ui.icons import page_icon
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from collections.abc import Sequence


ICON = 20
ROW_HEIGHT = 34
MARGIN = 10
WIDE = 150
NARROW = ICON + 2 * MARGIN + 4
KEY_ROLE = int(Qt.ItemDataRole.UserRole)
MARK_ROLE = KEY_ROLE + 1
NAME_ROLE = KEY_ROLE + 2


class Sidebar(QWidget):
    """Pages above; Settings, which is a window of its own, and Help below."""

    chosen = Signal(str)
    settings_requested = Signal()

    def __init__(self, pages: Sequence[tuple[str, str]], *, help_title: str) -> None:
        super().__init__()
        self._compact = False
        self.list = _PageList()
        for key, title in pages:
            item = QListWidgetItem()
            item.setData(KEY_ROLE, key)
            item.setData(NAME_ROLE, title)
            self.list.addItem(item)
        self.settings = _PageButton("settings", tr("Settings"))
        self.help = _PageButton("help", help_title)
        self.help.setCheckable(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(self.settings)
        column.addWidget(self.help)
        self.list.currentItemChanged.connect(self._on_current_changed)
        self.list.itemClicked.connect(lambda item: self.chosen.emit(item.data(KEY_ROLE)))
        self.settings.clicked.connect(self.settings_requested)
        self.help.clicked.connect(lambda: self.chosen.emit("help"))
        self._show()

    def select(self, key: str) -> None:
        """Mark a page as the one that is shown."""
        self.list.blockSignals(True)  # noqa: FBT003 - Qt takes it so
        self.help.setChecked(key == "help")
        if key == "help":
            self.list.setCurrentRow(-1)
        for row in range(self.list.count()):
            if self.list.item(row).data(KEY_ROLE) == key:
                self.list.setCurrentRow(row)
        self.list.blockSignals(False)  # noqa: FBT003

    def mark(self, key: str, mark: str, *, spoken: str) -> None:
        """Show a count or a sign beside a page; ``spoken`` says what it means."""
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(KEY_ROLE) == key and item.data(MARK_ROLE) != mark:
                item.setData(MARK_ROLE, mark)
                name = item.data(NAME_ROLE)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}, {spoken}" if mark else name)

    def set_compact(self, compact: bool) -> None:  # noqa: FBT001 - the one thing it sets
        """Show icons alone, or icons and names."""
        if compact != self._compact:
            self._compact = compact
            self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the colours of the theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._show()
        super().changeEvent(event)

    def _show(self) -> None:
        self.setFixedWidth(NARROW if self._compact else WIDE)
        for row in range(self.list.count()):
            item = self.list.item(row)
            name = item.data(NAME_ROLE)
            item.setIcon(page_icon(item.data(KEY_ROLE)))
            item.setText("" if self._compact else name)
            item.setToolTip(name if self._compact else "")
            if item.data(Qt.ItemDataRole.AccessibleTextRole) is None:
                item.setData(Qt.ItemDataRole.AccessibleTextRole, name)
        for button in (self.settings, self.help):
            button.show_compact(compact=self._compact)

    def _on_current_changed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(KEY_ROLE))


class _PageList(QListWidget):
    """Without a frame, on the colour of the window."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Pages"))
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setIconSize(QSize(ICON, ICON))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_PageDelegate(self))
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)

    def minimumSizeHint(self) -> QSize:
        """Small windows scroll the list."""
        return QSize(NARROW, ROW_HEIGHT * 2)


class _PageDelegate(QStyledItemDelegate):
    """Paints a row of the same shape as the buttons below the list."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Rows of one height."""
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The row without its content, then icon, name and mark."""
        shown = QStyleOptionViewItem(option)
        self.initStyleOption(shown, index)
        icon, name = QIcon(shown.icon), shown.text
        widget = shown.widget
        widget.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, shown, painter, widget)
        selected = bool(shown.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.WindowText
        mode = QIcon.Mode.Selected if selected else QIcon.Mode.Normal
        painter.save()
        painter.setPen(shown.palette.color(role))
        if shown.state & QStyle.StateFlag.State_HasFocus:
            painter.drawRect(shown.rect.adjusted(2, 2, -3, -3))
        pixmap = icon.pixmap(QSize(ICON, ICON), widget.devicePixelRatioF(), mode)
        _paint_content(painter, shown.rect, icon=pixmap, name=name)
        mark = index.data(MARK_ROLE) or ""
        if name:
            painter.drawText(shown.rect.adjusted(0, 0, -MARGIN, 0), int(_END), mark)
        else:
            font = painter.font()
            font.setPointSizeF(font.pointSizeF() * 0.75)
            painter.setFont(font)
            painter.drawText(shown.rect.adjusted(0, 1, -3, 0), int(_CORNER), mark)
        painter.restore()


class _PageButton(QToolButton):
    """A button that looks like a row of the list."""

    def __init__(self, page: str, title: str) -> None:
        super().__init__()
        self._page = page
        self._compact = False
        self.setText(title)
        self.setAccessibleName(title)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(ROW_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_compact(self, *, compact: bool) -> None:
        """Show the icon alone, or icon and name."""
        self._compact = compact
        self.setToolTip(self.text() if compact else "")
        self.setIcon(page_icon(self._page))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button without its content, then icon and name."""
        del event
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text, option.icon = "", QIcon()
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        icon = self.icon().pixmap(QSize(ICON, ICON), self.devicePixelRatioF())
        _paint_content(painter, self.rect(), icon=icon, name="" if self._compact else self.text())


_END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CORNER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
_START = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def _paint_content(painter: QPainter, rect: QRect, *, icon: QPixmap, name: str) -> None:
    """The icon at the beginning, or in the middle where there is no name."""
    left = MARGIN if name else (rect.width() - ICON) // 2
    place = QRect(rect.left() + left, rect.top() + (rect.height() - ICON) // 2, ICON, ICON)
    painter.drawPixmap(place, icon)
    if name:
        painter.drawText(rect.adjusted(MARGIN + ICON + MARGIN, 0, -MARGIN, 0), int(_START), name)
