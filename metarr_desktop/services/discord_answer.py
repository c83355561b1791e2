"""What Discord's refusals mean. See https://docs.discord.com/developers/topics/opcodes-and-status-codes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent
from metarr_desktop.domain.text import text
from metarr_desktop.services.answer import rate_limited, refusal, retry_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from metarr_desktop.services.answer import Answer

BANNED_FOR = timedelta(minutes=15)
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
EDITED_TOO_OFTEN, NOT_OURS, THREAD_IS_CLOSED = 30046, 50005, 50083
_GONE = frozenset({UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, EDITED_TOO_OFTEN, NOT_OURS, THREAD_IS_CLOSED})
_HINTS = {
    220001: "This webhook belongs to a forum. Enter a thread, or the name of a new post, in the settings.",
    220002: "This webhook belongs to a forum. Enter either a thread or the name of a new post, not both.",
    220003: "This webhook does not belong to a forum. Clear the name of a new post in the settings.",
}


def cannot_be_changed(answer: Answer) -> bool:
    """Whether an earlier message can be changed no more, so that a new one has to take its place."""
    return not answer.ok and answer.json_object().get("code") in _GONE


def wait_of(answer: Answer, *, now: datetime) -> timedelta:
    """Return how long a 429 asks to wait: its body is exact, its header whole seconds.

    Without JSON it comes from the network before Discord, which bans for longer.
    """
    asked = answer.json_object().get("retry_after", answer.headers.get("Retry-After"))
    return BANNED_FOR if asked is None else retry_after(asked, now=now)


def refused(answer: Answer, *, now: datetime) -> MetarrError:
    """Say what a refusal means; the codes are Discord's own."""
    body = answer.json_object()
    match answer.status:
        case 429:
            return rate_limited(wait_of(answer, now=now))
        case 401 | 403:
            detail = answer.hide(str(body.get("message", ""))) or f"HTTP {answer.status}"
            return AuthFailed(text("Key rejected: {detail}", detail=detail))
        case 404 if body.get("code") not in {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE}:
            # An address that is gone must not be called again: Discord bans who goes on.
            return AuthFailed("This webhook is gone from Discord. Make a new one and paste its address.")
        case status if 400 <= status < 500 and body and status not in {408, 425}:  # noqa: PLR2004
            faults = "; ".join(_faults(body.get("errors")))
            code = body.get("code")
            hint = _HINTS.get(code) if isinstance(code, int) else None
            said = hint or faults or str(body.get("message", "")) or answer.excerpt()
            return Permanent(
                text(
                    "Discord refused the message (HTTP {code}): {detail}",
                    code=status,
                    detail=answer.hide(said),
                )
            )
        case _:
            return refusal(answer, now=now)


def _faults(errors: object, *, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Walk Discord's tree of faults: every ``_errors`` list holds messages for the field above it."""
    if not isinstance(errors, dict) or len(path) > 10:  # noqa: PLR2004 - deeper than any body we send
        return
    for key, value in errors.items():
        if key == "_errors" and isinstance(value, list):
            said = " ".join(str(each.get("message", "")) for each in value if isinstance(each, dict))
            yield f"{'.'.join(path)}: {said}" if path else said
        else:
            yield from _faults(value, path=(*path, str(key)))
