from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QSpinBox, QTimeEdit, QWidget

from metarr_desktop.domain.schedules import Daily, Every, Rule
from metarr_desktop.ui.rule_editor import RuleEditor

pytestmark = pytest.mark.qt_loop


def make(qtbot: Any, rule: Rule) -> tuple[RuleEditor, list[Rule]]:
    editor = RuleEditor("Clean up history")
    qtbot.addWidget(editor)
    told: list[Rule] = []
    editor.changed.connect(lambda: told.append(editor.rule()))
    editor.show_rule(rule)
    editor.show()
    return editor, told


def field(editor: RuleEditor, name: str) -> Any:
    return next(
        each
        for kind in (QComboBox, QSpinBox, QTimeEdit)
        for each in editor.findChildren(kind)
        if each.accessibleName() == f"Clean up history: {name}"
    )


def shown(editor: RuleEditor) -> set[str]:
    names = ("runs", "time of day", "interval", "unit of the interval")
    return {name for name in names if field(editor, name).isVisible()}


@pytest.mark.parametrize(
    "rule",
    [
        Daily(time(0, 0)),
        Daily(time(23, 59)),
        Every(timedelta(minutes=5)),
        Every(timedelta(hours=36)),
        Every(timedelta(days=30)),
        Every(timedelta(minutes=43_199)),
    ],
)
async def test_a_rule_is_shown_as_it_is_and_nothing_is_told(qtbot: Any, rule: Rule) -> None:
    editor, told = make(qtbot, rule)
    assert editor.rule() == rule
    assert told == []


async def test_only_the_fields_of_the_chosen_rhythm_are_there(qtbot: Any) -> None:
    editor, _ = make(qtbot, Daily(time(3, 30)))
    assert shown(editor) == {"runs", "time of day"}
    editor.kind.setFocus()
    qtbot.keyClick(editor.kind, Qt.Key.Key_Down)
    assert shown(editor) == {"runs", "interval", "unit of the interval"}


async def test_what_a_person_changes_is_told_once(qtbot: Any) -> None:
    editor, told = make(qtbot, Daily(time(3, 30)))
    qtbot.keyClick(editor.kind, Qt.Key.Key_Down)
    assert told == [Every(timedelta(hours=6))]
    field(editor, "interval").setValue(12)
    assert told[1:] == [Every(timedelta(hours=12))]


async def test_an_interval_too_short_for_its_new_unit_becomes_the_shortest_there_is(qtbot: Any) -> None:
    editor, told = make(qtbot, Every(timedelta(hours=2)))
    qtbot.keyClick(field(editor, "unit of the interval"), Qt.Key.Key_Up)
    assert told == [Every(timedelta(minutes=5))]


async def test_the_wheel_changes_nothing_without_the_focus(qtbot: Any) -> None:
    editor, _ = make(qtbot, Daily(time(3, 30)))
    assert all(
        each.focusPolicy() is Qt.FocusPolicy.StrongFocus
        for each in (editor.kind, field(editor, "time of day"), field(editor, "interval"))
        if isinstance(each, QWidget)
    )
