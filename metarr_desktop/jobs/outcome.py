"""What an error means for its job: the one table from errors to outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain import errors
from metarr_desktop.domain.clock import iso
from metarr_desktop.domain.lanes import BlockCause
from metarr_desktop.domain.outcomes import Blocked, Deferred, Failed, Outcome, Retry, Skipped
from metarr_desktop.domain.retry import RATE_LIMIT_CAP, RetryPolicy
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from metarr_desktop.domain.jobs import Job


def outcome_of(
    error: errors.MetarrError, *, job: Job, policy: RetryPolicy, now: datetime, rng: random.Random
) -> Outcome:
    """Decide how an attempt ended that raised this error.

    A probe that finds nobody uses no retry: it is tried again however often that was done before. Nor does
    who is patient.
    """
    match error:
        case errors.RateLimited():
            return _rate_limited(error, job=job, policy=policy, now=now)
        case errors.Transient() | errors.StorageFailed():
            connection = isinstance(error, errors.Transient) and error.connection
            patient = connection and policy.patient
            spared = connection and (job.probe or patient)
            if job.retry_count >= job.max_retries and not spared:
                return Failed(error=error.text, connection=connection)
            delay = policy.backoff(job.retry_count + 1, rng=rng)
            return Retry(error=error.text, delay=delay, connection=connection, patient=patient)
        case errors.NotNow():
            return Deferred(reason=error.text, until=error.until, merge_key=error.merge_key)
        case errors.AuthFailed():
            return Blocked(reason=error.text, cause=BlockCause.KEY_REJECTED)
        case errors.NotSetUp():
            return Blocked(reason=error.text, cause=BlockCause.NOT_SET_UP)
        case errors.SecretsUnavailable():
            return Blocked(reason=error.text, cause=BlockCause.KEYRING)
        case errors.NothingToDo():
            return Skipped(reason=error.text, event_title=error.event_title)
        case _:
            return Failed(error=error.text, elsewhere=isinstance(error, errors.NotHere))


def _rate_limited(error: errors.RateLimited, *, job: Job, policy: RetryPolicy, now: datetime) -> Outcome:
    if error.retry_after > policy.retry_after_cap:
        until = iso(now + error.retry_after) or ""
        return Failed(
            error=text(
                "{error} It asked to wait until {time}, which is too long.", error=str(error), time=until
            ),
            stop_for=policy.retry_after_cap,
        )
    if job.rate_limits + 1 >= RATE_LIMIT_CAP:
        return Failed(
            error=text("{error} It asked to wait {n} times.", error=str(error), n=RATE_LIMIT_CAP),
            stop_for=error.retry_after,
        )
    return Retry(error=error.text, delay=error.retry_after, rate_limited=True)
