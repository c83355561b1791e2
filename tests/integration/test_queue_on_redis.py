"""Redis goes away under the program, and one of two programs on it is killed."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import pytest
import redis

from tests.integration.ledger import Ledger
from tests.integration.load import Load

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord
    from tests.integration.fake_pushover import FakePushover
    from tests.servers import RedisServer

logger = logging.getLogger(__name__)

SEED = 20_261_124
MEMBERS = ("webhook-received", "scan-movie", "notify-discord", "notify-pushover")
AT_ONCE = 5
BACK_WITHIN_S = 15.0


@pytest.mark.parametrize("database_url", ["redis", "redis-postgresql"], indirect=True)
def test_every_webhook_is_answered_and_done_once_while_redis_is_restarted_and_killed(
    program: Callable[..., Program],
    discord: FakeDiscord,
    pushover: FakePushover,
    redis_server: RedisServer,
) -> None:
    rng = random.Random(SEED)
    discord.latency_s = pushover.latency_s = 0.01
    running = program(**discord.environment, **pushover.environment)
    running.start()
    running.enable("discord", "pushover")
    assert running.stop() == 0
    with Load(every_s=0.03) as load:
        load.aim(running.start())
        for end in (redis_server.stop, redis_server.kill):
            running.let_run(rng.uniform(0.5, 1.0))
            end()
            running.let_run(rng.uniform(0.5, 1.5))
            redis_server.start()
            sent = len(discord.messages)
            running.wait_for(lambda: len(discord.messages) > sent + 5, within_s=BACK_WITHIN_S)  # noqa: B023
    running.wait_for(lambda: running.drained, within_s=60)
    assert running.stop() == 0
    ledger = Ledger(running)
    logger.info("%d webhooks, slowest answer %.2f s", len(load.accepted), load.slowest_s)
    assert load.refused == []
    ledger.check_families(load.accepted, types=MEMBERS)
    assert ledger.crashes == 0
    ledger.check_runs(kills=0, at_once=AT_ONCE)
    ledger.check_arrivals("notify-discord", discord.plain_titles)
    ledger.check_arrivals("notify-pushover", pushover.titles)


@pytest.mark.parametrize("database_url", ["redis-postgresql"], indirect=True)
def test_two_programs_share_the_queue_and_one_takes_over_what_the_killed_one_ran(
    program: Callable[..., Program],
    discord: FakeDiscord,
    pushover: FakePushover,
    queue_url: str,
) -> None:
    discord.latency_s = pushover.latency_s = 0.02
    receiving = program(**discord.environment, **pushover.environment)
    working = program(folder="other", **discord.environment, **pushover.environment)
    receiving.start()
    receiving.enable("discord", "pushover")
    receiving.shorten_leases()
    assert receiving.stop() == 0
    with Load(every_s=0.05) as load:
        load.aim(receiving.start())
        working.launch("--no-listener")
        working.wait_for(lambda: runs_something(working, queue_url))
        working.kill()
    receiving.wait_for(lambda: receiving.drained, within_s=60)
    assert receiving.stop() == 0
    ledger = Ledger(receiving)
    assert load.refused == []
    ledger.check_families(load.accepted, types=MEMBERS)
    ledger.check_runs(kills=1, at_once=AT_ONCE)
    ledger.check_arrivals("notify-discord", discord.plain_titles)
    ledger.check_arrivals("notify-pushover", pushover.titles)


def runs_something(one: Program, queue_url: str) -> bool:
    """Whether a job runs in this process, as Redis knows it."""
    assert one.process is not None
    with redis.Redis.from_url(queue_url, decode_responses=True) as client:
        names = client.keys("metarr:*:job:*")
        workers = [client.hget(name, "worker") or "" for name in names]
    return any(f"-{one.process.pid}-" in worker for worker in workers)
