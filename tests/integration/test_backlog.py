"""A hundred thousand jobs wait for a blocked service: everything else goes on as if they were not there."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.load import Load, film, title

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord
    from tests.integration.fake_pushover import FakePushover

logger = logging.getLogger(__name__)

BACKLOG = 100_000
DRAINED_IN_SHORT_FORM = 300
PROMPTLY_S = 10.0
"""What a busy machine may take for what lasts a few milliseconds."""
MOST_OF_JOBS = 8
"""While the whole backlog is printed, no webhook waits for more than this part of the time that takes."""
REJECTED = (401, {"message": "Invalid Webhook Token", "code": 50027})
COPIES = (
    "INSERT INTO job_queue (type, lane, priority, payload, created_at, updated_at, run_after, ready, root_id)"
    " WITH RECURSIVE numbers (number) AS"
    " (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)"
    " SELECT type, lane, priority, payload, created_at, updated_at, run_after, ready, 1000000 + number"
    " FROM job_queue, numbers WHERE type = 'notify-discord'"
)
on_each_database = pytest.mark.parametrize(
    ("database_url", "backlog"), [("sqlite", BACKLOG), ("postgresql", 20_000)], indirect=["database_url"]
)


def arrives(running: Program, pushover: FakePushover, number: int) -> float:
    """Post a film and wait for its message; returns the seconds it took."""
    began = time.monotonic()
    assert running.post(film(number))[0] == 200
    running.wait_for(lambda: title(number) in pushover.titles, within_s=PROMPTLY_S)
    return time.monotonic() - began


def told(running: Program, *command: str) -> tuple[object, float]:
    """Run a command that prints JSON; returns what it printed and the seconds it took."""
    began = time.monotonic()
    done = running.run(*command, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), time.monotonic() - began


@pytest.mark.endurance
@on_each_database
def test_a_hundred_thousand_waiting_jobs_hold_up_nothing_else(
    program: Callable[..., Program],
    discord: FakeDiscord,
    pushover: FakePushover,
    backlog: int,
    pytestconfig: pytest.Config,
) -> None:
    endurance = pytestconfig.getoption("--endurance")
    backlog = BACKLOG if endurance else backlog
    discord.script = [REJECTED]
    running = program(**discord.environment, **pushover.environment)
    running.start()
    running.enable("discord", "pushover")
    arrives(running, pushover, 1)
    running.wait_for(lambda: running.rows("SELECT COUNT(*) FROM lanes WHERE state = 'blocked'") == [(1,)])
    alone = [arrives(running, pushover, number) for number in range(10, 20)]
    running.rows("DELETE FROM job_queue WHERE root_id > 1")
    running.rows(COPIES, backlog)
    beside = [arrives(running, pushover, number) for number in range(20, 30)]

    status, status_s = told(running, "status")
    assert isinstance(status, dict)
    assert status["queue"]["pending"] == backlog + 11
    with Load(every_s=0.02) as load:
        load.aim(running.address)
        running.wait_for(lambda: load.accepted)
        load.slowest_s = 0.0
        jobs, jobs_s = told(running, "jobs")
    assert isinstance(jobs, list)
    assert len(jobs) >= backlog + 11
    assert load.refused == []
    if backlog == BACKLOG:
        assert load.slowest_s < jobs_s / MOST_OF_JOBS
    _, history_s = told(running, "history")
    stats, stats_s = told(running, "stats")
    assert isinstance(stats, dict)
    assert max(status_s, history_s, stats_s) < PROMPTLY_S

    assert running.stop() == 0
    began = time.monotonic()
    running.start()
    start_s = time.monotonic() - began
    assert start_s < PROMPTLY_S
    beside += [arrives(running, pushover, number) for number in range(30, 35)]

    assert running.run("service", "test", "discord").returncode == 0
    running.wait_for(lambda: len(discord.messages) >= DRAINED_IN_SHORT_FORM)
    while_draining = [arrives(running, pushover, number) for number in range(40, 45)]
    if endurance:
        running.wait_for(lambda: running.drained, within_s=3_600)
    assert running.stop() == 0
    logger.info(
        "Longest way to Pushover alone %.3f s, beside the backlog %.3f s, while it drains %.3f s;"
        " start %.2f s, status %.2f s, jobs %.2f s (slowest answer meanwhile %.3f s), history %.2f s,"
        " stats %.2f s",
        *(max(alone), max(beside), max(while_draining)),
        *(start_s, status_s, jobs_s, load.slowest_s, history_s, stats_s),
    )
