"""Draws the Worker column of the Jobs page: the computer, where there are several, and a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from metarr_desktop.domain.jobs import Progress
from metarr_desktop.ui.models.job_cells import JobsColumn
from metarr_desktop.ui.models.job_tree import PROGRESS_ROLE

if TYPE_CHECKING:
    from PySide6.QtGui import QColor

ModelIndex = QModelIndex | QPersistentModelIndex
MARGIN = 6
THICKNESS = 8
LEAST_BAR = 40


class RoomyRows(QStyledItemDelegate):
    """Rows as high as those of the tables, of text and icons alone: painted often, and with few questions."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        """Take the text and the icon; Qt's own way asks for seven roles of each cell."""
        option.index = index  # type: ignore[assignment] # Qt hands it on
        option.displayAlignment = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        text = index.data(Qt.ItemDataRole.DisplayRole)
        if text:
            option.text = text
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDisplay
        if index.column() == JobsColumn.STATUS:
            icon = index.data(Qt.ItemDataRole.DecorationRole)
            if icon is not None:
                option.icon = icon
                option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
                option.decorationSize = icon.actualSize(option.decorationSize)

    def sizeHint(self, option: QStyleOptionViewItem, index: ModelIndex) -> QSize:
        """The usual size, and some air."""
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), option.fontMetrics.height() + 8)


class ProgressDelegate(RoomyRows):
    """The bar has the colours of the palette and no text: the status beside it tells the numbers."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        """Draw the name as any cell is drawn, in what the bar leaves of it."""
        progress = index.data(PROGRESS_ROLE)
        if not isinstance(progress, Progress):
            super().paint(painter, option, index)
            return
        whole = QStyleOptionViewItem(option)
        self.initStyleOption(whole, index)
        name, whole.text = whole.text, ""
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, whole, painter, option.widget)
        cell = option.rect.adjusted(MARGIN, 0, -MARGIN, 0)
        bar = _bar_of(cell, option=option, name=name)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        text = option.palette.color(
            QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        )
        chunk = text if selected else option.palette.color(QPalette.ColorRole.Accent)
        painter.save()
        if name:
            room = QRect(cell.left(), cell.top(), cell.width() - bar.width() - MARGIN, cell.height())
            room = QStyle.visualRect(option.direction, cell, room)
            painter.setPen(text)
            shown = option.fontMetrics.elidedText(name, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, _leading(option.direction) | Qt.AlignmentFlag.AlignVCenter, shown)
        _draw_bar(
            painter,
            QStyle.visualRect(option.direction, cell, bar),
            share=share_of(progress),
            frame=text,
            chunk=chunk,
            mirrored=option.direction == Qt.LayoutDirection.RightToLeft,
        )
        painter.restore()


def share_of(progress: Progress) -> float:
    """How much of the work is done, from 0 to 1, whatever a handler told."""
    if progress.total <= 0:
        return 0.0
    return min(max(progress.done / progress.total, 0.0), 1.0)


def _bar_of(cell: QRect, *, option: QStyleOptionViewItem, name: str) -> QRect:
    """The place of the bar where text runs from left to right: the end of the cell, or all of it."""
    width = cell.width()
    if name:
        needed = option.fontMetrics.horizontalAdvance(name) + MARGIN
        width = max(LEAST_BAR, width - needed)
    width = min(width, cell.width())
    return QRect(cell.right() - width + 1, cell.top() + (cell.height() - THICKNESS) // 2, width, THICKNESS)


def _leading(direction: Qt.LayoutDirection) -> Qt.AlignmentFlag:
    right = direction == Qt.LayoutDirection.RightToLeft
    return Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft


def _draw_bar(
    painter: QPainter, bar: QRect, *, share: float, frame: QColor, chunk: QColor, mirrored: bool
) -> None:
    inner = bar.adjusted(1, 1, -1, -1)
    done = QRect(inner)
    done.setWidth(round(inner.width() * share))
    if mirrored:
        done.moveRight(inner.right())
    painter.fillRect(done, chunk)
    painter.setPen(frame)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar.adjusted(0, 0, -1, -1))
