"""Choosing another database for the starts to come, once it was seen to work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from metarr_desktop.app.database_choice import (
    PASSWORD,
    DatabaseChoice,
    parse_choice,
    read_choice,
    split_password,
    write_choice,
)
from metarr_desktop.domain.errors import Refused, SecretsUnavailable
from metarr_desktop.domain.text import text
from metarr_desktop.storage.secrets import KeyringSecrets, variable_name

if TYPE_CHECKING:
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.storage.secrets import SecretStore

OWN = "own"
"""The word for the SQLite file of the data folder."""


async def use_database(
    paths: AppPaths, address: str, *, password: str | None = None, secrets: SecretStore | None = None
) -> DatabaseChoice:
    """Store the database to work on from the next start on; nothing is copied to it.

    A server is asked first whether it can be used, and gets its tables. Raises Refused, StorageFailed or
    SecretsUnavailable, and nothing is stored then.
    """
    await asyncio.to_thread(paths.prepare)
    if address == OWN:
        await asyncio.to_thread(write_choice, paths, None, password_kept=False)
        return DatabaseChoice(file=paths.database)
    plain, typed = split_password(address)
    if typed is not None:
        raise Refused("Others on this computer can read command lines. Write --password instead of it.")
    choice = parse_choice(plain, paths)
    if choice.url is None:
        if password is not None:
            raise Refused("An SQLite file has no password.")
        await asyncio.to_thread(write_choice, paths, plain, password_kept=False)
        return choice
    secrets = secrets or KeyringSecrets()
    stored, marked = await asyncio.to_thread(read_choice, paths)
    if password is None and (secrets.provided(PASSWORD) or (marked and stored == plain)):
        password = await secrets.get(PASSWORD)
        kept = marked and stored == plain
    else:
        kept = password is not None
    await asyncio.to_thread(_try, choice.url, password)
    if kept and password is not None:
        await _keep(secrets, password)
    await asyncio.to_thread(write_choice, paths, plain, password_kept=kept)
    return choice


def _try(url: str, password: str | None) -> None:
    from metarr_desktop.storage.postgres_schema import prepare_postgres  # noqa: PLC0415 - with its driver

    prepare_postgres(url, password=password)


async def _keep(secrets: SecretStore, password: str) -> None:
    try:
        await secrets.set(PASSWORD, password)
    except SecretsUnavailable as error:
        raise SecretsUnavailable(
            text(
                "Nothing was changed. {error} Give the password as an environment variable instead: {name}.",
                error=str(error),
                name=variable_name(PASSWORD),
            )
        ) from error
