"""People write into the tables with the sqlite3 shell while the program works, and hardly ever wait."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.load import Load

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord
    from tests.integration.fake_pushover import FakePushover

UPDATES, UPDATES_IN_ENDURANCE = 100, 2_000
MOST_LOCKED = 0.05
UPDATE = "UPDATE notification_config SET enabled = 1 WHERE service = 'discord';"


def update(running: Program, *, busy_timeout_ms: int) -> bool:
    """Run one statement in the shell; False where it found the database locked."""
    done = subprocess.run(
        ["sqlite3", "-cmd", f".timeout {busy_timeout_ms}", str(running.data_dir / "metarr.db"), UPDATE],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0 or "locked" in done.stderr, done.stderr
    return done.returncode == 0


@pytest.mark.endurance
@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the sqlite3 shell is not installed")
def test_an_update_in_the_shell_hardly_ever_finds_the_database_locked(
    program: Callable[..., Program],
    discord: FakeDiscord,
    pushover: FakePushover,
    pytestconfig: pytest.Config,
) -> None:
    updates = UPDATES_IN_ENDURANCE if pytestconfig.getoption("--endurance") else UPDATES
    running = program(**discord.environment, **pushover.environment)
    running.start()
    running.enable("discord", "pushover")
    locked = 0
    with Load(every_s=0.5) as load:
        load.aim(running.address)
        running.wait_for(lambda: load.accepted)
        for _ in range(updates):
            locked += not update(running, busy_timeout_ms=0)
            running.let_run(0.05)
            assert update(running, busy_timeout_ms=2_000)
            running.let_run(0.02)
    assert locked <= MOST_LOCKED * updates
    assert load.refused == []
    running.wait_for(lambda: running.drained)
    assert len(discord.messages) == len(load.accepted)
    assert running.stop() == 0


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the sqlite3 shell is not installed")
def test_an_update_that_waits_two_seconds_never_fails_while_webhooks_pour_in(
    program: Callable[..., Program], discord: FakeDiscord
) -> None:
    running = program(**discord.environment)
    running.start()
    running.enable("discord")
    with Load(every_s=0.0) as load:
        load.aim(running.address)
        running.wait_for(lambda: load.accepted)
        for _ in range(20):
            assert update(running, busy_timeout_ms=2_000)
            running.let_run(0.05)
    assert load.refused == []
    assert running.stop() == 0
