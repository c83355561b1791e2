"""Questions and bad news in small windows that never stop the loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QMessageBox, QPushButton

from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.wording import say

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from metarr_desktop.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Which button was pressed, by its label, and whether to remember that."""

    button: str
    remember: bool


async def ask(parent: QWidget | None, text: Text | str, /, *buttons: str) -> str:
    """Ask a question and return the label of the button pressed.

    The first button is the default one; Esc and closing the window count as the last one.
    """
    answer = await ask_once(parent, text, *buttons, remember="")
    return answer.button


async def ask_once(
    parent: QWidget | None, text: Text | str, /, *buttons: str, remember: str, escape: str = ""
) -> Answer:
    """Ask like ``ask``, with a check box labelled ``remember`` that stands ticked.

    Esc counts as the button ``escape``, where one is given.
    """
    box = _box(parent, text, icon=QMessageBox.Icon.Question)
    pushes = [_add_button(box, label, escape=label == buttons[-1]) for label in buttons]
    box.setDefaultButton(pushes[0])
    box.setEscapeButton(pushes[buttons.index(escape) if escape else -1])
    check = QCheckBox(remember)
    if remember:
        check.setChecked(True)
        box.setCheckBox(check)
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def finish(_result: int) -> None:
        if not done.done():
            done.set_result(None)

    give_mnemonics(box)
    box.finished.connect(finish)
    box.open()
    try:
        await done
        pressed = box.clickedButton()
        label = next(
            (name for push, name in zip(pushes, buttons, strict=True) if push is pressed),
            escape or buttons[-1],
        )
        return Answer(button=label, remember=bool(remember) and check.isChecked())
    finally:
        box.close()
        box.deleteLater()


def show_error(parent: QWidget | None, text: Text | str) -> QMessageBox:
    """Tell what went wrong in a window that closes with Esc; returns at once."""
    return _tell(parent, text, icon=QMessageBox.Icon.Warning)


def show_news(parent: QWidget | None, text: Text | str) -> QMessageBox:
    """Tell what was done, like ``show_error``."""
    return _tell(parent, text, icon=QMessageBox.Icon.Information)


def _tell(parent: QWidget | None, text: Text | str, *, icon: QMessageBox.Icon) -> QMessageBox:
    box = _box(parent, text, icon=icon)
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box


def _box(parent: QWidget | None, text: Text | str, *, icon: QMessageBox.Icon) -> QMessageBox:
    """Titles from webhooks may stand in ``text``, so it is never taken for markup."""
    box = QMessageBox(parent)
    box.setIcon(icon)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(say(text))
    box.setWindowTitle("Metarr Desktop")
    return box


def _add_button(box: QMessageBox, label: str, *, escape: bool) -> QPushButton:
    role = QMessageBox.ButtonRole.RejectRole if escape else QMessageBox.ButtonRole.AcceptRole
    return box.addButton(label, role)
