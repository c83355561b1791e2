"""E-mail addresses as people write them, and as they stand on an envelope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr

from metarr_desktop.domain.text import Text, text

NO_ADDRESS = Text("Enter an e-mail address, such as anna@example.org.")
MOST_RECIPIENTS = 50
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[^\s()<>\[\]\\,;:@\"\x00-\x1f\x7f]+")
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.ASCII)
_SEPARATORS = re.compile(r"[,;\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One address; ``domain`` is in ASCII, and ``local`` may be in any letters (RFC 6531)."""

    local: str
    domain: str
    name: str = ""

    @property
    def address(self) -> str:
        """The address alone, as the server is told it."""
        return f"{self.local}@{self.domain}"

    @property
    def header(self) -> Address:
        """Name and address, for a header."""
        return Address(display_name=self.name, username=self.local, domain=self.domain)


def mailbox(written: str) -> Mailbox:
    """Read ``anna@example.org`` or ``Anna <anna@example.org>``. Raises ValueError with a Text."""
    trimmed = written.strip()
    name, address = parseaddr(trimmed) if trimmed.endswith(">") else ("", trimmed)
    local, at, domain = address.rpartition("@")
    wrong = not at or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local) or not trimmed.isprintable()
    if wrong or local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError(NO_ADDRESS)
    return Mailbox(local=local, domain=_in_ascii(domain), name=name)


def mailboxes(written: str) -> tuple[Mailbox, ...]:
    """Read several, with commas, semicolons or line ends between them. Raises ValueError with a Text."""
    found: dict[str, Mailbox] = {}
    for part in filter(None, (each.strip() for each in _SEPARATORS.split(written))):
        try:
            read = mailbox(part)
        except ValueError:
            raise ValueError(text("{address} is no e-mail address.", address=part[:100])) from None
        found.setdefault(read.address, read)
    if not found:
        raise ValueError(NO_ADDRESS)
    if len(found) > MOST_RECIPIENTS:
        raise ValueError(
            text("At most {most} recipients are possible. Use a mailing list.", most=MOST_RECIPIENTS)
        )
    return tuple(found.values())


def _in_ascii(domain: str) -> str:
    try:
        encoded = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError(NO_ADDRESS) from None
    if not _DOMAIN.fullmatch(encoded):
        raise ValueError(NO_ADDRESS)
    return encoded
