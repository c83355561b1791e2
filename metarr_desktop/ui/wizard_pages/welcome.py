"""The first page of the assistant: what the program is for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from metarr_desktop.ui.settings_pages.page import SettingsPage
from metarr_desktop.ui.wording import tr


class WelcomePage(SettingsPage):
    """Nothing to fill in."""

    def __init__(self) -> None:
        super().__init__(key="welcome", title=tr("Welcome"))
        words = QLabel(
            tr(
                "Metarr Desktop passes news from Radarr, Sonarr and Lidarr on to your players and your phone."
                " Setup takes about two minutes."
            )
        )
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        self.body.addWidget(words)
        self.body.addStretch(1)
