"""How an attempt ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.jobs import NewJob

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from metarr_desktop.domain.lanes import BlockCause
    from metarr_desktop.domain.text import Text

FanOut = Callable[[frozenset[str]], tuple[NewJob, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The work is done.

    ``fan_out`` gets the keys of the services that are on, read inside the transaction that ends this
    job, and returns the children inserted in that same transaction. ``event_title`` names the webhook.
    """

    detail: Text | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    fan_out: FanOut | None = None
    event_title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """There was nothing to do."""

    reason: Text
    event_title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Run again after ``delay``; a rate limit pauses the lane and uses no retry.

    ``connection`` marks that nobody answered: a row of such attempts opens the lane's breaker. A ``patient``
    one uses no retry, for who does not answer may just be switched off.
    """

    error: Text
    delay: timedelta
    rate_limited: bool = False
    connection: bool = False
    patient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Look again at ``until``; nothing failed. A ``merge_key`` takes the place of the job's own."""

    reason: Text
    until: datetime
    merge_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Back to pending, and the lane stops until a person acts.

    A keyring that does not answer stops the lane in this process only.
    """

    reason: Text
    cause: BlockCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The job is over without success.

    ``connection`` is as in ``Retry``; ``stop_for`` is how long its lane has to be quiet. With ``elsewhere``
    another process that shares the queue may try first: what the job needs is not on this computer.
    """

    error: Text
    connection: bool = False
    elsewhere: bool = False
    stop_for: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """The program is stopping: the job goes back as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A person cancelled the job while it ran."""


Outcome = Done | Skipped | Retry | Deferred | Blocked | Failed | Interrupted | Cancelled
