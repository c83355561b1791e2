from __future__ import annotations

import dataclasses
import random
from datetime import timedelta

import pytest

from metarr_desktop.domain import errors
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.lanes import BlockCause
from metarr_desktop.domain.outcomes import Blocked, Deferred, Failed, Outcome, Retry, Skipped
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.jobs.outcome import outcome_of
from tests.fakes import START

NOW = START
JOB = Job(
    id=1,
    type="notify-x",
    lane="x",
    priority=5,
    status=JobStatus.PROCESSING,
    payload={},
    created_at=NOW,
    updated_at=NOW,
    run_after=NOW,
    root_id=1,
)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (errors.NotNow("Playing.", until=NOW), Deferred),
        (errors.AuthFailed("Key rejected."), Blocked),
        (errors.NotSetUp("No key."), Blocked),
        (errors.SecretsUnavailable("Locked."), Blocked),
        (errors.NothingToDo("Off."), Skipped),
        (errors.Permanent("Bad request."), Failed),
        (errors.NotFound("Gone."), Failed),
        (errors.Transient("No answer."), Retry),
        (errors.StorageFailed("Busy."), Retry),
        (errors.RateLimited("Slow down.", retry_after=timedelta(seconds=2)), Retry),
        (errors.RateLimited("Slow down.", retry_after=timedelta(hours=2)), Failed),
    ],
)
def test_each_error_has_one_outcome(error: errors.MetarrError, outcome: type[Outcome]) -> None:
    decided = outcome_of(error, job=JOB, policy=RetryPolicy(), now=NOW, rng=random.Random(1))
    assert isinstance(decided, outcome)


def test_a_blocked_job_says_what_would_release_it() -> None:
    causes = {
        errors.AuthFailed("x"): BlockCause.KEY_REJECTED,
        errors.NotSetUp("x"): BlockCause.NOT_SET_UP,
        errors.SecretsUnavailable("x"): BlockCause.KEYRING,
    }
    for error, cause in causes.items():
        decided = outcome_of(error, job=JOB, policy=RetryPolicy(), now=NOW, rng=random.Random(1))
        assert isinstance(decided, Blocked)
        assert decided.cause is cause


def test_a_wait_beyond_the_cap_fails_the_job_and_lets_its_lane_be_quiet_for_the_cap() -> None:
    error = errors.RateLimited("Slow down.", retry_after=timedelta(days=2))
    decided = outcome_of(error, job=JOB, policy=RetryPolicy(), now=NOW, rng=random.Random(1))
    assert isinstance(decided, Failed)
    assert decided.stop_for == timedelta(hours=1)


def test_a_rate_limited_job_waits_as_long_as_the_server_asked() -> None:
    error = errors.RateLimited("Slow down.", retry_after=timedelta(seconds=64.57))
    decided = outcome_of(error, job=JOB, policy=RetryPolicy(), now=NOW, rng=random.Random(1))
    assert decided == Retry(error=error.text, delay=timedelta(seconds=64.57), rate_limited=True)


def test_who_may_be_switched_off_is_waited_for_without_using_a_retry() -> None:
    error = errors.Transient("No connection to 192.168.1.40:8080.", connection=True)
    policy, job = RetryPolicy(patient=True), dataclasses.replace(JOB, max_retries=0)
    outcome = outcome_of(error, job=job, policy=policy, now=START, rng=random.Random(1))
    assert isinstance(outcome, Retry)
    assert outcome.patient
    said = outcome_of(
        errors.Transient("Server error."), job=job, policy=policy, now=START, rng=random.Random(1)
    )
    assert isinstance(said, Failed)
