"""The settings page of one service, generated from its declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout

from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.forms import Form
from metarr_desktop.ui.household_section import HouseholdSection
from metarr_desktop.ui.message_templates import MessageTemplates
from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.route_rules import RouteRules
from metarr_desktop.ui.settings_pages.account_bar import AccountBar
from metarr_desktop.ui.settings_pages.form_page import FormPage
from metarr_desktop.ui.settings_pages.keeping import save_secrets
from metarr_desktop.ui.settings_pages.trial_bar import TrialBar
from metarr_desktop.ui.sign_in_button import SignInButton
from metarr_desktop.ui.wording import service_state_text, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.finding_snapshots import FoundSnapshot
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.route_views import ServiceRoutes
    from metarr_desktop.app.snapshots import ServiceForm, ServiceSnapshot
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.app.template_views import ServiceTemplates


class ServicePage(FormPage):
    """Enable, the fields, and tests with what stands in the fields now."""

    def __init__(
        self, snapshot: ServiceSnapshot, *, commands: Commands, queries: Queries, tasks: TaskSupervisor
    ) -> None:
        super().__init__(key=snapshot.key, title=snapshot.title)
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._stored: ServiceForm | None = None
        self.enable = QCheckBox(literal(tr("Enable {service}").format(service=self.title)))
        self.enable.clicked.connect(self._on_enable_clicked)
        self._status = Note()
        head = QHBoxLayout()
        head.addWidget(self.enable)
        head.addWidget(self._status, 1)
        self._outer.insertLayout(0, head)
        self.trial_bar = TrialBar(
            test=lambda: self._commands.test_service(self.key, self._trial_draft()),
            send=lambda: self._commands.send_test_message(self.key, self._trial_draft()),
            ready=self._ready_for_test,
            tasks=tasks,
        )
        self.household = HouseholdSection(key=snapshot.key, commands=commands, queries=queries, tasks=tasks)
        self.household.wanted.connect(self._on_wanted)
        self.household.relabelled.connect(self.refresh_mnemonics)
        self.account_bar = AccountBar(
            title=self.title,
            load=lambda: self._commands.service_choices(self.key, self._trial_draft()),
            offer=lambda name, choices: self.form.offer(name, choices),  # noqa: PLW0108 - there is no form yet
            ready=self._ready_for_test,
            tasks=tasks,
        )
        self.trial_bar.test_button.reported.connect(self.account_bar.follow_test)
        self.rules = RouteRules(check=lambda route: queries.check_route(self.key, route), tasks=tasks)
        self.rules.changed.connect(self.state_changed)
        self.messages = MessageTemplates(
            preview=lambda kind, words: queries.preview_template(
                self.key, kind, title=words.title, body=words.body
            ),
            tasks=tasks,
        )
        self.messages.changed.connect(self.state_changed)
        self.trial_bar.relabelled.connect(self.refresh_mnemonics)
        self._outer.addWidget(self.account_bar)
        self._outer.addWidget(self.trial_bar)
        self.sign_in = SignInButton(
            begin=lambda: commands.begin_sign_in(self.key, self.form.draft().values), tasks=tasks
        )
        self.sign_in.brought.connect(self.propose)
        self.sign_in.told.connect(lambda kind, words: self.note.tell(kind, words, aloud=True))
        self.show_status(snapshot)

    async def load(self) -> None:
        """Show what is stored, building the form the first time."""
        self._show(*await self._read())

    async def follow(self) -> None:
        """Show what was changed elsewhere, unless something was typed in the meantime."""
        told = await self._read()
        if told != (self._stored, self.rules.stored, self.messages.stored) and not self.is_dirty():
            self._show(*told)

    async def _read(self) -> tuple[ServiceForm, ServiceRoutes, ServiceTemplates | None]:
        stored = await self._queries.service_form(self.key)
        routes = await self._queries.routes(self.key)
        return stored, routes, await self._queries.templates(self.key) if stored.takes_messages else None

    def show_status(self, snapshot: ServiceSnapshot) -> None:
        """Show how the service stands, in the head of the page."""
        kind, words = service_state_text(snapshot)
        self._status.tell(kind, tr("Status: {state}").format(state=words))
        self.account_bar.show_quota(snapshot.quota)

    def tick_enable(self) -> None:
        """Tick Enable, unsaved: a person wants the service on and has to fill in the rest."""
        self.enable.setChecked(True)
        self._on_enable_clicked()

    def propose(self, draft: Draft) -> None:
        """Put what was found elsewhere into the form, unsaved."""
        if self._form is not None:
            self.form.propose(draft)

    def propose_found(self, found: FoundSnapshot) -> None:
        """Fill in where something was found; where there are players already it becomes one more.

        Anybody in the network can answer, so what is kept for another place is not sent there.
        """
        if found.adds:
            self.household.add_found(found.name, Draft(values=found.values))
            return
        kept = frozenset() if self._stored is None else self._stored.secrets_set
        self.propose(Draft(values=found.values, secrets=dict.fromkeys(kept)))
        if kept:
            words = tr("This is another place than before, so its key has to be entered anew.")
            self.note.tell(NoteKind.WARNING, words, aloud=True)

    def is_dirty(self) -> bool:
        """Whether a field, Enable, a rule or a message differs from what is stored."""
        parts = (self.rules, self.messages)
        return super().is_dirty() or self._new_enabled() is not None or any(part.is_dirty() for part in parts)

    def offers_defaults(self) -> bool:
        """Whether a field or a rule is not at its default."""
        return super().offers_defaults() or self.rules.offers_defaults() or self.messages.offers_defaults()

    def restore_defaults(self) -> None:
        """Put every field and rule back to its default, unsaved."""
        super().restore_defaults()
        self.rules.restore_defaults()
        self.messages.restore_defaults()

    def words(self) -> str:
        """The labels of the form, of the players, of the rules and of the messages."""
        messages = self.messages.words() if self.messages.stored is not None else ""
        return f"{super().words()} {self.household.words()} {self.rules.words()} {messages}"

    def _new_enabled(self) -> bool | None:
        """What Enable is to become, or None where it stays."""
        ticked = self.enable.isChecked()
        return None if self._stored is None or ticked == self._stored.enabled else ticked

    async def save(self) -> bool:
        """Store the draft; with something wrong nothing is stored."""
        if not self.form.validate():
            self.show_errors()
            return False
        if not self.rules.validate():
            self.rules.focus_first_error()
            self.show_focus()
            return False
        if not await self.messages.validate():
            self.messages.focus_first_error()
            self.show_focus()
            return False
        if not (
            await self._save_form()
            and await self.tell_failure(self._save_rules)
            and await self.tell_failure(self._save_messages)
        ):
            return False
        self.note.forget()
        await self.load()
        return True

    async def _save_form(self) -> bool:
        """Store fields and Enable where they changed: saving forgets how the last test went."""
        enabled = self._new_enabled()
        if enabled is None and not self.form.is_dirty():
            return True
        draft = self.form.draft()
        return await save_secrets(
            self,
            lambda until_quit: self._commands.save_service(
                self.key, draft, enabled=enabled, until_quit=until_quit
            ),
            unlock=self._commands.unlock_keyring,
        )

    async def _save_rules(self) -> None:
        for source, route in self.rules.changes().items():
            if route is None:
                await self._commands.reset_route(self.key, source)
            else:
                await self._commands.set_route(self.key, source, route)

    async def _save_messages(self) -> None:
        for kind, words in self.messages.changes().items():
            if words is None:
                await self._commands.reset_template(self.key, kind)
            else:
                await self._commands.set_template(self.key, kind, title=words.title, body=words.body)

    def _show(self, stored: ServiceForm, routes: ServiceRoutes, templates: ServiceTemplates | None) -> None:
        if self._form is None:
            self._build(stored)
        elif self._stored is not None and self._stored.fields != stored.fields:
            self.replace_form(self._make_form(stored))
        before = self.form.draft().values
        self._stored = stored
        self.enable.setChecked(stored.enabled)
        self.form.allow_incomplete(allowed=not stored.enabled)
        self.form.fill(stored.values, secrets_set=stored.secrets_set)
        self.rules.show_routes(routes)
        self.messages.setVisible(templates is not None)
        if templates is not None:
            self.messages.show_templates(templates)
        self.household.show_household(stored.household)
        self.trial_bar.offer(message=stored.takes_messages)
        self.account_bar.offer_load(offered=bool(stored.loads))
        if self.form.draft().values != before:
            self.trial_bar.forget()
        self.refresh_mnemonics()
        self.state_changed.emit()

    def _build(self, stored: ServiceForm) -> None:
        self.put_form(self._make_form(stored))
        if stored.sign_in is not None:
            self.sign_in.offer(stored.sign_in)
            self.body.addWidget(self.sign_in, 0, Qt.AlignmentFlag.AlignLeft)
        if stored.household is not None:
            self.body.addWidget(self.household)
        self.body.addWidget(self.rules)
        self.body.addWidget(self.messages)
        self.body.addStretch(1)

    def _make_form(self, stored: ServiceForm) -> Form:
        form = Form(
            stored.fields,
            check=lambda name, value: self._queries.check_field(self.key, name, value),
            tasks=self._tasks,
            load_secret=lambda name: self._queries.secret(self.key, name),
        )
        form.changed.connect(self.trial_bar.mark_stale)
        return form

    def _on_wanted(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do what a person asked for with a player or a group; what fails is told at the foot of the page."""

        async def run() -> None:
            if await self.tell_failure(work):
                await self.follow()

        self._tasks.spawn(run(), name="players")

    def _on_enable_clicked(self) -> None:
        if self._form is not None:
            self.form.allow_incomplete(allowed=not self.enable.isChecked())
            self.state_changed.emit()

    def _trial_draft(self) -> Draft | None:
        """Nothing unsaved means: test what is stored, so that a pass counts for what waits."""
        return self.form.draft() if self.form.is_dirty() else None

    def _ready_for_test(self) -> bool:
        """A test needs every field, also while the service is off."""
        if self.form.validate(complete=True):
            return True
        self.show_errors()
        return False
