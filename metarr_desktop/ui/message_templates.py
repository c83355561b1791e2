"""The part of a service's page in which its messages are worded, with a preview of how they read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.events import EventKind
from metarr_desktop.ui.field_editors import only_scroll_when_focused
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.template_drafts import TemplateDrafts, Words
from metarr_desktop.ui.wording import fill_in, say, tr
from metarr_desktop.ui.wrapping_label import WrappingLabel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.app.template_views import ServiceTemplates, TemplatePreview

PREVIEW_AFTER_MS = 250
BODY_LINES = 4


class MessageTemplates(QWidget):
    """Shows one kind of event at a time and keeps what was written for the others.

    ``changed`` follows a person. ``preview`` fills a title and a message in, as they would be sent.
    """

    changed = Signal()

    def __init__(
        self, *, preview: Callable[[EventKind, Words], Awaitable[TemplatePreview]], tasks: TaskSupervisor
    ) -> None:
        super().__init__()
        self._preview = preview
        self._tasks = tasks
        self._drafts: TemplateDrafts | None = None
        self.kind = QComboBox()
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        only_scroll_when_focused(self.kind)
        self.title = QLineEdit()
        self.body = QPlainTextEdit()
        self.insert = QPushButton(tr("Insert field"))
        self.reset = QPushButton(tr("Reset to default"))
        self.sample = WrappingLabel()
        self.example = Note()
        self._last_field: QLineEdit | QPlainTextEdit = self.body
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setInterval(PREVIEW_AFTER_MS)
        self._lay_out()
        self.kind.activated.connect(self._show_kind)
        self.title.textEdited.connect(self._on_edited)
        self.body.textChanged.connect(self._on_edited)
        self.reset.clicked.connect(self._on_reset)
        self._due.timeout.connect(self._read_preview)

    @property
    def stored(self) -> ServiceTemplates | None:
        """What was read last."""
        return None if self._drafts is None else self._drafts.stored

    def show_templates(self, templates: ServiceTemplates) -> None:
        """Show what is stored and take it as the state in which nothing has changed."""
        kind = self._kind()
        self._drafts = TemplateDrafts(templates)
        self.kind.clear()
        for each, title in templates.kinds:
            self.kind.addItem(say(title), each.value)
        self.kind.setCurrentIndex(max(0, self.kind.findData("" if kind is None else kind.value)))
        menu = QMenu(self.insert)
        for field in templates.fields:
            words = fill_in(tr("{name}: {meaning}"), name=f"{{{field.name}}}", meaning=say(field.meaning))
            menu.addAction(words.replace("&", "&&")).triggered.connect(partial(self.insert_field, field.name))
        self.insert.setMenu(menu)
        self._show_kind()

    def is_dirty(self) -> bool:
        """Whether there is anything to save."""
        return self._drafts is not None and bool(self._drafts.changes())

    def changes(self) -> dict[EventKind, Words | None]:
        """Return the kinds that are to be worded, or with None reset."""
        return {} if self._drafts is None else self._drafts.changes()

    def offers_defaults(self) -> bool:
        """Whether a kind has words of its own."""
        return self._drafts is not None and self._drafts.differ_from_defaults()

    def restore_defaults(self) -> None:
        """Go back to the built-in words of every kind, unsaved."""
        if self._drafts is not None:
            self._drafts.restore_defaults()
            self._show_kind()
            self.changed.emit()

    async def validate(self) -> bool:
        """Fill in what is to be saved; the first kind that cannot be is shown with what is wrong."""
        for kind, words in self.changes().items():
            if words is None:
                continue
            preview = await self._preview(kind, words)
            if preview.complaint is not None:
                self.kind.setCurrentIndex(self.kind.findData(kind.value))
                self._show_kind()
                self._show_preview(preview)
                return False
        return True

    def focus_first_error(self) -> None:
        """Put the cursor into the message that is shown."""
        self.body.setFocus()

    def words(self) -> str:
        """What a search for a setting looks through."""
        return " ".join((tr("Messages"), tr("Title"), tr("Message"), tr("Preview"), tr("Insert field")))

    def insert_field(self, name: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - Qt tells it so
        """Write a field where the cursor was last."""
        words = f"{{{name}}}"
        if self._last_field is self.title:
            self.title.insert(words)
            self._on_edited()
        else:
            self.body.insertPlainText(words)
        self._last_field.setFocus()

    def _lay_out(self) -> None:
        heading = QLabel(tr("Messages"))
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        label = QLabel(tr("When"))
        label.setBuddy(self.kind)
        self.kind.setAccessibleName(tr("When: which message"))
        self.title.setAccessibleName(tr("Title of the message"))
        self.body.setAccessibleName(tr("Message"))
        self.body.setTabChangesFocus(True)
        self.body.setFixedHeight(
            self.body.fontMetrics().lineSpacing() * BODY_LINES + 2 * self.body.frameWidth() + 10
        )
        self.sample.setAccessibleName(tr("Preview"))
        for field in (self.title, self.body):
            field.installEventFilter(self)
        kinds = FlowLayout()
        for widget in (label, self.kind, self.insert, self.reset):
            kinds.addWidget(widget)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, field in ((tr("Title"), self.title), (tr("Message"), self.body)):
            row = QLabel(name)
            row.setBuddy(field)
            form.addRow(row, field)
        form.addRow(QLabel(tr("Preview")), self.sample)
        column = QVBoxLayout(self)
        column.addWidget(heading)
        column.addLayout(kinds)
        column.addLayout(form)
        column.addWidget(self.example)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Remember in which field the cursor was last: a menu takes the focus away."""
        if event.type() is QEvent.Type.FocusIn:
            self._last_field = self.title if watched is self.title else self.body
        return super().eventFilter(watched, event)

    def _kind(self) -> EventKind | None:
        kind = self.kind.currentData()
        return EventKind(kind) if kind else None

    def _show_kind(self) -> None:
        kind = self._kind()
        if self._drafts is None or kind is None:
            return
        words = self._drafts.words(kind)
        self.title.setText(words.title)
        blocker = QSignalBlocker(self.body)
        self.body.setPlainText(words.body)
        blocker.unblock()
        self.reset.setEnabled(self._drafts.is_own(kind))
        self._read_preview()

    def _on_edited(self, _words: str = "") -> None:
        kind = self._kind()
        if self._drafts is None or kind is None:
            return
        self._drafts.put(kind, Words(self.title.text(), self.body.toPlainText()))
        self.reset.setEnabled(self._drafts.is_own(kind))
        self._due.start()
        self.changed.emit()

    def _on_reset(self) -> None:
        kind = self._kind()
        if self._drafts is not None and kind is not None:
            self._drafts.reset(kind)
            self._show_kind()
            self.changed.emit()

    def _read_preview(self) -> None:
        self._due.stop()
        kind = self._kind()
        if self._drafts is not None and kind is not None:
            self._tasks.spawn(self._fill_in(kind, self._drafts.words(kind)), name="preview of a message")

    async def _fill_in(self, kind: EventKind, words: Words) -> None:
        try:
            preview = await self._preview(kind, words)
        except MetarrError as error:
            self.example.tell(NoteKind.WARNING, say(error.text))
            return
        is_shown = self._drafts is not None and kind is self._kind() and self._drafts.words(kind) == words
        if is_shown:
            self._show_preview(preview)

    def _show_preview(self, preview: TemplatePreview) -> None:
        if preview.complaint is not None:
            self.example.tell(NoteKind.FAILED, say(preview.complaint))
        else:
            self.sample.setText("\n".join(part for part in (preview.title, preview.body) if part))
            self.example.tell(NoteKind.PLAIN, say(preview.example))
        self.body.setAccessibleDescription(self.example.text())
