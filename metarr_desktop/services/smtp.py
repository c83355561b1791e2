"""A conversation with a mail server, with the failures of aiosmtplib told in our own words."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import NotSetUp, Permanent
from metarr_desktop.domain.text import text
from metarr_desktop.services.redact import leaks
from metarr_desktop.services.smtp_failure import (
    NO_LOGIN_OFFERED,
    NO_STARTTLS,
    Refusal,
    failure,
    is_about_the_method,
    secrets_of,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from email.message import EmailMessage

    import aiosmtplib

    from metarr_desktop.services.email import EmailConfig

    LogIn = Callable[[bytes, bytes], Awaitable[Any]]

CONNECT_S = 10.0
ANSWER_S = 20.0
QUIT_S = 2.0
LONGEST_NUMBER = 20
CA_FILE = "METARR_SMTP_CA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a server did with one message: which recipients it refused, and what it said at the end."""

    refused: dict[str, Refusal] = field(default_factory=dict)
    said: str = ""


class Conversation:
    """One connection to the server of these settings.

    Every call raises Transient, Permanent, AuthFailed or NotSetUp.
    """

    def __init__(
        self, config: EmailConfig, *, connect_s: float = CONNECT_S, answer_s: float = ANSWER_S
    ) -> None:
        self._config = config
        self._connect_s = connect_s
        self._answer_s = answer_s
        self._client: aiosmtplib.SMTP | None = None

    async def open(self) -> None:
        """Connect, and go over to TLS as set; without its offer nothing more is said."""
        import aiosmtplib  # noqa: PLC0415 - takes its time, and few people send e-mail

        _refuse_clear_login(self._config)
        security = self._config.security
        with self._translating():
            client = self._client = aiosmtplib.SMTP(
                hostname=self._config.host,
                port=self._config.port,
                # Never the name of this computer, which would have to be looked up besides.
                local_hostname="localhost",
                timeout=self._answer_s,
                use_tls=security == "tls",
                start_tls=False,
                tls_context=None if security == "none" else await asyncio.to_thread(_tls),
            )
            await client.connect(timeout=self._connect_s)
            client.local_hostname = _own_address(client)
            await client.ehlo()
            if security == "starttls":
                if not client.supports_extension("starttls"):
                    raise Permanent(NO_STARTTLS)
                await client.starttls()
                await client.ehlo()

    async def log_in(self) -> None:
        """Say who we are, once: another try with a wrong password brings an account closer to its lock."""
        import aiosmtplib  # noqa: PLC0415

        methods = self._methods()
        if not methods:
            raise Permanent(NO_LOGIN_OFFERED)
        name, password = self._config.username.encode(), self._config.password.get_secret_value().encode()
        with self._translating():
            for place, method in enumerate(methods, start=1):
                try:
                    await method(name, password)
                except aiosmtplib.SMTPAuthenticationError as error:
                    if place == len(methods) or not is_about_the_method(error.code):
                        raise
                else:
                    return

    async def still_there(self) -> None:
        """Ask for nothing at all."""
        with self._translating():
            await self._opened.noop()

    def has_room(self, size: int) -> bool:
        """Whether the server takes messages of so many bytes (RFC 1870), as far as it says so."""
        said = self._opened.esmtp_extensions.get("size", "")
        largest = int(said) if said.isdecimal() and len(said) < LONGEST_NUMBER else 0
        return not largest or size <= largest

    async def send(self, message: EmailMessage, *, sender: str, recipients: Sequence[str]) -> Taken:
        """Hand over a message; some recipients may be refused, or all."""
        import aiosmtplib  # noqa: PLC0415

        with self._translating():
            try:
                errors, said = await self._opened.send_message(message, sender=sender, recipients=recipients)
            except aiosmtplib.SMTPRecipientsRefused as error:
                told = {each.recipient: (each.code, each.message) for each in error.recipients}
                return Taken(refused=self._refusals(told))
        return Taken(
            refused=self._refusals({address: (each.code, each.message) for address, each in errors.items()}),
            said=said,
        )

    async def close(self) -> None:
        """Say good-bye and hang up; what was delivered stays so, whether the server listens or not."""
        import aiosmtplib  # noqa: PLC0415

        client, self._client = self._client, None
        if client is None:
            return
        try:
            if client.is_connected:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                    await client.quit(timeout=QUIT_S)
        finally:
            client.close()

    @property
    def _opened(self) -> aiosmtplib.SMTP:
        if self._client is None:
            raise RuntimeError("the conversation is not open")
        return self._client

    def _methods(self) -> list[LogIn]:
        client = self._opened
        plain: dict[str, LogIn] = {"plain": client.auth_plain, "login": client.auth_login}
        digest: dict[str, LogIn] = {"cram-md5": client.auth_crammd5}
        # Through TLS the plain ones first: a server that keeps no clear passwords cannot do the other.
        ordered = digest | plain if self._config.security == "none" else plain | digest
        return [method for name, method in ordered.items() if name in client.supported_auth_methods]

    def _refusals(self, told: dict[str, tuple[int, str]]) -> dict[str, Refusal]:
        return {
            address: Refusal.of(code=code, words=words, config=self._config)
            for address, (code, words) in told.items()
        }

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        import aiosmtplib  # noqa: PLC0415

        try:
            yield
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            translated = failure(error, config=self._config)
            raise translated from (None if leaks(error, secrets=secrets_of(self._config)) else error)


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if path := os.environ.get(CA_FILE):
        try:
            context.load_verify_locations(path)
        except OSError:
            raise NotSetUp(
                text("{variable} names no file with certificates: {path}", variable=CA_FILE, path=path)
            ) from None
    return context


def _own_address(client: aiosmtplib.SMTP) -> str:
    """Name ourselves by the address we call from, which RFC 5321 allows to who has no name."""
    name = client.get_transport_info("sockname")
    try:
        address = ipaddress.ip_address(str(name[0]).partition("%")[0])
    except (TypeError, IndexError, ValueError):
        return "localhost"
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"  # noqa: PLR2004 - IPv6


def _refuse_clear_login(config: EmailConfig) -> None:
    password = config.password.get_secret_value()
    if config.username and not password:
        raise NotSetUp("Email is not set up. Enter the password, or clear the user name.")
    if password and not config.username:
        raise NotSetUp("Email is not set up. Enter the user name, or clear the password.")
    if config.username and config.security == "none" and not (config.insecure or _is_here(config.host)):
        raise NotSetUp(
            "Without encryption the password would go through the network in clear."
            " Choose STARTTLS or TLS, or allow it under Advanced."
        )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
