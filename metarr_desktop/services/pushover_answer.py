"""What Pushover's answers mean. See https://pushover.net/api#friendly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, RateLimited
from metarr_desktop.domain.quota import Quota
from metarr_desktop.domain.text import text
from metarr_desktop.services.answer import not_understood, rate_limited, refusal, retry_after

if TYPE_CHECKING:
    from metarr_desktop.services.answer import Answer

QUOTA_WAIT = timedelta(hours=24)
_TOO_LARGE = 413


def taken(answer: Answer) -> bool:
    """Whether Pushover took it: a success is 200 and a ``status`` of 1."""
    return answer.ok and answer.json_object().get("status") == 1


def quota_of(answer: Answer) -> Quota | None:
    """Return what the headers of an answer say about the month's messages."""
    names = {"limit": "Limit", "remaining": "Remaining", "reset": "Reset"}
    return Quota.read({key: answer.headers.get(f"X-Limit-App-{name}") for key, name in names.items()})


def objects_to_attachment(answer: Answer) -> bool:
    """Whether the message would have been taken without its picture."""
    if answer.status == _TOO_LARGE:
        return True
    body = answer.json_object()
    errors = body.get("errors")
    told = " ".join(str(each) for each in errors) if isinstance(errors, list) else ""
    return not taken(answer) and ("attachment" in body or "attachment" in told.lower())


def refused(answer: Answer, *, now: datetime) -> MetarrError:
    """Say what a refusal means. A wrong key is 400 like any other mistake; the body tells them apart."""
    body = answer.json_object()
    if answer.status == 429:  # noqa: PLR2004 - the month's messages, or a proxy
        return _over_quota(answer, now=now)
    if answer.status >= 500 or answer.status in {408, 425}:  # noqa: PLR2004 - server errors
        return refusal(answer, now=now)
    errors = body.get("errors")
    told = " ".join(str(each) for each in errors) if isinstance(errors, list) else ""
    said = answer.hide(told) or answer.excerpt()
    if "invalid" in {body.get("token"), body.get("user")}:
        return AuthFailed(text("Key rejected: {detail}", detail=said or "token or user key is invalid."))
    if answer.ok and "status" not in body:
        return not_understood()
    return Permanent(
        text(
            "Pushover refused the message (HTTP {code}): {detail}",
            code=answer.status,
            detail=said or "no reason given.",
        )
    )


def _over_quota(answer: Answer, *, now: datetime) -> MetarrError:
    """429 means that the month's messages are used up: wait for the reset if it is near."""
    if (asked := answer.headers.get("Retry-After")) is not None:
        return rate_limited(retry_after(asked, now=now))
    try:
        reset = datetime.fromtimestamp(int(answer.headers.get("X-Limit-App-Reset", "")), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return Permanent("This month's Pushover messages are used up.")
    if reset - now > QUOTA_WAIT:
        return Permanent(
            text("This month's Pushover messages are used up until {date}.", date=f"{reset:%Y-%m-%d}")
        )
    wait = max(reset - now, timedelta(seconds=5))
    return RateLimited("This month's Pushover messages are used up.", retry_after=wait)
