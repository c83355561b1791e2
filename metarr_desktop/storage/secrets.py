"""Secrets: the system keyring, else the environment, else memory until the program quits; never a file."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import threading
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from metarr_desktop.domain.errors import SecretsUnavailable
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

SERVICE_NAME = "metarr-desktop"
DEADLINE_S = 60.0
LOCKED = Text("The keyring is locked. Services with a password wait until you unlock it.")
ABSENT = Text("No keyring found. Install one, or keep secrets only until you quit.")
NO_ANSWER = Text("The keyring did not answer within 60 s. Services with a password wait until you unlock it.")


class KeyringState(StrEnum):
    """What the last call to the keyring told."""

    UNKNOWN = "unknown"
    USABLE = "usable"
    LOCKED = "locked"
    ABSENT = "absent"


class SecretStore(Protocol):
    """Where secrets live; a name is ``<service>/<field>``."""

    @property
    def state(self) -> KeyringState:
        """What is known of the keyring."""

    def provided(self, name: str) -> bool:
        """Whether the environment or memory holds this secret, so that no keyring is needed."""

    async def get(self, name: str) -> str | None:
        """Return a secret, or None. Raises SecretsUnavailable."""

    async def set(self, name: str, value: str) -> None:
        """Keep a secret in the keyring. Raises SecretsUnavailable, and nothing is kept."""

    async def delete(self, name: str) -> None:
        """Forget a secret; one that is not there is no error. Raises SecretsUnavailable."""

    def keep_until_quit(self, name: str, value: str) -> None:
        """Keep a secret in memory only."""

    def drop(self, name: str) -> None:
        """Forget a secret that was kept in memory only."""

    def forget(self) -> None:
        """Drop what was read from the keyring before, so that it is asked again."""


VARIABLES = {"api/key": "METARR_API_KEY"}
"""Environment variables that have a name of their own."""


def variable_name(name: str) -> str:
    """Environment variable that provides a secret: ``METARR_SECRET_PUSHOVER_TOKEN``."""
    if name in VARIABLES:
        return VARIABLES[name]
    return "METARR_SECRET_" + name.replace("/", "_").replace("-", "_").upper()


class KeyringSecrets:
    """``SecretStore`` on the system keyring.

    All keyring calls run one at a time on one daemon thread: a call may stay open for as long as a person
    looks at an unlock dialog, and neither the loop nor Quit may wait for it.
    """

    def __init__(self, *, deadline_s: float = DEADLINE_S) -> None:
        self.on_usable: Callable[[], object] | None = None
        self._deadline = deadline_s
        self._cache: dict[str, str] = {}
        self._memory: dict[str, str] = {}
        self._state = KeyringState.UNKNOWN
        self._calls: queue.SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[Any], Any]] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> KeyringState:
        """What the last call to the keyring told."""
        return self._state

    def provided(self, name: str) -> bool:
        """Whether the environment or memory holds this secret."""
        return name in self._memory or _from_environment(name) is not None

    async def get(self, name: str) -> str | None:
        """Return a secret from memory, the environment or the keyring, in this order."""
        value = self._memory.get(name) or _from_environment(name) or self._cache.get(name)
        if value is None:
            value = await self._call(lambda: _backend().get_password(SERVICE_NAME, name))
            if value is not None:
                self._cache[name] = value
        return value

    async def set(self, name: str, value: str) -> None:
        """Keep a secret in the keyring."""
        await self._call(lambda: _backend().set_password(SERVICE_NAME, name, value))
        self._memory.pop(name, None)
        self._cache[name] = value

    async def delete(self, name: str) -> None:
        """Forget a secret; one that is not there is no error."""
        self._memory.pop(name, None)
        await self._call(lambda: _delete(name))
        self._cache.pop(name, None)

    def keep_until_quit(self, name: str, value: str) -> None:
        """Keep a secret in memory only."""
        self._memory[name] = value

    def drop(self, name: str) -> None:
        """Forget a secret that was kept in memory only."""
        self._memory.pop(name, None)

    def forget(self) -> None:
        """Drop what was read from the keyring before, so that it is asked again."""
        self._cache.clear()

    async def _call(self, fn: Callable[[], Any]) -> Any:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="keyring", daemon=True)
            self._thread.start()
        self._calls.put((loop, future, fn))
        try:
            result = await asyncio.wait_for(future, self._deadline)
        except TimeoutError:
            self._state = KeyringState.LOCKED
            raise SecretsUnavailable(NO_ANSWER) from None
        except SecretsUnavailable as error:
            self._state = KeyringState.ABSENT if error.text == ABSENT else KeyringState.LOCKED
            raise
        failed_before = self._state in {KeyringState.LOCKED, KeyringState.ABSENT}
        self._state = KeyringState.USABLE
        if failed_before and self.on_usable is not None:
            self.on_usable()
        return result

    def _serve(self) -> None:
        while True:
            loop, future, fn = self._calls.get()
            if future.cancelled():
                continue
            result: Any = None
            failure: SecretsUnavailable | None = None
            try:
                result = fn()
            except SecretsUnavailable as error:
                failure = error
            except Exception as error:  # noqa: BLE001 - keyring back ends raise what their libraries raise
                failure = _translate(error)
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, future, result, failure)


def _resolve(future: asyncio.Future[Any], result: Any, failure: SecretsUnavailable | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


def _translate(error: Exception) -> SecretsUnavailable:
    import keyring.errors  # noqa: PLC0415 - 65 ms and 12 MB that only the keyring's own thread needs

    if isinstance(error, keyring.errors.NoKeyringError):
        failure = SecretsUnavailable(ABSENT)
    elif isinstance(error, keyring.errors.KeyringLocked | keyring.errors.InitError):
        failure = SecretsUnavailable(LOCKED)
    else:
        failure = SecretsUnavailable(text("The keyring failed: {detail}.", detail=str(error)[:200]))
    failure.__cause__ = error
    return failure


def _delete(name: str) -> None:
    import keyring.errors  # noqa: PLC0415 - as above

    with contextlib.suppress(keyring.errors.PasswordDeleteError):
        _backend().delete_password(SERVICE_NAME, name)


def _backend() -> Any:
    """Return the keyring to use; plain-text files only where a person chose them by name."""
    import keyring  # noqa: PLC0415 - as above

    backend = keyring.get_keyring()
    if os.environ.get("PYTHON_KEYRING_BACKEND"):
        if _keeps_plain_text(backend):
            logger.warning("Secrets are kept as plain text: PYTHON_KEYRING_BACKEND asks for it.")
        if _is(backend, "keyring.backends.fail", "keyring.backends.null"):
            raise SecretsUnavailable(ABSENT)
        return backend
    candidates = getattr(backend, "backends", None) or [backend]
    for candidate in candidates:
        if not _is(candidate, "keyring.backends.fail", "keyring.backends.null") and not _keeps_plain_text(
            candidate
        ):
            return candidate
    raise SecretsUnavailable(ABSENT)


def _is(backend: object, *modules: str) -> bool:
    return type(backend).__module__ in modules


def _keeps_plain_text(backend: object) -> bool:
    return "plaintext" in type(backend).__name__.lower()


def _from_environment(name: str) -> str | None:
    variable = variable_name(name)
    if value := os.environ.get(variable):
        return value
    if directory := os.environ.get("CREDENTIALS_DIRECTORY"):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (Path(directory) / variable).read_text(encoding="utf-8").rstrip("\n")
    return None
