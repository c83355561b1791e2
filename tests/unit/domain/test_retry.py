from __future__ import annotations

import random
from datetime import timedelta

from metarr_desktop.domain.retry import RetryPolicy


def test_waits_grow_and_stay_within_their_jitter() -> None:
    rng = random.Random(3)
    for retry, seconds in ((1, 5), (2, 30), (3, 120), (7, 120)):
        waits = [RetryPolicy().backoff(retry, rng=rng).total_seconds() for _ in range(200)]
        assert min(waits) >= seconds * 0.8
        assert max(waits) <= seconds * 1.2
        assert max(waits) - min(waits) > seconds * 0.2


def test_a_minimum_is_never_undercut() -> None:
    policy = RetryPolicy(minimum=timedelta(seconds=5))
    waits = [policy.backoff(1, rng=random.Random(seed)) for seed in range(100)]
    assert min(waits) == timedelta(seconds=5)
