"""A settings page around one form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.ui.settings_pages.page import SettingsPage

if TYPE_CHECKING:
    from metarr_desktop.ui.forms import Form


class FormPage(SettingsPage):
    """Whatever can be asked of a page is answered by its form."""

    def __init__(self, *, key: str, title: str) -> None:
        super().__init__(key=key, title=title)
        self._form: Form | None = None

    def put_form(self, form: Form) -> None:
        """Take the form; it stands at the end of what was added to the body so far."""
        self._form = form
        form.changed.connect(self.state_changed)
        form.relabelled.connect(self.refresh_mnemonics)
        self.body.addWidget(form)

    def replace_form(self, form: Form) -> None:
        """Put a form of other fields in the place of the one that is there."""
        before = self.form
        place = self.body.indexOf(before)
        self.body.removeWidget(before)
        before.hide()
        before.deleteLater()
        self._form = form
        form.changed.connect(self.state_changed)
        form.relabelled.connect(self.refresh_mnemonics)
        self.body.insertWidget(place, form)

    @property
    def form(self) -> Form:
        """The form, once it was put."""
        if self._form is None:
            message = f"the page {self.key} has no form yet"
            raise RuntimeError(message)
        return self._form

    def is_dirty(self) -> bool:
        """Whether a field differs from what is stored."""
        return self._form is not None and self._form.is_dirty()

    def offers_defaults(self) -> bool:
        """Whether a field is not at its default."""
        return self._form is not None and self._form.differs_from_defaults()

    def restore_defaults(self) -> None:
        """Put every field back to its default, unsaved."""
        self.form.restore_defaults()

    def words(self) -> str:
        """The labels and descriptions of the form."""
        return "" if self._form is None else self._form.words()

    def focus_first(self) -> None:
        """Begin with the first field."""
        if self._form is not None:
            self._form.focus_first()

    def show_errors(self) -> None:
        """Put the cursor where the first thing is wrong, in sight."""
        self.form.focus_first_error()
        self.show_focus()
