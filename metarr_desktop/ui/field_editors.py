"""One small wrapper per kind of form field, so that a form treats them all alike."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSpinBox, QWidget

from metarr_desktop.ui.lines_edit import LinesEdit
from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.forms import FieldSpec, PlainValue

LARGEST_INTEGER = 2_147_483_647


class FieldEditor(QObject):
    """Edits one plain value; ``changed`` follows a person's input only, ``left`` asks for validation."""

    changed = Signal()
    left = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.widget = widget

    @abstractmethod
    def value(self) -> PlainValue:
        """What stands in the field now."""

    @abstractmethod
    def set_value(self, value: PlainValue) -> None:
        """Show a value without telling that it changed."""

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer these to choose from, where the field is a list; what is chosen stays."""


class TextEditor(FieldEditor):
    """A line of text, or several."""

    def __init__(self, spec: FieldSpec) -> None:
        self._edit = LinesEdit() if spec.multiline else QLineEdit()
        super().__init__(self._edit)
        self._edit.setPlaceholderText(tr(spec.placeholder) if spec.placeholder else "")
        self._edit.textChanged.connect(self.changed)
        self._edit.editingFinished.connect(self.left)

    def value(self) -> PlainValue:
        """The text as typed."""
        return self._edit.text()

    def set_value(self, value: PlainValue) -> None:
        """Show a text from its beginning."""
        self._edit.blockSignals(True)  # noqa: FBT003 - Qt takes it so
        self._edit.setText(str(value))
        self._edit.blockSignals(False)  # noqa: FBT003
        if isinstance(self._edit, QLineEdit):
            self._edit.setCursorPosition(0)


class IntegerEditor(FieldEditor):
    """A whole number within bounds."""

    def __init__(self, spec: FieldSpec) -> None:
        self._spin = QSpinBox()
        super().__init__(self._spin)
        self._spin.setRange(
            spec.minimum if spec.minimum is not None else 0,
            spec.maximum if spec.maximum is not None else LARGEST_INTEGER,
        )
        self._spin.setSizePolicy(self._spin.sizePolicy().Policy.Fixed, self._spin.sizePolicy().Policy.Fixed)
        only_scroll_when_focused(self._spin)
        self._unit = spec.unit
        self._spin.valueChanged.connect(self._follow_unit)
        self._spin.valueChanged.connect(self.changed)
        self._spin.editingFinished.connect(self.left)

    def value(self) -> PlainValue:
        """The number."""
        return self._spin.value()

    def set_value(self, value: PlainValue) -> None:
        """Show a number; one out of bounds becomes the nearest one."""
        self._spin.blockSignals(True)  # noqa: FBT003 - Qt takes it so
        self._spin.setValue(int(value))
        self._spin.blockSignals(False)  # noqa: FBT003
        self._follow_unit()

    def _follow_unit(self) -> None:
        if self._unit is not None:
            before, _, after = tr(self._unit[0 if self._spin.value() == 1 else 1]).partition("{n}")
            self._spin.setPrefix(before)
            self._spin.setSuffix(after)


class BooleanEditor(FieldEditor):
    """A check box that carries the title itself."""

    def __init__(self, spec: FieldSpec) -> None:
        self._check = QCheckBox(literal(tr(spec.title)))
        super().__init__(self._check)
        self._check.clicked.connect(self.changed)

    def value(self) -> PlainValue:
        """Whether it is ticked."""
        return self._check.isChecked()

    def set_value(self, value: PlainValue) -> None:
        """Tick it or not."""
        self._check.setChecked(bool(value))


class ChoiceEditor(FieldEditor):
    """A list to choose from; a stored value that is not in it is shown as it is."""

    def __init__(self, spec: FieldSpec) -> None:
        self._combo = QComboBox()
        super().__init__(self._combo)
        self._combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        only_scroll_when_focused(self._combo)
        for value, label in spec.choices:
            self._combo.addItem(tr(label), value)
        self._combo.activated.connect(self.changed)

    def value(self) -> PlainValue:
        """The stored value behind the chosen label."""
        chosen: PlainValue = self._combo.currentData()
        return chosen

    def set_value(self, value: PlainValue) -> None:
        """Choose a value."""
        place = self._combo.findData(value)
        if place < 0:
            self._combo.addItem(str(value), value)
            place = self._combo.count() - 1
        self._combo.setCurrentIndex(place)

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Take the place of what was there to choose from."""
        before = self.value()
        self._combo.blockSignals(True)  # noqa: FBT003 - Qt takes it so
        self._combo.clear()
        for value, label in choices:
            self._combo.addItem(label, value)
        self._combo.blockSignals(False)  # noqa: FBT003
        self.set_value(before)


class OpenChoiceEditor(ChoiceEditor):
    """A list to choose from, in which something else can be typed."""

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__(spec)
        self._combo.setEditable(True)
        self._combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._combo.editTextChanged.connect(self.changed)
        edit = self._combo.lineEdit()
        assert edit is not None  # noqa: S101 - every editable one has it
        edit.editingFinished.connect(self.left)

    def value(self) -> PlainValue:
        """The value behind a label, or else what was typed."""
        typed = self._combo.currentText().strip()
        place = self._combo.findText(typed, Qt.MatchFlag.MatchFixedString)
        chosen: PlainValue = typed if place < 0 else self._combo.itemData(place)
        return chosen

    def set_value(self, value: PlainValue) -> None:
        """Choose a value, or show it as typed."""
        self._combo.blockSignals(True)  # noqa: FBT003 - Qt takes it so
        place = self._combo.findData(value)
        if place < 0:
            self._combo.setEditText(str(value))
        else:
            self._combo.setCurrentIndex(place)
        self._combo.blockSignals(False)  # noqa: FBT003


def editor_for(spec: FieldSpec) -> FieldEditor:
    """The editor of a plain field; secrets have a widget of their own."""
    match spec.kind:
        case "text":
            return TextEditor(spec)
        case "integer":
            return IntegerEditor(spec)
        case "boolean":
            return BooleanEditor(spec)
        case "choice":
            return OpenChoiceEditor(spec) if spec.open else ChoiceEditor(spec)
        case "secret":
            message = f"{spec.name} is a secret"
            raise ValueError(message)


class _WheelGuard(QObject):
    """Lets the page scroll, instead of changing a value the pointer happens to pass over."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Drop wheel events of a field without focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def only_scroll_when_focused(widget: QWidget) -> None:
    """Keep the wheel from changing a field that has not the focus."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_WheelGuard(widget))
