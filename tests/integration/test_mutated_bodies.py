"""Damaged bodies without end: the listener answers each of them, and everything it took is done."""

from __future__ import annotations

import http.client
import logging
import random
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest

from tests.integration.mutations import Mutations

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program

logger = logging.getLogger(__name__)

SEED = 20_261_124
SECONDS, SECONDS_IN_ENDURANCE = 10.0, 30 * 60.0
EVERY_S, EVERY_S_IN_ENDURANCE = 0.0, 0.05
"""In its long form the program has time for what it took: it is the listener that is tested, not the disk."""
PATIENCE_S = 5.0
GROWTH = 64 * 1024 * 1024
EXPECTED = {200, 400, 415}
UNENDED = (
    "SELECT COUNT(*) FROM webhook_events WHERE NOT EXISTS"
    " (SELECT 1 FROM job_history WHERE event_id = webhook_events.id AND type = 'webhook-received')"
)


@pytest.mark.endurance
@pytest.mark.timeout(180)
def test_damaged_bodies_are_answered_and_harm_nothing(
    program: Callable[..., Program], pytestconfig: pytest.Config
) -> None:
    endurance = pytestconfig.getoption("--endurance")
    seconds, every_s = (SECONDS_IN_ENDURANCE, EVERY_S_IN_ENDURANCE) if endurance else (SECONDS, EVERY_S)
    running = program()
    place = urlsplit(running.start())
    assert running.process is not None
    memory = psutil.Process(running.process.pid).memory_info
    mutations, statuses = Mutations(random.Random(SEED)), Counter[int]()
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
    began, warm = time.monotonic(), 0
    with closing(connection):
        while (elapsed := time.monotonic() - began) < seconds:
            sent = mutations.next()
            headers = {"Content-Type": sent.content_type} if sent.content_type else {}
            connection.request(sent.method, sent.path, sent.body, headers)
            answer = connection.getresponse()
            told = answer.read()
            statuses[answer.status] += 1
            assert answer.status in EXPECTED, (sent, told)
            if not warm and elapsed > seconds / 4:
                warm = memory().rss
            time.sleep(every_s)
    grown = memory().rss - warm
    logger.info("Seed %d: %s, %.1f MB more", SEED, dict(statuses), grown / 1024 / 1024)
    assert grown < GROWTH
    assert all(statuses[status] > 0 for status in EXPECTED), statuses
    running.wait_for(lambda: running.drained, within_s=60 + seconds)
    assert running.rows("SELECT COUNT(*) FROM webhook_events") == [(statuses[200],)]
    assert running.rows(UNENDED) == [(0,)]
    assert running.stop() == 0
    log = (running.data_dir / "logs" / "metarr.log").read_text(encoding="utf-8")
    assert "Traceback" not in log + running.errors()
    assert " ERROR " not in log
