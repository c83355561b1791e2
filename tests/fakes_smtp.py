"""A real mail server on this computer that keeps what it was sent and refuses as it was told."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, TLSSetupException
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, Session

USER, PASSWORD = "anna", "hush hush"
DROP, HANG = "drop", "hang"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """A CA of the test's own and a server it vouches for, by the name localhost and by 127.0.0.1."""

    ca: Path
    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        made.load_cert_chain(self.chain, self.key)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message as it arrived, with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=default)


@dataclass
class MailServer:
    """``async with MailServer(security="starttls") as server``; ``answers`` are by command or recipient.

    ``DROP`` cuts the connection in place of an answer, ``HANG`` gives none.
    """

    certificates: Certificates
    security: str = "starttls"
    login: bool = True
    methods: tuple[str, ...] = ("PLAIN", "LOGIN")
    utf8: bool = True
    size: int = 33_554_432
    answers: dict[str, str] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.BaseTransport] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        context = self.certificates.context() if self.security == "tls" else None
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol, "127.0.0.1", 0, ssl=context
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._server is not None
        self._server.close()
        for transport in tuple(self._open):
            if isinstance(transport, asyncio.Transport):
                transport.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0.01)

    def _protocol(self) -> SMTP:
        excluded = {"PLAIN", "LOGIN"} - set(self.methods)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Protocol(
                _Handler(self),
                fake=self,
                hostname="mail.test",
                tls_context=self.certificates.context() if self.security == "starttls" else None,
                authenticator=self._authenticate if self.login else None,
                auth_require_tls=False,
                auth_exclude_mechanism=excluded,
                enable_SMTPUTF8=self.utf8,
                timeout=20,
                data_size_limit=self.size,
            )

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, method: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = data.login.decode(), data.password.decode()
        self.logins.append(given)
        words = self.answers.get(f"AUTH {method}") or self.answers.get("AUTH")
        if given == (USER, PASSWORD) and words is None:
            return AuthResult(success=True)
        words = words or f"535 5.7.8 {given[1]} is wrong for {given[0]}"
        return AuthResult(success=False, handled=False, message=words)


class _Protocol(SMTP):
    """Notes every command, and answers some of them as told."""

    def __init__(self, handler: Any, *, fake: MailServer, **values: Any) -> None:
        self._fake = fake
        super().__init__(handler, **values)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._fake._open.add(transport)
        if self._fake.answers.get("CONNECT") == DROP and isinstance(transport, asyncio.Transport):
            transport.abort()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._fake._open = {each for each in self._fake._open if not each.is_closing()}
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        words = status.decode() if isinstance(status, bytes) else status
        greeting = self._fake.answers.get("CONNECT")
        if greeting and words.startswith("220 mail.test") and "ready" not in words.lower():
            await super().push(greeting)
            return
        await super().push(status)

    async def told(self, command: str) -> bool:
        """Note a command; True where it was answered already."""
        self._fake.commands.append(command)
        answer = self._fake.answers.get(command)
        if answer is None:
            return False
        if answer == DROP:
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.abort()
        elif answer == HANG:
            await asyncio.Event().wait()
        else:
            await self.push(answer)
        return True

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self.told("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self.told("STARTTLS"):
            # Who does not trust the certificate hangs up.
            with contextlib.suppress(TLSSetupException):
                await super().smtp_STARTTLS(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self.told("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self.told("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self.told("DATA"):
            await super().smtp_DATA(arg)

    async def smtp_NOOP(self, arg: str) -> None:
        if not await self.told("NOOP"):
            await super().smtp_NOOP(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        if not await self.told("QUIT"):
            await super().smtp_QUIT(arg)


class _Handler:
    def __init__(self, fake: MailServer) -> None:
        self._fake = fake

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self._fake.answers.get(address)
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        assert all(len(line) <= 998 for line in content.split(b"\r\n"))
        answer = self._fake.answers.get("END", "250 2.0.0 Queued as ABC123")
        if answer == DROP or answer.startswith("2"):
            self._fake.mails.append(
                Mail(
                    sender=envelope.mail_from or "",
                    recipients=tuple(envelope.rcpt_tos),
                    raw=content,
                )
            )
        if answer == DROP:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return answer


def make_certificates(folder: Path) -> Certificates:
    """Make them anew, valid for a day."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    ca = _signed(ca_name, ca_name, ca_key.public_key(), by=ca_key, authority=True)
    server = _signed(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
        ca_name,
        key.public_key(),
        by=ca_key,
    )
    paths = {name: folder / f"{name}.pem" for name in ("ca", "chain", "key")}
    paths["ca"].write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    paths["chain"].write_bytes(server.public_bytes(serialization.Encoding.PEM))
    paths["key"].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return Certificates(**paths)


def _signed(
    name: x509.Name, issuer: x509.Name, key: Any, *, by: Any, authority: bool = False
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if authority:
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        made = made.add_extension(usage, critical=True)
    else:
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        )
        made = made.add_extension(names, critical=False)
    return made.sign(by, hashes.SHA256())
