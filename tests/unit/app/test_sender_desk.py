from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.domain.errors import NotFound, Refused, SecretsUnavailable
from metarr_desktop.domain.forms import Draft

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from tests.fakes import MemorySecretStore

DRAFT = Draft(values={"url": "http://192.168.1.30:7878/"}, secrets={"api_key": "k" * 32})


async def test_a_sender_is_added_with_its_key_in_the_keyring(core: Core, secrets: MemorySecretStore) -> None:
    await core.commands.add_sender("Radarr 4K", type="radarr", draft=DRAFT)
    assert secrets.secrets == {"source-radarr-4k/api_key": "k" * 32}
    (sender,) = await core.queries.senders()
    assert (sender.name, sender.slug, sender.type_title) == ("Radarr 4K", "radarr-4k", "Radarr")
    assert sender.url == "http://192.168.1.30:7878"
    assert sender.webhook_address == "http://127.0.0.1:3000/webhooks/radarr/radarr-4k"
    form = await core.queries.sender_form("radarr 4k")
    assert (form.key, form.values, form.secrets_set) == (
        "Radarr 4K", {"url": "http://192.168.1.30:7878"}, frozenset({"api_key"}),
    )  # fmt: skip
    assert await core.queries.sender_secret("Radarr 4K", "api_key") == "k" * 32


async def test_a_name_is_used_once_and_has_letters(core: Core) -> None:
    await core.commands.add_sender("Radarr", type="radarr", draft=DRAFT)
    with pytest.raises(Refused, match="already"):
        await core.commands.add_sender("RADARR", type="radarr", draft=DRAFT)
    with pytest.raises(Refused, match="already"):
        await core.commands.add_sender("radarr", type="sonarr", draft=DRAFT)
    with pytest.raises(Refused, match="letter"):
        await core.commands.add_sender("!!", type="radarr", draft=DRAFT)
    with pytest.raises(NotFound, match="no source"):
        await core.commands.add_sender("X", type="torrent", draft=DRAFT)


async def test_an_address_that_cannot_be_is_refused_and_nothing_is_kept(
    core: Core, secrets: MemorySecretStore
) -> None:
    wrong = Draft(values={"url": "http://me:word@nas"}, secrets={"api_key": "k"})
    with pytest.raises(Refused, match="user name"):
        await core.commands.add_sender("Radarr", type="radarr", draft=wrong)
    assert (secrets.secrets, await core.queries.senders()) == ({}, ())


async def test_an_unchanged_key_stays_and_a_cleared_one_goes(core: Core, secrets: MemorySecretStore) -> None:
    await core.commands.add_sender("Radarr", type="radarr", draft=DRAFT)
    await core.commands.save_sender("radarr", Draft(values={"url": "http://nas:7878"}))
    assert secrets.secrets == {"source-radarr/api_key": "k" * 32}
    assert (await core.queries.sender("Radarr")).url == "http://nas:7878"
    await core.commands.save_sender("radarr", Draft(secrets={"api_key": None}))
    assert (await core.queries.sender_form("Radarr")).secrets_set == frozenset()
    assert secrets.secrets == {}


async def test_without_a_keyring_the_key_is_kept_until_quit_where_asked(
    core: Core, secrets: MemorySecretStore
) -> None:
    secrets.failure = SecretsUnavailable("No keyring found.")
    with pytest.raises(SecretsUnavailable):
        await core.commands.add_sender("Radarr", type="radarr", draft=DRAFT)
    assert await core.queries.senders() == ()
    await core.commands.add_sender("Radarr", type="radarr", draft=DRAFT, until_quit=True)
    assert secrets.until_quit == {"source-radarr/api_key": "k" * 32}
    assert (await core.queries.sender_form("Radarr")).secrets_set == {"api_key"}


async def test_a_sender_is_switched_off_and_removed_with_its_secrets(
    core: Core, secrets: MemorySecretStore
) -> None:
    await core.commands.add_sender("Radarr", type="radarr", draft=DRAFT)
    await core.commands.set_sender_enabled("Radarr", enabled=False)
    assert (await core.queries.sender("Radarr")).state is SenderState.OFF
    assert str(await core.commands.remove_sender("Radarr")) == "Radarr is removed."
    assert (secrets.secrets, await core.queries.senders()) == ({}, ())
    with pytest.raises(NotFound):
        await core.commands.remove_sender("Radarr")
