"""Drafts of settings: checked field by field; their secrets go to the keyring and nowhere else."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import Refused, SecretsUnavailable
from metarr_desktop.domain.text import text
from metarr_desktop.services.forms import check_field, parse_value, secret_fields

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from metarr_desktop.domain.forms import Draft, PlainValue
    from metarr_desktop.services.forms import Declared
    from metarr_desktop.storage.secrets import SecretStore


def check_draft(declared: Declared, draft: Draft) -> None:
    """Refuse values that cannot be; empty ones may be saved. A secret is never among the values."""
    misplaced = set(draft.values) & set(secret_fields(declared))
    if misplaced:
        raise Refused(text("{field} is a secret and is not kept with the settings.", field=min(misplaced)))
    if public := set(draft.secrets) - set(secret_fields(declared)):
        raise Refused(text("{field} is no secret of {service}.", field=min(public), service=declared.title))
    given: dict[str, PlainValue] = {**draft.values}
    given.update({name: value for name, value in draft.secrets.items() if value})
    for name, value in given.items():
        empty = value == "" or value is False
        complaint = None if empty else check_field(declared, name, value)
        if complaint is not None:
            raise Refused(complaint)


def parse_typed(declared: Declared, typed: Mapping[str, str]) -> dict[str, PlainValue]:
    """Turn typed text into plain values. Raises Refused, also for a secret field."""
    for name in typed:
        if name in secret_fields(declared):
            raise Refused(text("{field} is a secret: write {field}=- and type it.", field=name))
    return {name: parse_value(declared, name, value) for name, value in typed.items()}


async def keep_secrets(
    secrets: SecretStore, prefix: str, draft: Draft, *, kept: frozenset[str], until_quit: bool
) -> frozenset[str]:
    """Keep the new secrets of a draft, forget the cleared ones; returns which fields are kept now.

    Where the keyring fails half-way none stays that was not kept before. Raises SecretsUnavailable.
    """
    new = {name: value for name, value in draft.secrets.items() if value}
    cleared = set(draft.secrets) - set(new)
    await _keep(secrets, prefix, new, kept=kept, until_quit=until_quit)
    for name in cleared:
        secrets.drop(f"{prefix}/{name}")
        if name in kept:
            await secrets.delete(f"{prefix}/{name}")
    return frozenset((kept | (set() if until_quit else set(new))) - cleared)


async def _keep(
    secrets: SecretStore, prefix: str, new: Mapping[str, str], *, kept: Collection[str], until_quit: bool
) -> None:
    done: list[str] = []
    try:
        for name, value in new.items():
            if until_quit:
                secrets.keep_until_quit(f"{prefix}/{name}", value)
            else:
                await secrets.set(f"{prefix}/{name}", value)
            done.append(name)
    except SecretsUnavailable:
        for name in done:
            if name not in kept:
                with suppress(SecretsUnavailable):
                    await secrets.delete(f"{prefix}/{name}")
        raise
