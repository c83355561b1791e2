"""The widgets of the settings window and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QStackedWidget, QVBoxLayout

from metarr_desktop.ui.page_list import PageList
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog

LIST_WIDTH = 160


class SettingsLayout:
    """The searchable list on the left, one page on the right, Save and Cancel below."""

    def __init__(self, dialog: QDialog) -> None:
        self.find = QLineEdit()
        self.find.setPlaceholderText(tr("Find a setting"))
        self.find.setAccessibleName(tr("Find a setting"))
        self.find.setClearButtonEnabled(True)
        self.list = PageList()
        self.stack = QStackedWidget()
        self.restore = QPushButton(tr("Restore &defaults"))
        self.save = QPushButton(tr("&Save"))
        self.cancel = QPushButton(tr("&Cancel"))
        dialog.setMinimumSize(480, 320)
        dialog.resize(820, 560)
        for widget in (self.find, self.list):
            widget.setFixedWidth(LIST_WIDTH)
        left = QVBoxLayout()
        left.addWidget(self.find)
        left.addWidget(self.list, 1)
        panes = QHBoxLayout()
        panes.addLayout(left)
        panes.addWidget(self.stack, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.restore)
        buttons.addStretch(1)
        buttons.addWidget(self.save)
        buttons.addWidget(self.cancel)
        for button in (self.restore, self.save, self.cancel):
            button.setAutoDefault(False)
        outer = QVBoxLayout(dialog)
        outer.addLayout(panes, 1)
        outer.addLayout(buttons)
