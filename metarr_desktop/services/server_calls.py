"""Calls to one media server, and what its refusals mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, RateLimited, Transient
from metarr_desktop.domain.text import text
from metarr_desktop.services.answer import Answer, Untrusted, not_understood, refusal, retry_after
from metarr_desktop.services.http import LAN, LARGEST_BODY
from metarr_desktop.services.server_address import place_of
from metarr_desktop.services.shape import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.http import Http

LARGEST_LISTING = 20 * 1024 * 1024
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=10)


class Absent(Permanent):
    """There is nothing at this address of the server."""


class Patience:
    """How long a server that is starting is left alone: twice as long each time it says so again.

    A server that migrates its database may take an hour, and a job is put off 10 times only.
    """

    def __init__(self) -> None:
        self._factor = 1

    def wait(self, first: timedelta) -> timedelta:
        """Return how long to wait now."""
        wait = max(first, min(first * self._factor, LONGEST_WAIT))
        self._factor *= 2 if wait < LONGEST_WAIT else 1
        return wait

    def rest(self) -> None:
        """Begin anew: the server has started."""
        self._factor = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedies:
    """What a person can do about a refusal of this server, as whole sentences."""

    key: str
    rights: str
    mapping: str
    address: str
    other_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCalls:
    """One media server at its base address; ``secrets`` are the key in all its forms."""

    http: Http
    clock: Clock
    title: str
    base: str
    remedies: Remedies
    patience: Patience
    fingerprint: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def place(self) -> str:
        """Host and port, for sentences."""
        return place_of(self.base)

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        json_body: Mapping[str, Any] | None = None,
        listing: bool = False,
    ) -> Answer:
        """Make one call and return its success, which is no web page.

        A ``listing`` may take longer and be larger. A redirect is not followed: the key would go along.
        Raises AuthFailed, Transient or Permanent.
        """
        url = f"{self.base}{path}"
        if query:
            url += f"?{urlencode(query, quote_via=quote, safe='')}"
        try:
            answer = await self.http.request(
                method,
                url,
                reach=LAN,
                headers=headers,
                json_body=json_body,
                secrets=self.secrets,
                slow=listing,
                largest_body=LARGEST_LISTING if listing else LARGEST_BODY,
                follow=False,
                fingerprint=self.fingerprint,
            )
        except Untrusted as error:
            raise await self._explained(error) from error
        except Transient as error:
            if not isinstance(error.__cause__, TimeoutError):
                raise
            # What hangs is there no more than what is switched off, and may be so for as long.
            raise Transient(error.text, connection=True) from error
        if not answer.ok:
            raise self._refusal(answer)
        self.patience.rest()
        if _is_page(answer):
            raise not_understood()
        return answer

    def _refusal(self, answer: Answer) -> MetarrError:
        # Jellyfin has its reason in JSON, where it has one for people.
        said = answer.hide(word(answer.json_object(), "title")) or answer.excerpt()
        match answer.status:
            case 401:
                return AuthFailed(text("Key rejected: {remedy}", remedy=self.remedies.key))
            case 403:
                return AuthFailed(text("Key rejected: {remedy}", remedy=self.remedies.rights))
            case 400:
                return Permanent(
                    text(
                        "{server} refused it (HTTP 400): {detail} {remedy}",
                        server=self.title,
                        detail=said or "no reason given.",
                        remedy=self.remedies.mapping,
                    )
                )
            case 404 | 405:
                return Absent(
                    text(
                        "{place} has nothing at this address (HTTP {code}). {remedy}",
                        place=self.place,
                        code=answer.status,
                        remedy=self.remedies.address,
                    )
                )
            case 503:
                return self._starting(answer)
            case _:
                return refusal(answer, now=self.clock.now())

    def _starting(self, answer: Answer) -> RateLimited:
        asked = answer.headers.get("Retry-After")
        first = FIRST_WAIT if asked is None else retry_after(asked, now=self.clock.now())
        wait = self.patience.wait(first)
        return RateLimited(
            text(
                "{server} is starting, or under maintenance. It is asked again in {seconds} s.",
                server=self.title,
                seconds=round(wait.total_seconds()),
            ),
            retry_after=wait,
        )

    async def _explained(self, error: Untrusted) -> Permanent:
        """Say what to do about a certificate, with its fingerprint to copy."""
        shown = await self.http.fingerprint(self.base, reach=LAN)
        if error.was_trusted:
            advice = "If it was renewed, enter its new one."
        elif error.other_name:
            advice = self.remedies.other_name
        else:
            advice = "If the server is your own, enter the fingerprint of its certificate."
        words = text("{detail}. {advice}", detail=str(error.text).rstrip("."), advice=advice)
        if not shown:
            return Permanent(words)
        return Permanent(
            text("{words} Its fingerprint is {fingerprint}", words=str(words), fingerprint=shown)
        )


def not_it(calls: ServerCalls) -> Permanent:
    """Return the error for another program at this address."""
    return Permanent(
        text(
            "What answers at {place} is not {server}. Check the address.",
            place=calls.place,
            server=calls.title,
        )
    )


def mapping_remedy(key: str, title: str) -> str:
    """Return what to do where a server does not know a folder."""
    return f"Check that the folder is written as {title} writes it; else add a path mapping for {key}."


def _is_page(answer: Answer) -> bool:
    """Whether a log-in page of a proxy came instead of the server's answer."""
    return answer.body[:200].lstrip()[:5].lower() in {b"<html", b"<!doc"}
