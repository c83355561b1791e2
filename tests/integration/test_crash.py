"""``kill -9`` at any moment: what was answered 200 has exactly one family of jobs, and none runs twice."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import pytest

from tests.integration.ledger import Ledger
from tests.integration.load import Load, film

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord
    from tests.integration.fake_kodi import FakeKodi
    from tests.integration.fake_pushover import FakePushover

logger = logging.getLogger(__name__)

SEED = 20_261_124
MEMBERS = ("webhook-received", "scan-movie", "notify-discord", "notify-pushover")
AT_ONCE = 5
"""One job each of intake, scan and Discord run at once, and two of Pushover."""
KILLS_IN_ENDURANCE = 1_000
KODI_JOBS = "SELECT COUNT(*) FROM job_queue WHERE type = 'notify-kodi'"
on_each_database = pytest.mark.parametrize(
    ("database_url", "kills"),
    [("sqlite", 30), ("postgresql", 10), ("redis", 10), ("redis-postgresql", 10)],
    indirect=["database_url"],
)


def kill_again_and_again(running: Program, load: Load, *, kills: int, rng: random.Random) -> None:
    """Let the program live a moment and kill it, now and then while it still starts."""
    for _ in range(kills):
        if rng.random() < 0.2:
            running.launch()
            running.let_run(rng.uniform(0.1, 1.0))
        else:
            load.aim(running.start())
            running.let_run(rng.uniform(0.0, 0.5))
        running.kill()


@pytest.mark.endurance
@on_each_database
def test_every_answered_webhook_has_one_family_however_often_the_program_is_killed(
    program: Callable[..., Program],
    discord: FakeDiscord,
    pushover: FakePushover,
    kills: int,
    pytestconfig: pytest.Config,
) -> None:
    if pytestconfig.getoption("--endurance"):
        kills = KILLS_IN_ENDURANCE
    discord.latency_s = pushover.latency_s = 0.01
    running = program(**discord.environment, **pushover.environment)
    running.start()
    running.enable("discord", "pushover")
    running.shorten_leases()
    running.kill()
    with Load(every_s=0.01) as load:
        kill_again_and_again(running, load, kills=kills, rng=random.Random(SEED))
        load.aim(running.start())
        running.let_run(0.2)
    running.wait_for(lambda: running.drained, within_s=60 + kills)
    assert running.stop() == 0
    ledger = Ledger(running)
    logger.info(
        "Seed %d: %d kills, %d webhooks, %d runs broken off", SEED, kills, len(load.accepted), ledger.crashes
    )
    assert load.refused == []
    ledger.check_families(load.accepted, types=MEMBERS)
    ledger.check_runs(kills=kills, at_once=AT_ONCE)
    ledger.check_arrivals("notify-discord", discord.plain_titles)
    ledger.check_arrivals("notify-pushover", pushover.titles)
    assert ledger.crashes > 0
    if not running.database_url:
        assert running.rows("PRAGMA integrity_check") == [("ok",)]


def test_jobs_that_ran_as_one_when_the_program_was_killed_run_as_one_again(
    program: Callable[..., Program], kodi: FakeKodi
) -> None:
    kodi.hangs = True
    running = program(**kodi.environment)
    running.start()
    kodi.put_into(running.rows)
    running.rows("UPDATE notification_config SET config = ? WHERE service = 'kodi'", '{"confirm": false}')
    running.enable("kodi")
    accepted = {}
    for number in range(1, 11):
        status, answer = running.post(film(number, folder=1))
        assert status == 200
        accepted[answer["eventId"]] = number
    running.wait_for(lambda: running.rows(KODI_JOBS + " AND waits_for IS NULL") == [(10,)])
    running.kill()
    running.start()
    running.wait_for(lambda: running.rows(KODI_JOBS + " AND status = 'processing'") == [(10,)])
    running.kill()
    kodi.hangs = False
    running.start()
    running.wait_for(lambda: running.drained)
    assert running.stop() == 0
    assert kodi.scanned == ["/m/1/"]
    ledger = Ledger(running)
    ledger.check_families(accepted, types=["webhook-received", "scan-movie", "notify-kodi"])
    ledger.check_runs(kills=2, at_once=2 + len(accepted))
    outcomes = [entry.outcomes for entry in ledger.entries.values() if entry.type == "notify-kodi"]
    assert sorted(outcomes) == [["crashed", "crashed", "done"], *[["crashed", "done"]] * 9]
