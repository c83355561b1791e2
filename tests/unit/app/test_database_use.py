from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import pytest

from metarr_desktop.app.database_choice import read_choice
from metarr_desktop.app.database_use import use_database
from metarr_desktop.domain.errors import Refused, SecretsUnavailable, StorageFailed
from tests.fakes import MemorySecretStore

if TYPE_CHECKING:
    from metarr_desktop.app.paths import AppPaths


async def test_a_server_gets_its_tables_before_it_is_chosen(paths: AppPaths, postgres_url: str) -> None:
    chosen = await use_database(paths, postgres_url, secrets=MemorySecretStore())
    assert chosen.url == postgres_url
    assert read_choice(paths) == (postgres_url, False)
    with psycopg.connect(postgres_url) as db:
        assert db.execute("SELECT COUNT(*) FROM job_queue").fetchone() == (0,)
    await use_database(paths, "own", secrets=MemorySecretStore())
    assert read_choice(paths) == (None, False)


async def test_a_server_that_does_not_answer_is_not_chosen(paths: AppPaths) -> None:
    secrets = MemorySecretStore()
    with pytest.raises(StorageFailed, match="cannot be used"):
        await use_database(paths, "postgresql://metarr@127.0.0.1:1/x", password="hush", secrets=secrets)
    assert read_choice(paths) == (None, False)
    assert secrets.secrets == {}


async def test_the_password_goes_to_the_keyring_and_is_kept_when_chosen_again(
    paths: AppPaths, postgres_url: str
) -> None:
    secrets = MemorySecretStore()
    await use_database(paths, postgres_url, password="hush", secrets=secrets)
    assert secrets.secrets == {"database/password": "hush"}
    assert read_choice(paths) == (postgres_url, True)
    await use_database(paths, postgres_url, secrets=secrets)
    assert read_choice(paths) == (postgres_url, True)


async def test_without_a_keyring_nothing_is_changed_and_the_variable_is_named(
    paths: AppPaths, postgres_url: str
) -> None:
    secrets = MemorySecretStore()
    secrets.failure = SecretsUnavailable("No keyring found.")
    with pytest.raises(SecretsUnavailable, match="METARR_SECRET_DATABASE_PASSWORD"):
        await use_database(paths, postgres_url, password="hush", secrets=secrets)
    assert await asyncio.to_thread(read_choice, paths) == (None, False)


@pytest.mark.parametrize(
    ("address", "password"),
    [
        ("postgresql://u:hush@nas/x", None),
        ("postgresql://u@nas/x?password=hush", None),
        ("postgresql://[::1", None),
        ("sqlite:////srv/x.db", "hush"),
    ],
)
async def test_a_password_where_none_belongs_is_refused(
    paths: AppPaths, address: str, password: str | None
) -> None:
    with pytest.raises(Refused):
        await use_database(paths, address, password=password, secrets=MemorySecretStore())
    assert read_choice(paths) == (None, False)
