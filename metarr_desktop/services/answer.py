"""What a server answered, and what an answer that is no success means for the queue."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, RateLimited, Transient
from metarr_desktop.domain.text import text
from metarr_desktop.services.redact import redact
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.text import Text

SOONEST_RETRY = timedelta(seconds=1)
UNKNOWN_RETRY = timedelta(seconds=30)
LATEST_RETRY = timedelta(days=366)
_LONGEST_DETAIL = 500


class TooLarge(Permanent):
    """The answer is larger than it may be."""


class Untrusted(Permanent):
    """The certificate is not to be trusted; with ``other_name`` because it is made out to another name.

    With ``was_trusted`` it is not the one whose fingerprint a person gave.
    """

    def __init__(self, message: Text, *, other_name: bool = False, was_trusted: bool = False) -> None:
        super().__init__(message)
        self.other_name = other_name
        self.was_trusted = was_trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, headers (by any case) and body; ``secrets`` is what its texts must not show."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is a success; the body may still say otherwise."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of successes

    @property
    def redirects(self) -> bool:
        """Whether the server sends us elsewhere."""
        return 300 <= self.status < 400  # noqa: PLR2004 - the class of redirects

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object; empty where it is anything else."""
        try:
            data = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    def hide(self, words: str) -> str:
        """Make words of the server fit to be shown: on one line, short, without our secrets."""
        return cut(clean(redact(words, secrets=self.secrets)), _LONGEST_DETAIL)

    def excerpt(self) -> str:
        """Return what the body says, if it is made for people to read; a web page is not."""
        # More than is shown, so that no secret is cut in two before it is hidden.
        start = self.body[: 8 * _LONGEST_DETAIL].decode("utf-8", "replace").strip()
        return "" if start.startswith("<") else self.hide(start)


def refusal(answer: Answer, *, now: datetime) -> MetarrError:
    """Return what an answer without success means by its status alone.

    Services look first at what they know better.
    """
    status = answer.status
    if answer.redirects:
        return redirected(answer)
    asked = answer.headers.get("Retry-After")
    if status == 429 or (status == 503 and asked is not None):  # noqa: PLR2004 - read best as numbers
        return rate_limited(retry_after(asked, now=now))
    if status in {401, 403}:
        return AuthFailed(text("Key rejected: {detail}", detail=answer.excerpt() or f"HTTP {status}."))
    detail = answer.excerpt()
    words = (
        text("Unexpected answer: HTTP {code}. {detail}", code=status, detail=detail)
        if detail
        else text("Unexpected answer: HTTP {code}.", code=status)
    )
    passing = status in {408, 425} or status >= 500  # noqa: PLR2004 - the class of server errors
    return Transient(words) if passing else Permanent(words)


def redirected(answer: Answer) -> Permanent:
    """Return the error for an answer that leads elsewhere, without what may be secret in its query."""
    try:
        target = answer.hide(
            urlsplit(answer.headers.get("Location", ""))._replace(query="", fragment="").geturl()
        )
    except ValueError:
        target = ""
    return Permanent(text("Wrong address: it redirects to {target}.", target=target or "nowhere"))


def rate_limited(wait: timedelta) -> RateLimited:
    """Return the error that makes a job wait exactly so long."""
    return RateLimited(
        text("Rate limited. Try again in {seconds} s.", seconds=math.ceil(wait.total_seconds())),
        retry_after=wait,
    )


def not_understood() -> Transient:
    """Return the error for a success whose body is not what was promised: a proxy or log-in page."""
    return Transient(
        "The answer was not understood. A proxy or a log-in page of the network may have sent it."
    )


def retry_after(value: str | float | None, *, now: datetime) -> timedelta:
    """Read whole or decimal seconds or an HTTP date: at least 1 s, and 30 s for what is neither."""
    wait = _wait(value, now=now)
    return UNKNOWN_RETRY if wait is None else min(max(wait, SOONEST_RETRY), LATEST_RETRY)


def _wait(value: object, *, now: datetime) -> timedelta | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return LATEST_RETRY
    except ValueError:
        return _until_date(str(value), now=now)
    if math.isnan(seconds):
        return None
    return timedelta(seconds=min(max(seconds, 0.0), LATEST_RETRY.total_seconds()))


def _until_date(value: str, *, now: datetime) -> timedelta | None:
    try:
        instant = parsedate_to_datetime(value)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
