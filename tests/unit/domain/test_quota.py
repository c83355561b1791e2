from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from metarr_desktop.domain.quota import Quota

RESET = datetime(2026, 12, 1, 6, tzinfo=UTC)
QUOTA = Quota(limit=10_000, remaining=7_496, reset=RESET)


def test_a_quota_says_what_is_left_and_until_when() -> None:
    assert str(QUOTA.text) == "7496 of 10000 messages left until 2026-12-01."
    assert not QUOTA.few
    assert Quota(limit=10_000, remaining=499, reset=RESET).few


def test_a_quota_is_remembered_whole() -> None:
    assert Quota.read(QUOTA.to_note()) == QUOTA


def test_a_quota_is_read_from_headers_and_never_below_nothing() -> None:
    told = {"limit": "10000", "remaining": "-3", "reset": str(int(RESET.timestamp()))}
    assert Quota.read(told) == Quota(limit=10_000, remaining=0, reset=RESET)


@pytest.mark.parametrize(
    "told",
    [
        {}, {"limit": 1, "remaining": 1}, {"limit": None, "remaining": 1, "reset": 1},
        {"limit": "x", "remaining": 1, "reset": 1}, {"limit": 0, "remaining": 0, "reset": 1},
        {"limit": 1, "remaining": 1, "reset": 10**30}, {"limit": [], "remaining": 1, "reset": 1},
    ],
)  # fmt: skip
def test_what_is_no_quota_is_none(told: dict[str, Any]) -> None:
    assert Quota.read(told) is None
