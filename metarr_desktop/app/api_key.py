"""The key of the API: made when it is first asked for, kept in the keyring, checked by its digest."""

from __future__ import annotations

import hashlib
import secrets as randomness
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import Refused, SecretsUnavailable
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.secrets import variable_name

if TYPE_CHECKING:
    from metarr_desktop.app.settings import AppSettings
    from metarr_desktop.storage.secrets import SecretStore

KEY_NAME = "api/key"
NO_KEY_YET = Text("The API has no key yet. Run this to make one: metarr-desktop api key show")
WRONG_KEY = Text("The key of the API is wrong or missing. Run this to see it: metarr-desktop api key show")
KEPT_ELSEWHERE = Text(
    "The key of the API is not in this computer's keyring. Make a new one, and the old one stops working:"
    " metarr-desktop api key new"
)
GIVEN = Text("The key of the API is given by {variable}. Change it there.")
CANNOT_KEEP = Text(
    "The key of the API cannot be kept or read. {error} Without a keyring, start the program with a key of"
    " your own in the environment variable {variable}."
)


class ApiKey:
    """A secret like others, of which settings keep the digest, so that a request needs no keyring."""

    def __init__(self, *, settings: AppSettings, secrets: SecretStore) -> None:
        self._settings = settings
        self._secrets = secrets
        self._provided_digest: str | None = None

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of the keys that are right, in hexadecimal: none before a key is made."""
        digest = self._provided_digest or self._settings.api_key_digest
        return () if digest is None else (digest,)

    async def load(self) -> None:
        """Use a key that the environment gives. Raises SecretsUnavailable."""
        if self._secrets.provided(KEY_NAME):
            key = await self._secrets.get(KEY_NAME)
            self._provided_digest = None if key is None else _sha256(key)

    async def show(self) -> str:
        """Return the key, a new one where there was none. Raises SecretsUnavailable, or Refused."""
        try:
            key = await self._secrets.get(KEY_NAME)
        except SecretsUnavailable as error:
            raise _unkept(error) from error
        if key is None and self.digests:
            raise Refused(KEPT_ELSEWHERE)
        if key is None:
            return await self.renew()
        if self._secrets.provided(KEY_NAME):
            return key
        if not self.digests:
            await self._settings.save_api_key_digest(_sha256(key))
        if _sha256(key) not in self.digests:
            raise Refused(KEPT_ELSEWHERE)
        return key

    async def renew(self) -> str:
        """Make a new key; the old one stops working. Raises SecretsUnavailable, and the old one stays."""
        if self._secrets.provided(KEY_NAME):
            raise Refused(text(GIVEN.template, variable=variable_name(KEY_NAME)))
        key = randomness.token_hex(16)
        try:
            await self._secrets.set(KEY_NAME, key)
        except SecretsUnavailable as error:
            raise _unkept(error) from error
        await self._settings.save_api_key_digest(_sha256(key))
        return key


def _unkept(error: SecretsUnavailable) -> SecretsUnavailable:
    return SecretsUnavailable(text(CANNOT_KEEP.template, error=str(error), variable=variable_name(KEY_NAME)))


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
