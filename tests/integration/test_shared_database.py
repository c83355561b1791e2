"""PostgreSQL goes away under the program, and one of two programs on it is killed."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import pytest

from tests.integration.ledger import Ledger
from tests.integration.load import Load

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord
    from tests.integration.fake_pushover import FakePushover
    from tests.servers import PostgresServer

logger = logging.getLogger(__name__)

SEED = 20_261_124
MEMBERS = ("webhook-received", "scan-movie", "notify-discord", "notify-pushover")
AT_ONCE = 5
ROUNDS_IN_ENDURANCE = 50
BACK_WITHIN_S = 10.0

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def take_away(server: PostgresServer, how: str) -> None:
    if how == "kill":
        server.kill()
    elif how == "fast":
        server.stop("fast")
    else:
        server.stop("immediate")


@pytest.mark.endurance
@on_postgresql
def test_nothing_is_lost_or_doubled_when_the_database_server_is_restarted(
    program: Callable[..., Program],
    discord: FakeDiscord,
    pushover: FakePushover,
    postgres_server: PostgresServer,
    pytestconfig: pytest.Config,
) -> None:
    rounds = ROUNDS_IN_ENDURANCE if pytestconfig.getoption("--endurance") else 1
    rng = random.Random(SEED)
    discord.latency_s = pushover.latency_s = 0.01
    running = program(**discord.environment, **pushover.environment)
    running.start()
    running.enable("discord", "pushover")
    running.shorten_leases(5.0)
    assert running.stop() == 0
    with Load(every_s=0.03) as load:
        load.aim(running.start())
        for how in ["fast", "immediate", "kill"] * rounds:
            running.let_run(rng.uniform(0.5, 1.0))
            take_away(postgres_server, how)
            running.let_run(rng.uniform(0.2, 1.5))
            postgres_server.start()
            before = len(load.accepted)
            running.wait_for(lambda: len(load.accepted) > before + 5, within_s=BACK_WITHIN_S)  # noqa: B023
            sent = len(discord.messages)
            running.wait_for(lambda: len(discord.messages) > sent + 5, within_s=BACK_WITHIN_S)  # noqa: B023
    running.wait_for(lambda: running.drained, within_s=60 + 5 * rounds)
    assert running.stop() == 0
    ledger = Ledger(running)
    logger.info(
        "Seed %d: %d webhooks, %d refused, %d runs broken off, slowest answer %.2f s",
        *(SEED, len(load.accepted), len(load.refused), ledger.crashes, load.slowest_s),
    )
    assert {status for status, _ in load.refused} <= {503}
    assert all("database server" in answer["error"] for _, answer in load.refused)
    ledger.check_families(load.accepted, types=MEMBERS)
    ledger.check_runs(kills=3 * rounds, at_once=AT_ONCE, also=["retry"])
    ledger.check_arrivals("notify-discord", discord.plain_titles)
    ledger.check_arrivals("notify-pushover", pushover.titles)


@pytest.mark.endurance
@on_postgresql
def test_what_a_killed_program_ran_is_taken_over_by_the_other(
    program: Callable[..., Program],
    discord: FakeDiscord,
    pushover: FakePushover,
    pytestconfig: pytest.Config,
) -> None:
    kills = ROUNDS_IN_ENDURANCE if pytestconfig.getoption("--endurance") else 2
    rng = random.Random(SEED)
    discord.latency_s = pushover.latency_s = 0.02
    receiving = program(**discord.environment, **pushover.environment)
    working = program(folder="other", **discord.environment, **pushover.environment)
    receiving.start()
    receiving.enable("discord", "pushover")
    receiving.shorten_leases()
    assert receiving.stop() == 0
    with Load(every_s=0.03) as load:
        load.aim(receiving.start())
        for _ in range(kills):
            working.launch("--no-listener")
            working.wait_for(lambda: runs_something(working, besides=receiving))
            working.let_run(rng.uniform(0.0, 0.5))
            working.kill()
    receiving.wait_for(lambda: receiving.drained, within_s=60)
    assert receiving.stop() == 0
    ledger = Ledger(receiving)
    logger.info(
        "Seed %d: %d kills, %d webhooks, %d runs broken off",
        *(SEED, kills, len(load.accepted), ledger.crashes),
    )
    assert load.refused == []
    ledger.check_families(load.accepted, types=MEMBERS)
    ledger.check_runs(kills=kills, at_once=AT_ONCE)
    ledger.check_arrivals("notify-discord", discord.plain_titles)
    ledger.check_arrivals("notify-pushover", pushover.titles)


def runs_something(one: Program, *, besides: Program) -> bool:
    """Whether a job runs in this process; rows name who holds them with the number of the process."""
    assert one.process is not None
    assert besides.process is not None
    rows = one.rows("SELECT COUNT(*) FROM job_queue WHERE worker LIKE ?", f"%-{one.process.pid}-%")
    return rows != [(0,)]
