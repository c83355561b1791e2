from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QColor, QGuiApplication, QPalette

from metarr_desktop.ui.theme import Theme, is_dark, status_colour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    theme = Theme(qapp)
    yield theme
    theme.apply("system")


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio of two colours. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""

    def luminance(colour: QColor) -> float:
        parts = [colour.redF(), colour.greenF(), colour.blueF()]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_text_and_status_colours_can_be_read(theme: Theme, choice: str) -> None:
    theme.apply(choice)  # type: ignore[arg-type]
    assert is_dark() is (choice == "dark")
    palette = QGuiApplication.palette()
    role = QPalette.ColorRole
    for ground in (role.Window, role.Base):
        for name in ("done", "warning", "failed", "accent", None):
            assert contrast(status_colour(name), palette.color(ground)) >= 4.5, (name, ground)
        assert contrast(palette.color(role.WindowText), palette.color(ground)) >= 4.5
    assert contrast(palette.color(role.HighlightedText), palette.color(role.Highlight)) >= 4.5


def test_going_back_to_the_system_leaves_nothing_of_ours(theme: Theme, qapp: QApplication) -> None:
    before = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    theme.apply("dark")
    theme.apply("system")
    assert QGuiApplication.palette().color(QPalette.ColorRole.Window) == before
    assert qapp.styleSheet() == ""
