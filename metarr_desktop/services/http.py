"""The one way out: every call to a service goes through here and ends in an answer or a domain error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from metarr_desktop.services.answer import Answer, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.services.transport import Transport

__all__ = ["INTERNET", "LAN", "Answer", "Http", "Limits", "Reach", "Request", "retry_after"]

LARGEST_BODY = 5 * 1024 * 1024


class Reach(Enum):
    """Where a service is; proxies of the environment are for the internet only."""

    LAN = auto()
    INTERNET = auto()


LAN, INTERNET = Reach.LAN, Reach.INTERNET


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a call may take, in seconds; ``slow`` is for calls that are known to be."""

    connect: float
    total: float
    slow: float = 60.0


LAN_LIMITS = Limits(connect=5, total=15)
INTERNET_LIMITS = Limits(connect=10, total=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call, ready to be made; ``secrets`` never show in its repr or in any error.

    With a ``fingerprint`` (SHA-256, hexadecimal) just that certificate is trusted, whoever made it.
    """

    method: str
    url: str = field(repr=False)
    reach: Reach
    connect: float
    total: float
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    largest_body: int = LARGEST_BODY
    follow: bool = True
    fingerprint: str = ""


class Http:
    """Owner of all connections to services; the first call opens them, ``close`` ends them."""

    def __init__(self, *, lan: Limits = LAN_LIMITS, internet: Limits = INTERNET_LIMITS) -> None:
        self._limits = {Reach.LAN: lan, Reach.INTERNET: internet}
        self._transport: Transport | None = None

    async def request(  # noqa: PLR0913 - what a call can be asked for
        self,
        method: str,
        url: str,
        *,
        reach: Reach,
        headers: Mapping[str, str] | None = None,
        json_body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        slow: bool = False,
        within: float | None = None,
        largest_body: int = LARGEST_BODY,
        follow: bool = True,
        fingerprint: str = "",
    ) -> Answer:
        """Make one call, with a JSON object or the fields of a form as its body.

        ``within`` so many seconds the whole answer has to be here, where it is known to take its time.
        Raises Transient, Permanent or NotSetUp where no answer came or it leads elsewhere; what any
        other answer means is for the service to say. Only GET follows redirects, and not without ``follow``:
        headers of ours go along, wherever that leads. With a ``fingerprint`` only that certificate is
        trusted.
        """
        sent = {"Accept": "application/json"}
        body = None
        if json_body is not None:
            # Exactly this content type, without a charset: Kodi takes no other.
            sent["Content-Type"] = "application/json"
            body = json.dumps(json_body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        elif form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form, encoding="utf-8", errors="replace").encode()
        limits = self._limits[reach]
        return await self._opened().fetch(
            Request(
                method=method,
                url=url,
                reach=reach,
                connect=limits.connect,
                total=within or (limits.slow if slow else limits.total),
                headers={**sent, **(headers or {})},
                body=body,
                secrets=tuple(secret for secret in secrets if secret),
                largest_body=largest_body,
                follow=follow,
                fingerprint=fingerprint,
            )
        )

    async def fingerprint(self, url: str, *, reach: Reach) -> str:
        """Return the SHA-256 of the certificate that is shown there, in hexadecimal; empty without one.

        Nothing is sent. It says who answers, not whether to trust them.
        """
        return await self._opened().fingerprint(url, seconds=self._limits[reach].connect)

    async def close(self) -> None:
        """Close every connection; the next call would open new ones."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    def _opened(self) -> Transport:
        if self._transport is None:
            # aiohttp takes 0.2 s to import, which no start of the program should wait for.
            from metarr_desktop.services.transport import Transport  # noqa: PLC0415

            self._transport = Transport()
        return self._transport
