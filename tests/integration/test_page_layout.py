"""The pages of services as they are laid out: nothing is cut, however many lines the words take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from metarr_desktop.ui.settings_pages.service import ServicePage
from tests.fakes import until
from tests.integration.windows import running_shell

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.qt_loop


def cut(page: ServicePage) -> list[str]:
    return [
        each.text()
        for each in page.form.findChildren(QLabel)
        if each.isVisible() and each.wordWrap() and each.height() < each.heightForWidth(each.width())
    ]


@pytest.mark.parametrize("width", [820, 640])
async def test_the_words_under_a_field_are_never_cut(tmp_path: Path, qapp: QApplication, width: int) -> None:
    async with running_shell(tmp_path, qapp) as (_, shell):
        shell.settings.resize(width, 560)
        for key in ("kodi", "plex", "discord", "pushover", "email", "webhook"):
            shell.open_settings(key)
            await until(lambda key=key: shell.settings._page().key == key)  # type: ignore[misc]
            page = shell.settings._page()
            assert isinstance(page, ServicePage)
            page.form._show_advanced(shown=True)
            await until(lambda page=page: page.form.isVisible() and cut(page) == [])  # type: ignore[misc]
