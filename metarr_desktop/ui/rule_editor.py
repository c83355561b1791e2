"""Edits when recurring work is due: daily at a time, or each time an interval has passed."""

from __future__ import annotations

from datetime import time

from PySide6.QtCore import QLocale, QTime, Signal
from PySide6.QtWidgets import QComboBox, QSpinBox, QTimeEdit, QWidget

from metarr_desktop.domain.schedules import LONGEST, SHORTEST, UNITS, Daily, Every, Rule
from metarr_desktop.ui.field_editors import only_scroll_when_focused
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.wording import fill_in, tr

DAILY, EVERY = "daily", "every"


class RuleEditor(QWidget):
    """Shows one rule; ``changed`` follows a person's input only. ``kind`` is its first field."""

    changed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.kind = QComboBox()
        self.kind.addItem(tr("Every day at"), DAILY)
        self.kind.addItem(tr("Every"), EVERY)
        self._time = QTimeEdit()
        self._time.setDisplayFormat(QLocale().timeFormat(QLocale.FormatType.ShortFormat))
        self._count = QSpinBox()
        self._unit = QComboBox()
        for unit, label in (("m", tr("minutes")), ("h", tr("hours")), ("d", tr("days"))):
            self._unit.addItem(label, unit)
        row = FlowLayout()
        for widget, name in (
            (self.kind, tr("{schedule}: runs")),
            (self._time, tr("{schedule}: time of day")),
            (self._count, tr("{schedule}: interval")),
            (self._unit, tr("{schedule}: unit of the interval")),
        ):
            widget.setAccessibleName(fill_in(name, schedule=title))
            only_scroll_when_focused(widget)
            row.addWidget(widget)
        self.setLayout(row)
        self.show_rule(Every(6 * UNITS["h"]))
        self.kind.activated.connect(self._on_edited)
        self._time.timeChanged.connect(self._on_edited)
        self._count.valueChanged.connect(self._on_edited)
        self._unit.activated.connect(self._on_edited)

    def rule(self) -> Rule:
        """Return what stands there."""
        if self.kind.currentData() == DAILY:
            return Daily(time(self._time.time().hour(), self._time.time().minute()))
        return Every(self._count.value() * UNITS[self._unit.currentData()])

    def show_rule(self, rule: Rule) -> None:
        """Show a rule without telling that it changed."""
        for widget in (self._time, self._count):
            widget.blockSignals(True)  # noqa: FBT003 - Qt takes it so
        match rule:
            case Daily(at):
                self._choose(self.kind, DAILY)
                self._time.setTime(QTime(at.hour, at.minute))
            case Every():
                count, unit = rule.parts()
                self._choose(self.kind, EVERY)
                self._choose(self._unit, unit)
                self._bound()
                self._count.setValue(count)
        for widget in (self._time, self._count):
            widget.blockSignals(False)  # noqa: FBT003
        self._show_fields()

    def _on_edited(self) -> None:
        self._count.blockSignals(True)  # noqa: FBT003 - what is out of bounds is corrected once
        self._bound()
        self._count.blockSignals(False)  # noqa: FBT003
        self._show_fields()
        self.changed.emit()

    def _bound(self) -> None:
        unit = UNITS[self._unit.currentData()]
        self._count.setRange(max(1, SHORTEST // unit), LONGEST // unit)

    def _show_fields(self) -> None:
        daily = self.kind.currentData() == DAILY
        self._time.setVisible(daily)
        self._count.setVisible(not daily)
        self._unit.setVisible(not daily)

    @staticmethod
    def _choose(box: QComboBox, value: str) -> None:
        box.setCurrentIndex(box.findData(value))
