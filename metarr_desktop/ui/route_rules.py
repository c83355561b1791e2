"""The part of a service's page that says which events it is told, and of whom."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from metarr_desktop.domain.forms import FieldSpec
from metarr_desktop.domain.routing import EVERY_SOURCE, Route
from metarr_desktop.domain.word_lists import join_list, split_list
from metarr_desktop.ui.field_editors import only_scroll_when_focused
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.form_rows import FormRow
from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.route_drafts import RouteDrafts
from metarr_desktop.ui.wording import fill_in, say, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.app.route_views import ServiceRoutes
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.events import EventKind
    from metarr_desktop.domain.text import Text

TAGS = "The sender's own tags, such as kids, 4k."
FOLDERS = "As the sender writes them, such as /movies/Kids, D:\\Films."
FIELDS = (
    FieldSpec(name="include_tags", title="Only these tags", kind="text", description=TAGS),
    FieldSpec(name="exclude_tags", title="Not these tags", kind="text"),
    FieldSpec(name="include_paths", title="Only below these folders", kind="text", description=FOLDERS),
    FieldSpec(name="exclude_paths", title="Not below these folders", kind="text"),
)


class RouteRules(QWidget):
    """Shows one scope at a time and keeps what was changed in the others; ``changed`` follows a person."""

    changed = Signal()

    def __init__(self, *, check: Callable[[Route], Text | None], tasks: TaskSupervisor) -> None:
        super().__init__()
        self._check = check
        self._drafts: RouteDrafts | None = None
        self._kinds: dict[EventKind, QCheckBox] = {}
        self.scope = QComboBox()
        self.scope.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        only_scroll_when_focused(self.scope)
        self.own = QCheckBox(tr("Use own rules"))
        self._origin = Note()
        self._boxes = FlowLayout()
        self._fold = QToolButton()
        self._lists = {spec.name: FormRow(spec, tasks=tasks) for spec in FIELDS}
        self._form = QFormLayout()
        self._lay_out()
        self.scope.activated.connect(self._show_scope)
        self.own.clicked.connect(self._on_own_clicked)
        self._fold.toggled.connect(lambda shown: self._show_lists(shown=shown))
        for name, row in self._lists.items():
            row.changed.connect(lambda name=name: self._on_list_edited(name))
            row.left.connect(lambda name=name: self._validate(name))

    @property
    def stored(self) -> ServiceRoutes | None:
        """What was read last."""
        return None if self._drafts is None else self._drafts.stored

    def show_routes(self, routes: ServiceRoutes) -> None:
        """Show what is stored and take it as the state in which nothing has changed."""
        source = self.scope.currentData() or EVERY_SOURCE
        self._drafts = RouteDrafts(routes)
        for kind, title in routes.kinds:
            if kind not in self._kinds:
                self._add_kind(kind, say(title))
        self.scope.clear()
        for scope in routes.scopes:
            self.scope.addItem(say(scope.title), scope.source)
        self.scope.setCurrentIndex(max(0, self.scope.findData(source)))
        self._show_scope()
        self._show_lists(shown=self._fold.isChecked() or self._restricts())

    def is_dirty(self) -> bool:
        """Whether there is anything to save."""
        return self._drafts is not None and bool(self._drafts.changes())

    def changes(self) -> dict[str, Route | None]:
        """Return the scopes whose rules are to be set, or with None taken away."""
        return {} if self._drafts is None else self._drafts.changes()

    def offers_defaults(self) -> bool:
        """Whether a scope has rules of its own."""
        return self._drafts is not None and self._drafts.differ_from_defaults()

    def restore_defaults(self) -> None:
        """Take every rule away, unsaved."""
        if self._drafts is not None:
            self._drafts.restore_defaults()
            self._show_scope()
            self.changed.emit()

    def validate(self) -> bool:
        """Check what is to be saved; the first scope with something wrong is shown with what that is."""
        for source, route in self.changes().items():
            if route is not None and self._check(route) is not None:
                self.scope.setCurrentIndex(self.scope.findData(source))
                self._show_scope()
                self._show_lists(shown=True)
                for name in self._lists:
                    self._validate(name)
                return False
        return True

    def focus_first_error(self) -> None:
        """Put the cursor where the first thing is wrong."""
        for row in self._lists.values():
            if row.has_complaint():
                row.take_focus()
                return

    def words(self) -> str:
        """What a search for a setting looks through."""
        kinds = [box.text().replace("&", "") for box in self._kinds.values()]
        return " ".join((tr("Send when"), *kinds, *(tr(spec.title) for spec in FIELDS)))

    def _lay_out(self) -> None:
        heading = QLabel(tr("Send when"))
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        label = QLabel(tr("For"))
        label.setBuddy(self.scope)
        self.scope.setAccessibleName(tr("For: which senders"))
        whom = FlowLayout()
        for widget in (label, self.scope, self.own):
            whom.addWidget(widget)
        self._fold.setText(tr("Tags and folders"))
        self._fold.setAccessibleName(tr("Tags and folders"))
        self._fold.setCheckable(True)
        self._fold.setAutoRaise(True)
        self._fold.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for row in self._lists.values():
            assert row.label is not None  # noqa: S101 - only check boxes carry their title themselves
            self._form.addRow(row.label, row)
        column = QVBoxLayout(self)
        column.addWidget(heading)
        column.addLayout(whom)
        column.addWidget(self._origin)
        column.addLayout(self._boxes)
        column.addWidget(self._fold)
        column.addLayout(self._form)
        self._show_lists(shown=False)

    def _add_kind(self, kind: EventKind, title: str) -> None:
        box = QCheckBox(literal(title))
        box.setAccessibleDescription(tr("Send when"))
        box.clicked.connect(self._on_kinds_clicked)
        self._kinds[kind] = box
        self._boxes.addWidget(box)

    def _source(self) -> str:
        return str(self.scope.currentData() or EVERY_SOURCE)

    def _show_scope(self) -> None:
        """Show what counts for the chosen scope; what comes from another one can only be read."""
        if self._drafts is None:
            return
        source = self._source()
        origin, route = self._drafts.holds(source)
        own = source == EVERY_SOURCE or self._drafts.own(source) is not None
        self.own.setVisible(source != EVERY_SOURCE)
        self.own.setChecked(own)
        events = self._drafts.events(source)
        for kind, box in self._kinds.items():
            box.setChecked(kind in events)
            box.setEnabled(own)
        for name, row in self._lists.items():
            row.set_value(join_list(getattr(route, name)))
            row.complain(None)
            row.setEnabled(own)
        title = self.scope.itemText(self.scope.findData(origin))
        words = "" if own else fill_in(tr("As for: {senders}."), senders=title)
        self._origin.tell(NoteKind.PLAIN, words)

    def _restricts(self) -> bool:
        drafts = self._drafts
        if drafts is None:
            return False
        _, route = drafts.holds(self._source())
        return any(getattr(route, spec.name) for spec in FIELDS)

    def _show_lists(self, *, shown: bool) -> None:
        self._fold.setChecked(shown)
        self._fold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        for row in self._lists.values():
            self._form.setRowVisible(row, shown)

    def _on_own_clicked(self, own: bool) -> None:  # noqa: FBT001 - Qt tells it so
        if self._drafts is not None:
            self._drafts.use_own(self._source(), own=own)
            self._show_scope()
            self.changed.emit()

    def _on_kinds_clicked(self) -> None:
        if self._drafts is not None:
            chosen = [kind for kind, box in self._kinds.items() if box.isChecked()]
            self._drafts.choose(self._source(), chosen)
            self.changed.emit()

    def _on_list_edited(self, name: str) -> None:
        if self._drafts is not None:
            words: dict[str, Any] = {name: split_list(str(self._lists[name].value()))}
            source = self._source()
            self._drafts.put(source, replace(self._drafts.holds(source)[1], **words))
            self.changed.emit()

    def _validate(self, name: str) -> None:
        words: dict[str, Any] = {name: split_list(str(self._lists[name].value()))}
        self._lists[name].complain(self._check(Route(**words)))
