from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from metarr_desktop.ui.flow_layout import SPACING, FlowLayout

pytestmark = pytest.mark.qt_loop


def make(qtbot: Any, *, spread: bool, width: int) -> list[tuple[int, int]]:
    """Three widgets of 100 in a row; where each stands."""
    outer = QWidget()
    qtbot.addWidget(outer)
    row = FlowLayout(spread=spread)
    parts = [QWidget() for _ in range(3)]
    for part in parts:
        part.setFixedSize(100, 20)
        row.addWidget(part)
    outer.setLayout(row)
    outer.resize(width, 100)
    outer.show()
    return [(part.x(), part.y()) for part in parts]


async def test_widgets_stand_side_by_side_and_go_on_in_the_next_line(qtbot: Any) -> None:
    step = 100 + SPACING
    assert make(qtbot, spread=False, width=400) == [(0, 0), (step, 0), (2 * step, 0)]
    assert make(qtbot, spread=False, width=250) == [(0, 0), (step, 0), (0, 20 + SPACING)]


async def test_the_last_one_of_a_spread_row_stands_at_the_far_end_of_its_line(qtbot: Any) -> None:
    step = 100 + SPACING
    assert make(qtbot, spread=True, width=400) == [(0, 0), (step, 0), (300, 0)]
    assert make(qtbot, spread=True, width=250) == [(0, 0), (step, 0), (150, 20 + SPACING)]
