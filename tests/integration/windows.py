"""What tests of windows share: the shell over a real core, and how its widgets are found and answered."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMessageBox, QPushButton, QWidget

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.ui.household_section import HouseholdSection
from metarr_desktop.ui.message_templates import MessageTemplates
from metarr_desktop.ui.route_rules import RouteRules
from metarr_desktop.ui.shell import Shell
from metarr_desktop.ui.sign_in_button import SignInButton
from metarr_desktop.ui.theme import Theme
from metarr_desktop.ui.tray import Tray
from tests.fakes import MemorySecretStore, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.ui.settings_pages.service import ServicePage


@asynccontextmanager
async def running_shell(
    folder: Path, app: QApplication, *, secrets: MemorySecretStore | None = None, **options: Any
) -> AsyncIterator[tuple[Core, Shell]]:
    """Run the program with its window until the block ends."""
    app.setQuitOnLastWindowClosed(False)
    theme = Theme(app)
    options = {"serve": True, "port": 0, "secrets": secrets or MemorySecretStore(), **options}
    async with open_core(AppPaths(folder / "data"), **options) as core:
        shell = Shell(core, theme=theme, tray=Tray(theme))
        shell.show()
        try:
            yield core, shell
        finally:
            theme.apply("system")
            shell.close()
    # Nobody returns to the event loop any more, and thousands of widgets slow down what comes after.
    for widget in (shell.settings, shell.window, *_parts_without_a_page()):
        shiboken6.delete(widget)


def _parts_without_a_page() -> list[QWidget]:
    """Return the sections of pages that never needed them: nobody else deletes those."""
    sections = (HouseholdSection, MessageTemplates, RouteRules, SignInButton)
    return [each for each in QApplication.topLevelWidgets() if isinstance(each, sections)]


async def service_page(shell: Shell, key: str) -> ServicePage:
    """Open a service's page of the settings and wait until it is filled."""
    shell.open_settings(key)
    pages: Any = shell.settings._pages
    await until(lambda: shell.settings._page().key == key and pages[key].rules.stored is not None)
    page: ServicePage = pages[key]
    return page


async def answer(label: str) -> str:
    """Press a button of the question that is open or about to open; returns the question."""
    found = list[QMessageBox]()

    def asked() -> bool:
        found[:] = [
            box for box in QApplication.topLevelWidgets() if isinstance(box, QMessageBox) and box.isVisible()
        ]
        return bool(found)

    await until(asked)
    text = found[0].text()
    button(found[0], label).click()
    return text


def button(parent: QWidget, name: str) -> QPushButton:
    for each in parent.findChildren(QPushButton):
        if each.text().replace("&", "") == name:
            return each
    raise AssertionError(f"no button {name}")


def unnamed(window: QWidget) -> list[str]:
    """Widgets that take the focus and that a screen reader could not name."""
    return [
        f"{type(each).__name__} {each.objectName()}"
        for each in (window, *window.findChildren(QWidget))
        if each.focusPolicy() != Qt.FocusPolicy.NoFocus
        and each.isVisibleTo(window)
        and not each.accessibleName()
        and not getattr(each, "text", str)()
        and not (isinstance(each, QLineEdit) and each.parent() and _is_buddy(window, each))
        and not _is_buddy(window, each)
        and not type(each).__name__.startswith("qt_")
        and not _is_inner(each)
    ]


def _is_buddy(window: QWidget, widget: QWidget) -> bool:
    return any(label.buddy() is widget for label in window.findChildren(QLabel))


def _is_inner(widget: QWidget) -> bool:
    """Parts of a widget that Qt speaks for itself: the line edit of a spin box, the view of a list box."""
    parent = widget.parentWidget()
    return parent is not None and (
        parent.accessibleName() != ""
        or type(parent).__name__ in {"QComboBox", "QSpinBox", "QComboBoxPrivateContainer"}
    )
