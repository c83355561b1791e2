"""A service that takes requests and never answers holds up nothing but itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.load import film, title

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord
    from tests.integration.fake_kodi import FakeKodi

TIME_LIMIT_S = 15.0
"""What a service in the home network gets for an answer."""


def test_a_service_that_never_answers_is_given_up_in_time_and_holds_up_no_other(
    program: Callable[..., Program], discord: FakeDiscord, kodi: FakeKodi
) -> None:
    kodi.hangs = True
    running = program(**discord.environment, **kodi.environment)
    running.start()
    running.rows("UPDATE notification_config SET enabled = 1 WHERE service = 'discord'")
    kodi.put_into(running.rows)
    running.enable("kodi")
    assert running.post(film(1))[0] == 200
    running.wait_for(lambda: kodi.requests == 1)
    for number in (2, 3):
        assert running.post(film(number))[0] == 200
    running.wait_for(lambda: len(discord.messages) == 3, within_s=10)
    assert sorted(discord.plain_titles) == [title(1), title(2), title(3)]
    assert kodi.requests == 1
    given_up = "SELECT duration_ms, detail FROM job_attempts WHERE outcome = 'retry'"
    running.wait_for(lambda: running.rows(given_up), within_s=TIME_LIMIT_S + 10)
    duration_ms, detail = running.rows(given_up)[0]
    assert TIME_LIMIT_S * 1000 <= duration_ms < TIME_LIMIT_S * 1000 + 5_000
    assert detail == "Timed out after 15 s."
    running.wait_for(lambda: kodi.requests == 2)
    assert running.stop() == 0  # within its usual time, though the service still hangs
