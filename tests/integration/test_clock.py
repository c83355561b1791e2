"""The computer's clock is set back an hour or forward a day while jobs wait: nothing is lost or doubled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.ledger import Ledger
from tests.integration.load import film, title

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord
    from tests.integration.fake_pushover import FakePushover

LIBRARY = "libfaketime.so.1"
MEMBERS = ("webhook-received", "scan-movie", "notify-discord", "notify-pushover")
RETRY_AFTER_S = 4.0
FIRST_RETRY_S = (4.0, 6.0)
"""Five seconds, more or less by a fifth."""
LATE_S = 4.0


class WrongClock:
    """What a program started with ``environment`` takes for the computer's clock; elapsed time stays."""

    def __init__(self, file: Path) -> None:
        found = sorted(Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"))
        if not found:
            pytest.skip("faketime is not installed")
        self._file = file
        self.set("+0")
        self.environment = {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def set(self, offset: str) -> None:
        """Be this far from the right time, such as ``-1h`` or ``+1d``."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(offset, encoding="ascii")
        fresh.replace(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> WrongClock:
    return WrongClock(tmp_path / "clock.txt")


@pytest.mark.parametrize(
    ("database_url", "offset", "step"),
    [
        ("sqlite", "-1h", timedelta(hours=-1)),
        ("sqlite", "+1d", timedelta(days=1)),
        ("postgresql", "-1h", timedelta(hours=-1)),
    ],
    indirect=["database_url"],
)
def test_short_waits_last_as_long_as_they_should_when_the_clock_is_set(
    program: Callable[..., Program],
    discord: FakeDiscord,
    pushover: FakePushover,
    clock: WrongClock,
    offset: str,
    step: timedelta,
) -> None:
    discord.script = [(429, {"message": "Slow down", "retry_after": RETRY_AFTER_S, "global": False})]
    pushover.script = [500]
    running = program(**clock.environment, **discord.environment, **pushover.environment)
    running.start()
    running.enable("discord", "pushover")
    status, answer = running.post(film(1))
    assert status == 200
    accepted = {answer["eventId"]: 1}
    waits = "SELECT COUNT(*) FROM job_attempts WHERE outcome = 'retry'"
    running.wait_for(lambda: running.rows(waits) == [(2,)])
    clock.set(offset)
    running.wait_for(lambda: running.post(film(2))[0] == 200)
    accepted[answer["eventId"] + 1] = 2
    running.wait_for(lambda: running.drained)

    asked, again = discord.arrivals[:2]
    assert RETRY_AFTER_S <= again - asked <= RETRY_AFTER_S + LATE_S
    failed, retried = pushover.arrivals[0], pushover.arrivals[-1]
    if step < timedelta(0):
        assert FIRST_RETRY_S[0] <= retried - failed <= FIRST_RETRY_S[1] + LATE_S
    else:
        assert retried - failed <= FIRST_RETRY_S[1] + LATE_S
    check_history(running, step=step, within=timedelta(minutes=2))
    assert running.stop() == 0
    ledger = Ledger(running)
    ledger.check_families(accepted, types=MEMBERS)
    assert sorted(discord.plain_titles) == sorted(pushover.titles) == [title(1), title(2)]


def check_history(running: Program, *, step: timedelta, within: timedelta) -> None:
    """Every row ended at a time the clock showed, some by the wrong one; none took longer than the test."""
    told = json.loads(running.run("history", "--json").stdout)
    assert len(told) == 8
    now = datetime.now(UTC)
    ended = [datetime.fromisoformat(row["completed_at"]) for row in told]
    by_wrong_clock = [abs(each - now - step) < within for each in ended]
    assert any(by_wrong_clock)
    assert all(wrong or abs(each - now) < within for wrong, each in zip(by_wrong_clock, ended, strict=True))
    assert all(0 <= row["duration_ms"] < 10_000 for row in told)
