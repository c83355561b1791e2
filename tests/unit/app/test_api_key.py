from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.core import open_core
from metarr_desktop.domain.errors import Refused, SecretsUnavailable
from metarr_desktop.storage.secrets import KeyringSecrets, variable_name

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.paths import AppPaths
    from tests.fakes import FakeClock, MemorySecretStore


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


async def test_the_key_is_made_when_it_is_first_asked_for(core: Core, secrets: MemorySecretStore) -> None:
    assert not core.api_key.digests
    key = await core.api_key.show()
    assert len(key) == 32
    assert secrets.secrets["api/key"] == key
    assert core.api_key.digests == (digest(key),)
    assert await core.api_key.show() == key
    assert key.encode() not in core.paths.database.read_bytes()


async def test_a_new_key_replaces_the_old_one(core: Core) -> None:
    first = await core.api_key.show()
    second = await core.api_key.renew()
    assert first != second == await core.api_key.show()
    assert core.api_key.digests == (digest(second),)


async def test_the_digest_outlives_the_program_and_needs_no_keyring(
    paths: AppPaths, secrets: MemorySecretStore, clock: FakeClock
) -> None:
    async with open_core(paths, serve=False, clock=clock, secrets=secrets) as core:
        key = await core.api_key.show()
    secrets.failure = SecretsUnavailable("The keyring is locked.")
    async with open_core(paths, serve=False, clock=clock, secrets=secrets) as core:
        await core.api_key.load()
        assert core.api_key.digests == (digest(key),)


async def test_a_key_of_the_environment_counts_and_is_not_renewed_here(
    core: Core, secrets: MemorySecretStore
) -> None:
    await core.api_key.show()
    secrets.until_quit["api/key"] = "given-by-the-system"
    await core.api_key.load()
    assert core.api_key.digests == (digest("given-by-the-system"),)
    assert await core.api_key.show() == "given-by-the-system"
    with pytest.raises(Refused, match="given by METARR_API_KEY"):
        await core.api_key.renew()


async def test_the_environment_variable_has_its_public_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert variable_name("api/key") == "METARR_API_KEY"
    monkeypatch.setenv("METARR_API_KEY", "from-outside")
    assert KeyringSecrets().provided("api/key")
    assert await KeyringSecrets().get("api/key") == "from-outside"


async def test_without_a_keyring_the_variable_is_named_and_no_key_is_right(
    core: Core, secrets: MemorySecretStore
) -> None:
    secrets.failure = SecretsUnavailable("No keyring found.")
    for ask in (core.api_key.show, core.api_key.renew):
        with pytest.raises(SecretsUnavailable, match=r"No keyring found\..*METARR_API_KEY"):
            await ask()
    assert not core.api_key.digests


@pytest.mark.parametrize("kept", [{}, {"api/key": "of-long-ago"}])
async def test_a_key_that_another_computer_made_is_not_replaced_by_looking_at_it(
    core: Core, secrets: MemorySecretStore, kept: dict[str, str]
) -> None:
    key = await core.api_key.show()
    secrets.secrets = dict(kept)
    with pytest.raises(Refused, match="api key new"):
        await core.api_key.show()
    assert core.api_key.digests == (digest(key),)


async def test_a_key_that_the_keyring_kept_while_the_database_began_anew_is_taken(
    core: Core, secrets: MemorySecretStore
) -> None:
    secrets.secrets["api/key"] = "of-before"
    assert await core.api_key.show() == "of-before"
    assert core.api_key.digests == (digest("of-before"),)
