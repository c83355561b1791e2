"""Which database the program works on: the SQLite file of the data folder, or one that somebody named."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from metarr_desktop.domain.errors import Refused, StorageFailed
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.storage.secrets import SecretStore

VARIABLE = "METARR_DATABASE_URL"
PASSWORD = "database/password"  # noqa: S105 - the secret's name
SECRET_OPTIONS = {"password", "sslpassword"}
"""What libpq also reads from the part behind the question mark."""
HIDDEN_OPTIONS = SECRET_OPTIONS | {"ssl_password"}
"""The last is what the client of Redis reads there."""
HIDDEN = "(hidden)"
EXAMPLES = "postgresql://user@host/database or sqlite:////folder/metarr.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseChoice:
    """An SQLite file, or with ``url`` a PostgreSQL database; ``own`` is a file outside the data folder."""

    file: Path
    url: str | None = None
    password: str | None = None
    own: bool = False

    @property
    def shown(self) -> str:
        """The choice as people may see it: without a password."""
        return str(self.file) if self.url is None else without_password(self.url)


async def choose_database(paths: AppPaths, *, given: str | None, secrets: SecretStore) -> DatabaseChoice:
    """Decide: ``--database-url``, else METARR_DATABASE_URL, else what ``database use`` stored, else the file.

    The password comes from the address, else from the keyring or METARR_SECRET_DATABASE_PASSWORD, else from
    libpq's own ways. Raises Refused for an address that is none, SecretsUnavailable.
    """
    choice, marked = choice_without_password(paths, given=given)
    if choice.url is None or split_password(choice.url)[1] is not None:
        return choice
    if secrets.provided(PASSWORD) or marked:
        return replace(choice, password=await secrets.get(PASSWORD))
    return choice


def choice_without_password(paths: AppPaths, *, given: str | None) -> tuple[DatabaseChoice, bool]:
    """Decide as above without asking for a password, and tell whether the keyring has it.

    Raises Refused, StorageFailed.
    """
    stored, marked = read_choice(paths)
    chosen = given or os.environ.get(VARIABLE) or stored
    if not chosen:
        return DatabaseChoice(file=paths.database), False
    return parse_choice(chosen, paths), marked and chosen == stored


def parse_choice(address: str, paths: AppPaths) -> DatabaseChoice:
    """Read an address. Raises Refused where it is none of ours."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise _no_address(address) from error
    if parts.scheme in {"postgresql", "postgres"}:
        rest = address.partition("://")[2]
        if not rest or _is_torn(parts):
            raise _no_address(address)
        return DatabaseChoice(file=paths.database, url=f"postgresql://{rest}")
    if parts.scheme == "sqlite" and not parts.netloc and parts.path not in {"", "/"}:
        file = Path(unquote(parts.path[1:] if parts.path.startswith("//") else parts.path))
        if file.is_absolute():
            return DatabaseChoice(file=file, own=file.resolve() != paths.database.resolve())
    raise _no_address(address)


def _no_address(address: str) -> Refused:
    return Refused(
        text(
            "{address} is no address of a database. Write it like {examples}. In a password # / ? @ and %"
            " are written as %23 %2F %3F %40 and %25.",
            address=without_password(address)[:200],
            examples=EXAMPLES,
        )
    )


def _is_torn(parts: SplitResult) -> bool:
    """Whether an unescaped letter of a password has ended the part in which it should stand."""
    options = [each for each in parts.query.split("&") if each]
    return "@" in parts.path or bool(parts.fragment) or not all("=" in each for each in options)


def without_password(address: str) -> str:
    """Return an address as people may see it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return HIDDEN
    if parts.scheme != "sqlite" and (_is_torn(parts) or "password" in parts.path.lower()):
        return HIDDEN
    options = [each for each in parts.query.split("&") if _option(each)[0] not in HIDDEN_OPTIONS]
    if parts.password is None and options == parts.query.split("&"):
        return address
    user, marked, host = parts.netloc.rpartition("@")
    question = "?" if any(options) else ""
    return f"{parts.scheme}://{user.partition(':')[0]}{marked}{host}{parts.path}{question}{'&'.join(options)}"


def split_password(address: str) -> tuple[str, str | None]:
    """Return an address without its password, and the password. Raises Refused where it cannot be read."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise _no_address(address) from error
    if parts.scheme == "sqlite":
        return address, None
    if parts.scheme in {"postgresql", "postgres"} and _is_torn(parts):
        raise _no_address(address)
    options = dict(_option(each) for each in parts.query.split("&"))
    found = parts.password or next((options[each] for each in sorted(SECRET_OPTIONS & set(options))), None)
    return without_password(address), None if found is None else unquote(found)


def _option(written: str) -> tuple[str, str]:
    name, _, value = written.partition("=")
    return unquote(name).strip().lower(), value


def read_choice(paths: AppPaths) -> tuple[str | None, bool]:
    """Return the stored address, and whether its password is kept in the keyring."""
    try:
        data = json.loads(paths.database_choice.read_text(encoding="utf-8"))
        url, marked = data["url"], data.get("password") == {"$secret": True}
    except FileNotFoundError:
        return None, False
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageFailed(
            text(
                "{file} cannot be read. Write it anew with: metarr-desktop database use ADDRESS.",
                file=str(paths.database_choice),
            )
        ) from error
    return (url if isinstance(url, str) else None), marked


def write_choice(paths: AppPaths, address: str | None, *, password_kept: bool) -> None:
    """Store an address for the next starts, without a password; None goes back to the data folder's file."""
    if address is None:
        paths.database_choice.unlink(missing_ok=True)
        return
    data: dict[str, object] = {"url": address}
    if password_kept:
        data["password"] = {"$secret": True}
    new = paths.database_choice.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(data), encoding="utf-8")
    new.replace(paths.database_choice)
