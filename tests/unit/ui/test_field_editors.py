from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox

from metarr_desktop.domain.forms import FieldSpec
from metarr_desktop.ui.field_editors import ChoiceEditor, FieldEditor, OpenChoiceEditor, editor_for

if TYPE_CHECKING:
    from metarr_desktop.domain.forms import PlainValue

SOUND = FieldSpec(
    name="sound", title="Sound", kind="choice", choices=(("", "Default"), ("siren", "Siren")), default=""
)
DEVICE = FieldSpec(
    name="device", title="Device", kind="choice", choices=(("", "Every device"),), default="", open=True
)


def make(qtbot: Any, spec: FieldSpec) -> tuple[FieldEditor, QComboBox, list[PlainValue]]:
    editor = editor_for(spec)
    qtbot.addWidget(editor.widget)
    combo = editor.widget
    assert isinstance(combo, QComboBox)
    seen: list[PlainValue] = []
    editor.changed.connect(lambda: seen.append(editor.value()))
    return editor, combo, seen


def test_offered_choices_take_the_place_of_others_and_what_is_chosen_stays(qtbot: Any) -> None:
    editor, combo, seen = make(qtbot, SOUND)
    assert isinstance(editor, ChoiceEditor)
    editor.set_value("siren")
    editor.offer((("", "Default"), ("bike", "Bike")))
    assert editor.value() == "siren"
    assert [combo.itemText(each) for each in range(combo.count())] == ["Default", "Bike", "siren"]
    assert seen == []


def test_something_else_can_be_typed_into_an_open_list(qtbot: Any) -> None:
    editor, combo, seen = make(qtbot, DEVICE)
    assert isinstance(editor, OpenChoiceEditor)
    assert combo.isEditable()
    assert (editor.value(), combo.currentText()) == ("", "Every device")
    editor.set_value("iphone,tv")
    assert (editor.value(), combo.currentText(), seen) == ("iphone,tv", "iphone,tv", [])
    edit = combo.lineEdit()
    assert edit is not None
    edit.selectAll()
    qtbot.keyClicks(edit, "tablet")
    assert (editor.value(), seen[-1]) == ("tablet", "tablet")
    assert combo.count() == 1


def test_a_label_that_is_typed_means_its_value(qtbot: Any) -> None:
    editor, combo, _ = make(qtbot, DEVICE)
    editor.offer((("", "Every device"), ("iphone", "Anna's phone")))
    combo.setEditText("anna's PHONE")
    assert editor.value() == "iphone"
    combo.setEditText("every device")
    assert editor.value() == ""


def test_offered_choices_keep_what_was_typed(qtbot: Any) -> None:
    editor, combo, seen = make(qtbot, DEVICE)
    editor.set_value("iphone,tv")
    editor.offer((("", "Every device"), ("iphone", "iphone"), ("tv", "tv")))
    assert (editor.value(), seen) == ("iphone,tv", [])
    editor.set_value("tv")
    assert (editor.value(), combo.currentIndex()) == ("tv", 2)
    editor.set_value("")
    assert (editor.value(), combo.currentText()) == ("", "Every device")


def test_leaving_an_open_list_asks_for_a_check(qtbot: Any) -> None:
    editor, combo, _ = make(qtbot, DEVICE)
    edit = combo.lineEdit()
    assert edit is not None
    with qtbot.waitSignal(editor.left, timeout=1000):
        edit.editingFinished.emit()
