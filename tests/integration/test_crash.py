"""``kill -9`` at any moment: what was answered 200 has exactly one family of jobs."""

from __future__ import annotations

import json
import random
import threading
import urllib.error
from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord

BURST = 50
MEMBERS = {"webhook-received": 1, "scan-movie": 1, "notify-discord": 1}


def body(number: int) -> bytes:
    movie = {
        "id": number,
        "title": f"Film {number}",
        "year": 2000,
        "tmdbId": number,
        "folderPath": f"/m/{number}",
    }
    return json.dumps({"eventType": "Download", "movie": movie}).encode()


@pytest.mark.parametrize("seed", range(4))
def test_every_answered_webhook_has_one_family_after_a_kill(
    program: Callable[..., Program], discord: FakeDiscord, seed: int
) -> None:
    running = program(**discord.environment)
    running.start()
    running.rows("UPDATE notification_config SET enabled = 1 WHERE service = 'discord'")
    kill_at = random.Random(seed).randrange(BURST)
    answered: list[int] = []

    def kill_in_the_middle() -> None:
        threading.Timer(random.Random(seed + 100).uniform(0, 0.02), running.kill).start()

    for number in range(BURST):
        if number == kill_at:
            kill_in_the_middle()
        try:
            status, answer = running.post(body(number))
        except (urllib.error.URLError, OSError):
            break
        assert status == 200
        answered.append(answer["eventId"])
    running.wait_for(lambda: running.process is None)
    running.start()
    running.wait_for(lambda: running.rows("SELECT COUNT(*) FROM job_queue") == [(0,)])
    families: dict[int, Counter[str]] = {}
    for event_id, kind in running.rows("SELECT event_id, type FROM job_history"):
        families.setdefault(event_id, Counter())[kind] += 1
    assert set(answered) <= set(families)
    assert all(family == MEMBERS for family in families.values())
    sent = Counter(discord.titles)
    assert set(sent) >= {f"Film {number} \\(2000\\)" for number in range(len(answered))}
    assert sum(sent.values()) - len(sent) <= 1  # at most the one that was in the air is sent again
    assert running.stop() == 0
