"""Saving what can be refused on the way: secrets without a keyring to keep them in, a port that is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from metarr_desktop.domain.errors import MetarrError, PortUnavailable, SecretsUnavailable
from metarr_desktop.ui.dialogs import ask
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.domain.text import Text
    from metarr_desktop.ui.player_dialog import PlayerDialog
    from metarr_desktop.ui.settings_pages.form_page import FormPage
    from metarr_desktop.ui.settings_pages.page import SettingsPage

    Asker: TypeAlias = SettingsPage | PlayerDialog
    Save = Callable[[bool], Awaitable[object]]

NO_KEYRING = "No keyring found."
"""How the sentence begins that says there is nothing to unlock."""


async def save_receiving(page: FormPage, commands: Commands, changes: Mapping[str, object]) -> bool:
    """Store how webhooks are received; a port that cannot be used is told under its field."""
    try:
        await commands.save_settings(**changes)
    except PortUnavailable as error:
        page.form.complain("port", error.text)
        page.show_errors()
        return False
    except MetarrError as error:
        page.tell(error.text)
        return False
    await page.load()
    return True


async def save_secrets(page: Asker, save: Save, *, unlock: Callable[[], Awaitable[object]]) -> bool:
    """Save; ``save`` takes whether new secrets stay in memory until quit. Why not is told on the page."""
    try:
        await save(False)  # noqa: FBT003 - the one thing it takes
    except SecretsUnavailable as error:
        return await _ask(page, error.text, save=save, unlock=unlock)
    except MetarrError as error:
        page.tell(error.text)
        return False
    return True


async def _ask(page: Asker, why: Text, *, save: Save, unlock: Callable[[], Awaitable[object]]) -> bool:
    """Never write a secret to a file: keep it until quit, unlock the keyring, or do nothing."""
    keep, open_it, cancel = tr("Keep until I quit"), tr("Unlock"), tr("Cancel")
    ways = (keep, cancel) if why.template.startswith(NO_KEYRING) else (open_it, keep, cancel)
    answer = await ask(page, why, *ways)
    if answer == cancel:
        return False
    try:
        if answer == open_it:
            await unlock()
        await save(answer == keep)
    except MetarrError as error:
        page.tell(error.text)
        return False
    return True
