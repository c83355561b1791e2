"""What the failures of a mail server mean, told in the words of the settings window."""

from __future__ import annotations

import base64
import errno
import os
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import AuthFailed, MetarrError, NotSetUp, Permanent, Transient
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.redact import redact
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metarr_desktop.services.email import EmailConfig

AUTH_CODES = frozenset({530, 534, 535, 538})
METHOD_CODES = frozenset({500, 501, 502, 503, 504})
_FIRST_PERMANENT = 500
LONGEST_DETAIL = 300
NO_STARTTLS = Text(
    "The server does not offer STARTTLS on this port, and nothing was sent."
    " Choose TLS (usually port 465), or check the port."
)
NO_LOGIN_OFFERED = Text(
    "The server offers no log-in that is possible here. Choose STARTTLS or TLS, or clear the user name."
)
NOT_TLS = Text("This port does not begin with TLS. Choose STARTTLS in the settings (usually port 587).")
SILENT = Text(
    "The server took the connection and gave no greeting."
    " If this port begins with TLS (usually 465), choose TLS."
)
_HINTS = (
    ("5.7.9", "The provider wants an app password: make one in the settings of the account."),
    ("5.7.139", "The provider has switched off log-in with a password. Use another mail account."),
    ("STARTTLS", "The server wants encryption: choose STARTTLS in the settings."),
    ("5.7.8", "Check user name and password. Some providers want an app password."),
)
_NO_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}
)
_REASONS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "the connection was closed",
    errno.EHOSTUNREACH: "no route to this address",
    errno.ENETUNREACH: "no network",
    errno.ETIMEDOUT: "no answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A server's no to one recipient; a ``passing`` one may be a yes later."""

    code: int
    words: str

    @property
    def passing(self) -> bool:
        """Whether asking again later may help."""
        return self.code < _FIRST_PERMANENT

    @property
    def said(self) -> str:
        """Code and words."""
        return f"{self.code} {self.words}".strip()

    @classmethod
    def of(cls, *, code: int, words: str, config: EmailConfig) -> Refusal:
        """Take a server's words, made fit to be shown."""
        return cls(code=code, words=_shown(words, config=config))


def secrets_of(config: EmailConfig) -> tuple[str, ...]:
    """What no text may show: the password, and the forms in which it goes to the server."""
    password = config.password.get_secret_value()
    if not password:
        return ()
    both = f"\0{config.username}\0{password}"
    return (password, *(base64.b64encode(each.encode()).decode() for each in (password, both)))


def is_about_the_method(code: int) -> bool:
    """Whether a server refused the way of logging in, and not who logs in."""
    return code in METHOD_CODES


def by_code(code: int, words: str, *, config: EmailConfig, logging_in: bool = False) -> MetarrError:
    """Say what an answer that is no success means by its number."""
    said = f"{code} {_shown(words, config=config)}".strip()
    if code in AUTH_CODES or (logging_in and code >= _FIRST_PERMANENT):
        hint = next((hint for mark, hint in _HINTS if f"{mark} " in f"{words} "), "")
        return AuthFailed(text("Log-in rejected: {detail} {hint}", detail=said, hint=hint))
    if 400 <= code < _FIRST_PERMANENT:  # noqa: PLR2004 - the class of passing refusals
        return Transient(text("The mail server is not ready: {detail}", detail=said))
    return Permanent(text("The mail server refused the message: {detail}", detail=said))


def failure(error: Exception, *, config: EmailConfig) -> MetarrError:
    """Translate what aiosmtplib or the system raised."""
    import aiosmtplib  # noqa: PLC0415 - takes its time, and few people send e-mail

    chain = tuple(_chain(error))
    if found := next((each for each in chain if isinstance(each, ssl.SSLError)), None):
        return _tls_failure(found, config=config)
    match error:
        case aiosmtplib.SMTPResponseException():
            logging_in = isinstance(error, aiosmtplib.SMTPAuthenticationError)
            return by_code(error.code, error.message, config=config, logging_in=logging_in)
        case aiosmtplib.SMTPConnectError() | aiosmtplib.SMTPConnectTimeoutError():
            words = SILENT if _said_nothing(chain) else _no_connection(config, _reason(chain))
            return Transient(words, connection=True)
        case aiosmtplib.SMTPServerDisconnected():
            return Transient("The mail server closed the connection before it confirmed the message.")
        case aiosmtplib.SMTPNotSupported():
            return Permanent(
                "An address has letters before the @ that this mail server does not take (no SMTPUTF8)."
            )
        case TimeoutError() | aiosmtplib.SMTPTimeoutError():
            return Transient("The mail server did not answer in time.")
        case OSError():
            return Transient(_no_connection(config, _reason(chain)), connection=True)
        case ValueError():
            return NotSetUp("The mail server or an address is not valid. Check the settings.")
        case _:
            return Transient("What the mail server answered was not understood.")


def _tls_failure(error: ssl.SSLError, *, config: EmailConfig) -> MetarrError:
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = _shown(error.verify_message or "it could not be verified", config=config)
        return Permanent(
            text(
                "Certificate not trusted: {detail}. Check the host; METARR_SMTP_CA adds a CA of your own.",
                detail=detail,
            )
        )
    if config.security == "tls" and error.reason in _NO_TLS:
        return Permanent(NOT_TLS)
    return Transient(
        _no_connection(config, f"no secure connection ({error.reason or 'TLS'})"), connection=True
    )


def _said_nothing(chain: tuple[BaseException, ...]) -> bool:
    """Whether the connection stood, and no greeting came."""
    import aiosmtplib  # noqa: PLC0415

    greeting = (aiosmtplib.SMTPReadTimeoutError, aiosmtplib.SMTPServerDisconnected)
    return any(isinstance(each, greeting) for each in chain[1:])


def _no_connection(config: EmailConfig, detail: str) -> Text:
    host = f"[{config.host}]" if ":" in config.host else config.host
    return text("No connection to {host}:{port}: {detail}", host=host, port=config.port, detail=detail)


def _reason(chain: tuple[BaseException, ...]) -> str:
    for each in reversed(chain):
        if isinstance(each, TimeoutError):
            return "no answer"
        if isinstance(each, socket.gaierror):
            return "name not resolved"
        if isinstance(each, OSError) and each.errno:
            return _REASONS.get(each.errno) or os.strerror(each.errno).lower()
    return "the connection was closed"


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__


def _shown(words: str, *, config: EmailConfig) -> str:
    return cut(clean(redact(words, secrets=secrets_of(config))), LONGEST_DETAIL)
